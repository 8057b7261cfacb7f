"""Who can become whom, as plain values that a page can be drawn from: every principal, and one hop for each pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from .answers import Standing
from .hops import Hop
from .truth import Doubt

#: Principals and hops that are kept at most, those first that lead to all rights.
_MOST: Final = 2_000
#: Reasons and places of one that are kept at most.
_FEW: Final = 5


def describe_standing(standing: Standing) -> dict[str, Any]:
    """Return the principals of an account and the hops between them as JSON values, and how many were left out."""
    reach = sorted(standing.reach.values(), key=lambda one: (_RANKS.index(_say(one.administrator)), one.principal.arn))
    every = (hop for one in reach for hop in standing.hops[one.principal.arn])
    hops = sorted(_choose(every), key=lambda one: (bool(one.doubts), one.target is not None))
    return {
        "principals": [
            {
                "arn": one.principal.arn,
                "name": one.principal.name,
                "place": one.principal.place,
                "administrator": _say(one.administrator),
                "reasons": sorted(one.administrator.reasons)[:_FEW] if isinstance(one.administrator, Doubt) else [],
            }
            for one in reach[:_MOST]
        ],
        "hops": [_describe(hop) for hop in hops[:_MOST]],
        "left_out": max(0, len(reach) - _MOST) + max(0, len(hops) - _MOST),
    }


_RANKS: Final = ("yes", "undetermined", "no")


def _say(value: bool | Doubt) -> str:
    return "undetermined" if isinstance(value, Doubt) else "yes" if value else "no"


def _choose(hops: Iterable[Hop]) -> Iterator[Hop]:
    """Yield one hop for each pair: one that is certain, where there is one, and the shortest."""
    best: dict[tuple[str, str | None], Hop] = {}
    for hop in hops:
        known = best.get((hop.source, hop.target))
        if known is None or (bool(hop.doubts), len(hop.steps)) < (bool(known.doubts), len(known.steps)):
            best[hop.source, hop.target] = hop
    yield from best.values()


def _describe(hop: Hop) -> dict[str, Any]:
    places = dict.fromkeys(one.place for step in hop.steps for one in step.statements)
    return {
        "from": hop.source,
        "to": hop.target or "",
        "how": hop.how,
        "by": list(places)[:_FEW],
        "reasons": sorted(hop.doubts)[:_FEW],
    }
