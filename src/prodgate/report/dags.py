"""DAGs in the report: each slot and what became of it, the calendar, the rates and the times."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from ..aws.answers import Unreadable
from ..criteria import Criterion
from ..dags import cron
from ..dags.declared import DeclaredDag
from ..dags.ledger import OPEN, SUCCEEDED, Row, SlotState, Unaccounted
from ..dags.rates import Budget, Rate
from ..estimates import CONFIDENCE, Estimate
from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..facts.dags.slots import SlotHistory
from ..layers.dags.facts import DECLARED, HISTORY, OBSERVED, facts_of
from ..processes.output import visible
from ..quantities import Bound, Quantity, percentage
from .drawing import Words
from .text import shorten

# ── Times and durations

#: Units of a duration, the greatest first.
_UNITS: Final = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock that a schedule goes by."""

    zone: ZoneInfo

    def readings(self, at: datetime) -> tuple[str, ...]:
        """Return a time by this clock, and in UTC where that reads otherwise."""
        return tuple(dict.fromkeys(render_time(at.astimezone(zone)) for zone in (self.zone, UTC)))

    def within(self, at: datetime, *, dated: bool) -> str:
        """Return the same for what stands under its date: without the year, and with days only as far as needed."""
        local, utc = at.astimezone(self.zone), at.astimezone(UTC)
        shown = _render_beside(local, dated=dated)
        return shown if local.tzname() == "UTC" else f"{shown}, {_render_beside(utc, dated=utc.date() != local.date())}"


def render_time(at: datetime) -> str:
    """Return a time with its zone's short name, to the second where it is not on a minute."""
    return f"{at:%Y-%m-%d} {time_of_day(at)} {at:%Z}"


def _render_beside(at: datetime, *, dated: bool) -> str:
    return f"{at:%m-%d} {time_of_day(at)} {at:%Z}" if dated else f"{time_of_day(at)} {at:%Z}"


def time_of_day(at: datetime) -> str:
    """Return hours and minutes, and seconds where there are any."""
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def render_duration(time: timedelta) -> str:
    """Return a duration in the greatest unit of which it has a whole number, in seconds where it has none."""
    size, unit = next((each for each in _UNITS if not time % each[0]), _UNITS[-1])
    return f"{time / size:,.12g} {unit}"


def render_delay(time: timedelta) -> str:
    """Return how much later something was, to a tenth of the greatest unit that it reaches; with ``-`` if earlier."""
    size, unit = next((each for each in _UNITS if time >= each[0]), _UNITS[-1])
    return f"{time / size:+,.1f} {unit}"


# ── Rates with their intervals

#: Criteria that may judge a DAG's slots; the first that is stated and can be answered does.
JUDGED_BY: Final = ("dag-success-rate", "dag-success-rate-rehearsed")

