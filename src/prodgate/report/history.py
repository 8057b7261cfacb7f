"""The history of runs: one remembered line for each run, arranged by days and drawn on one self-contained page."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Self

from ..evidence.runs import Run
from ..findings import Outcome
from ..quantities import Bound, Quantity, UnitError
from ..sealing.standing import read_state
from ..verdict import Decision, Verdict
from .catalogue import ENGLISH, FILES, Catalogue
from .diff.comparison import MEASURED, Figure, read_figure
from .drawing import SIDE, Label, Panel, dots, level, line
from .grouping import OUTCOMES
from .pages import render_page
from .view import WORST_FIRST, find_worst

# ── One line of the index for each run


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run of a folder, or why it can't be read."""

    run: str
    journal: str
    """SHA-256 of the journal that this was read from."""
    day: str
    """Day on which the run began, in UTC."""
    problem: str = ""
    head: str = ""
    system: str = ""
    target: str = ""
    verdict: str = ""
    rehearsal: bool = False
    partial: bool = False
    """Whether layers were left out, or only one moment of a release was asked about."""
    closed: bool = True
    """Whether the run was over when it was read; one that was not, or could not be read, may be another later."""
    gone: bool = False
    """Whether the run is no longer in its folder, so that nothing shows whether this was edited."""
    signed: bool = False
    """Whether somebody put their name to it; who verifies it says whether that holds."""
    machine: str = ""
    criteria: Mapping[str, str] = field(default_factory=dict)
    """Criterion -> its worst outcome."""
    figures: Mapping[str, tuple[str, str, bool]] = field(default_factory=dict)
    """``criterion on subject`` -> what was measured, its bound, and whether that depends on the machine."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild an entry that ``to_json`` wrote. Raises TypeError or ValueError for anything else."""
        made = cls(**data)
        if not all(isinstance(text, str) for text in (made.run, made.journal, made.day, made.verdict, made.problem)):
            raise TypeError("texts are expected")
        date.fromisoformat(made.day)
        if not made.problem:
            Decision(made.verdict)
        criteria = {name: str(Outcome(outcome)) for name, outcome in made.criteria.items()}
        figures = {name: (str(seen), str(bound), bool(own)) for name, (seen, bound, own) in made.figures.items()}
        return cls(**{**data, "criteria": criteria, "figures": figures})


def make_entry(run: Run, journal: str) -> Entry:
    """Return what is remembered of a run; ``journal`` is the digest of the file."""
    verdict, versions = run.verdict(), run.about.get("versions", {})
    return Entry(
        run=run.path.name,
        journal=journal,
        day=f"{run.started:%Y-%m-%d}",
        head=run.head,
        system=run.criteria.system,
        target=str(run.about.get("target", "")),
        verdict=str(verdict.decision),
        rehearsal=verdict.scope.rehearsal,
        partial=bool(verdict.scope.left_out() or run.about.get("moment") or run.finished is None),
        closed=run.finished is not None,
        signed=bool(read_state(run).keyid),
        machine=str(run.about.get("judged_again") or "")
        or f"{versions.get('platform', '')} {versions.get('processors', '')}".strip(),
        criteria=_worst_outcomes(verdict),
        figures={
            f"{f.criterion} on {f.subject}": (f.observed, f.expected, f.layer in MEASURED)
            for f in verdict.findings
            if " each end: " in f.observed and read_figure(f.observed)
        },
    )


def _worst_outcomes(verdict: Verdict) -> dict[str, str]:
    """Return the worst outcome of each criterion; what only production can answer is no worse than not applicable."""
    found: dict[str, Outcome] = {}
    for ruling in verdict.rulings:
        outcome = Outcome.NOT_APPLICABLE if ruling.deferred else ruling.outcome
        found[ruling.criterion.id] = find_worst((found.get(ruling.criterion.id, outcome), outcome))
    return {id_: str(outcome) for id_, outcome in found.items()}


# ── Days

