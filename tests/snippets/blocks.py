"""Blocks of code of the pages, with the mark above each.

A mark is a comment, which no reader of the page sees, on the line above the block:

    <!-- run by tests/prodgate/test_tutorial.py -->     that test runs what stands here
    <!-- not run: what a rehearsal printed that day -->  nothing can be read of it, and why
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT: Final = Path(__file__).parents[2]
#: What stands before a line of a block inside lists and quotations.
_INSIDE: Final = re.compile(r"^[\s>]*(?:[-*+]|\d+[.)])?[\s>]*")
_MARK: Final = re.compile(r"^[ >]*<!-- (run by|not run:) (.+) -->$")


def list_tracked(folder: Path = ROOT) -> list[str]:
    """Return the files below a folder that git has, relative to it: not what runs, builds and byte code leave there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=folder, capture_output=True, check=True, timeout=60)
    return listed.stdout.decode().split("\0")[:-1]


PAGES: Final = sorted(ROOT / name for name in list_tracked() if name.endswith(".md"))


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; ``line`` is its first, ``run_by`` and ``because`` are what its mark says."""

    page: str
    line: int
    language: str
    text: str
    run_by: str = ""
    because: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def find_blocks(text: str, page: str) -> Iterator[Block]:
    """Yield the blocks of a page, as CommonMark has them: with fences of either kind, indented, in lists, in HTML.

    Raises ValueError for a fence that nothing closes, and for a mark above nothing.
    """
    lines, marked = text.splitlines(), set[int]()
    for token in parse(text):
        if token.type in ("fence", "code_block") or (token.type == "html_block" and not _is_comment(token)):
            assert token.map is not None
            first, end = token.map
            if token.type == "fence" and (end == first + 1 or not _closes(lines[end - 1], token.markup)):
                raise ValueError(f"{page}:{first + 1}: nothing closes this block")
            mark = _MARK.match(lines[first - 1]) if first else None
            marked.add(first - 1)
            kind, said = (mark[1], mark[2]) if mark else ("", "")
            yield Block(
                page, first + 1, token.info.strip(), token.content,
                said if kind == "run by" else "", said if kind == "not run:" else "",
            )  # fmt: skip
    for number, line in enumerate(lines):
        if _MARK.match(line) and number not in marked:
            raise ValueError(f"{page}:{number + 1}: no block stands below this mark")


def parse(text: str) -> list[Token]:
    return MarkdownIt("commonmark").parse(text)


def _is_comment(token: Token) -> bool:
    return re.fullmatch(r"\s*(?:<!--.*?-->\s*)+", token.content, re.DOTALL) is not None


def _closes(line: str, fence: str) -> bool:
    rest = _INSIDE.sub("", line).rstrip()
    return rest.startswith(fence) and not rest.strip(fence[0])


def all_blocks() -> list[Block]:
    return [block for path in PAGES for block in _read(path.relative_to(ROOT).as_posix())]


def list_run_by(test: str, page: str) -> list[Block]:
    """Return the blocks of a page that name a test as their runner, by its ``__file__``."""
    return [block for block in _read(page) if block.run_by == Path(test).relative_to(ROOT).as_posix()]


def _read(page: str) -> Iterator[Block]:
    yield from find_blocks((ROOT / page).read_text("utf-8"), page)
