"""A comparison as one self-contained page."""

from __future__ import annotations

from ..html import render_page
from ..verdict_words import verdict_text
from .comparison import Comparison
from .sections import list_sections, verdict_line


def render_comparison_page(comparison: Comparison) -> str:
    """Return the comparison as a page in English. The same two runs give the same bytes."""
    then, now = comparison.verdicts
    return render_page(
        "diff.html.j2",
        runs=[(comparison.before, then, verdict_text(then)), (comparison.after, now, verdict_text(now))],
        decision=now.decision,
        line=verdict_line(comparison),
        sections=[(title, entries) for title, entries in list_sections(comparison) if entries],
    )
