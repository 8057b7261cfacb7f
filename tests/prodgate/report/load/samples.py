"""Load records made by hand: the same every time, with a stall, failures and arrivals that were never sent."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from prodgate.evidence.artifacts import store_json
from prodgate.evidence.runs import Run

from ..samples import criterion, fact, finding, run

SELF_TEST = {
    "ok": True,
    "reason": "",
    "p95": {"told": 0.1213, "truth": 0.121},
    "drops": {"told": 12, "truth": 12},
    "stall": {"told": 0.981, "truth": 1.0},
    "hidden": 0,
}


def record(
    name: str = "steady", *, rate: int = 100, duration: int = 40, stall: int = 0, failing: int = 0, **fields: Any
) -> dict[str, Any]:
    """Return a record of lognormal latencies; ``stall`` is the second that stands still, ``failing`` the one that fails."""
    chance = random.Random(1)
    seconds = [_second(chance, at, rate, at == stall > 0, at == failing > 0) for at in range(duration)]
    sent = sum(sum(each["latency"].values()) + sum(each["failed"].values()) for each in seconds)
    made = {
        "format": 1,
        "profile": {"name": name, "rate": float(rate), "duration": float(duration), "warm_up": 5.0, "timeout": 10.0,
                    "seed": 1, "workers": 0},
        "host": "http://127.0.0.1:8123",
        "addresses": ["127.0.0.1"],
        "started": "2026-11-24T13:00:10.123+00:00",
        "ended": "2026-11-24T13:00:55.2+00:00",
        "complete": True,
        "why": "",
        "stopped_early": False,
        "planned": sent,
        "sent": sent,
        "not_sent": 0,
        "unsent": [],
        "workers": [{"name": "w1", "sent": sent, "lost": False}],
        "requests": [{"name": "GET /stories/[slug]", "cacheable": True}],
        "seconds": seconds,
        "failures": [{"class": "HTTP 503", "request": "GET /", "second": failing, "text": "no healthy upstream"}]
        if failing else [],
        "warm_up": {"sent": 500, "failed": 0},
        "other": None,
        "health": {
            "send_lag": {"p50": 0.0004, "p99": 0.0021, "max": 0.0084},
            "loop_lag": {"p50": 0.0002, "p99": 0.0017, "max": 0.0061},
            "cpu": 0.31, "machine_cpu": 0.62, "steal": 0.004, "sick": [], "advice": "",
        },
        "versions": {"locust": "2.47.0", "python": "3.11.7", "geventhttpclient": "2.6.1"},
    }  # fmt: skip
    return {**made, **fields}


def _second(chance: random.Random, at: int, rate: int, stalls: bool, fails: bool) -> dict[str, Any]:
    took = [0.05 * chance.lognormvariate(0, 0.5) for _ in range(rate)]
    if stalls:
        took = [each + 1 - number / rate for number, each in enumerate(took)]
    lost = rate // 4 if fails else 0
    latency = Counter(str(int(each * 10_000) + 1) for each in took[lost:])
    failed = {"HTTP 503": lost} if lost else {}
    return {"second": at, "request": 0, "latency": dict(latency), "failed": failed, "unshareable": {}}


def stored(made: Any, **seen: Any) -> Any:
    """Return a record as the layer stores it, with what else was seen of the run."""
    return {"place": "http://127.0.0.1:8123", "record": made, "server": None, "deploys": [], "undeployed": "", **seen}


def loaded(directory: Path, records: Sequence[tuple[str, Any]], *, self_test: Any = SELF_TEST) -> Run:
    """Return a run with these (name, stored record) in its evidence."""
    facts = [fact("load", f"{name} at the site", store_json(directory, each), "load") for name, each in records]
    if self_test is not None:
        facts.append(fact("load-self-test", "generator", store_json(directory, self_test), "load"))
    stated = [
        criterion("latency-p95", require="< 200 ms", layers=("load",)),
        criterion("surge-served", require="< 200 ms", layers=("load",)),
    ]
    found = [
        finding("latency-p95", "satisfied", "steady", layer="load", check="test_p95", evidence=(facts[0]["digest"],))
    ]
    return replace(run(stated, found, facts=tuple(facts), layers=("load",)), path=directory)


def everything(directory: Path) -> Run:
    """Return a run with one of everything that a record can tell."""
    sick = {**record()["health"], "sick": ["send lag p99 was 34 ms, at most 20 ms"], "advice": "use more workers"}
    surge = record("surge", rate=400, duration=12, failing=5, health=sick, not_sent=90, planned=4890)
    surge["unsent"] = [{"second": 7, "not_sent": 90}]
    deploy = record("deploy", rate=50, duration=30, complete=False, why="worker 2 was lost")
    deploy["other"] = {**record(rate=20, duration=30), "host": "http://127.0.0.1:8124"}
    begin = datetime.fromisoformat(deploy["started"]).timestamp()
    deploys = [{"build": "green", "started": begin + 3, "ended": begin + 5.2}]
    server = {"statuses": {"200": 1700, "304": 50}, "latency": {"480": 1200, "900": 200}}
    many = record("many", rate=3, duration=2)
    many["seconds"][0]["failed"] = {f"HTTP {number}": 1 for number in range(500, 520)}
    silent = record("silent", rate=0, duration=3)
    for name in ("steady", "surge"):
        page = directory / "logs" / "load" / name / "locust.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("<p>Locust</p>", "utf-8")
    records = [
        ("steady", stored(record(stall=12), server=server)),
        ("surge", stored(surge)),
        ("deploy", stored(deploy, deploys=deploys, undeployed="blue: it was not healthy within 10 s")),
        ("many", stored(many)),
        ("silent", stored(silent)),
        ("broken", stored({"format": 9})),
    ]
    return loaded(directory, records)