#: Days that the calendar shows, the latest.
MOST_DAYS: Final = 12 * 7
#: The mark and the style of each state, so that colour is never the only difference.
MARKS: Final = {
    "GO": ("✓", "ok"),
    "NO-GO": ("×", "failed"),
    "INSUFFICIENT EVIDENCE": ("?", "late"),
    "missing": ("–", "missed"),
    "refused": ("!", "stuck"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One day; ``entry`` is the last whole run that began on it, else the worst one."""

    day: date
    entry: Entry | None
    runs: int

    @property
    def state(self) -> str:
        """A key of MARKS."""
        if self.entry is None:
            return "missing"
        return "refused" if self.entry.problem else self.entry.verdict

    @property
    def mark(self) -> str:
        """The mark of the state; in brackets if the run left something out."""
        mark = MARKS[self.state][0]
        return f"({mark})" if self.entry and self.entry.partial else mark

    @property
    def style(self) -> str:
        """The class of the cell."""
        return MARKS[self.state][1]

    def tell(self, words: Catalogue = ENGLISH) -> str:
        """Return the state in words."""
        if self.entry is None:
            return words.text("night-says-missing", day=self.day)
        rest = (words.text("night-gone") if self.entry.gone else "") + self._tell_others(words)
        if self.entry.problem:
            problem = words.say(self.entry.problem)
            return words.text("night-says-refused", day=self.day, run=self.entry.run, problem=problem, rest=rest)
        stamps = [words.text("night-partial")] if self.entry.partial else []
        stamps += [words.text("rehearsal")] if self.entry.rehearsal else []
        verdict = " ".join((*stamps, self.entry.verdict))
        return words.text("night-says", day=self.day, verdict=verdict, run=self.entry.run, rest=rest)

    def _tell_others(self, words: Catalogue) -> str:
        """Say which of the runs of that day counts; nothing where there is only one."""
        if self.entry is None or self.runs < 2:
            return ""
        which = "refused" if self.entry.problem else "partial" if self.entry.partial else "whole"
        return words.text(f"night-among-{which}", n=self.runs)


def list_nights(entries: Iterable[Entry], until: date | None = None) -> list[Night]:
    """Return every day from that of the first run to ``until`` (default: that of the last), the latest MOST_DAYS."""
    by_day: dict[date, list[Entry]] = {}
    for entry in sorted(entries, key=lambda each: each.run):
        by_day.setdefault(date.fromisoformat(entry.day), []).append(entry)
    if not by_day:
        return []
    last = max(until or max(by_day), *by_day)
    days = [min(by_day) + timedelta(days=n) for n in range((last - min(by_day)).days + 1)]
    return [
        Night(day=day, entry=_choose(by_day.get(day, [])), runs=len(by_day.get(day, []))) for day in days[-MOST_DAYS:]
    ]


def _choose(entries: Sequence[Entry]) -> Entry | None:
    """Return the run that counts for a day.

    One that was changed afterwards outweighs all, since it hides something. A later whole one answers all that an
    earlier one did; parts may have asked different things, so that no later one betters another.
    """
    for candidates in ([e for e in entries if e.problem], [e for e in entries if not e.partial]):
        if candidates:
            return candidates[-1]
    return min(reversed(entries), key=lambda entry: WORST_FIRST.index(OUTCOMES[Decision(entry.verdict)]), default=None)


def arrange_weeks(nights: Sequence[Night]) -> list[tuple[str, list[Night | None]]]:
    """Return the nights in weeks from Monday on, each with its first day; None outside of the history."""
    weeks: dict[date, list[Night | None]] = {}
    for night in nights:
        monday = night.day - timedelta(days=night.day.weekday())
        weeks.setdefault(monday, [None] * 7)[night.day.weekday()] = night
    return [(f"{monday}", cells) for monday, cells in weeks.items()]


# ── A strip for each criterion

#: Days of a line, the latest.
_STRIP_DAYS: Final = 31
#: The mark and the style of each outcome.
OUTCOME_MARKS: Final = {
    "satisfied": ("✓", "ok"),
    "not-satisfied": ("×", "failed"),
    "undetermined": ("?", "late"),
    "waived": ("W", "manual"),
    "not-applicable": ("·", "pending"),
}
_NO_RUN: Final = ("–", "missed")
_NOT_ASKED: Final = (" ", "blank")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One criterion, with (mark, style, words) for each day."""

    criterion: str
    cells: tuple[tuple[str, str, str], ...]

    @property
    def steady(self) -> bool:
        """Whether it held on every day with an answer."""
        return all(style in ("ok", "pending", "blank", "missed") for _, style, _ in self.cells)


def list_strips(nights: Sequence[Night], words: Catalogue = ENGLISH) -> list[Strip]:
    """Return a line for each criterion, in the order in which the last run states them, then those that went."""
    shown = nights[-_STRIP_DAYS:]
    names = dict.fromkeys(name for night in reversed(shown) if night.entry for name in night.entry.criteria)
    return [Strip(criterion=name, cells=tuple(_cell(night, name, words) for night in shown)) for name in names]


def _cell(night: Night, criterion: str, words: Catalogue) -> tuple[str, str, str]:
    if night.entry is None or night.entry.problem:
        return (*_NO_RUN, f"{night.day}: {words.text('night-none-counts')}")
    outcome = night.entry.criteria.get(criterion)
    if outcome is None:
        return (*_NOT_ASKED, f"{night.day}: {words.text('night-not-asked')}")
    return (*OUTCOME_MARKS[outcome], f"{night.day}: {words.text(f'outcome-{outcome}')}")


# ── Figures over the days

#: Charts of a page.
MOST: Final = 24
_TOP: Final = 24
_HEIGHT: Final = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One figure: its chart, and its values in words."""

    name: str
    panel: Panel
    labels: tuple[Label, ...]
    rows: tuple[tuple[str, str], ...]
    """Day and what was measured on it, or why there is nothing."""
    gaps: int
    """Days within the history without a value."""
    machines: int
    """On how many machines it was measured; 1 where that does not matter."""

    def tell(self, words: Catalogue = ENGLISH) -> str:
        """Return the chart in words."""
        said = words.text("trend-says", values=len(self.rows) - self.gaps, gaps=self.gaps)
        return f"{said} {words.text('trend-machines', machines=self.machines)}" if self.machines > 1 else said


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    x: int
    figure: Figure | None
    machine: str
    text: str
    day: str


def list_trends(nights: Sequence[Night]) -> tuple[list[Trend], list[str]]:
    """Return the figures that at least two nights measured, in the order of the last run.

    Those that are drawn, and the names of those that are not: beyond MOST, or measured in more than one dimension.
    """
    names = dict.fromkeys(name for night in reversed(nights) if night.entry for name in night.entry.figures)
    found = {name: [_point(name, night, n, len(nights)) for n, night in enumerate(nights)] for name in names}
    measured = {name: points for name, points in found.items() if len(_list_known(points)) > 1}
    alike = [name for name, points in measured.items() if len({one.dimension for one in _list_known(points)}) == 1]
    drawn = alike[:MOST]
    return [_trend(name, measured[name], nights) for name in drawn], [name for name in measured if name not in drawn]


def _list_known(points: Sequence[_Point]) -> list[Figure]:
    return [point.figure for point in points if point.figure]


def _trend(name: str, points: Sequence[_Point], nights: Sequence[Night]) -> Trend:
    known = _list_known(points)
    limit = _find_limit(name, nights)
    highest = max([*(f.high if f.high.is_finite() else f.value for f in known), *([limit.base] if limit else [])])
    top = highest * Decimal("1.1") or Decimal(1)
    panel = Panel(top=_TOP, height=_HEIGHT, shapes=tuple(_shapes(points, top, limit)))
    labels = [panel.below(str(nights[0].day), 0), panel.below(str(nights[-1].day), SIDE)]
    labels += [panel.limit(str(limit), y=_up(limit.base, top))] if limit else []
    return Trend(
        name=name,
        panel=panel,
        labels=tuple(labels),
        rows=tuple((point.day, point.text) for point in points),
        gaps=sum(point.figure is None for point in points),
        machines=len({point.machine for point in points if point.figure}),
    )


def _point(name: str, night: Night, number: int, of: int) -> _Point:
    seen, _, own = night.entry.figures.get(name, ("", "", False)) if night.entry else ("", "", False)
    why = "not measured" if night.entry and not night.entry.problem else "no run that counts"
    return _Point(
        x=round(SIDE * (number + 0.5) / of),
        figure=read_figure(seen) if seen else None,
        machine=night.entry.machine if night.entry and own else "",
        text=seen or why,
        day=str(night.day),
    )


def _find_limit(name: str, nights: Sequence[Night]) -> Quantity | None:
    """Return the limit that the latest night states."""
    bounds = [night.entry.figures[name][1] for night in nights if night.entry and name in night.entry.figures]
    with suppress(UnitError):
        return Bound.parse(bounds[-1]).limit
    return None


def _up(value: Decimal, top: Decimal) -> int:
    return max(0, min(SIDE, round(SIDE * (1 - float(value / top))))) if value.is_finite() else 0


def _shapes(points: Sequence[_Point], top: Decimal, limit: Quantity | None) -> Iterator[tuple[str, str]]:
    yield "grid", level((0, SIDE // 2, SIDE))
    if limit:
        yield "limit", level([_up(limit.base, top)])
    measured = [(point.x, point.figure) for point in points if point.figure]
    yield "interval", "".join(f"M{x} {_up(f.low, top)}V{_up(f.high, top)}" for x, f in measured)
    for part in _segments(points):
        yield "line", line((point.x, _up(point.figure.value, top)) for point in part if point.figure)
    yield "dot", dots((x, _up(f.value, top)) for x, f in measured)


def _segments(points: Sequence[_Point]) -> Iterator[list[_Point]]:
    """Yield the parts of the line: between them a day is missing, or the machine is another."""
    part: list[_Point] = []
    for point in points:
        if part and (point.figure is None or point.machine != part[-1].machine):
            yield part
            part = []
        if point.figure is not None:
            part.append(point)
    if part:
        yield part


# ── The page

#: Name of the page in English.
PAGE: Final = Path("history.html")


def name_page(english: Path, language: str) -> Path:
    """Return the name of the page in a language: that of the English one, with the language before its ending.

    >>> name_page(Path("history.html"), "ja").name
    'history.ja.html'
    """
    return english if language == "en" else english.with_name(f"{english.stem}.{language}{english.suffix}")


def render_history(
    entries: Sequence[Entry], until: date | None = None, *, language: str = "en", page: Path = PAGE
) -> str:
    """Return the page of the system and target of the last run in one language. The same entries give the same bytes.

    ``page`` is the English one, beside which the others are.
    """
    last = max((entry for entry in entries if not entry.problem), key=lambda entry: entry.run, default=None)
    of = (last.system, last.target) if last else ("", "")
    shown = [entry for entry in entries if entry.problem or (entry.system, entry.target) == of]
    nights = list_nights(shown, until)
    strips, (trends, undrawn) = list_strips(nights, Catalogue(language)), list_trends(nights)
    return render_page(
        "history.html.j2",
        **_speak(Catalogue(language), page),
        system=of[0],
        target=of[1],
        last=nights[-1] if nights else None,
        cut=nights[0].day if nights and f"{nights[0].day}" > min(entry.day for entry in shown) else None,
        others=len(entries) - len(shown),
        gone=sum(entry.gone for entry in shown),
        unsigned=sum(not (entry.signed or entry.problem) for entry in shown),
        counts=Counter(night.state for night in nights),
        marks=MARKS,
        outcomes=OUTCOME_MARKS,
        weeks=arrange_weeks(nights),
        nights=nights,
        moving=[strip for strip in strips if not strip.steady],
        steady=[strip for strip in strips if strip.steady],
        trends=trends,
        undrawn=undrawn,
    )


def _speak(words: Catalogue, page: Path) -> dict[str, Any]:
    """Return what says the words of the page, and where it is in the other language."""
    other = next(each for each in FILES if each != words.language)
    return {
        "t": words.text,
        "count": words.count,
        "say": words.say,
        "words": words,
        "language": words.language,
        "other": other,
        "other_file": name_page(page, other).name,
    }
