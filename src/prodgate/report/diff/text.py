"""A comparison as plain text, for the terminal."""

from __future__ import annotations

from typing import Final

from ..text import one_line
from .comparison import Comparison
from .sections import list_sections, seals_line, verdict_line

#: Lines of one kind that the text shows before it counts the rest.
_MOST: Final = 10


def render_comparison(comparison: Comparison) -> str:
    """Return the comparison as plain text, the worst first, without a line break at the end."""
    runs = f"{comparison.before.path.name} -> {comparison.after.path.name}"
    lines = [runs, verdict_line(comparison), one_line(seals_line(comparison), 400)]
    for title, entries in list_sections(comparison):
        if entries:
            lines += [f"{title}: {len(entries):,}", *(f"  {one_line(entry, 400)}" for entry in entries[:_MOST])]
            lines += [f"  and {len(entries) - _MOST:,} more"] if len(entries) > _MOST else []
    return "\n".join(lines if len(lines) > 3 else [*lines, "nothing changed"])
