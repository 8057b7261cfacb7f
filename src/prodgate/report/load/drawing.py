"""Parts of a chart: shapes in a square that the page stretches, and labels that it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .scales import SIDE

#: Pixels above a plot, and from a plot down to the labels of its axis.
ABOVE: Final = 24
BELOW: Final = 17

#: Returns the text of a catalogue's key with its values.
Words = Callable[..., str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text of a chart."""

    text: str
    x: float
    """Percent of the width."""
    y: int
    """Pixels from the top of the chart."""
    kind: str
    """Style: ``axis``, ``beside``, ``mark``, ``limit``, ``head``."""
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A plot."""

    top: int
    height: int
    shapes: tuple[tuple[str, str], ...]
    """(style, path data) in a square of SIDE, drawn in this order."""

    def pixel(self, y: int) -> int:
        """Return the height in the chart of a height in the square."""
        return self.top + round(y * self.height / SIDE)

    def beside(self, text: str, y: int) -> Label:
        """Return the name of a tick on the left."""
        return Label(text=text, x=0, y=self.pixel(y) + 4, kind="beside", anchor="end")

    def below(self, text: str, x: int) -> Label:
        """Return the name of a tick under the plot."""
        anchor = "start" if x < SIDE // 50 else "end" if x > SIDE * 49 // 50 else "middle"
        return Label(text=text, x=x * 100 / SIDE, y=self.top + self.height + BELOW, kind="axis", anchor=anchor)

    def head(self, text: str) -> Label:
        """Return what stands above the plot, on the left."""
        return Label(text=text, x=0, y=self.top - 8, kind="head", anchor="start")

    def limit(self, text: str, *, x: int = 0, y: int = 0) -> Label:
        """Return the name of a limit: over a horizontal line, or on top of a vertical one."""
        if x:
            return Label(text=text, x=x * 100 / SIDE, y=self.top - 8, kind="limit")
        return Label(text=text, x=100, y=self.pixel(y) - 5, kind="limit", anchor="end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture, and the values that its description in words needs."""

    key: str
    """Which one it is: ``percentiles``, ``histogram``, ``timeline``."""
    height: int
    """Pixels."""
    panels: tuple[Panel, ...]
    labels: tuple[Label, ...]
    says: Mapping[str, str]


def level(heights: Iterable[int]) -> str:
    """Return lines from left to right."""
    return "".join(f"M0 {y}H{SIDE}" for y in heights)


def upright(places: Iterable[int]) -> str:
    """Return lines from top to bottom."""
    return "".join(f"M{x} 0V{SIDE}" for x in places)


def box(left: int, top: int, right: int, bottom: int = SIDE) -> str:
    """Return a rectangle; nothing for one without an area."""
    return f"M{left} {top}H{right}V{bottom}H{left}z" if right > left and bottom > top else ""


def line(points: Iterable[tuple[int, int]]) -> str:
    """Return a line through all points."""
    drawn = "L".join(f"{x} {y}" for x, y in points)
    return f"M{drawn}" if drawn else ""


def dots(points: Iterable[tuple[int, int]]) -> str:
    """Return dots: lines of no length, which round ends make visible at any stretch."""
    return "".join(f"M{x} {y}h0" for x, y in points)
