"""Texts that hold an account or a region which nobody stated: what stands in for it is not what production has.

A name such as ``logs-${account}`` may be judged by much that has nothing to do with the account, so the text is known;
that something stands in for the account is said once for the whole configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..semantics.unresolved import Assumed
from .flow import Flow
from .inventions import Inventions
from .origins import Origin
from .provider.known_data import BY_ACCOUNT, BY_REGION
from .provider.settings import ACCOUNT, REGION
from .reading import find_unknown
from .resources import Gap, Resource
from .use_effects import NULLS

#: What stands in for what, and how it is stated.
_STAND_INS: Final = {
    "account": (ACCOUNT, BY_ACCOUNT, "allowed_account_ids in the provider, or [account] id in criteria.toml"),
    "region": (REGION, BY_REGION, "region in the provider"),
}
_MOST_NAMED: Final = 3


def mark_assumed(address: str, values: Mapping[str, Any], inventions: Inventions, flow: Flow) -> dict[str, Any]:
    """Return values, with a mark on what AWS would set and holds an account or a region that nobody stated."""
    found = dict(values)
    for name, value in values.items() if inventions.assumed else ():
        if isinstance(value, str) and not flow.states(address, name):
            held = [what for what in sorted(inventions.assumed) if _STAND_INS[what][0] in value]
            how = " and ".join(_STAND_INS[what][2] for what in held)
            reason = f"holds the {' and the '.join(held)}, for which there is only a stand-in offline; write {how}"
            found[name] = Assumed(value, held, reason) if held else value
    return found


def find_assumptions(resources: Iterable[Resource], inventions: Inventions, flow: Flow) -> Iterator[Gap]:
    """Yield a gap for each thing that nobody stated and that stands in the arguments of resources."""
    managed = [each for each in resources if each.mode == "managed"] if inventions.assumed else []
    for what in sorted(inventions.assumed):
        text, _, how = _STAND_INS[what]
        held = [(each, name) for each in managed for name in each.values if _holds(each, name, what, flow)]
        if held:
            names = ", ".join(f"{each.address}.{name}" for each, name in held[:_MOST_NAMED])
            more = f" and {len(held) - _MOST_NAMED} more" if len(held) > _MOST_NAMED else ""
            reason = f"is not stated, and {text} stands in for it in {names}{more}; write {how}"
            origin = held[0][0].origin
            yield Gap(f"the {what}", reason, origin.block if origin else None)


def _holds(resource: Resource, name: str, what: str, flow: Flow) -> bool:
    value = resource.search()[name]
    if value is None or find_unknown(value) is value:
        return False
    text, origins = _STAND_INS[what][0], flow.of_value(resource.address, name)
    return any(_is_of(origin, what) for origin in origins) or (bool(origins) and _holds_text(value, text))


def _is_of(origin: Origin, what: str) -> bool:
    """Whether an origin is a data source that is asked for it, and more is asked of that than whether it is null."""
    kind = origin.source.rpartition("data.")[2].partition(".")[0]
    return origin.kind == "stand-in" and kind in _STAND_INS[what][1] and NULLS not in origin.how


def _holds_text(value: Any, text: str) -> bool:
    if isinstance(value, str):
        return text in value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_holds_text(each, text) for each in inner)
