"""What a record of a load counts, second by second, and what it says beside that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ...aws.answers import Unread
from ...estimates import Estimate
from ...quantities import Quantity
from .soundness import STAND_IN, count_requests

#: Classes of failure that say nothing of the site: something in front of it answered, to slow down or to find out who
#: asks. Readers, who have an address each, may never meet it.
TURNED_AWAY: Final = ("HTTP 429", STAND_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of requests, by second."""

    latencies: list[Counter[int]]
    """Tenths of a millisecond -> how many successes took as long."""
    doubtful: list[Counter[int]]
    """Those of them of which nobody can tell whether they are what readers came for."""
    failed: list[int]
    """How many failed or were not sent."""
    turned_away: list[int]
    classes: Counter[str] = field(default_factory=Counter)
    """How many failed, were not sent or were turned away, by class."""
    among: Collection[int] | None = None


def count_by_second(record: Mapping[str, Any], seconds: int, among: Collection[int] | None) -> Counts:
    """Return what became of requests in so many seconds; ``among`` are names to be counted alone."""
    counts = Counts(
        latencies=[Counter() for _ in range(seconds)],
        doubtful=[Counter() for _ in range(seconds)],
        failed=[0] * seconds,
        turned_away=[0] * seconds,
        among=among,
    )
    for cell in (each for each in record["seconds"] if among is None or each["request"] in among):
        _add_cell(counts, cell)
    for told in record["unsent"] if among is None else ():
        counts.failed[told["second"]] += told["not_sent"]
        counts.classes["not sent"] += told["not_sent"]
    return counts


def _add_cell(counts: Counts, cell: Mapping[str, Any]) -> None:
    second, away = cell["second"], sum(cell["failed"].get(kind, 0) for kind in TURNED_AWAY)
    counts.latencies[second].update({int(took): count for took, count in cell["latency"].items()})
    counts.doubtful[second].update({int(took): count for took, count in cell.get("doubtful", {}).items()})
    counts.failed[second] += sum(cell["failed"].values()) - away
    counts.turned_away[second] += away
    counts.classes.update(cell["failed"])


def describe_doubt(record: Mapping[str, Any], counts: Counts) -> str:
    """Return how many answers may be right or wrong and what settles it; empty when none is doubtful."""
    said, doubtful, away = [], sum(sum(each.values()) for each in counts.doubtful), sum(counts.turned_away)
    if doubtful:
        known = (each for at, each in enumerate(record["requests"]) if counts.among is None or at in counts.among)
        example = next((f", such as {each['name']}: {each['doubt']}" for each in known if each.get("doubt")), "")
        said.append(
            f"{doubtful:,} answers may be right or wrong{example}; say what they hold, as 'holds' in the locustfile"
        )
    if away:
        said.append(
            f"{away:,} were turned away by what limits or tests who asks, which readers may never meet; let the "
            "generator's address through, or send the load from several"
        )
    return "; ".join(said)


def read_standstill(record: Mapping[str, Any]) -> Any:
    """Return the longest standstill. The generator may itself have stood still for a part of it."""
    if "standstill" not in record:
        return Unread("the record does not say for how long nobody was served; run the load again")
    told, own = record["standstill"], record["health"].get("loop_lag", {"max": 0})["max"]
    seconds, stopped = Decimal(str(told["seconds"])), "" if record["complete"] else record["why"]
    return Estimate(
        value=Quantity.of(seconds, "s"),
        low=Quantity.of(max(Decimal(0), seconds - Decimal(str(own))), "s"),
        high=Quantity.of(seconds, "s"),
        samples=count_requests(record),
        effective=count_requests(record),
        confidence=Quantity.of(100, "%"),
        unfinished=stopped,
        settles="run it on a machine with less other work",
        detail=f"from second {told['second']} on" if seconds else "",
    )


def describe_protocol(record: Mapping[str, Any]) -> str:
    """Return by which HTTP the requests were made, and whether browsers use another at that site."""
    if "protocol" not in record:
        return ""
    used, offered = record["protocol"]["used"], record["protocol"]["offered"]
    return f"by {used}, where browsers use {offered}" if offered not in ("", used) else f"by {used}"
