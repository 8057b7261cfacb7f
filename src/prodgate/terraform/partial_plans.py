"""What a plan lacks: resources that it configures and does not plan, or that its source declares otherwise."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .addresses import without_indices
from .references import PlannedConfiguration
from .resources import Gap
from .sources import Tree

#: How many addresses a gap names.
_NAMED: Final = 5
#: Texts that core reads otherwise than they are written.
_ESCAPED: Final = re.compile(r"[\\$%]")


def find_lacking(plan: Mapping[str, Any], planned: PlannedConfiguration, tree: Tree | None) -> Iterator[Gap]:
    """Yield a gap for what a plan of others leaves out, states twice differently, or has of another source.

    A plan whose own words say that it is partial needs no such gap.
    """
    values = dict(_list_values((plan.get("planned_values") or {}).get("root_module") or {}))
    if not plan.get("errored") and plan.get("complete") is not False:
        yield from _find_unplanned(planned, values, tree)
    yield from _find_contradictions(plan, values)
    if tree and plan.get("configuration"):
        yield from _find_stale(planned, tree)


def _list_values(module: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((each["address"], each.get("values") or {}) for each in module.get("resources") or ())
    for child in module.get("child_modules") or ():
        yield from _list_values(child)


def _find_unplanned(planned: PlannedConfiguration, values: Mapping[str, Any], tree: Tree | None) -> Iterator[Gap]:
    instances = {without_indices(address) for address in values}
    missing = [*planned.find_unplanned(instances)]
    if missing:
        how = "-target or -exclude" if instances else "-destroy or -refresh-only"
        advice = "" if tree or not instances else "; name the source of the plan if they are repeated zero times"
        yield Gap("the plan", f"lacks what it configures: {_name_some(missing)} (was it made with {how}?){advice}")


def _find_contradictions(plan: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Gap]:
    """A plan states the values of each resource twice: as planned, and as what a change leaves."""
    for each in plan.get("resource_changes") or ():
        after, stated = each["change"].get("after"), values.get(each["address"])
        if isinstance(after, Mapping) and stated is not None and not each.get("deposed"):
            names = [name for name in sorted({*after, *stated}) if after.get(name) != stated.get(name)]
            if names:
                yield Gap(each["address"], f"is planned with values that its change does not have: {_name_some(names)}")


def _find_stale(planned: PlannedConfiguration, tree: Tree) -> Iterator[Gap]:
    """Compare what a plan configures with what its source declares now."""
    declared = {
        f"{path}.{name}".lstrip("."): blocks[-1]
        for path, module in tree.modules.items()
        for name, blocks in module.resources.items()
        if not name.startswith("data.")
    }
    configured = {
        address: stated for module, address, stated in planned.list_managed() if not module or module in tree.modules
    }
    differing = [*(declared.keys() ^ configured.keys())]
    for address in declared.keys() & configured.keys():
        written = configured[address].get("expressions") or {}
        for name, value in declared[address].arguments.items():
            text, constant = value.literal, (written.get(name) or {}).get("constant_value")
            if text is not None and not _ESCAPED.search(text) and isinstance(constant, str) and constant != text:
                differing.append(f"{address}.{name}")
    if differing:
        yield Gap("the plan", f"is of another source than the stated one: {_name_some(sorted(differing))}")


def _name_some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} others" if more > 0 else "")
