"""The history as one self-contained page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from ..catalogue import FILES, Catalogue
from ..pages import render_page
from .entries import Entry
from .nights import MARKS, arrange_weeks, list_nights
from .strips import MARKS as OUTCOMES
from .strips import list_strips
from .trends import list_trends

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
    readable = [entry for entry in entries if not entry.problem]
    last = max(readable, key=lambda entry: entry.run, default=None)
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
        **_count_doubts(shown),
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


def _count_doubts(shown: Sequence[Entry]) -> dict[str, int]:
    """Return of how many runs nothing shows what they were, and of how many nobody stands for what they say."""
    return {
        "gone": sum(entry.gone for entry in shown),
        "unsigned": sum(not (entry.signed or entry.problem) for entry in shown),
    }


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
