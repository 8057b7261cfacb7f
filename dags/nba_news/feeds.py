"""Feeds of news sources: fetched within limits, and parsed into stories."""

import calendar
import html
import re
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

import feedparser

from nba_news.story import CATEGORIES, Story

#: Seconds that a source may stay silent, and that its whole response may take.
SILENCE: Final = 10
LONGEST: Final = 60
#: Bytes of a feed; a longer one is not a list of the latest stories.
LARGEST: Final = 5 * 1024 * 1024

_BREAKS = re.compile(r"(?i)<(?:/p|/li|/h\d|/div|br\s*/?)>\s*")
_TAGS = re.compile(r"<[^>]*>")


class FeedError(Exception):
    """The response of a source is not a usable feed."""


@dataclass(frozen=True)
class Feed:
    """The result of reading a feed once."""

    stories: tuple[Story, ...]
    skipped: int
    """Items without id, title or date, or with a date in the future."""


def fetch(home: str) -> bytes:
    """Download the feed of a source. Raises FeedError, or OSError from the network."""
    if not home.startswith(("http://", "https://")):
        raise FeedError(f"{home!r} is no address of a source; write https://…/")
    request = urllib.request.Request(f"{home}feed.xml", headers={"User-Agent": "nba-news/1.0"})  # noqa: S310
    until, parts = monotonic() + LONGEST, bytearray()
    with urllib.request.urlopen(request, timeout=SILENCE) as answer:  # noqa: S310  the scheme was checked
        while part := answer.read(1 << 16):
            parts += part
            if len(parts) > LARGEST:
                raise FeedError(f"{home}feed.xml is larger than {LARGEST} bytes")
            if monotonic() > until:
                raise FeedError(f"{home}feed.xml did not come within {LONGEST} s")
    return bytes(parts)


def parse(document: bytes, now: datetime) -> Feed:
    """Return the stories of a feed. Raises FeedError if it is no feed, or has no usable item.

    A source always lists its latest stories, so an empty feed is a fault and does not mean that there is no news.
    """
    parsed = feedparser.parse(document)
    if not parsed.get("version"):
        raise FeedError("what came is no RSS and no Atom")
    stories = [story for entry in parsed.entries if (story := _parse_story(entry, now))]
    if not stories:
        raise FeedError(f"none of its {len(parsed.entries)} items can be kept")
    return Feed(tuple(stories), len(parsed.entries) - len(stories))


def _parse_story(entry: Any, now: datetime) -> Story | None:
    published, title, identity = _parse_published(entry), to_plain_text(entry.get("title", "")), entry.get("id", "")
    if published is None or published > now or not title or not identity:
        return None
    summary = to_plain_text(entry.get("summary", ""))
    contents = [each.value for each in entry.get("content", ())]
    tags = [(tag.get("scheme"), (tag.get("term") or "").lower()) for tag in entry.get("tags", ())]
    return Story(
        external_id=identity,
        title=title,
        summary=summary or title,
        body=to_plain_text(contents[0]) if contents else summary or title,
        published_at=published,
        category=next((term for scheme, term in tags if scheme == "kind" and term in CATEGORIES), "league"),
        teams=tuple(dict.fromkeys(term for scheme, term in tags if scheme == "team")),
        japanese=_parse_japanese(entry),
    )


def _parse_published(entry: Any) -> datetime | None:
    parts: Sequence[int] | None = entry.get("published_parsed")
    return datetime.fromtimestamp(calendar.timegm(tuple(parts)), UTC) if parts else None


def _parse_japanese(entry: Any) -> dict[str, str]:
    given = {"title": "ja_title", "summary": "ja_summary", "body": "ja_body"}
    return {part: to_plain_text(entry[name]) for part, name in given.items() if entry.get(name)}


def to_plain_text(text: str) -> str:
    """Return the text of HTML.

    >>> plain("<p>Two &amp; two</p> <p>make <b>four</b></p>")
    'Two & two\\n\\nmake four'
    """
    paragraphs = html.unescape(_TAGS.sub("", _BREAKS.sub("\0", text))).replace("\n\n", "\0").split("\0")
    return "\n\n".join(filter(None, (" ".join(each.split()) for each in paragraphs)))
