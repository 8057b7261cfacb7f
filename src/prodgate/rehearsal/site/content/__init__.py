"""The initial content of the site: the same stories on every machine."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def read(name: str) -> Mapping[str, Any]:
    """Return the contents of a TOML file beside this module. Don't change them."""
    return tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))
