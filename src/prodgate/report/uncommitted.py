"""Names what decided and is in no commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: How many uncommitted inputs the first screen names.
NAMED_INPUTS: Final = 5


def name_uncommitted(about: Mapping[str, Any]) -> str:
    """Return the names of inputs that are in no commit, and how many more there are; empty when there is none."""
    found = [str(each) for each in about.get("uncommitted") or ()]
    more = f", … ({len(found)})" if len(found) > NAMED_INPUTS else ""
    return ", ".join(found[:NAMED_INPUTS]) + more
