"""Load records in the report: numbers, distributions, failures, and charts over percentile and time."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate, groupby, pairwise
from math import ceil, exp, floor, log
from typing import Any, Final

from ..criteria import Criteria
from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..facts.load.soundness import AS_SENT, measured_seconds
from ..layers.load.facts import LIMITED_BY, RECORD, SELF_TEST
from ..load.record import FORMAT
from ..quantities import percentage
from ..statistics import nearest_rank
from .drawing import (
    ABOVE,
    BELOW,
    PERCENTILES,
    SIDE,
    Chart,
    Counts,
    Label,
    Latencies,
    Panel,
    Percentiles,
    Words,
    box,
    count_text,
    dots,
    latency_text,
    level,
    line,
    steps,
    upright,
)

# ── Distributions and columns

#: Columns that a timeline has at most; a longer run has several seconds in each.
MOST_COLUMNS: Final = 120

#: The unit of percentiles: 950 of 1,000 is the p95, so that no float decides which request that is.
WHOLE: Final = 1000
P95: Final = 950


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How long requests took, and how many had no good answer: those count as slower than all others."""

    counts: tuple[tuple[int, int], ...]
    """(tenths of a millisecond, requests), ascending."""
    lost: int = 0
    """Requests that failed or were never sent."""

    @property
    def answered(self) -> int:
        """Requests with a good answer."""
        return sum(count for _, count in self.counts)

    @property
    def total(self) -> int:
        """All requests that should have been answered."""
        return self.answered + self.lost

    def percentile(self, mille: int) -> int | None:
        """Return the nearest rank in tenths of a millisecond; None where that request had no good answer."""
        return nearest_rank(dict(self.counts), mille, beyond=self.lost)

    def latencies_at(self, ranks: Iterable[int]) -> list[int | None]:
        """Return what the n-th fastest took, for ascending ranks from 1."""
        ends = list(accumulate(count for _, count in self.counts))
        found: list[int | None] = []
        at = 0
        for rank in ranks:
            while at < len(ends) and ends[at] < rank:
                at += 1
            found.append(self.counts[at][0] if at < len(ends) and rank > 0 else None)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Some seconds of a run, the last one included."""

    first: int
    last: int
    requests: int
    failed: int
    not_sent: int
    """Arrivals whose turn came in these seconds and that were not sent."""
    p95: int | None
    """Tenths of a millisecond; None where more than a twentieth had no good answer, or nothing was asked."""


def distribution(seconds: Iterable[Mapping[str, Any]], *, not_sent: int = 0) -> Distribution:
    """Return all seconds and requests of a record together."""
    counts: Counter[int] = Counter()
    lost = not_sent
    for entry in seconds:
        counts.update({int(latency): int(count) for latency, count in entry.get("latency", {}).items()})
        lost += sum(int(count) for count in entry.get("failed", {}).values())
    return Distribution(counts=tuple(sorted(counts.items())), lost=lost)


def columns(seconds: Iterable[Mapping[str, Any]], duration: float, *, most: int = MOST_COLUMNS) -> list[Column]:
    """Return the run from its first second to its last; seconds without any request are there too."""
    entries = list(seconds)
    length = max(ceil(duration), *(int(entry["second"]) + 1 for entry in entries), 1)
    wide = -(-length // most)
    by_column: dict[int, list[Mapping[str, Any]]] = {}
    for entry in entries:
        by_column.setdefault(int(entry["second"]) // wide, []).append(entry)
    return [
        _column(by_column.get(number, []), number * wide, min(length, (number + 1) * wide) - 1)
        for number in range(-(-length // wide))
    ]


def _column(entries: list[Mapping[str, Any]], first: int, last: int) -> Column:
    not_sent = sum(int(entry.get("not_sent", 0)) for entry in entries)
    whole = distribution(entries, not_sent=not_sent)
    return Column(
        first=first,
        last=last,
        requests=whole.total - not_sent,
        failed=whole.lost - not_sent,
        not_sent=not_sent,
        p95=whole.percentile(P95),
    )


# ── Failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """A class of failure, how often it was met, and one example of it."""

    name: str
    count: int
    request: str
    text: str


def failures(data: Mapping[str, Any]) -> list[Failures]:
    """Return the classes of failure of all hosts of a record, the most frequent first."""
    examples: dict[str, Mapping[str, Any]] = {}
    for example in data["failures"]:
        examples.setdefault(str(example["class"]), example)
    counts: Counter[str] = Counter()
    for entry in (*data["seconds"], *(data["other"] or {"seconds": ()})["seconds"]):
        counts.update({str(name): int(count) for name, count in entry.get("failed", {}).items()})
    return [
        Failures(
            name=name,
            count=count,
            request=str(examples.get(name, {}).get("request", "")),
            text=str(examples.get(name, {}).get("text", "")),
        )
        for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]


# ── Charts of the distribution

#: Percentiles that are marked on the curve.
MARKED: Final = (500, 950, 990)

#: Points of the percentile curve and bars of the histogram, at most; a screen shows no more.
_POINTS: Final = 160
_BARS: Final = 48

#: Pixels.
_HEIGHT: Final = 210

#: Room for the name of a latency under a plot.
_NAME_ROOM: Final = 200

#: Where the latencies of a histogram end, and where the bar of what had no good answer begins and ends.
_ROOM: Final = 900
_APART: Final = (930, 980)


def percentile_chart(of: Distribution, limit: int | None, words: Words) -> Chart:
    """Draw latency over percentile; what had no good answer lies beyond the end of the curve."""
    axis, up = Percentiles(total=of.total), Latencies.around(_latencies(of, limit))
    end = axis.along(of.lost / of.total)
    ranked = ((mille, of.percentile(mille)) for mille in MARKED)
    marks = [(mille, axis.along(1 - mille / WHOLE), latency) for mille, latency in ranked if latency is not None]
    shapes = (
        ("grid", level(up.up(tick) for tick in up.ticks) + upright(x for _, x in axis.ticks)),
        ("lost", box(end, 0, SIDE)),
        ("limit", level([up.up(limit)]) if limit else ""),
        ("line", line((axis.along(1 - rank / of.total), up.up(latency)) for rank, latency in _curve(of, axis))),
        ("dot", dots((x, up.up(latency)) for _, x, latency in marks)),
    )
    panel = Panel(top=ABOVE, height=_HEIGHT, shapes=shapes)
    labels = [
        *(panel.beside(latency_text(tick), up.up(tick)) for tick in up.ticks),
        *(panel.below(name, x) for name, x in axis.ticks),
        *([panel.limit(words("load-limit", limit=latency_text(limit)), y=up.up(limit))] if limit else []),
        *(_mark_label(mille, x, panel.pixel(up.up(latency))) for mille, x, latency in marks),
        *([Label(text=words("load-lost"), x=100, y=ABOVE - 8, kind="bad", anchor="end")] if of.lost else []),
    ]
    says = {f"p{mille // 10}": latency_text(of.percentile(mille)) for mille in MARKED}
    return _make_chart("percentiles", panel, labels, says)


def _mark_label(mille: int, x: int, y: int) -> Label:
    """Return the name of a marked percentile: beyond the curve, which rises to the right."""
    at, below = x * 100 / SIDE, x < SIDE // 5
    text, anchor = f"p{mille // 10}", "start" if below else "end"
    return Label(text=text, x=at, y=y + (18 if below else -8), kind="mark", anchor=anchor)


def _latencies(of: Distribution, limit: int | None) -> list[int]:
    return [*(latency for latency, _ in of.counts), *([limit] if limit else [])]


def _curve(of: Distribution, axis: Percentiles) -> Iterator[tuple[int, int]]:
    """Yield (rank, latency) evenly over the axis, of equal latencies the first and the last."""
    above = (10 ** (-axis.nines * point / _POINTS) for point in range(_POINTS))
    ranks = sorted({*(max(1, ceil(of.total * (1 - each))) for each in above), of.answered, of.total})
    known = [(rank, found) for rank, found in zip(ranks, of.latencies_at(ranks), strict=True) if found is not None]
    for _, same in groupby(known, key=lambda each: each[1]):
        first, *rest = same
        yield first
        yield from rest[-1:]


def histogram_chart(of: Distribution, limit: int | None, words: Words) -> Chart:
    """Draw how many requests took how long, in bars of equal ratio, one edge of which is the limit."""
    axis = Latencies.around(_latencies(of, limit))
    bars = _bars(of, axis, limit or axis.low)
    tall = Counts(most=max(1, of.lost, *(count for *_, count in bars)))
    place = _along(axis, limit) if limit else SIDE
    shapes = (
        ("grid", level(tall.up(tick) for tick in (0, *tall.ticks))),
        ("bar", "".join(box(left, tall.up(count), right) for left, right, count in bars if right <= place)),
        ("over", "".join(box(left, tall.up(count), right) for left, right, count in bars if right > place)),
        ("lost", box(_APART[0], tall.up(of.lost), _APART[1])),
        ("limit", upright([place]) if limit else ""),
    )
    panel = Panel(top=ABOVE, height=_HEIGHT, shapes=shapes)
    labels = [
        *(panel.beside(count_text(tick), tall.up(tick)) for tick in tall.ticks),
        *(panel.below(latency_text(tick), x) for tick, x in _nameable_ticks(axis)),
        *([panel.limit(words("load-limit", limit=latency_text(limit)), x=place)] if limit else []),
        *([panel.below("×", sum(_APART) // 2)] if of.lost else []),
    ]
    return _make_chart("histogram", panel, labels, {"n": f"{of.total:,}", "lost": f"{of.lost:,}"})


def _along(axis: Latencies, tenths: float) -> int:
    return axis.along(tenths) * _ROOM // SIDE


def _nameable_ticks(axis: Latencies) -> list[tuple[int, int]]:
    """Return the ticks that have room for their names on a narrow page, and their places."""
    found: list[tuple[int, int]] = []
    for tick in axis.ticks:
        x = _along(axis, tick)
        if not found or found[-1][1] + _NAME_ROOM <= x <= _ROOM - _NAME_ROOM // 4:
            found.append((tick, x))
    return found


def _bars(of: Distribution, axis: Latencies, anchor: int) -> list[tuple[int, int, int]]:
    """Return (left, right, requests) of each bar, the anchor being the edge between two."""
    ratio = log(axis.high / axis.low) / _BARS
    first = floor(log(axis.low / anchor) / ratio) + 1
    counts: Counter[int] = Counter()
    for latency, count in of.counts:
        counts[max(first, ceil(log(max(1, latency) / anchor) / ratio - 1e-9))] += count
    edges = {n: _along(axis, min(axis.high, anchor * exp(ratio * n))) for each in counts for n in (each - 1, each)}
    return [(edges[number - 1], edges[number], count) for number, count in sorted(counts.items())]


def _make_chart(key: str, panel: Panel, labels: Iterable[Label], says: Mapping[str, str]) -> Chart:
    return Chart(key=key, height=ABOVE + panel.height + BELOW + 5, panels=(panel,), labels=tuple(labels), says=says)


# ── Charts over time

#: Heights of the plots from top to bottom, and of the room between two, in pixels.
_HEIGHTS: Final = (130, 64, 44)
_BETWEEN: Final = 32

#: Seconds named under the plots, at most.
_MOST_NAMES: Final = 5


def timeline_chart(
    columns: Sequence[Column], limit: int | None, deploys: Sequence[tuple[float, float]], words: Words
) -> Chart:
    """Draw the columns of a run, of which there is at least one; of each deploy, the seconds that it took."""
    edges = list(pairwise(round(SIDE * number / len(columns)) for number in range(len(columns) + 1)))
    drawn = [
        _latency_panel(columns, edges, limit, words),
        _requests(columns, edges, words),
        _failures(columns, edges, words),
    ]
    last, length = drawn[-1][0], columns[-1].last + 1
    bands = [box(left, 0, right) for left, right in _bands(deploys, length)]
    panels = [replace(drawn[0][0], shapes=(("deploy", "".join(bands)), *drawn[0][0].shapes)), drawn[1][0], last]
    labels = [
        *(label for _, found in drawn for label in found),
        *([Label(text=words("load-deploy"), x=100, y=ABOVE - 8, kind="head", anchor="end")] if any(bands) else []),
    ]
    step = next(each for each in steps() if length / each <= _MOST_NAMES)
    labels += [last.below(f"{second} s", round(SIDE * second / length)) for second in range(0, length + 1, step)]
    says = {
        "seconds": str(length),
        "worst": latency_text(max((column.p95 for column in columns if column.p95 is not None), default=None)),
        "failed": f"{sum(column.failed for column in columns):,}",
    }
    height = last.top + last.height + BELOW + 5
    return Chart(key="timeline", height=height, panels=tuple(panels), labels=tuple(labels), says=says)


def _bands(deploys: Iterable[tuple[float, float]], length: int) -> Iterator[tuple[int, int]]:
    """Yield where a deploy begins and ends in the plot; the shortest is still to be seen."""
    for begin, end in deploys:
        left, right = (round(SIDE * min(max(0.0, each / length), 1.0)) for each in (begin, end))
        yield min(left, SIDE - 4), max(right, min(left, SIDE - 4) + 4)


def _top(number: int) -> int:
    return ABOVE + sum(height + _BETWEEN for height in _HEIGHTS[:number])


def _latency_panel(
    columns: Sequence[Column], edges: Sequence[tuple[int, int]], limit: int | None, words: Words
) -> tuple[Panel, list[Label]]:
    known = [column.p95 for column in columns if column.p95 is not None]
    axis = Latencies.around([*known, *([limit] if limit else [])])
    silent = [column.p95 is None and column.requests + column.not_sent > 0 for column in columns]
    shapes = (
        ("grid", level(axis.up(tick) for tick in axis.ticks)),
        ("lost", "".join(box(left, 0, right) for (left, right), each in zip(edges, silent, strict=True) if each)),
        ("limit", level([axis.up(limit)]) if limit else ""),
        ("line", _stairs([None if each.p95 is None else axis.up(each.p95) for each in columns], edges)),
    )
    panel = Panel(top=_top(0), height=_HEIGHTS[0], shapes=shapes)
    labels = [panel.head("p95"), *(panel.beside(latency_text(tick), axis.up(tick)) for tick in axis.ticks)]
    if limit:
        labels.append(panel.limit(words("load-limit", limit=latency_text(limit)), y=axis.up(limit)))
    return panel, labels


def _stairs(heights: Iterable[int | None], edges: Iterable[tuple[int, int]]) -> str:
    """Return a level line for each column, joined to the next where there is one."""
    drawn, open_ = "", False
    for height, (left, right) in zip(heights, edges, strict=True):
        if height is not None:
            drawn += f"V{height}H{right}" if open_ else f"M{left} {height}H{right}"
        open_ = height is not None
    return drawn


def _requests(columns: Sequence[Column], edges: Sequence[tuple[int, int]], words: Words) -> tuple[Panel, list[Label]]:
    tall = Counts(most=max(1, *(column.requests + column.not_sent for column in columns)))
    asked = [tall.up(column.requests) for column in columns]
    due = [tall.up(column.requests + column.not_sent) for column in columns]
    stairs = "".join(f"V{y}H{right}" for y, (_, right) in zip(asked, edges, strict=True))
    shapes = (
        ("grid", level([0, SIDE])),
        ("bar", f"M0 {SIDE}{stairs}V{SIDE}z"),
        ("lost", "".join(box(x, top, right, y) for top, y, (x, right) in zip(due, asked, edges, strict=True))),
    )
    panel = Panel(top=_top(1), height=_HEIGHTS[1], shapes=shapes)
    key = "load-requests-and-not-sent" if any(column.not_sent for column in columns) else "load-requests"
    return panel, [panel.head(words(key)), panel.beside(count_text(tall.most), 0), panel.beside("0", SIDE)]


def _failures(columns: Sequence[Column], edges: Sequence[tuple[int, int]], words: Words) -> tuple[Panel, list[Label]]:
    tall = Counts(most=max(1, *(column.failed for column in columns)))
    bars = (box(x, tall.up(each.failed), right) for each, (x, right) in zip(columns, edges, strict=True))
    panel = Panel(top=_top(2), height=_HEIGHTS[2], shapes=(("grid", level([0, SIDE])), ("over", "".join(bars))))
    return panel, [panel.head(words("load-failed")), panel.beside(count_text(tall.most), 0), panel.beside("0", SIDE)]


# ── The part of the report

#: Classes of failure that are listed.
_MOST_CLASSES: Final = 12

#: Settings of the generator, by their names in the catalogue's sentence.
_ASKED: Final = ("rate", "duration", "warm_up", "timeout", "workers", "seed")

_TENTHS: Final = 10_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The answers of one host."""

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
    holds: tuple[tuple[str, str, bool], ...]
    """(a request, what its right answers hold, whether that was learned because nobody states it)."""
    hosts: tuple[Host, ...]
    failures: tuple[Failures, ...]
    more_failures: int
    lags: tuple[tuple[str, tuple[str, ...]], ...]
    """(send_lag or loop_lag, (p50, p99, max))."""
    shares: Mapping[str, str]
    """cpu, machine_cpu, steal."""
    sick: tuple[str, ...]
    aside: str
    """How much was set aside and measured again, and why."""
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
    by_time = columns((*data["seconds"], *data["unsent"]), measured_seconds(data))
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
    return {
        "asked": {
            key: f"{value:g}" if isinstance(value := data["profile"][key], float) else str(value) for key in _ASKED
        },
        "addresses": _texts(data["addresses"]),
        "ended": datetime.fromisoformat(data["ended"]),
        "complete": bool(data["complete"]),
        "why": str(data["why"]),
        "counts": {key: int(data[key]) for key in ("planned", "sent", "not_sent")},
        "holds": tuple(
            (str(each["name"]), str(each["holds"]), bool(each.get("learned")))
            for each in data["requests"]
            if each.get("holds")
        ),
        "versions": tuple((str(key), str(value)) for key, value in data["versions"].items()),
    }


