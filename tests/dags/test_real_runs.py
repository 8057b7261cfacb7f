"""The DAGs, run for real: in Airflow's own process, against the site's database and sources on loopback."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.dags.conftest import Airflow
from tests.dags.servers import World, feed, item

pytestmark = pytest.mark.xdist_group("airflow")

SLOT = "2026-01-06T03:00:00+00:00"
SOURCES = ("courtwire", "hoopdesk", "league")


def states(ran: Any, task: str) -> list[str]:
    return [each["state"] for each in ran["tasks"] if each["task_id"] == task]


def held(site: Engine) -> tuple[list[tuple[Any, ...]], dict[str, int]]:
    """The new stories, and how many each source states for its slot."""
    with site.begin() as connection:
        stories = connection.execute(
            text(
                "SELECT id, source, external_id, title_en FROM stories WHERE external_id LIKE 'new-%' ORDER BY source, external_id"
            )
        )
        rows = connection.execute(text("SELECT source, rows FROM collections ORDER BY source"))
        return [tuple(each) for each in stories], {each[0]: each[1] for each in rows}


def test_a_slot_is_collected_and_doing_it_again_changes_nothing(airflow: Airflow, site: Engine, world: World) -> None:
    undated, future = item("new-9", date=""), item("new-8", date="Tue, 24 Nov 2099 03:00:00 GMT")
    for source in SOURCES:
        world.feeds[source] = [(200, feed(item("new-1"), item("new-2"), item("new-3", title=""), undated, future))]
    assert airflow.run("nba_news_scraper", SLOT)["state"] == "success"
    first = held(site)
    assert [each[1:3] for each in first[0]] == [(source, f"new-{n}") for source in SOURCES for n in (1, 2)]
    assert first[1] == dict.fromkeys(SOURCES, 2)
    assert airflow.run("nba_news_scraper", SLOT)["state"] == "success"
    assert held(site) == first
    assert (world.letters, world.notices) == ([], [])


def test_a_source_that_fails_loses_no_other_and_fails_the_run(airflow: Airflow, site: Engine, world: World) -> None:
    world.feeds = {
        "courtwire": [(200, feed(item("new-1")))],
        "hoopdesk": [(500, ""), (200, feed(item("new-1")))],
        "league": [(500, "")],
    }
    ran = airflow.run("nba_news_scraper", SLOT, retries=1)
    assert (ran["state"], states(ran, "collect"), states(ran, "settle")) == (
        "failed", ["success", "success", "failed"], ["upstream_failed"],
    )  # fmt: skip
    assert held(site)[1] == {"courtwire": 1, "hoopdesk": 1}
    (letter,) = world.letters
    assert (letter["dag_id"], letter["run_id"], letter["slot"]) == ("nba_news_scraper", ran["run_id"], SLOT)
    assert [(each["kind"], each["map_index"]) for each in world.notices if "map_index" in each] == [("task-failed", 2)]
    world.feeds["league"] = [(200, feed(item("new-1")))]
    assert airflow.run("nba_news_scraper", SLOT)["state"] == "success"
    assert held(site)[1] == dict.fromkeys(SOURCES, 1)


def test_what_is_older_than_the_retention_is_deleted(airflow: Airflow, site: Engine, world: World) -> None:
    with site.begin() as connection:
        before = connection.execute(text("SELECT count(*) FROM stories")).scalar_one()
        connection.execute(text("UPDATE stories SET published_at = '2024-12-02 16:59:59.000000' WHERE id <= 3"))
        connection.execute(text("UPDATE stories SET published_at = '2024-12-02 17:00:00.000000' WHERE id = 4"))
        connection.execute(
            text(
                "INSERT INTO collections VALUES ('league', '2024-01-01 00:00:00.000000', '2024-01-01 00:00:00.000000', 3)"
            )
        )
    assert airflow.run("data_cleanup", "2026-01-06T17:00:00+00:00")["state"] == "success"
    with site.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM stories")).scalar_one() == before - 3
        assert connection.execute(text("SELECT count(*) FROM story_teams WHERE story <= 3")).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM story_teams WHERE story = 4")).scalar_one() > 0
    assert held(site)[1] == {}


def test_the_canary_is_retried_when_it_is_asked_to(airflow: Airflow, world: World, site: Engine) -> None:
    ran = airflow.run("nba_news_canary", "2026-01-06T07:00:00+00:00", conf={"mode": "retry"}, retries=2)
    assert (ran["state"], ran["tasks"][0]["tries"]) == ("success", 2)
    assert (world.letters, world.notices) == ([], [])


def test_a_canary_that_fails_leaves_one_dead_letter(airflow: Airflow, world: World, site: Engine) -> None:
    ran = airflow.run("nba_news_canary", "2026-01-06T08:00:00+00:00", conf={"mode": "fail"}, retries=1)
    assert (ran["state"], ran["tasks"][0]["tries"]) == ("failed", 2)
    (letter,) = world.letters
    assert (letter["run_id"], letter["tasks"], letter["error"]) == (ran["run_id"], ["act"], "task_failure")
    assert [each["kind"] for each in world.notices] == ["task-failed", "dag-run-failed"]


def test_a_canary_takes_no_other_mode(airflow: Airflow, world: World, site: Engine) -> None:
    answer = airflow.ask(run="nba_news_canary", slot="2026-01-06T09:00:00+00:00", conf={"mode": "explode"})
    assert "'explode' is not one of ['retry', 'fail', 'kill']" in answer["raised"]
