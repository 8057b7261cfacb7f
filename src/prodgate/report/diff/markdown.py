"""A comparison as Markdown, for a comment or the page of a CI job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..markdown import code_span, fit_lines, prose
from ..summary import LIMIT
from .comparison import Comparison
from .sections import list_sections, seals_line, verdict_line

#: Entries of one kind that are listed before the rest is counted.
_MOST: Final = 50


def render_comparison_markdown(comparison: Comparison) -> str:
    """Return Markdown of at most LIMIT bytes, the worst first."""
    return fit_lines(_lines(comparison), LIMIT)


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"## {prose(verdict_line(comparison))}"
    yield ""
    yield f"{code_span(comparison.before.path.name)} → {code_span(comparison.after.path.name)}"
    yield ""
    yield prose(seals_line(comparison))
    found = [(title, entries) for title, entries in list_sections(comparison) if entries]
    if not found:
        yield from ("", "Nothing changed.")
    for title, entries in found:
        yield from ("", f"### {title}: {len(entries):,}", "")
        yield from (f"- {code_span(entry)}" for entry in entries[:_MOST])
        if len(entries) > _MOST:
            yield f"- and {len(entries) - _MOST:,} more"
