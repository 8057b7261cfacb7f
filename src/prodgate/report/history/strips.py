"""A line for each criterion: what became of it, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..catalogue import ENGLISH, Catalogue
from .nights import Night

#: Days of a line, the latest.
MOST_DAYS: Final = 31
#: The mark and the style of each outcome.
MARKS: Final = {
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
        """Whether it held on every day that it was asked."""
        return all(style in ("ok", "pending", "blank", "missed") for _, style, _ in self.cells)


def list_strips(nights: Sequence[Night], words: Catalogue = ENGLISH) -> list[Strip]:
    """Return a line for each criterion, in the order in which the last run states them, then those that went."""
    shown = nights[-MOST_DAYS:]
    names: dict[str, None] = {}
    for night in reversed(shown):
        names.update(dict.fromkeys(night.entry.criteria if night.entry else ()))
    return [Strip(criterion=name, cells=tuple(_cell(night, name, words) for night in shown)) for name in names]


def _cell(night: Night, criterion: str, words: Catalogue) -> tuple[str, str, str]:
    if night.entry is None or night.entry.problem:
        return (*_NO_RUN, f"{night.day}: {words.text('night-none-counts')}")
    outcome = night.entry.criteria.get(criterion)
    if outcome is None:
        return (*_NOT_ASKED, f"{night.day}: {words.text('night-not-asked')}")
    return (*MARKS[outcome], f"{night.day}: {words.text(f'outcome-{outcome}')}")
