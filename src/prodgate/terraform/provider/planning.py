"""Plans a resource: what the configuration states, what AWS would name it, and unknown for all that AWS decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .decisions import decide
from .schema import Block
from .settings import Settings
from .synthesis import Identities, invent
from .values import UNKNOWN, is_unknown, pairs

#: What the real provider puts where an object in a list, written as a block, leaves something out.
ZEROS: Final[Mapping[str, Any]] = {"string": "", "bool": False, "number": 0}


def plan_with_identity(
    kind: str,
    block: Block,
    proposed: dict[str, Any],
    config: Mapping[str, Any],
    *,
    settings: Settings,
    identities: Identities,
) -> dict[str, Any]:
    """Return the planned value of a new resource. `proposed` is the configuration in the shape of the schema."""
    planned = _apply_provider_settings(block, proposed, settings)
    identity = identities.identify(kind, config, settings)
    invent(identity, block, planned)
    decide(kind, planned, identity)
    return mark_computed_unknown(block, planned)


def plan_without_identity(kind: str, block: Block, proposed: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the planned value of a resource that will be created: what it is identified by is open until then."""
    planned = _apply_provider_settings(block, proposed, settings)
    decide(kind, planned, None)
    return mark_computed_unknown(block, planned)


def plan_update(block: Block, proposed: dict[str, Any], prior: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the planned value of a resource that exists: computed values stay, those of new blocks are open."""
    planned = dict(proposed)
    if "tags_all" in block["attributes"]:
        planned["tags_all"] = _all_tags(planned.get("tags"), settings)
    return mark_computed_unknown(block, planned, prior)


def mark_computed_unknown(block: Block, value: Mapping[str, Any], prior: Any = None) -> dict[str, Any]:
    """Return the value of a block with every computed attribute that is null, and was not already so, unknown."""
    planned = dict(value)
    for name, attribute in block["attributes"].items():
        if attribute.get("write_only"):
            planned[name] = None
        elif attribute.get("computed") and planned.get(name) is None and not isinstance(prior, dict):
            planned[name] = UNKNOWN
        elif isinstance(planned.get(name), list) and not (isinstance(prior, dict) and prior[name] == planned[name]):
            planned[name] = _fill_zeros(attribute["type"], planned[name])
    for name, nested in block["block_types"].items():
        known = prior.get(name) if isinstance(prior, dict) else None
        if name in planned:  # the schema that core was given may be shallower
            planned[name] = _mark_blocks_unknown(nested, planned[name], known)
    return planned


def _fill_zeros(type_: Any, value: list[Any]) -> list[Any]:
    """Fill objects as the real provider does: what reads a plan takes null in them for something else than nothing."""
    if type_[1][0] != "object":
        return value
    members = type_[1][1].items()
    return [
        {name: _zero_of(inner) if each[name] is None else each[name] for name, inner in members}
        if isinstance(each, dict)
        else each
        for each in value
    ]


def _zero_of(type_: Any) -> Any:
    if isinstance(type_, str):
        return ZEROS.get(type_)
    return [] if type_[0] in ("list", "set") else None


def _mark_blocks_unknown(nested: Mapping[str, Any], value: Any, prior: Any) -> Any:
    """The same for nested blocks; those of a set are matched with the prior ones by their whole value."""
    if nested["nesting_mode"] == "set" and isinstance(value, list) and isinstance(prior, list):
        return [
            each if each in prior or is_unknown(each) else mark_computed_unknown(nested["block"], each)
            for each in value
        ]
    opened = [
        mark_computed_unknown(nested["block"], each, before) if isinstance(each, dict) else each
        for each, before in pairs(nested, value, prior)
    ]
    if isinstance(value, list):
        return opened
    return opened[0] if opened else value


def replace_unknown(block: Block, value: Any) -> Any:
    """Return the value with everything that is still unknown decided: null, the plainest value of every type."""
    if is_unknown(value):
        return None
    if isinstance(value, dict):
        return {name: replace_unknown(block, each) for name, each in value.items()}
    return [replace_unknown(block, each) for each in value] if isinstance(value, list) else value


def _apply_provider_settings(block: Block, proposed: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """What the configuration states, with what the provider block adds to it."""
    planned = dict(proposed)
    if "tags_all" in block["attributes"]:
        planned["tags_all"] = _all_tags(planned.get("tags"), settings)
    if _is_unset(block, "region", planned) and settings.states_region:
        planned["region"] = settings.region
    return planned


def _all_tags(tags: Any, settings: Settings) -> Any:
    """The provider's default tags under the resource's own."""
    if is_unknown(tags):
        return UNKNOWN
    return {**settings.default_tags, **(tags or {})}


def _is_unset(block: Block, name: str, values: Mapping[str, Any]) -> bool:
    return name in block["attributes"] and values.get(name) is None
