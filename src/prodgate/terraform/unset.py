"""Tells arguments that are not set from those whose value is decided later: of both, a plan says "unknown".

The stand-in provider sees which arguments are null when core asks it to plan, also where a variable says so or a
dynamic block has no element. For the plan of a real provider, its own ``configuration`` says what is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .flow import Flow
from .provider.schema import aws_schemas
from .reading import UNKNOWN, find_unknown


def forget_unset(values: Mapping[str, Any], is_unset: Callable[[tuple[str, ...]], bool]) -> dict[str, Any]:
    """Return values with null for what is unknown and not set; ``is_unset`` is asked by path, without indices."""
    return {name: _forget(value, (name,), is_unset) for name, value in values.items()}


def _forget(value: Any, path: tuple[str, ...], is_unset: Callable[[tuple[str, ...]], bool]) -> Any:
    if value is UNKNOWN:
        return None if is_unset(path) else value
    if isinstance(value, Mapping):
        return {name: _forget(each, (*path, name), is_unset) for name, each in value.items()}
    return [_forget(each, path, is_unset) for each in value] if isinstance(value, list) else value


def drop_conditional(
    named: Mapping[str, tuple[str, ...]], address: str, values: Mapping[str, Any], flow: Flow
) -> dict[str, tuple[str, ...]]:
    """Return what arguments of a resource name, without those that may be null: a condition asks the only name."""
    single = (name for name, each in named.items() if len(set(each)) == 1 and _may_hold_null(values.get(name)))
    asked = {name for name in single if any(each.decides_null for each in flow.of_value(address, name))}
    return {name: each for name, each in named.items() if name not in asked}


def _may_hold_null(value: Any) -> bool:
    """Whether a value, or an argument in its blocks, is unknown and may be null; a list that is there is not."""
    blocks = [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else value
    return find_unknown(blocks) is not None


class PlannedConfiguration:
    """The ``configuration`` and the ``variables`` of a plan, as far as they say what is null or not written."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self._plan = plan

    def leaves_out(
        self, module: Sequence[str], resource: str, kind: str, path: tuple[str, ...], values: Mapping[str, Any]
    ) -> bool:
        """Whether an argument of a resource is not written, or null. ``module`` are the names of calls that lead there.

        Blocks may be written as dynamic ones, which a plan does not list: of these nothing is said, nor of others of
        their name. That there are some shows in the planned ``values``, which have more blocks than are written.
        """
        found = self._find(module)
        stated = next((each for each in found.get("resources") or () if each.get("address") == resource), None)
        if stated is None or not _is_argument(kind, path):
            return False
        written, planned = [stated.get("expressions") or {}], [values]
        for name in path[:-1]:
            written, planned = _list_blocks(written, name), _list_blocks(planned, name)
            if not written or len(written) != len(planned):
                return False
        return all(path[-1] not in each or self._is_null(each[path[-1]], module) for each in written)

    def _find(self, module: Sequence[str]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (self._plan.get("configuration") or {}).get("root_module") or {}
        for name in module:
            found = ((found.get("module_calls") or {}).get(name) or {}).get("module") or {}
        return found

    def _is_null(self, expression: Any, module: Sequence[str]) -> bool:
        if not isinstance(expression, Mapping):
            return False
        if "constant_value" in expression:
            return expression["constant_value"] is None
        named: Sequence[str] = expression.get("references") or ()
        return len(named) == 1 and named[0].startswith("var.") and self._is_null_variable(named[0][4:], module)

    def _is_null_variable(self, name: str, module: Sequence[str]) -> bool:
        if not module:
            stated = (self._plan.get("variables") or {}).get(name)
            return stated is not None and "value" in stated and stated["value"] is None
        call = (self._find(module[:-1]).get("module_calls") or {}).get(module[-1]) or {}
        handed = (call.get("expressions") or {}).get(name)
        if handed is not None:
            return self._is_null(handed, module[:-1])
        declared = (self._find(module).get("variables") or {}).get(name)
        return declared is not None and declared.get("default") is None


def _list_blocks(blocks: Sequence[Any], name: str) -> list[Any]:
    """Return the blocks of a name that stand in any of several blocks."""
    held = [each.get(name) for each in blocks if isinstance(each, Mapping)]
    return [one for each in held if each is not None for one in (each if isinstance(each, list) else [each])]


def _is_argument(kind: str, path: tuple[str, ...]) -> bool:
    """Whether AWS decides an argument only where it is left out; a list of objects can be written as blocks, too."""
    if kind not in aws_schemas().names("resource"):
        return False
    block = aws_schemas().block("resource", kind)
    for name in path[:-1]:
        nested = block["block_types"].get(name)
        if nested is None:
            return False
        block = nested["block"]
    stated = block["attributes"].get(path[-1]) or {}
    return bool(stated.get("optional") and stated.get("computed")) and "object" not in str(stated["type"])
