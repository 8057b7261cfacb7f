"""The news sources of the rehearsal, and the database that their stories are collected into."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPResponse
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from prodgate.rehearsal.airflow.sources import FEED, ITEMS, JAPANESE, Feeds, serving_feeds
from prodgate.rehearsal.site.database import DAYS, OLD, prepare_database


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    with serving_feeds(every=10.0) as running:
        yield running


def ask(url: str, timeout: float = 10) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("GET", parts.path)
        answer: HTTPResponse = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def items(document: bytes) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(document).iter("item"))


def test_each_source_has_a_feed_of_its_own(feeds: Feeds) -> None:
    guids = set()
    for home in feeds.homes.values():
        status, document = ask(home + FEED)
        assert status == 200
        guids |= {item.findtext("guid") for item in items(document)}
    assert len(guids) == ITEMS * len(feeds.homes)


def test_an_item_has_all_that_is_collected(feeds: Feeds) -> None:
    newest, second = items(feeds.document("courtwire", feeds.begun))[:2]
    assert newest.findtext("guid") == "courtwire-00019"
    assert parsedate_to_datetime(newest.findtext("pubDate") or "") == feeds.begun.replace(microsecond=0)
    assert all(newest.findtext(name) for name in ("title", "description", "link"))
    assert newest.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
    kinds = [each.text for each in newest.findall("category[@domain='kind']")]
    teams = [each.text or "" for each in newest.findall("category[@domain='team']")]
    assert len(kinds) == 1
    assert teams
    assert all(len(code) == 3 for code in teams)
    assert newest.findtext(f"{{{JAPANESE}}}title")
    assert second.findtext(f"{{{JAPANESE}}}title") is None


def test_a_feed_grows_with_time_and_is_always_the_same(feeds: Feeds) -> None:
    later = feeds.begun + timedelta(seconds=25)
    first, after = items(feeds.document("league", feeds.begun)), items(feeds.document("league", later))
    assert len(first) == len(after) == ITEMS
    texts = [[ElementTree.tostring(item) for item in each] for each in (first, after)]
    assert texts[1][2:] == texts[0][:-2]
    assert feeds.document("league", later) == feeds.document("league", later)


def test_runs_that_follow_each_other_at_once_all_find_news() -> None:
    with serving_feeds() as feeds:
        guids = [
            {item.findtext("guid") for item in items(feeds.document("league", feeds.begun + timedelta(seconds=after)))}
            for after in range(0, 20, 2)
        ]
    assert all(later - before for before, later in pairwise(guids))


@pytest.mark.parametrize(
    ("how", "status", "body"), [("error", 500, b""), ("empty", 200, b""), ("garbage", 200, b"this is no feed")]
)
def test_a_source_fails_as_it_is_told_and_alone(feeds: Feeds, how: str, status: int, body: bytes) -> None:
    feeds.fail("hoopdesk", how)  # type: ignore[arg-type]
    said = ask(feeds.homes["hoopdesk"] + FEED)
    assert (said[0], body in said[1]) == (status, True)
    assert status != 200 or not said[1].startswith(b"<?xml")
    assert ask(feeds.homes["league"] + FEED)[0] == 200
    feeds.mend("hoopdesk")
    assert len(items(ask(feeds.homes["hoopdesk"] + FEED)[1])) == ITEMS


def test_a_source_that_hangs_says_nothing_until_the_end() -> None:
    with serving_feeds() as feeds:
        feeds.fail("league", "hang")
        place = urlsplit(feeds.homes["league"])
        waiting = socket.create_connection((str(place.hostname), place.port or 0), timeout=0.3)
        waiting.sendall(b"GET /league/feed.xml HTTP/1.0\r\n\r\n")
        with pytest.raises(TimeoutError):
            waiting.recv(100)
        waiting.settimeout(60)
    with waiting:
        assert waiting.recv(100).split()[1:2] == [b"503"]


@pytest.mark.parametrize("path", ["/", "/nobody/feed.xml", "/league/other.xml"])
def test_there_is_nothing_else(feeds: Feeds, path: str) -> None:
    place = urlsplit(feeds.homes["league"])
    assert ask(f"http://{place.netloc}{path}")[0] == 404


def test_a_database_is_made_for_those_who_collect(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'news.sqlite'}"
    homes = {"courtwire": "http://127.0.0.1:1/courtwire/", "league": "http://127.0.0.1:1/league/"}
    assert prepare_database(url, homes) == url
    prepare_database(url, homes)
    with closing(sqlite3.connect(tmp_path / "news.sqlite")) as connection:
        found = dict(connection.execute("SELECT key, home FROM sources").fetchall())
        assert found == {**homes, "hoopdesk": "https://hoopdesk.example/"}
        then = (f"-{DAYS - 1} days",)
        old = "SELECT count(*), count(DISTINCT slug) FROM stories WHERE published_at < datetime('now', ?)"
        assert connection.execute(old, then).fetchone() == (OLD, OLD)
        slots = "SELECT count(*) FROM collections WHERE slot < datetime('now', ?)"
        assert connection.execute(slots, then).fetchone() == (OLD,)
        assert connection.execute("SELECT count(*) FROM stories").fetchone()[0] > 200
