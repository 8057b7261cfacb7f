"""Records of load runs made for tests: one sound run in which all goes well, to be changed in one place."""

from collections.abc import Mapping, Sequence
from typing import Any

PLACE = "https://www.example.com"
STARTED = "2026-11-26T10:00:00+00:00"
WELL = {"sick": [], "advice": "", "send_lag": {"p50": 0.0, "p99": 0.0, "max": 0.0001}}


def cell(second: int, latency: Mapping[int, int], request: int = 0, **more: Mapping[str, int]) -> dict[str, Any]:
    """The outcome of one request in one second; latencies in tenths of a millisecond."""
    given = {str(took): count for took, count in latency.items()}
    return {"second": second, "request": request, "latency": given, "failed": {}, "unshareable": {}, **more}


def record(
    name: str = "steady", *, seconds: Sequence[Mapping[str, Any]] | None = None, **changes: Any
) -> dict[str, Any]:
    """A run of 100 requests per second for 40 s, all answered in 100 ms, unless ``seconds`` (cells) override it."""
    cells = [cell(second, {1000: 100}) for second in range(40)] if seconds is None else list(seconds)
    sent = sum(sum(one["latency"].values()) + sum(one["failed"].values()) for one in cells)
    not_sent = changes.get("not_sent", 0)
    return {
        "format": 1,
        "profile": {"name": name, "rate": 100.0, "duration": 40.0, "warm_up": 5.0, "timeout": 2.0, "seed": 1},
        "host": PLACE,
        "addresses": ["203.0.113.7"],
        "started": STARTED,
        "ended": "2026-11-26T10:00:40+00:00",
        "complete": True,
        "why": "",
        "stopped_early": False,
        "planned": sent + not_sent,
        "sent": sent,
        "not_sent": 0,
        "unsent": [{"second": len(cells), "not_sent": not_sent}] if not_sent else [],
        "followed": 0,
        "standstills": [{"second": 3, "seconds": 0.08}],
        "workers": [{"name": "alone", "sent": sent, "lost": False}],
        "requests": [{"name": "GET /", "cacheable": True}],
        "seconds": cells,
        "failures": [],
        "warm_up": {"sent": 500, "failed": 0},
        "other": None,
        "versions": {"locust": "2.47.0"},
        **changes,
        "health": {**WELL, **changes.get("health", {})},
    }


def windows(*aside: int, seconds: int = 40, length: int = 4) -> list[dict[str, Any]]:
    """Windows over a run, those of these places set aside."""
    return [
        {
            "place": at,
            "second": at * length,
            "seconds": length,
            "sick": {"steal": 0.14} if at in aside else {},
        }
        for at in range(seconds // length)
    ]


def stored(record: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A record as the layer keeps it."""
    return {"place": PLACE, "record": record, "server": None, "deploys": [], "undeployed": "", **changes}


def failing(bad: Sequence[int], kind: str = "HTTP 503", per_second: int = 100) -> list[dict[str, Any]]:
    """Seconds of which so many requests failed each."""
    return [
        cell(second, {1000: per_second - count} if count < per_second else {}, failed={kind: count} if count else {})
        for second, count in enumerate(bad)
    ]


def slow(late: Sequence[int], took: int = 3000, per_second: int = 100) -> list[dict[str, Any]]:
    """Seconds of which so many requests took that long each, and the others 100 ms."""
    return [
        cell(second, {length: count for length, count in ((1000, per_second - many), (took, many)) if count})
        for second, many in enumerate(late)
    ]
