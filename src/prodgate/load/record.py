"""The record of a load run: everything that it is judged by."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

from ..facts.load.soundness import FORMAT
from .schedule import count_arrivals, host_index
from .settings import Settings
from .tally import Tally, cell_to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What is known of requests besides their counts."""

    cacheable: Collection[str]
    """Those that a shared cache may answer."""
    holds: Mapping[str, str]
    """By request, what an answer had to hold to be a success."""
    doubts: Mapping[str, str] = field(default_factory=dict)
    """By request, why answers may have been none that readers came for."""

    def to_json(self, name: str) -> dict[str, Any]:
        """Return what is known of one."""
        doubt = {"doubt": self.doubts[name]} if name in self.doubts else {}
        return {"name": name, "cacheable": name in self.cacheable, "holds": self.holds.get(name, ""), **doubt}


def build_record(
    settings: Settings, tally: Tally, *, requests: Requests, about: Mapping[str, Any], started: datetime
) -> dict[str, Any]:
    """Return the record as JSON values; ``about`` holds what the counts don't say (complete, why, health, …)."""
    if about.get("stopped_early") and not sum(tally.totals["sent"]):
        tally, started = _judge_warm_up(settings, tally), started - timedelta(seconds=settings.profile.warm_up)
    names = sorted({name for _, second, name in tally.cells if second >= 0} | set(requests.cacheable))
    profile = {**settings.profile.to_json(), "workers": settings.workers}
    return {
        "format": FORMAT,
        "profile": profile,
        "host": settings.host,
        "started": started.isoformat(),
        **_host_record(settings, tally, 0, names),
        "requests": [requests.to_json(name) for name in names],
        "failures": list(tally.failures.values()),
        "warm_up": _count_warm_up(tally),
        "other": {"host": settings.other_host, **_host_record(settings, tally, 1, names)}
        if settings.other_host
        else None,
        **about,
    }


def _host_record(settings: Settings, tally: Tally, which: int, names: list[str]) -> dict[str, Any]:
    places = {name: place for place, name in enumerate(names)}
    unsent = sorted((second, count) for (at, second), count in tally.not_sent.items() if at == which and second >= 0)
    return {
        "planned": count_planned(settings, which),
        **{name: values[which] for name, values in tally.totals.items()},
        "not_sent": sum(count for _, count in unsent),
        "standstill": {
            "seconds": round(tally.standstills[which].longest, 4),
            "second": tally.standstills[which].second,
        },
        "unsent": [{"second": second, "not_sent": count} for second, count in unsent],
        "seconds": [
            {"second": second, "request": places[request], **cell_to_json(cell)}
            for (at, second, request), cell in sorted(tally.cells.items())
            if at == which and second >= 0
        ],
    }


def _count_warm_up(tally: Tally) -> dict[str, int]:
    cells = [cell for (_, second, _), cell in tally.cells.items() if second < 0]
    failed = sum(cell.failed.total() for cell in cells)
    return {"sent": failed + sum(cell.latency.total() for cell in cells), "failed": failed}


def _judge_warm_up(settings: Settings, tally: Tally) -> Tally:
    """Return the tally of a run that was stopped in its warm-up, with that as what was measured: there is no more."""
    after, moved = ceil(settings.profile.warm_up), Tally(hosts=tally.hosts)
    moved.cells.update({(side, second + after, name): cell for (side, second, name), cell in tally.cells.items()})
    moved.not_sent.update({(side, second + after): count for (side, second), count in tally.not_sent.items()})
    moved.failures = {key: {**told, "second": told["second"] + after} for key, told in tally.failures.items()}
    return moved


def count_planned(settings: Settings, which: int) -> int:
    """Return how many arrivals of the measured window go to a host (0, or 1 for the other)."""
    workers, hosts = max(1, settings.workers), len(settings.hosts)
    numbers = range(count_arrivals(settings.profile))
    return (
        sum(host_index(number, workers=workers, hosts=hosts) == which for number in numbers)
        if hosts > 1
        else len(numbers)
    )


def write_record(data: Mapping[str, Any], path: Path) -> None:
    """Write a record atomically: the file is complete at every moment."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(data, file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
