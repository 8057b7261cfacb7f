"""Words and times as readers of each language expect them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

from .content import read

JAPAN: Final = timezone(timedelta(hours=9))
#: The fixed words of the pages, by language and name.
WORDS: Final[Mapping[str, Mapping[str, str]]] = read("words.toml")


def format_time(time: datetime, language: str) -> str:
    """Return a time as readers of a language expect it: in UTC in English, in Japan's time in Japanese."""
    if language == "ja":
        there = time.astimezone(JAPAN)
        return f"{there.month}月{there.day}日 {there:%H:%M}"
    return f"{time:%b} {time.day}, {time:%H:%M} UTC"
