"""Markdown from texts of outside: nothing in them is markup, and the whole is never longer than its place may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from .text import one_line, shorten, visible

#: Bytes kept for the sentence that says what was cut.
_RESERVE: Final = 200

#: Most characters of one cell; the report has the whole.
_CELL: Final = 300

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|~@&]|:(?=//))")


def fit_lines(lines: Iterable[str], limit: int) -> str:
    """Return the first lines that fit into ``limit`` bytes, and how many were cut."""
    kept: list[str] = []
    size = cut = 0
    for line in lines:
        size += len(line.encode("utf-8")) + 1
        if size > limit - _RESERVE or cut:
            cut += bool(line)
        else:
            kept.append(line)
    if cut:
        kept += ["", f"**{cut:,} lines were cut here**; the whole is in `report.html` of the run."]
    return "\n".join(kept) + "\n"


def code_span(text: str) -> str:
    """Return a text as a code span, in which nothing is markup; a table cell ends only at its own bar."""
    text = shorten(visible(text), _CELL).replace("|", "\\|")
    if not text.strip():
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Return a text as one line of prose in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", one_line(text, _CELL))
