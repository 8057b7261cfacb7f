"""What the report shows of the load records of a run: numbers and charts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...criteria import Criteria
from ...evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ...evidence.runs import Run
from ...facts.load.soundness import FORMAT
from ...layers.load.kinds import LIMITED_BY, RECORD
from .charts import histogram_chart, percentile_chart
from .drawing import Chart, Words
from .failures import Failures, failures
from .scales import PERCENTILES, latency_text
from .series import P95, Column, Distribution, columns, distribution
from .timeline import timeline_chart

#: Classes of failure that are listed.
_MOST_CLASSES: Final = 12

#: What was asked of the generator, as the catalogue's sentence names it.
_ASKED: Final = ("rate", "duration", "warm_up", "timeout", "workers", "seed")

_TENTHS: Final = 10_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What one host answered."""

    name: str
    requests: int
    lost: int
    percentiles: Mapping[str, str]
    """As in PERCENTILES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """A deploy while the load ran; seconds since the first of the run."""

    build: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRecord:
    """A load run as the page shows it."""

    page: str
    """Path of Locust's own page from the report's folder; empty when there is none."""
    limit: str
    """Empty where no criterion states one."""
    asked: Mapping[str, str]
    """rate, duration, warm_up, timeout, workers, seed."""
    addresses: tuple[str, ...]
    started: datetime
    ended: datetime
    complete: bool
    why: str
    counts: Mapping[str, int]
    """planned, sent, not_sent."""
    hosts: tuple[Host, ...]
    failures: tuple[Failures, ...]
    more_failures: int
    lags: tuple[tuple[str, tuple[str, ...]], ...]
    """(send_lag or loop_lag, (p50, p99, max))."""
    shares: Mapping[str, str]
    """cpu, machine_cpu, steal."""
    sick: tuple[str, ...]
    advice: str
    versions: tuple[tuple[str, str], ...]
    server: tuple[str, str]
    """Requests in the server's own log and their p95; empty texts where it has none that could be read."""
    deploys: tuple[Deploy, ...]
    undeployed: str
    """Why a deploy did not succeed."""
    charts: tuple[Chart, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBlock:
    """A load record of a run, or why there is none to show."""

    subject: str
    anchor: str
    digest: str
    record: LoadRecord | None = None
    problem: str = ""


def load_blocks(run: Run, words: Words) -> list[LoadBlock]:
    """Return the load records of a run in the order of the journal."""
    facts = enumerate(run.facts_of("load", RECORD), start=1)
    return [_block(run, fact, f"load-{number}", words) for number, fact in facts]


def _block(run: Run, fact: Mapping[str, Any], anchor: str, words: Words) -> LoadBlock:
    subject, digest = str(fact.get("subject", "")), str(fact.get("digest", ""))
    try:
        record = _record(load_json(run.path, digest), run, words)
    except UNREADABLE as error:
        return LoadBlock(subject=subject, anchor=anchor, digest=digest, problem=describe_flaw(error))
    return LoadBlock(subject=subject, anchor=anchor, digest=digest, record=record)


def _limit(criteria: Criteria, name: str) -> int | None:
    """Return the limit of a profile's p95 in tenths of a millisecond."""
    criterion = criteria.get(LIMITED_BY.get(name, ("",))[0])
    limit = criterion.bound.limit if criterion and criterion.bound else None
    return int(limit.base * _TENTHS) if limit and limit.dimension == "time" else None


def _page(run: Run, name: str) -> str:
    page = f"logs/load/{name}/locust.html"
    return page if _NAME.fullmatch(name) and (run.path / page).is_file() else ""


def _record(stored: Mapping[str, Any], run: Run, words: Words) -> LoadRecord:
    """Arrange a record. Raises what UNREADABLE names when it is none."""
    data = stored["record"]
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']!r} is not known; this version reads {FORMAT}")
    name, started = str(data["profile"]["name"]), datetime.fromisoformat(data["started"])
    limit, classes, deploys = _limit(run.criteria.criteria, name), failures(data), _deploys(stored, started)
    whole = distribution(data["seconds"], not_sent=int(data["not_sent"]))
    by_time = columns((*data["seconds"], *data["unsent"]), float(data["profile"]["duration"]))
    return LoadRecord(
        **_recorded_fields(data),
        **_health(data["health"]),
        page=_page(run, name),
        limit=latency_text(limit) if limit else "",
        started=started,
        hosts=tuple(_hosts(data, whole)),
        failures=tuple(classes[:_MOST_CLASSES]),
        more_failures=max(0, len(classes) - _MOST_CLASSES),
        server=_server(stored["server"]),
        deploys=deploys,
        undeployed=str(stored["undeployed"]),
        charts=_charts(whole, by_time, limit, deploys, words),
        columns=tuple(by_time),
    )


def _recorded_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown as the record tells it."""
    return {
        "asked": {key: _render_value(data["profile"][key]) for key in _ASKED},
        "addresses": _texts(data["addresses"]),
        "ended": datetime.fromisoformat(data["ended"]),
        "complete": bool(data["complete"]),
        "why": str(data["why"]),
        "counts": {key: int(data[key]) for key in ("planned", "sent", "not_sent")},
        "versions": tuple((str(key), str(value)) for key, value in data["versions"].items()),
    }


def _health(health: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lags": tuple((key, _lag(health[key])) for key in ("send_lag", "loop_lag")),
        "shares": {key: f"{float(health[key]):.1%}" for key in ("cpu", "machine_cpu", "steal")},
        "sick": _texts(health["sick"]),
        "advice": str(health["advice"]),
    }


def _server(seen: Mapping[str, Any] | None) -> tuple[str, str]:
    if seen is None or "unreadable" in seen:
        return "", ""
    arrived = sum(int(count) for count in seen["statuses"].values())
    return f"{arrived:,}", latency_text(distribution([seen]).percentile(P95))


def _deploys(stored: Mapping[str, Any], started: datetime) -> tuple[Deploy, ...]:
    begin = started.timestamp()
    return tuple(
        Deploy(build=str(each["build"]), begin=float(each["started"]) - begin, end=float(each["ended"]) - begin)
        for each in stored["deploys"]
    )


def _charts(
    whole: Distribution, by_time: list[Column], limit: int | None, deploys: Iterable[Deploy], words: Words
) -> tuple[Chart, ...]:
    if not whole.total:
        return ()
    return (
        percentile_chart(whole, limit, words),
        histogram_chart(whole, limit, words),
        timeline_chart(by_time, limit, [(each.begin, each.end) for each in deploys], words),
    )


def _hosts(data: Mapping[str, Any], whole: Distribution) -> Iterable[Host]:
    yield _host(str(data["host"]), whole)
    if other := data.get("other"):
        yield _host(str(other["host"]), distribution(other["seconds"], not_sent=int(other["not_sent"])))


def _host(name: str, of: Distribution) -> Host:
    percentiles = {key: latency_text(of.percentile(mille)) for key, mille in PERCENTILES.items()}
    return Host(name=name, requests=of.total, lost=of.lost, percentiles=percentiles)


def _lag(values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(latency_text(round(float(values[key]) * _TENTHS)) for key in ("p50", "p99", "max"))


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _render_value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
