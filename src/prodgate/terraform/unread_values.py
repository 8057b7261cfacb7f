"""Says of values that nobody knows which of them are decided by what was taken out here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..semantics.unresolved import Unknown
from .addresses import split_module, without_indices
from .flow import Flow
from .reading import UNKNOWN


def explain_unread(address: str, values: Mapping[str, Any], flow: Flow) -> dict[str, Any]:
    """Return the values of a resource; those that are unknown, and name what was taken out, with that as the reason."""
    if not flow.tree.unread:
        return dict(values)
    module, name = split_module(without_indices(address))
    return {
        argument: value if value is not UNKNOWN else _explain(module, name, argument, flow)
        for argument, value in values.items()
    }


def _explain(module: str, name: str, argument: str, flow: Flow) -> Unknown:
    for where, use in flow.follow_all(module, flow.list_uses(module, name).get(argument, ())):
        address = ".".join(use.parts[: 3 if use.parts[0] in ("data", "ephemeral") else 2])
        if flow.tree.is_unread(where, address):
            reason = flow.tree.unread[flow.tree.modules[where].directory][address]
            return Unknown(f"is decided by {f'{where}.{address}'.lstrip('.')}, which {reason}")
    return UNKNOWN
