"""The history as one self-contained page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from ..pages import render_page
from .entries import Entry
from .nights import MARKS, arrange_weeks, list_nights
from .strips import MARKS as OUTCOMES
from .strips import list_strips
from .trends import list_trends


def render_history(entries: Sequence[Entry], until: date | None = None) -> str:
    """Return the page of the system and target of the last run. The same entries give the same bytes."""
    readable = [entry for entry in entries if not entry.problem]
    last = max(readable, key=lambda entry: entry.run, default=None)
    of = (last.system, last.target) if last else ("", "")
    shown = [entry for entry in entries if entry.problem or (entry.system, entry.target) == of]
    nights = list_nights(shown, until)
    strips, (trends, undrawn) = list_strips(nights), list_trends(nights)
    return render_page(
        "history.html.j2",
        system=of[0],
        target=of[1],
        last=nights[-1] if nights else None,
        cut=nights[0].day if nights and f"{nights[0].day}" > min(entry.day for entry in shown) else None,
        others=len(entries) - len(shown),
        gone=sum(entry.gone for entry in shown),
        counts=Counter(night.state for night in nights),
        marks=MARKS,
        outcomes=OUTCOMES,
        weeks=arrange_weeks(nights),
        nights=nights,
        moving=[strip for strip in strips if not strip.steady],
        steady=[strip for strip in strips if strip.steady],
        trends=trends,
        undrawn=undrawn,
    )
