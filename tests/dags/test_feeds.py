"""Feeds as they come: read by the feedparser of the Airflow environment."""

from __future__ import annotations

import pytest

from tests.dags.conftest import Airflow
from tests.dags.servers import World, feed, item

pytestmark = pytest.mark.xdist_group("airflow")

NOW = "2026-01-06T06:00:00+00:00"


def test_an_item_becomes_a_story(airflow: Airflow) -> None:
    more = (
        "<content:encoded>&lt;p&gt;One &amp;amp; &lt;b&gt;two&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;Three.&lt;/p&gt;</content:encoded>"
        '<category domain="kind">trades</category><category domain="team">LAL</category><category domain="team">bos</category>'
        "<category>news</category><ja:title>移籍</ja:title>"
    )
    read = airflow.ask(read=feed(item("a", title="A &amp; B", more=more)), now=NOW)
    (story,) = read["stories"]
    assert (story["title"], story["summary"], story["body"]) == ("A & B", "What happened.", "One & two.\n\nThree.")
    assert (story["category"], story["teams"], story["japanese"]) == ("trades", ["lal", "bos"], {"title": "移籍"})
    assert story["published_at"] == "2026-01-06 02:00:00+00:00"


def test_an_item_that_says_less_is_a_story_still(airflow: Airflow) -> None:
    bare = "<item><guid>a</guid><title>T</title><pubDate>Tue, 06 Jan 2026 11:00:00 +0900</pubDate></item>"
    (story,) = airflow.ask(read=feed(bare), now=NOW)["stories"]
    assert (story["summary"], story["body"], story["category"], story["teams"]) == ("T", "T", "league", [])
    assert story["published_at"] == "2026-01-06 02:00:00+00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        item("b", date=""),
        item("b", date="soon"),
        item("b", date="Tue, 06 Jan 2026 06:00:01 GMT"),
        item("b", title=""),
        item("b", title="<b></b>"),
        item(""),
    ],
)
def test_an_item_that_cannot_be_kept_is_counted(airflow: Airflow, wrong: str) -> None:
    read = airflow.ask(read=feed(item("a"), wrong), now=NOW)
    assert ([each["external_id"] for each in read["stories"]], read["skipped"]) == (["a"], 1)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "no RSS and no Atom"),
        ("<html><body>maintenance</body></html>", "no RSS and no Atom"),
        ("\x00\x01garbage", "no RSS and no Atom"),
        (feed(), "none of its 0 items"),
        (feed(item("a", date="")), "none of its 1 items"),
    ],
)
def test_what_gives_no_story_is_an_error_and_never_no_news(airflow: Airflow, document: str, reason: str) -> None:
    raised = airflow.ask(read=document, now=NOW)["raised"]
    assert raised.startswith("FeedError: ")
    assert reason in raised


def test_a_feed_is_fetched_within_bounds(airflow: Airflow, world: World) -> None:
    world.feeds["courtwire"] = [(200, "é" * 10), (200, "x" * (5 * 1024 * 1024 + 1)), (503, "")]
    home = world.home("courtwire")
    assert airflow.ask(fetch=home) == {"fetched": "é" * 10}
    assert airflow.ask(fetch=home)["raised"] == f"FeedError: {home}feed.xml is larger than 5242880 bytes"
    assert "503" in airflow.ask(fetch=home)["raised"]
    assert "is no address of a source" in airflow.ask(fetch="file:///etc/")["raised"]
