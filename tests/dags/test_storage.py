"""Storing and deleting, in the site's own tables on SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from nba_news import retention, storage
from nba_news.story import Story
from prodgate.rehearsal.site import tables
from prodgate.rehearsal.site.database import Database
from tests.dags.conftest import Airflow
from tests.dags.servers import World, feed, item
from tests.prodgate.rehearsal.site.conftest import database, empty, server, url  # noqa: F401  fixtures

SLOT = datetime(2026, 11, 24, 6, tzinfo=UTC)
LATER = SLOT + timedelta(hours=6)
NOW = SLOT + timedelta(minutes=1)
STORY = Story(
    external_id="new-1",
    title="Heat's guard: out!",
    summary="Six weeks.",
    body="One.\n\nTwo.",
    published_at=SLOT - timedelta(hours=3),
    category="injuries",
    teams=("mia", "xyz", "bos"),
)


def row(connection: Connection, identity: str = "new-1") -> dict[str, Any]:
    asked = select(tables.stories).where(tables.stories.c.external_id == identity)
    return dict(connection.execute(asked).one()._mapping)


def test_a_story_that_changes_keeps_its_address_and_its_slot(database: Database) -> None:  # noqa: F811
    with database.engine.begin() as connection:
        assert storage.save(connection, "league", SLOT, [replace(STORY, japanese={"title": "故障"})], NOW) == 1
        first = row(connection)
        assert first["slug"].startswith("heats-guard-out-")
        assert storage.save(connection, "league", LATER, [replace(STORY, title="Back soon")], NOW) == 0
        second = row(connection)
    changed = {name for name in first if first[name] != second[name]}
    assert (changed, second["title_en"], second["title_ja"]) == ({"title_en"}, "Back soon", "故障")


def test_only_teams_that_there_are_are_named_in_order(database: Database) -> None:  # noqa: F811
    with database.engine.begin() as connection:
        for teams in (STORY.teams, ("lal", "bos"), ()):
            storage.save(connection, "league", SLOT, [replace(STORY, teams=teams)], NOW)
        about = select(tables.story_teams.c.team).where(tables.story_teams.c.story == row(connection)["id"])
        assert list(connection.scalars(about.order_by(tables.story_teams.c.place))) == ["lal", "bos"]


def test_what_is_too_long_is_kept_shorter(database: Database) -> None:  # noqa: F811
    with database.engine.begin() as connection:
        long = replace(STORY, external_id="https://" + "x" * 200, title="y" * 300)
        assert (
            storage.save(connection, "league", SLOT, [long, replace(long, external_id=f"{long.external_id}2")], NOW)
            == 2
        )
        assert storage.save(connection, "league", SLOT, [long], NOW) == 2
        titles = select(tables.stories.c.title_en).where(tables.stories.c.collected_at == SLOT)
        assert set(connection.scalars(titles)) == {"y" * 199 + "…"}


def test_a_write_that_is_cut_off_leaves_nothing(database: Database) -> None:  # noqa: F811
    broken = replace(STORY, external_id="new-2", published_at=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="published_at"), database.engine.begin() as connection:
        storage.save(connection, "league", SLOT, [STORY, broken], NOW)
    with database.engine.begin() as connection:
        assert storage.count_first_seen(connection, "league", SLOT) == 0
        assert list(storage.find_gaps(connection, SLOT, ["league"])) == [
            "league left no row for 2026-11-24T06:00:00+00:00"
        ]


def test_a_source_without_news_has_a_row_as_well(database: Database) -> None:  # noqa: F811
    with database.engine.begin() as connection:
        storage.save(connection, "league", SLOT, [STORY], NOW)
        assert storage.save(connection, "league", LATER, [STORY], NOW) == 0
        assert list(storage.find_gaps(connection, LATER, ["league"])) == []


def test_a_slot_that_states_what_is_not_there_is_told(database: Database) -> None:  # noqa: F811
    with database.engine.begin() as connection:
        storage.save(connection, "league", SLOT, [STORY], NOW)
        number = row(connection)["id"]
        connection.execute(tables.story_teams.delete().where(tables.story_teams.c.story == number))
        connection.execute(tables.stories.delete().where(tables.stories.c.id == number))
        told = list(storage.find_gaps(connection, SLOT, ["league"]))
    assert told == ["league states 1 stories for 2026-11-24T06:00:00+00:00, and 0 are there"]


def test_a_source_that_the_site_does_not_know_is_told(database: Database) -> None:  # noqa: F811
    with database.engine.begin() as connection:
        assert storage.find_home(connection, "league") == "https://league-office.example/"
        with pytest.raises(LookupError, match="no source 'nobody'"):
            storage.find_home(connection, "nobody")


def test_cleaning_up_goes_on_batch_by_batch_until_all_is_gone(
    database: Database, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(retention, "BATCH", 7)
    begun: list[None] = []

    def transaction() -> Any:
        begun.append(None)
        return database.engine.begin()

    with database.engine.begin() as connection:
        oldest = connection.scalar(select(func.max(tables.stories.c.published_at)).where(tables.stories.c.id <= 100))
        assert oldest
        before = oldest.replace(tzinfo=UTC) if oldest.tzinfo is None else oldest
        old = retention.count_remaining(connection, before)
    assert old["stories"] > 90
    assert retention.delete_in_batches(transaction, retention.delete_stories, before) == old["stories"]
    assert len(begun) == old["stories"] // 7 + 2 - (old["stories"] % 7 == 0)
    assert retention.delete_in_batches(transaction, retention.delete_collections, before) * 3 == old["collections"]
    assert retention.delete_in_batches(transaction, retention.delete_stories, before) == 0
    with database.engine.begin() as connection:
        assert retention.count_remaining(connection, before) == {"stories": 0, "collections": 0}
        assert connection.scalar(select(func.count()).select_from(tables.stories)) == 240 - old["stories"]


def test_a_run_of_the_future_deletes_no_more_than_one_of_now() -> None:
    assert retention.cutoff(SLOT, NOW) == SLOT - timedelta(days=400)
    assert retention.cutoff(SLOT + timedelta(days=9000), NOW) == NOW - timedelta(days=400)


# ── Feeds

READ_AT = "2026-01-06T06:00:00+00:00"


@pytest.mark.xdist_group("airflow")
def test_an_item_becomes_a_story(airflow: Airflow) -> None:
    more = (
        "<content:encoded>&lt;p&gt;One &amp;amp; &lt;b&gt;two&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;Three.&lt;/p&gt;</content:encoded>"
        '<category domain="kind">trades</category><category domain="team">LAL</category><category domain="team">bos</category>'
        "<category>news</category><ja:title>移籍</ja:title>"
    )
    (story,) = airflow.ask(read=feed(item("a", title="A &amp; B", more=more)), now=READ_AT)["stories"]
    assert (story["title"], story["summary"], story["body"]) == ("A & B", "What happened.", "One & two.\n\nThree.")
    assert (story["category"], story["teams"], story["japanese"]) == ("trades", ["lal", "bos"], {"title": "移籍"})
    assert story["published_at"] == "2026-01-06 02:00:00+00:00"


@pytest.mark.xdist_group("airflow")
def test_an_item_that_says_less_is_a_story_still(airflow: Airflow) -> None:
    bare = "<item><guid>a</guid><title>T</title><pubDate>Tue, 06 Jan 2026 11:00:00 +0900</pubDate></item>"
    (story,) = airflow.ask(read=feed(bare), now=READ_AT)["stories"]
    assert (story["summary"], story["body"], story["category"], story["teams"]) == ("T", "T", "league", [])
    assert story["published_at"] == "2026-01-06 02:00:00+00:00"


@pytest.mark.xdist_group("airflow")
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
    read = airflow.ask(read=feed(item("a"), wrong), now=READ_AT)
    assert ([each["external_id"] for each in read["stories"]], read["skipped"]) == (["a"], 1)


@pytest.mark.xdist_group("airflow")
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
    raised = airflow.ask(read=document, now=READ_AT)["raised"]
    assert raised.startswith("FeedError: ")
    assert reason in raised


@pytest.mark.xdist_group("airflow")
def test_a_feed_is_fetched_within_bounds(airflow: Airflow, world: World) -> None:
    world.feeds["courtwire"] = [(200, "é" * 10), (200, "x" * (5 * 1024 * 1024 + 1)), (503, "")]
    home = world.home("courtwire")
    assert airflow.ask(fetch=home) == {"fetched": "é" * 10}
    assert airflow.ask(fetch=home)["raised"] == f"FeedError: {home}feed.xml is larger than 5242880 bytes"
    assert "503" in airflow.ask(fetch=home)["raised"]
    assert "is no address of a source" in airflow.ask(fetch="file:///etc/")["raised"]
