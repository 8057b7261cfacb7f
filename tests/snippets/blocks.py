"""Fenced blocks of the pages, with the mark above each.

A mark is a comment, which no reader of the page sees, on the line above the fence:

    <!-- run by tests/prodgate/test_tutorial.py -->     that test runs what stands here
    <!-- not run: what a rehearsal printed that day -->  nothing can be read of it, and why
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCE: Final = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>.*)$")
_MARK: Final = re.compile(r"^ *<!-- (run by|not run:) (.+) -->$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; ``line`` is that of its fence, ``run_by`` and ``because`` are what its mark says."""

    page: str
    line: int
    language: str
    text: str
    run_by: str = ""
    because: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def find_blocks(text: str, page: str) -> Iterator[Block]:
    """Yield the blocks of a page. Raises ValueError for a fence that nothing closes."""
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        if fence := _FENCE.match(lines[place]):
            closing = f"{fence['indent']}{fence['fence']}"
            try:
                end = lines.index(closing, place + 1)
            except ValueError:
                raise ValueError(f"{page}:{place + 1}: nothing closes this block") from None
            yield _block(lines, place, end, fence["language"].strip(), page)
            place = end
        place += 1


def _block(lines: list[str], place: int, end: int, language: str, page: str) -> Block:
    mark = _MARK.match(lines[place - 1]) if place else None
    kind, said = (mark[1], mark[2]) if mark else ("", "")
    text = dedent("\n".join(lines[place + 1 : end])) + "\n"
    return Block(page, place + 1, language, text, said if kind == "run by" else "", said if kind == "not run:" else "")


def all_blocks() -> list[Block]:
    """Return the blocks of every page."""
    return [block for path in PAGES for block in find_blocks(path.read_text("utf-8"), str(path.relative_to(ROOT)))]
