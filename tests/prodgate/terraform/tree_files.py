"""Names that the tests of the evaluator share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from prodgate.terraform.resources import Resource

TREES: Final = Path(__file__).parent / "trees"

#: Writes files below a fresh directory, and returns it.
Plant = Callable[[Mapping[str, str]], Path]
#: Finds a resource by address.
Find = Callable[[str], Resource]
