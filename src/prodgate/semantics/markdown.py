"""Sections of Markdown: a heading, and whether there is text under it.

>>> find_sections("# Plan\\n\\n## Database\\nRestore it.\\n\\n## Who decides\\n<!-- name them -->\\n")
('Plan', 'Database')
"""

import re
from collections.abc import Iterator
from typing import Final

from .names import fold, says_nothing

_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING: Final = re.compile(r" {0,3}(#{1,6})[ \t]++(\S+(?:[ \t]+(?!#+[ \t]*$)\S+)*)(?:[ \t]+#+)?[ \t]*")
#: Characters of the longest line that can be a heading.
_LONGEST: Final = 400
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")


def find_sections(text: str) -> tuple[str, ...]:
    """Return the headings with text under them, or in a section below them, in order.

    Comments and placeholders are no text; fenced code has no headings.
    """
    found: list[tuple[int, str, list[str]]] = []
    for level, words in _read_lines(_COMMENT.sub("", text)):
        if level:
            found.append((level, words, []))
        elif found:
            found[-1][2].append(words)
    return tuple(heading for place, (_, heading, _) in enumerate(found) if _says_something(found[place:]))


def has_section(sections: tuple[str, ...], heading: str) -> bool:
    """Whether a heading is among sections, however it is capitalised and punctuated."""
    return fold(heading) in map(fold, sections)


def _read_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (level, words) of each heading, and (0, line) of everything else."""
    fence = ""
    for line in text.splitlines():
        marks = _FENCE.match(line)
        if fence:
            closes = marks is not None and marks[1].startswith(fence) and not line.strip().strip(fence[0])
            fence = "" if closes else fence
            yield 0, "" if closes else line
        elif marks:
            fence = marks[1]
        elif len(line) <= _LONGEST and (heading := _HEADING.fullmatch(line)):
            yield len(heading[1]), heading[2]
        else:
            yield 0, line


def _says_something(sections: list[tuple[int, str, list[str]]]) -> bool:
    """Whether the first section, or one of those that belong to it, has words of its own."""
    first = sections[0][0]
    for place, (level, _, lines) in enumerate(sections):
        if place and level <= first:
            return False
        if not says_nothing(" ".join(lines)):
            return True
    return False