def _health(health: Mapping[str, Any]) -> dict[str, Any]:
    as_sent = AS_SENT if health.get("as_sent") else ""
    return {
        "lags": tuple(
            (key, tuple(latency_text(round(float(health[key][each]) * _TENTHS)) for each in ("p50", "p99", "max")))
            for key in ("send_lag", "loop_lag")
        ),
        "shares": {key: percentage(float(health[key])) for key in ("cpu", "machine_cpu", "steal")},
        "sick": tuple(filter(None, (*_texts(health["sick"]), str(health.get("short", "")), as_sent))),
        "aside": str(health.get("aside", "")),
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


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


# ── The self-test of the load generator


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Whether the generator measured what was there."""

    ok: bool
    reason: str
    """Why it is not believed; empty when it is."""
    rows: tuple[tuple[str, str, str], ...] = ()
    """(what was measured, what the generator told, what was true)."""


def self_test(run: Run) -> SelfTest | None:
    """Return the self-test of the load layer; None for a run without one."""
    facts = run.facts_of("load", SELF_TEST)
    if not facts:
        return None
    try:
        data = load_json(run.path, str(facts[-1].get("digest", "")))
        rows = tuple(
            (str(key), _render_test_value(value["told"]), _render_test_value(value["truth"]))
            for key, value in data.items()
            if isinstance(value, Mapping) and {"told", "truth"} <= set(value)
        )
        return SelfTest(ok=data["ok"] is True, reason=str(data["reason"]), rows=rows)
    except UNREADABLE as error:
        return SelfTest(ok=False, reason=describe_flaw(error))


def _render_test_value(value: Any) -> str:
    """Return a count as it is, and seconds, which are never whole by chance, as a latency."""
    return latency_text(round(value * _TENTHS)) if isinstance(value, float) else str(value)
