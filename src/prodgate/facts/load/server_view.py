"""The requests of a run as the server saw them: how many arrived, and how long they took by its own clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any, Final

from ...aws.answers import Unread
from ...quantities import Quantity
from ...statistics import nearest_rank
from .. import Fact
from .soundness import count_requests, percent, run_name, why_clock_differs, why_unsound

#: Prefix of the path of a request that only marks a place in the log.
MARK: Final = "/prod-gate-was-here-"
#: Prefixes of the paths that load balancers, deploys and the gate itself request.
_PROBES: Final = ("/api/health", "/api/ready", "/healthz", MARK)
#: Prefixes of the failures that the server answered, and so must know of.
ANSWERED_FAILURES: Final = ("HTTP ", "wrong content")
_ERRORS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerView(Fact):
    """A run as the generator and the server recorded it; ``subject`` is such as ``steady at https://…``."""

    sent: int
    """Requests that the generator sent, the warm-up included."""
    arrived: int
    """Requests in the server's access log."""
    unmatched: Quantity
    """Share of requests that only one of the two knows: lost, or silently sent again."""
    client_p95: Quantity
    """95th percentile of successes, from the intended send to the last byte."""
    server_p95: Quantity
    """95th percentile of successes in the access log."""
    apart: Quantity
    """How far the two percentiles are from each other."""


def server_view(stored: Mapping[str, Any]) -> Iterator[ServerView]:
    """Yield both sides of a run, for a target whose own log was read."""
    record, seen = stored["record"], stored["server"]
    if seen is None:
        return
    early = record["why"] if record["stopped_early"] else ""
    if reason := why_unsound(record) or early or why_clock_differs(record) or seen.get("unreadable", ""):
        yield ServerView.unread(run_name(stored), reason)
    else:
        yield ServerView(subject=run_name(stored), **_counts(record, seen), **_percentiles(record, seen))


def summarise_log(lines: Iterable[Mapping[str, Any]], record: Mapping[str, Any]) -> dict[str, Any]:
    """Summarise the access log of a run: statuses from the warm-up on, and latencies of successes in the window.

    A line has ``at`` in seconds since 1970, ``path``, ``status`` (0 for no answer) and ``seconds``.
    """
    begin, profile = datetime.fromisoformat(record["started"]).timestamp(), record["profile"]
    statuses, latency = Counter[str](), Counter[int]()
    for line in lines:
        if line["path"].startswith(_PROBES) or line["at"] < begin - profile["warm_up"]:
            continue
        statuses[str(line["status"])] += 1
        if begin <= line["at"] < begin + profile["duration"] and 0 < line["status"] < _ERRORS:
            latency[ceil(line["seconds"] * 10_000)] += 1
    return {"statuses": dict(statuses), "latency": {str(took): count for took, count in sorted(latency.items())}}


def _counts(record: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """Compare counts. A request that failed without an answer may have arrived or not."""
    warm_up, arrived = record["warm_up"], sum(seen["statuses"].values())
    silent = warm_up["failed"] + sum(
        count
        for cell in record["seconds"]
        for name, count in cell["failed"].items()
        if not name.startswith(ANSWERED_FAILURES)
    )
    sent = warm_up["sent"] + count_requests(record)
    unmatched = max(0, arrived - sent, sent - silent - arrived)
    return {
        "sent": sent,
        "arrived": arrived,
        "unmatched": percent(unmatched, sent) if sent else Unread("no request was sent"),
    }


def _percentiles(record: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    took = Counter[int]()
    for cell in record["seconds"]:
        took.update({int(tenths): count for tenths, count in cell["latency"].items()})
    client, server = p95(took), p95({int(tenths): count for tenths, count in seen["latency"].items()})
    if client is None or server is None:
        return dict.fromkeys(("client_p95", "server_p95", "apart"), Unread("no request succeeded"))
    apart = Quantity.of(abs(client.magnitude - server.magnitude), "ms")
    return {"client_p95": client, "server_p95": server, "apart": apart}


def p95(took: Mapping[int, int]) -> Quantity | None:
    """Return the latency that no more than a twentieth exceed; None for no requests."""
    tenths = nearest_rank(took, 950)
    return None if tenths is None else Quantity.of(Decimal(tenths) / 10, "ms")
