"""A comparison as one self-contained page."""

from __future__ import annotations

from ..pages import render_page
from .comparison import Comparison
from .sections import list_sections


def render_comparison_page(comparison: Comparison) -> str:
    """Return the comparison as a page in English. The same two runs give the same bytes."""
    return render_page(
        "diff.html.j2",
        runs=[*zip((comparison.before, comparison.after), comparison.verdict_texts, strict=True)],
        decision=comparison.verdicts[1].decision,
        then=comparison.verdict_texts[0],
        now=comparison.verdict_texts[1],
        same=comparison.same_verdict,
        sections=[(title, entries) for title, entries in list_sections(comparison) if entries],
    )
