"""Lists which arguments of a resource are null that AWS decides where they are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .schema import Block
from .values import pairs


def list_unset(block: Block, config: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the dotted path, without indices, of each such argument; of blocks of one name, all say so."""
    for name, attribute in block["attributes"].items():
        if attribute.get("optional") and attribute.get("computed") and config.get(name) in (None, []):
            yield f"{path}{name}"
    for name, nested in block["block_types"].items():
        stated = [inner for (inner,) in pairs(nested, config.get(name)) if isinstance(inner, dict)]
        unset = [set(list_unset(nested["block"], each, f"{path}{name}.")) for each in stated]
        yield from sorted(set.intersection(*unset)) if unset else ()


def find_name(values: Mapping[str, Any]) -> str:
    """Return what a planned resource is called by: an id or an ARN that was invented or follows from its name."""
    return next((value for name in ("id", "arn") if isinstance(value := values.get(name), str)), "")
