"""The news sources of the rehearsal: feeds on loopback that grow with time, and fail on request."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any, Final, Literal
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from ..loopback import QuietHandler, QuietServer, serving
from ..site.content import read
from ..site.content.stories import write_stories

Failure = Literal["error", "hang", "empty", "garbage"]

#: The path of a source's feed below its home.
FEED: Final = "feed.xml"
#: How many items a feed has; older ones drop out.
ITEMS: Final = 20
#: Seconds between two items of a source: fewer than a run takes, because delayed runs follow each other at once, and
#: each must find news.
NEWS_EVERY: Final = 1.0
#: Seconds after which a hanging source responds after all, for clients that would wait for ever.
HANG_LIMIT: Final = 120.0
_CONTENT: Final = "http://purl.org/rss/1.0/modules/content/"
#: The namespace of an item's Japanese texts.
JAPANESE: Final = "https://nba-news.example/ns/ja"

register_namespace("content", _CONTENT)
register_namespace("ja", JAPANESE)


@dataclass(slots=True)
class Feeds:
    """The sources, by key; ``homes`` are their addresses, each with a slash at the end."""

    homes: Mapping[str, str]
    every: timedelta
    begun: datetime
    _failing: dict[str, Failure] = field(default_factory=dict)
    _released: threading.Event = field(default_factory=threading.Event)

    def fail(self, source: str, how: Failure) -> None:
        """Let a source fail from now on: answer 500, hang, or send an empty body or garbage."""
        self._failing[source] = how

    def mend(self, source: str) -> None:
        """Let a source work again."""
        self._failing.pop(source, None)

    def failure(self, source: str) -> Failure | None:
        """Return the kind of failure of a source, or None."""
        return self._failing.get(source)

    def release(self) -> None:
        """Answer the requests that hang."""
        self._released.set()

    def hang(self) -> None:
        """Wait until hanging requests are released."""
        self._released.wait(HANG_LIMIT)

    def document(self, source: str, now: datetime) -> bytes:
        """Return the feed of a source at a time as RSS 2.0, newest item first."""
        rss = Element("rss", version="2.0")
        channel = SubElement(rss, "channel")
        for name, text in (("title", read("stories.toml")["sources"][source]["name"]), ("link", self.homes[source])):
            SubElement(channel, name).text = text
        SubElement(channel, "description").text = "News for a rehearsal, all of it invented."
        last = ITEMS + int((now - self.begun) / self.every)  # how many have been published, beginning with a full feed
        for number in range(last - 1, last - 1 - ITEMS, -1):
            self._write_item(SubElement(channel, "item"), source, number)
        return bytes(tostring(rss, encoding="utf-8", xml_declaration=True))

    def _write_item(self, item: Element, source: str, number: int) -> None:
        """Write an item; its number determines its story and its time of publication."""
        told, guid = _list_stories(source), f"{source}-{number:05d}"
        story = told[number % len(told)]
        texts = {
            "title": story["title_en"],
            "link": f"{self.homes[source]}{story['slug']}-{number}",
            "description": story["summary_en"],
            f"{{{_CONTENT}}}encoded": story["body_en"],
            "pubDate": format_datetime(self.begun + (number - ITEMS + 1) * self.every),
        }
        if number % 2:
            texts |= {f"{{{JAPANESE}}}{name}": story[f"{name}_ja"] for name in ("title", "summary", "body")}
        SubElement(item, "guid", isPermaLink="false").text = guid
        for name, text in texts.items():
            SubElement(item, name).text = text
        SubElement(item, "category", domain="kind").text = story["category"]
        for code in story["teams"]:
            SubElement(item, "category", domain="team").text = code


@cache
def _list_stories(source: str) -> Sequence[Mapping[str, Any]]:
    """Return the stories of a source, oldest first."""
    return [story for story in write_stories(datetime(2026, 1, 1, tzinfo=UTC)) if story["source"] == source][::-1]


class _Server(QuietServer):
    """Serves feeds; ``feeds`` is set once the port is known."""

    feeds: Feeds


class _Handler(QuietHandler):
    """Answers for all sources; the first part of a path is the source's key."""

    protocol_version = "HTTP/1.0"
    server: _Server

    def do_GET(self) -> None:
        """Respond with the feed, or fail as requested."""
        feeds, (source, _, rest) = self.server.feeds, self.path.lstrip("/").partition("/")
        if source not in feeds.homes or rest != FEED:
            self._answer(404, b"")
            return
        failure = feeds.failure(source)
        if failure == "hang":
            feeds.hang()
        bodies = {"empty": b"", "garbage": b"\x00\x01 this is no feed <rss>", "error": b"", "hang": b""}
        body = bodies[failure] if failure else feeds.document(source, datetime.now(UTC))
        self._answer({"error": 500, "hang": 503}.get(failure or "", 200), body)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving_feeds(every: float = NEWS_EVERY) -> Iterator[Feeds]:
    """Serve the sources of the sample site while the context is open; each has a new item ``every`` so many seconds."""
    server = _Server(("127.0.0.1", 0), _Handler)
    homes = {key: f"http://127.0.0.1:{server.server_port}/{key}/" for key in read("stories.toml")["sources"]}
    server.feeds = Feeds(homes, timedelta(seconds=every), datetime.now(UTC))
    with serving("feeds", server):
        try:
            yield server.feeds
        finally:
            server.feeds.release()