#: A bound that every share keeps, for the interval of a rate that no criterion limits.
_ANY: Final = Bound(">=", Quantity.of(0, "%"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """One rate."""

    name: str
    """slot, run, first_try or on_time, as the catalogue defines it."""
    good: str
    total: str
    share: str
    """Empty when there is nothing to take a share of."""
    ends: str
    """The interval."""
    decides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """The rates of a DAG, and what its objective makes of them."""

    rows: tuple[RateRow, ...]
    confidence: str
    """Of each end of an interval by itself."""
    criterion: str
    """Which one judges the slot rate; empty when none does."""
    limit: str
    by: str
    """The value that is compared with the limit: ``point`` or ``bound``."""
    budget: Budget | None
    settles: str
    """How to get the whole interval on one side of the limit; empty if it is there, or if nothing was seen."""


def find_deciding_criterion(criteria: Sequence[Criterion], *, rehearsal: bool) -> Criterion | None:
    """Return the criterion that decides about slot rates."""
    stated = {criterion.id: criterion for criterion in criteria}
    found = (stated[id_] for id_ in JUDGED_BY if id_ in stated)
    shares = (each for each in found if each.bound is not None and each.bound.dimension == "ratio")
    return next((each for each in shares if not (rehearsal and each.needs_production)), None)


def reliability(history: SlotHistory, criterion: Criterion | None) -> Reliability:
    """Return the rates of a DAG, the one that decides first."""
    rows = tuple(_rows(history, criterion))
    sure = str((criterion and criterion.confidence) or CONFIDENCE)
    if criterion is None:
        return Reliability(rows=rows, confidence=sure, criterion="", limit="", by="", budget=None, settles="")
    return Reliability(
        rows=rows,
        confidence=sure,
        criterion=criterion.id,
        limit=str(criterion.bound),
        by=criterion.decides,
        budget=history.budget(criterion),
        settles=history.unseen or history.estimate_success_rate(criterion).settles,
    )


def _rows(history: SlotHistory, criterion: Criterion | None) -> Iterator[RateRow]:
    bound = criterion.bound if criterion and criterion.bound else _ANY
    found = history.rates
    for rate in (found.slot, found.run, found.first_try, found.on_time):
        estimate = rate.estimate(bound, criterion.confidence if criterion else None)
        yield _row(rate, estimate, bound, decides=criterion is not None and rate is found.slot)


def _row(rate: Rate, estimate: Estimate, bound: Bound, *, decides: bool) -> RateRow:
    low, high = _percent(estimate.low, bound, ROUND_FLOOR), _percent(estimate.high, bound, ROUND_CEILING)
    return RateRow(
        name=rate.name,
        good=f"{rate.good:,}",
        total=f"{rate.total:,}",
        share=f"{_percent(estimate.value, bound, ROUND_HALF_EVEN)} %" if rate.total else "",
        ends=f"{low}–{high} %" if rate.total else "",
        decides=decides,
    )


def _percent(quantity: Quantity, bound: Bound, rounding: str) -> str:
    """Return a share without its sign, rounded so that an interval never looks narrower than it is."""
    limits = [float(bound.limit.base)] if bound.limit else []
    text = percentage(float(quantity.base), *limits, decimals=2, rounding=rounding).removesuffix("%")
    return text.rstrip("0").rstrip(".")


# ── The calendar of slots

#: The mark of each state, so that colour is never the only difference; every font has them.
MARKS: Final[Mapping[SlotState, str]] = {
    SlotState.ON_TIME: "✓",
    SlotState.LATE: "L",
    SlotState.RETRIED: "R",
    SlotState.FAILED: "×",
    SlotState.MISSED: "–",
    SlotState.STUCK: "!",
    SlotState.BACKFILL: "B",
    SlotState.MANUAL: "M",
    SlotState.UNKNOWN: "?",
    SlotState.SPOILED: "/",
    SlotState.RUNNING: "…",
    SlotState.PENDING: "·",
}

#: Most slots of a calendar, the latest: no browser opens a page with every minute of a month.
MOST_SLOTS: Final = 1500
#: Most columns with heads; longer lines wrap.
_MOST_COLUMNS: Final = 8
#: Most runs that are named for a slot, and most characters of a name or a reason.
_NAMED_RUNS: Final = 3
_LONGEST: Final = 200

#: The span of a line of the calendar, and the least time between slots for it. A clock change shortens a day.
_LINES: Final = (
    ("week", timedelta(hours=20)),
    ("day", timedelta(minutes=50)),
    ("hour", timedelta(minutes=1)),
    ("minute", timedelta(0)),
)
#: Days from Monday on, as the catalogue names them.
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Place of a slot in its line, and its number among those at the same clock reading.
_Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot."""

    state: SlotState
    says: str
    """When, what became of it, its runs and why; safe to stand in an attribute."""

    @property
    def mark(self) -> str:
        """The mark of the state."""
        return MARKS[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """All slots of a DAG, or the latest of them."""

    of: str
    """The span of a line: week, day, hour or minute."""
    heads: tuple[str, ...]
    """Names of the columns; empty for lines that wrap."""
    lines: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    """Head and slots of each line; None where it has no slot."""
    left_out: int
    """How many earlier slots are not shown."""


def arrange_calendar(dag: DeclaredDag, rows: Sequence[Row], clock: Clock, words: Words) -> Calendar:
    """Arrange what became of the slots of a DAG."""
    shown = rows[-MOST_SLOTS:]
    of = _choose_lines(dag, shown)
    lines: dict[str, dict[_Place, Cell]] = {}
    for row in shown:
        head, name = _locate(of, row.slot.astimezone(clock.zone))
        line = lines.setdefault(head, {})
        # an hour that the clock repeats has its slots twice
        when = clock.within(row.slot, dated=of == "week")
        line[name, sum(other == name for other, _ in line)] = Cell(row.state, _describe_slot(row, when, words))
    fixed = {(str(number), 0) for number in range(len(DAYS))} if of == "week" else set[_Place]()
    columns = sorted({place for line in lines.values() for place in line} | fixed)
    return Calendar(
        of=of,
        heads=tuple(_heads(of, columns, words)) if len(columns) <= _MOST_COLUMNS else (),
        lines=tuple((head, tuple(map(line.get, columns))) for head, line in lines.items()),
        left_out=len(rows) - len(shown),
    )


def _choose_lines(dag: DeclaredDag, rows: Sequence[Row]) -> str:
    gaps = [later.slot - earlier.slot for earlier, later in pairwise(rows)]
    least = min(gaps) if gaps else cron.find_shortest_period(dag.schedule, rows[0].slot if rows else datetime.now(UTC))
    return next(of for of, from_ in _LINES if least >= from_)


def _locate(of: str, at: datetime) -> tuple[str, str]:
    """Return the line of a slot and its place there."""
    match of:
        case "week":
            return f"{at - timedelta(days=at.weekday()):%Y-%m-%d}", str(at.weekday())
        case "day":
            return f"{at:%Y-%m-%d}", time_of_day(at)
        case "hour":
            return f"{at:%Y-%m-%d %H}:00 {at:%Z}", f"{at:%M:%S}"
    return f"{at:%Y-%m-%d %H:%M} {at:%Z}", f"{at:%S}"


def _heads(of: str, columns: Iterable[_Place], words: Words) -> Iterable[str]:
    for name, _ in columns:
        match of:
            case "week":
                yield words(f"dags-{DAYS[int(name)]}")
            case "day":
                yield name
            case _:
                yield f":{name.removesuffix(':00')}"


def _describe_slot(row: Row, when: str, words: Words) -> str:
    parts = [
        f"{when}: {words(f'dags-state-{row.state}')}",
        *([render_delay(row.delay)] if row.delay is not None else []),
        *(shorten(visible(run_id), _LONGEST) for run_id in row.runs[:_NAMED_RUNS] if run_id != usual_run_id(row.slot)),
        *([shorten(visible(row.words), _LONGEST)] if row.words else []),
    ]
    return ", ".join(parts)


def usual_run_id(slot: datetime) -> str:
    """Return the id that Airflow gives to the scheduled run of a slot, unless runs are named for the slot before."""
    return f"scheduled__{slot.astimezone(UTC).isoformat()}"


# ── The part of the report

#: Most slots of a DAG that are listed.
MOST_TROUBLES: Final = 50

#: Most runs that are named for a slot.
_MOST_RUNS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A slot that its scheduled run did not complete."""

    state: SlotState
    mark: str
    slot: tuple[str, ...]
    """By the DAG's clock, and in UTC."""
    runs: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DagBlock:
    """One DAG as the page shows it."""

    dag_id: str
    anchor: str
    cron: str
    zone: str
    window: str
    """The declared window; below, the declared grace and limit."""
    grace: str
    limit: str
    since: str
    until: str
    counts: tuple[tuple[SlotState, str, int], ...]
    """(state, mark, how many slots), of all states; unknown and spoiled where any is."""
    slots: int
    extra: int
    """Scheduled runs that are for none of the slots."""
    calendar: Calendar
    reliability: Reliability
    troubles: tuple[Trouble, ...]
    """The latest first."""
    more_troubles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DagsPart:
    """The DAG part of a report, or why there is none."""

    blocks: tuple[DagBlock, ...] = ()
    problem: str = ""
    digest: str = ""
    """Of the evidence that the slots were accounted for from; empty when there is none."""


def dags_part(run: Run, words: Words) -> DagsPart | None:
    """Return what a run says of DAGs; None for one that did not look at any."""
    facts = run.facts_of("dags", DECLARED, OBSERVED, HISTORY)
    reasons = {
        str(event["kind"]): str(event.get("reason", ""))
        for event in run.unreadable
        if event.get("layer") == "dags" and event.get("kind") == HISTORY
    }
    if not facts and not reasons:
        return None
    digest = next((str(fact.get("digest", "")) for fact in facts if fact["kind"] == HISTORY), "")
    criterion = find_deciding_criterion(tuple(run.criteria.criteria.values()), rehearsal=run.scope.rehearsal)
    try:
        known = facts_of([(str(fact["kind"]), load_json(run.path, str(fact["digest"]))) for fact in facts], reasons)
        blocks = dag_blocks(known.of(SlotHistory), criterion, words)
    except (*UNREADABLE, Unaccounted, Unreadable) as error:
        return DagsPart(digest=digest, problem=describe_flaw(error))
    return DagsPart(blocks=blocks, digest=digest, problem=known.unreadable.get(SlotHistory, ""))


def dag_blocks(histories: Iterable[SlotHistory], criterion: Criterion | None, words: Words) -> tuple[DagBlock, ...]:
    """Return the DAGs in the order in which they are declared."""
    return tuple(
        _block(history, f"dag-{number}", criterion, words) for number, history in enumerate(histories, start=1)
    )


def _block(history: SlotHistory, anchor: str, criterion: Criterion | None, words: Words) -> DagBlock:
    ledger, dag = history.ledger, history.declared
    clock, counts = Clock(ZoneInfo(dag.schedule.timezone)), ledger.counts
    troubled = [row for row in ledger.rows if row.state not in SUCCEEDED | OPEN]
    return DagBlock(
        dag_id=history.subject,
        anchor=anchor,
        cron=dag.schedule.cron,
        zone=dag.schedule.timezone,
        window=render_duration(dag.window),
        grace=render_duration(dag.grace),
        limit=render_duration(dag.limit),
        since=", ".join(clock.readings(ledger.since)),
        until=", ".join(clock.readings(ledger.until)),
        counts=tuple(
            (state, mark, counts[state])
            for state, mark in MARKS.items()
            if counts[state] or state not in (SlotState.UNKNOWN, SlotState.SPOILED)
        ),
        slots=len(ledger.rows),
        extra=len(ledger.extra),
        calendar=arrange_calendar(dag, ledger.rows, clock, words),
        reliability=reliability(history, criterion),
        troubles=tuple(
            Trouble(
                state=row.state,
                mark=MARKS[row.state],
                slot=clock.readings(row.slot),
                runs=row.runs[:_MOST_RUNS],
                words=row.words,
            )
            for row in reversed(troubled[-MOST_TROUBLES:])
        ),
        more_troubles=max(0, len(troubled) - MOST_TROUBLES),
    )
