"""Names and trees shared by the tests of the evaluator."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from prodgate.terraform.resources import Resource

TREES: Final = Path(__file__).parent / "trees"

#: Writes files below a fresh directory, and returns it.
Plant = Callable[[Mapping[str, str]], Path]
#: Finds a resource by address.
Find = Callable[[str], Resource]


def combine(cases: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return a root that calls each case as a module of its name, so that core evaluates all of them at once."""
    calls = "".join(f'module "{name}" {{\n  source = "./{name}"\n}}\n' for name in cases)
    files = {f"{name}/{file}": text for name, case in cases.items() for file, text in case.items()}
    return {"main.tf": calls, **files}
