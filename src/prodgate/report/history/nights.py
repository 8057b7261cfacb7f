"""The days of a history, each with the run that counts for it or with none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ...verdict import Decision
from ..catalogue import ENGLISH, Catalogue
from ..verdict_words import OUTCOMES
from ..view import WORST_FIRST
from .entries import Entry

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
        """What stands for the state; in brackets where the run did not ask everything."""
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
    return min(reversed(entries), key=_rank, default=None)


def _rank(entry: Entry) -> int:
    return WORST_FIRST.index(OUTCOMES[Decision(entry.verdict)])


def arrange_weeks(nights: Sequence[Night]) -> list[tuple[str, list[Night | None]]]:
    """Return the nights in weeks from Monday on, each with its first day; None outside of the history."""
    weeks: dict[date, list[Night | None]] = {}
    for night in nights:
        monday = night.day - timedelta(days=night.day.weekday())
        weeks.setdefault(monday, [None] * 7)[night.day.weekday()] = night
    return [(f"{monday}", cells) for monday, cells in weeks.items()]
