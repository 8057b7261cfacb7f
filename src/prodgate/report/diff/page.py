"""A comparison as one self-contained page."""

from __future__ import annotations

from ..catalogue import Catalogue
from ..pages import render_page
from .comparison import Comparison
from .sections import list_sections


def render_comparison_page(comparison: Comparison, language: str = "en") -> str:
    """Return the comparison as a page in one language. The same two runs give the same bytes."""
    words = Catalogue(language)
    texts = comparison.verdict_texts(words)
    return render_page(
        "diff.html.j2",
        t=words.text,
        language=language,
        runs=[*zip((comparison.before, comparison.after), texts, comparison.seals, strict=True)],
        say=words.say,
        decision=comparison.verdicts[1].decision,
        then=texts[0],
        now=texts[1],
        same=comparison.same_verdict,
        sections=[(title, entries) for title, entries in list_sections(comparison, words) if entries],
    )
