"""The site on both kinds of database."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from prodgate.criteria import UsageError
from prodgate.rehearsal.site import tables
from prodgate.rehearsal.site.content.stories import PASSWORD, READER, last_slot, seed
from prodgate.rehearsal.site.database import (
    Database,
    bring_schema,
    current_revision,
    fail_half_way,
    migrate,
    open_database,
    prepare_previous,
)
from prodgate.rehearsal.site.process import running
from tests.prodgate.rehearsal.site.client import UNTIL, ask, asked, served

pytestmark = pytest.mark.xdist_group("postgres")
STORY = {
    "slug": "warriors-win",
    "source": "hoopdesk",
    "external_id": "x-1",
    "category": "games",
    "published_at": UNTIL + timedelta(hours=1),
    "collected_at": UNTIL + timedelta(hours=6),
    "title_en": "Warriors win",
    "summary_en": "They did.",
    "body_en": "Once.\n\nAnd again.",
}


def added(database: Database, **values: Any) -> None:
    with database.engine.begin() as connection:
        connection.execute(insert(tables.stories).values(STORY | values))


def test_the_migrations_make_the_tables_that_the_site_uses(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.METADATA) == []


def test_every_migration_goes_up_and_down(empty: Database) -> None:
    for revision, names in (("0001", 6), ("0002", 7), ("0003", 8), ("0004", 8), ("0001", 6), ("base", 1), ("head", 8)):
        migrate(empty, revision)
        assert len(inspect(empty.engine).get_table_names()) == names
    with empty.engine.connect() as connection:
        assert current_revision(connection) == empty.head == "0004"


def test_two_that_start_together_make_one_database(server: str) -> None:
    both = [open_database(server), open_database(server)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: migrate(each, then=lambda connection: seed(connection, UNTIL)), both))
    with both[0].engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.stories)) == 240
    for each in both:
        each.engine.dispose()


def test_a_database_is_filled_once_and_alike_everywhere(database: Database) -> None:
    def counts(connection: Connection) -> list[int]:
        return [connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables.METADATA.sorted_tables]

    with database.engine.begin() as connection:
        first = counts(connection)
        assert not seed(connection, UNTIL + timedelta(days=1))
        assert counts(connection) == first
        names = [table.name for table in tables.METADATA.sorted_tables]
        about = connection.scalar(select(func.count()).select_from(tables.story_teams))
        assert dict(zip(names, first, strict=True)) == {
            "applause": 0,
            "collections": 360,
            "readers": 1,
            "sources": 3,
            "stories": 240,
            "story_teams": about,
            "teams": 30,
        }


def test_collections_say_how_many_stories_each_slot_brought(database: Database) -> None:
    with database.engine.connect() as connection:
        rows = connection.execute(select(tables.collections.c.slot, tables.collections.c.rows)).all()
    assert sum(count for _, count in rows) == 240
    slots = sorted({slot.replace(tzinfo=UTC) if not slot.tzinfo else slot.astimezone(UTC) for slot, _ in rows})
    assert slots == [UNTIL - timedelta(hours=6) * n for n in reversed(range(120))]


def test_a_slot_begins_every_six_hours() -> None:
    assert last_slot(datetime(2026, 1, 15, 17, 59, tzinfo=UTC)) == UNTIL
    assert last_slot(UNTIL) == UNTIL


def test_pages_and_api_answer_from_it(database: Database) -> None:
    paths = [
        "/",
        "/ja/",
        "/search?q=overtime&team=bos",
        "/ja/search?q=延長",
        "/api/stories?lang=ja",
        "/api/ready",
        "/teams",
    ]
    assert [answer.status for answer in asyncio.run(served(database, paths))] == [200] * len(paths)


@pytest.mark.slow
def test_a_site_runs_on_it_from_one_build_to_the_next(url: str, tmp_path: Path) -> None:
    with running(tmp_path, database=url) as site:
        joined = ask(site.url, "/join", form={"email": "a@example.com", "password": "ten letters", "team": "den"})
        site.deploy("green")
        session = joined.headers["set-cookie"].partition(";")[0]
        assert "<h1>Denver Nuggets</h1>" in ask(site.url, "/my-team", Cookie=session).text
        assert ask(site.url, "/api/ready").json["status"] == "ready"


def test_readers_are_kept_in_it(database: Database) -> None:
    welcome = asked(database, "/sign-in", form={"email": READER, "password": PASSWORD})
    assert welcome.status == 303
    session = welcome.headers["set-cookie"].partition(";")[0]
    assert asked(database, "/my-team", form={"team": "tor"}, cookie=session).status == 303
    assert "<h1>Toronto Raptors</h1>" in asked(database, "/my-team", cookie=session).text


def test_a_collected_story_appears_at_once_and_only_once(database: Database) -> None:
    added(database)
    assert asked(database, "/api/stories?per_page=1").json["stories"][0]["title"] == "Warriors win"
    with pytest.raises(IntegrityError):
        added(database, slug="another-slug")


def test_a_story_without_a_translation_is_shown_in_english_and_says_so(database: Database) -> None:
    added(database)
    told = asked(database, "/ja/stories/warriors-win").text
    assert '<div lang="en">\n<h1>Warriors win</h1>' in told
    assert "英語のみ" in told
    assert asked(database, "/api/stories/warriors-win?lang=ja").json["language"] == "en"
    assert 'lang="en"' not in asked(database, "/stories/warriors-win").text.split("<main", 1)[1]


def test_it_is_not_ready_for_a_schema_that_it_does_not_know(database: Database) -> None:
    assert asked(database, "/api/ready").status == 200
    migrate(database, "0001")
    answer = asked(database, "/api/ready")
    assert answer.status == 503
    assert answer.json == {
        "status": "the schema is not at the newest migration",
        "build": "blue",
        "migration": "0001",
        "expected": "0004",
    }


def test_a_build_stays_on_its_own_schema_and_works_on_what_a_later_one_adds(url: str) -> None:
    blue, green = open_database(url, "0003"), open_database(url)
    migrate(blue, then=lambda connection: seed(connection, UNTIL))
    paths = ["/", "/api/ready", "/api/stories", "/ja/search?q=延長"]
    before = asyncio.run(served(blue, paths))
    migrate(green)
    migrate(blue)
    after = asyncio.run(served(blue, paths))
    assert [answer.status for answer in (*before, *after)] == [200] * 8
    assert [each.json["migration"] for each in (before[1], after[1])] == ["0003", "0004"]
    assert after[2].json == before[2].json
    assert {one["minutes"] for one in asked(green, "/api/stories").json["stories"]} == {None}
    for each in (blue, green):
        each.engine.dispose()


def test_a_migration_that_fails_half_way_leaves_nothing(url: str) -> None:
    before = prepare_previous(url)
    failed = bring_schema(url, "0004", fail_half_way)
    assert (failed.before, failed.after) == (before, before)
    assert "nickname" in failed.error
    mended = bring_schema(url, "0004")
    assert (mended.before, mended.error) == (before, "")
    assert mended.after > before


def test_a_migration_gives_up_where_a_reader_holds_the_table(server: str) -> None:
    url = server.replace("/postgres?", "/locked?")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE locked"))
    engine.dispose()
    before = prepare_previous(url)
    reader = open_database(url)
    with reader.engine.begin() as connection:
        connection.execute(text("LOCK TABLE stories IN ACCESS SHARE MODE"))
        given_up = bring_schema(url, "0004")
    assert "lock timeout" in given_up.error
    assert (given_up.before, given_up.after) == (before, before)
    assert bring_schema(url, "0004").error == ""
    reader.engine.dispose()


def test_a_build_fails_on_a_schema_that_lacks_what_it_reads(url: str) -> None:
    blue = open_database(url, prepare_previous(url))
    assert asked(blue, "/api/stories").status == 200
    bring_schema(url, "0004")
    with blue.engine.begin() as connection:
        connection.execute(text("ALTER TABLE stories DROP COLUMN summary_en"))
    assert asked(blue, "/api/ready").status == 200, "the version alone says nothing is wrong"
    assert asked(blue, "/api/stories").status == 500
    blue.engine.dispose()


def test_a_build_of_no_migration_does_not_start(url: str) -> None:
    with pytest.raises(UsageError, match="--schema: '0009' is no migration; write one of 0001, 0002, 0003, 0004"):
        open_database(url, "0009")


def test_stories_are_found_by_indexes(tmp_path: Path) -> None:
    made = open_database(f"sqlite:///{tmp_path / 'news.sqlite'}")
    migrate(made, then=lambda connection: seed(connection, UNTIL))
    statements: list[tuple[str, Any]] = []
    event.listen(made.engine, "before_cursor_execute", lambda *seen: statements.append((seen[2], seen[3])))
    asyncio.run(served(made, ["/", "/stories/none", "/teams/bos", "/search?category=draft"]))
    with made.engine.connect() as connection:
        read = [each for each in statements if each[0].startswith("SELECT") and "stories" in each[0]]
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given).all() for said, given in read]
    assert len(plans) == 5
    for plan in plans:
        assert not [row for row in plan if re.search(r"SCAN (stories|story_teams)$", row[3])], plan
    made.engine.dispose()


def test_an_unreachable_database_is_told() -> None:
    gone = open_database("postgresql://site@127.0.0.1:1/news")
    with pytest.raises(UsageError, match=r"postgresql.*127\.0\.0\.1:1/news: its schema can't be migrated: "):
        migrate(gone)
    gone.engine.dispose()


def test_a_database_that_goes_away_makes_the_site_unready_and_no_less_alive(tmp_path: Path) -> None:
    made, gone = (
        open_database(f"sqlite:///{tmp_path / 'news.sqlite'}"),
        open_database("postgresql://site@127.0.0.1:1/news"),
    )
    migrate(made, then=lambda connection: seed(connection, UNTIL))
    health, ready, front, api = asyncio.run(
        served(made, ["/api/health", "/api/ready", "/ja/", "/api/stories"], later=gone)
    )
    assert (health.status, ready.status, front.status, api.status) == (200, 503, 500, 500)
    assert ready.json["status"] == "the database does not answer"
    assert "<h1>ターンオーバー</h1>" in front.text
    assert front.headers["cache-control"] == "private, no-store"
    assert api.json == {"status": 500, "error": "internal error"}
    for each in (made, gone):
        each.engine.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("news", "--database: 'news' is no database URL; write sqlite:///news.sqlite or postgresql://user@host/name"),
        ("mysql://a/b", "--database: 'mysql://a/b' names a database of kind 'mysql'; write sqlite:///"),
    ],
)
def test_other_databases_are_refused(url: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_database(url)
    assert str(refused.value).startswith(says)


def test_a_newer_database_is_told(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(UsageError, match="its schema can't be migrated: Can't locate revision identified by '0099'"):
        migrate(database)
