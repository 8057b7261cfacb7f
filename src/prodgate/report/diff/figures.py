"""What was measured in both runs, with the intervals; what differs by less than they are wide is no change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ...evidence.runs import Run
from ...quantities import Bound, Quantity, UnitError
from .changes import Change
from .conditions import find_hindrances, find_other_profile

#: An estimate as it is written into a finding.
_ESTIMATE: Final = re.compile(
    r"(?P<value>[^(]+) \((?:(?P<sure>[^(]+) each end: (?P<low>[^–]+)–(?P<high>[^,]+), )?(?P<samples>[\d,]+) [^)]*\)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured value with the ends of its interval, which are the value itself where there is none."""

    value: Decimal
    low: Decimal
    high: Decimal
    dimension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """One figure before and after, as findings state it."""

    criterion: str
    layer: str
    subject: str
    before: str
    after: str
    change: str
    """``better``, ``worse``, ``changed``, ``same``, ``within-intervals`` or ``not-compared``."""
    why: str = ""
    """Why they are not compared."""


def read_figure(text: str) -> Figure | None:
    """Read what a finding observed; None for what is not measured.

    >>> read_figure("182 ms (95 % each end: 170–190 ms, 2,995 requests)").high
    Decimal('0.190')
    """
    found = _ESTIMATE.match(text)
    with suppress(UnitError):
        if found is None or found["low"] is None:
            value = Quantity.parse(found["value"] if found else text)
            return Figure(value=value.base, low=value.base, high=value.base, dimension=value.dimension)
        value, high = _parse(found["value"]), _parse(found["high"])
        low = _parse(f"{found['low']} {high.unit}".strip())
        return Figure(value=value.base, low=low.base, high=high.base, dimension=value.dimension)
    return None


def _parse(text: str) -> Quantity:
    """Read a quantity whose number may be infinite. Raises UnitError."""
    number, _, unit = text.partition(" ")
    if number.lstrip("-") == "∞":
        return Quantity(
            Decimal("-Infinity" if number.startswith("-") else "Infinity"), Quantity.parse(f"0 {unit}").unit
        )
    return Quantity.parse(text)


def compare_figures(before: Run, after: Run, pairs: Iterable[Change]) -> Iterator[FigureChange]:
    """Yield every figure with an interval, and every other one that changed, that both runs have."""
    hindrances = find_hindrances(before, after)
    for pair in pairs:
        then, now = pair.before, pair.after
        old, new = read_figure(then.observed if then else ""), read_figure(now.observed if now else "")
        if not (then and now and old and new) or old.dimension != new.dimension:
            continue
        why = "; ".join(hindrances.get(now.layer, ())) or find_other_profile(before, then, after, now)
        change = "not-compared" if why else _judge_change(old, new, now.expected)
        if " each end: " in now.observed or (change != "same" and then.observed != now.observed):
            yield FigureChange(
                criterion=now.criterion,
                layer=now.layer,
                subject=now.subject,
                before=then.observed,
                after=now.observed,
                change=change,
                why=why,
            )


def _judge_change(old: Figure, new: Figure, expected: str) -> str:
    if old.low == old.high == new.low == new.high:
        return "same"
    if old.low <= new.high and new.low <= old.high:
        return "within-intervals"
    comparator = ""
    with suppress(UnitError):
        comparator = Bound.parse(expected).comparator
    if comparator not in ("<", "<=", ">", ">="):
        return "changed"
    lower = new.value < old.value
    return "better" if lower is (comparator in ("<", "<=")) else "worse"
