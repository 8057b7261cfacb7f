"""Reads the JSON form of a plan: what it declares, which values are decided later, and what refers to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..semantics.unresolved import Unresolved
from .addresses import split_module, without_indices
from .assumptions import find_assumptions, mark_assumed
from .block_uses import Path as Part
from .flow import Flow
from .handed_credentials import find_credentials
from .inventions import Decided, Inventions, find_decided_repetitions, find_invented_repetitions, hide_derived
from .outside import find_outside_reads
from .plan_file import load_plan, not_a_plan
from .provenance import Provenance
from .provider.unset import find_name
from .provider_blocks import find_provider_blocks
from .reading import UNKNOWN
from .redaction import find_redactions
from .references import ConfiguredReferences
from .resources import Configuration, Gap, Resource
from .sources import Tree
from .unread_values import explain_unread
from .unset import PlannedConfiguration, drop_conditional, forget_unset


def read_plan(path: Path, *, provenance: Provenance | None = None, root: str = "") -> Configuration:
    """Read a plan.json as ``terraform show -json`` writes it; ``root`` is what findings call it, else its path.

    Positions are known only when ``provenance`` has the source. Raises TerraformError for a file that is no plan.
    """
    plan = load_plan(path)
    engine = f"plan.json of Terraform {plan.get('terraform_version', 'of an unknown version')}"
    try:
        notes = tuple(_list_failed_checks(plan))
        return build_configuration(plan, root=root or str(path), engine=engine, provenance=provenance, notes=notes)
    except RecursionError:
        raise not_a_plan(path, "is nested too deeply") from None
    except (AttributeError, LookupError, TypeError, ValueError, Unresolved) as error:
        raise not_a_plan(path, f"is not built like a plan ({type(error).__name__}: {error})") from error


def build_configuration(
    plan: Mapping[str, Any],
    *,
    root: str,
    engine: str,
    provenance: Provenance | None = None,
    inventions: Inventions | None = None,
    gaps: Sequence[Gap] = (),
    notes: Sequence[str] = (),
    asked: bool = False,
) -> Configuration:
    """Return what a plan declares. Resources that it deletes or forgets are not in it.

    ``asked`` says that somebody could have stated the account: without it, what stands in for it is a note.
    """
    tree = provenance.tree if provenance else None
    references = ConfiguredReferences(plan.get("configuration") or {}, tree)
    flow = Flow(tree, inventions.types, inventions.stand_ins, inventions.assumed) if inventions and tree else None
    repeated = tuple(find_invented_repetitions(inventions, references, tree)) if inventions and tree else ()
    gaps = (*gaps, *repeated, *_find_stand_in_gaps(plan, flow, repeated, tree))
    resources = tuple(_PlanReader(references, provenance, inventions, flow, PlannedConfiguration(plan)).resources(plan))
    assumptions = tuple(find_assumptions(resources, inventions, flow)) if inventions and flow else ()
    said = () if asked else tuple(f"{each.subject} {each.reason}" for each in assumptions)
    return Configuration(
        root=root,
        engine=engine,
        resources=resources,
        gaps=(
            *gaps,
            *_find_gaps(plan),
            *_find_missing_values(plan, resources),
            *find_redactions(resources),
            *(assumptions if asked else ()),
        ),
        notes=(*notes, *said),
        providers=tuple(find_provider_blocks(plan, provenance)),
    )


def _find_stand_in_gaps(
    plan: Mapping[str, Any], flow: Flow | None, known: Iterable[Gap], tree: Tree | None
) -> Iterator[Gap]:
    """Yield what is decided by a stand-in, once for each resource or module call, and by files of elsewhere."""
    if flow and tree:
        subjects = {gap.subject for gap in known}
        decided = {gap.subject: gap for gap in find_decided_repetitions(flow, tree) if gap.subject not in subjects}
        yield from decided.values()
        variables = {name: stated.get("value") for name, stated in (plan.get("variables") or {}).items()}
        yield from find_outside_reads(flow, variables)


@dataclass(frozen=True, slots=True)
class _PlanReader:
    """What is known about the instances of a plan besides their values."""

    references: ConfiguredReferences
    provenance: Provenance | None
    inventions: Inventions | None
    flow: Flow | None
    planned: PlannedConfiguration

    def resources(self, plan: Mapping[str, Any]) -> Iterator[Resource]:
        """Yield what is planned, then the data that was read before the plan."""
        stated = plan.get("resource_changes") or ()
        changes = {each["address"]: each["change"] for each in stated if not each.get("deposed")}
        planned = list(_instances((plan["planned_values"] or {}).get("root_module") or {}))
        known = {each["address"] for _, each in planned}
        prior = (plan.get("prior_state") or {}).get("values") or {}
        read = _instances(prior.get("root_module") or {})
        data = [(module, each) for module, each in read if each["mode"] == "data" and each["address"] not in known]
        for module, instance in planned + data:
            yield self._resource(module, instance, changes.get(instance["address"]) or {})

    def _resource(self, module: str, stated: Mapping[str, Any], change: Mapping[str, Any]) -> Resource:
        address = stated["address"]
        named = self.references.of(address)
        unknown = change.get("after_unknown") or {}
        if not isinstance(unknown, Mapping):
            raise TypeError(f"after_unknown of {address} is {str(unknown)[:40]!r}, and no object")
        values = self._hide(stated, self._forget_unset(stated, mark_unknown(stated.get("values") or {}, unknown) or {}))
        return Resource(
            address=address,
            type=stated["type"],
            name=stated["name"],
            mode=stated["mode"],
            module=module,
            values=values,
            origin=self.provenance.origin(address) if self.provenance else None,
            references=drop_conditional(named, address, values, self.flow) if self.flow else named,
            sensitive=_find_sensitive(stated.get("sensitive_values"), change.get("after_sensitive")),
            credentials=find_credentials(self.references.attributes_of(address)),
            provider=self.references.provider_of(address),
        )

    def _forget_unset(self, stated: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return values with null for what is not set, where nothing that stands in for something decides so."""
        address, kind, flow = stated["address"], stated["type"], self.flow
        if stated["mode"] != "managed":
            return values
        if self.inventions is None or flow is None:
            module, name = split_module(without_indices(address))
            calls = module.split(".")[1::2]
            return forget_unset(values, lambda path: self.planned.leaves_out(calls, name, kind, path, values))
        unset = self.inventions.unset.get((kind, find_name(values)), frozenset())

        def is_unset(path: tuple[str, ...]) -> bool:
            return ".".join(path) in unset and not any(each.decides("") for each in flow.of_value(address, path[0]))

        return forget_unset(values, is_unset)

    def _hide(self, stated: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return values, with unknown for what a stand-in decides."""
        if self.inventions is None or self.flow is None:
            return values
        address = stated["address"]
        hidden = self.inventions.hide(values, self.references.of(address), self._decided(address))
        if stated["mode"] == "data":
            return self.inventions.hide_answers(stated["type"], hidden)
        hidden = hide_derived(address, values, hidden, self.flow)
        return explain_unread(address, mark_assumed(address, hidden, self.inventions, self.flow), self.flow)

    def _decided(self, address: str) -> Decided:
        """Return a function that says by which stand-in a value of a resource is decided, as `Inventions.hide` asks."""

        def find(path: Part, value: Any) -> str | None:
            if self.flow is None:
                return None
            whole = len(path) == 1
            origins = self.flow.of_value(address, str(path[0])) if whole else self.flow.of_part(address, path)
            wrong = next((each.source for each in origins if each.decides(value)), None)
            return wrong or ("" if any(each.decides_parts for each in origins) else None)

        return find


def _instances(module: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in module.get("resources") or ():
        yield module.get("address", ""), each
    for child in module.get("child_modules") or ():
        yield from _instances(child)


def mark_unknown(value: Any, unknown: Any) -> Any:
    """Put UNKNOWN where the mask ``unknown`` (true, or containers that lead to true) says so."""
    if unknown is True:
        return UNKNOWN
    if not unknown:
        return value
    if isinstance(unknown, Mapping):
        held = value if isinstance(value, Mapping) else {}
        marked = {key: mask for key, mask in unknown.items() if mask or (key not in held and mask is not False)}
        return {**held, **{key: mark_unknown(held.get(key), mask) for key, mask in marked.items()}}
    if isinstance(unknown, list):
        items = value if isinstance(value, list) else []
        width = max(len(items), len(unknown))
        pairs = ((_item_at(items, index), _item_at(unknown, index)) for index in range(width))
        return [mark_unknown(item, mask) for item, mask in pairs]
    return value


def _item_at(items: Sequence[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _find_sensitive(*masks: Any) -> frozenset[str]:
    """The top-level arguments that hold something sensitive."""
    return frozenset(
        name for mask in masks if isinstance(mask, Mapping) for name, inner in mask.items() if _any_true(inner)
    )


def _any_true(mask: Any) -> bool:
    if isinstance(mask, Mapping):
        return any(map(_any_true, mask.values()))
    return any(map(_any_true, mask)) if isinstance(mask, list) else mask is True


def _find_missing_values(plan: Mapping[str, Any], resources: Iterable[Resource]) -> Iterator[Gap]:
    """Yield what the plan creates, changes or keeps without stating its values, as a filtered plan does."""
    known = {resource.address for resource in resources}
    for each in plan.get("resource_changes") or ():
        kept = {"create", "update", "no-op"} & set(each["change"].get("actions") or ())
        if kept and each.get("mode") == "managed" and not each.get("deposed") and each["address"] not in known:
            yield Gap(each["address"], "is planned, but its values are not in the plan")


def _find_gaps(plan: Mapping[str, Any]) -> Iterator[Gap]:
    if plan.get("errored"):
        yield Gap("the plan", "ended with an error, so resources may be missing from it")
    elif plan.get("complete") is False:
        yield Gap("the plan", "is not complete (made with -target, or changes are deferred)")
    for each in plan.get("deferred_changes") or ():
        address = (each.get("resource_change") or {}).get("address", "a resource")
        yield Gap(address, f"is deferred ({each.get('reason', 'no reason given')}), so its instances are not known")


def _list_failed_checks(plan: Mapping[str, Any]) -> Iterator[str]:
    """Say which of the configuration's own checks and conditions do not hold."""
    for each in plan.get("checks") or ():
        for instance in each.get("instances") or ():
            problems = "; ".join(problem.get("message", "") for problem in instance.get("problems") or ())
            if each.get("status") in ("fail", "error"):
                yield f"{instance['address']['to_display']}: its own condition does not hold: {problems}"
