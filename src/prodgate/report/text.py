"""Text from outside, made safe to look at: nothing invisible, nothing that reorders its line, nothing endless."""

import re
import unicodedata

from ..processes.output import visible

#: A colour that this package wrote; text from outside has none left.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


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
