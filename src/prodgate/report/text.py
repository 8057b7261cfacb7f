"""Text from outside, made safe to look at: nothing invisible, nothing that reorders its line, nothing endless."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: A colour that this package wrote; text from outside has none left.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: Combining marks in a row beyond this many are shown as escapes, so that they can't climb over other lines.
_MOST_MARKS = 4


def pieces(text: str, *, keep: str = "") -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text in order, each with whether it is an escape that stands for what can't be seen."""
    plain, marks = "", 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if char in keep or (_is_visible(char) and marks <= _MOST_MARKS):
            plain += char
            continue
        if plain:
            yield plain, False
        yield _escape(char), True
        plain = ""
    if plain:
        yield plain, False


def visible(text: str, *, keep: str = "") -> str:
    """Return ``text`` with control, bidirectional and other invisible characters as ``\\u202e``."""
    if is_harmless(text):
        return text
    return "".join(piece for piece, _ in pieces(text, keep=keep))


def is_harmless(text: str) -> bool:
    """Whether every character can be seen and stays on its line."""
    return text.isascii() and text.isprintable()


def _is_visible(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shorten(text: str, most: int) -> str:
    """Return at most ``most`` characters; what was cut is marked with ``…``."""
    return text if len(text) <= most else text[: most - 1] + "…"


def one_line(text: str, most: int = 160) -> str:
    """Return a text from outside as one line without anything invisible; the report has the whole of it."""
    return shorten(visible(" ".join(text.split("\n"))), most)


def count_columns(text: str) -> int:
    """How many terminal columns a text takes without its colours; East Asian wide characters take two."""
    text = _COLOUR.sub("", text)
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def wrap(text: str, width: int, *, indent: str) -> list[str]:
    """Break a text at spaces into lines of ``width`` columns, all but the first indented; a long word stays whole."""
    first, *words = re.findall(r" *[^ ]+", text) or [""]
    lines = [first]
    for word in words:
        if count_columns(lines[-1] + word) > width:
            lines.append(indent + word.lstrip())
        else:
            lines[-1] += word
    return lines
