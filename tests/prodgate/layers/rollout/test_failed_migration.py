"""A migration that a pipeline is made to run and that fails is waited for, and what became of the release is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.cli import INSUFFICIENT, NO_GO, USAGE, main
from prodgate.commands import watching as command
from prodgate.facts.rollout.failed_migration import FailedMigration, failed_migration_facts, summarise_failure
from prodgate.layers.layer import LayerContext
from prodgate.layers.rollout import failed_migration, migrations
from prodgate.layers.rollout.failed_migration import follow_failure, observe_failed_migration
from prodgate.layers.rollout.records import find_failed_migration
from prodgate.layers.rollout.target import Scene
from prodgate.layers.rollout.watching import watch_deployment
from prodgate.sections.rollout import parse_rollout_section
from tests.prodgate.layers.context import layer_context
from tests.prodgate.layers.rollout.test_following import CRITERIA, TARGET
from tests.prodgate.layers.rollout.test_watching import watch
from tests.suites.rollout.test_migrations import failed_migration as good_record

from .town import GOOD, LIMIT, Town

MIGRATIONS = """poll = "0.01 s"

[rollout.migrations]
tool = "alembic"
folder = "migrations"
database = "env:DATABASE"
task = "shop-migration"
"""
STATED = CRITERIA.replace('poll = "0.01 s"\n', MIGRATIONS)
CLUSTER = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/shop"
TASK = "arn:aws:ecs:ap-northeast-1:123456789012:task/shop/0123456789abcdef"


class Migrating:
    """ECS, in which tasks of the migration begin and end."""

    def __init__(self, town: Town) -> None:
        self.tasks: list[dict[str, Any]] = []
        services = town._answers()["ecs.ListServices"]
        town.others = {
            "ecs.ListTasks": lambda asked: {"taskArns": self.list_arns(asked["desiredStatus"])},
            "ecs.DescribeTasks": lambda asked: {"tasks": [t for t in self.tasks if t["taskArn"] in asked["tasks"]]},
            "ecs.ListServices": services,
        }

    def list_arns(self, status: str) -> list[str]:
        return [one["taskArn"] for one in self.tasks if ("stoppedAt" in one) is (status == "STOPPED")]

    def begin(self) -> None:
        now = datetime.now(UTC)
        self.tasks = [{"taskArn": TASK, "createdAt": now, "startedAt": now, "containers": [{"name": "m"}]}]

    def end(self, code: int) -> None:
        containers = [{"name": "m", "exitCode": code}]
        self.tasks = [{**self.tasks[0], "stoppedAt": datetime.now(UTC), "containers": containers}]


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def migrating(town: Town) -> Migrating:
    return Migrating(town)


@pytest.fixture
def context(tmp_path: Path, town: Town, monkeypatch: pytest.MonkeyPatch) -> LayerContext:
    @contextmanager
    def scene(_: Any) -> Iterator[Scene]:
        watching = parse_rollout_section({"limit": "120 s", "poll": "0.01 s"}).watching
        with town.looking() as look:
            yield Scene(place="a town", look=look, url="", watching=watching)

    monkeypatch.setattr(failed_migration, "open_scene", scene)
    monkeypatch.setattr(failed_migration, "_SETTLED", 0.2)
    (tmp_path / "criteria.toml").write_text(STATED, "utf-8")
    return layer_context(tmp_path, "rollout", TARGET)


def follow_one(context: LayerContext, town: Town, migrating: Migrating, code: int) -> Mapping[str, Any]:
    with ThreadPoolExecutor(1) as thread:
        followed = thread.submit(follow_failure, context)
        town.wait_for_looks(2)
        migrating.begin()
        town.wait_for_looks(town.looks + 2)
        migrating.end(code)
        return followed.result(LIMIT)


def the_fact(record: Mapping[str, Any]) -> FailedMigration:
    (fact,) = failed_migration_facts({**record, "asked": record["ended"]})
    return fact


def test_a_failure_that_stops_the_release_is_on_record(context: LayerContext, town: Town, migrating: Migrating) -> None:
    record = json.loads(json.dumps(follow_one(context, town, migrating, 1)))
    fact = the_fact(record)
    assert (fact.failure, fact.went_on, fact.changed) == ("m: exit code 1", "", "")
    told = summarise_failure(record)
    assert told["outcome"] == "unknown", "nobody may send requests here, so nobody knows whether the site answered"
    assert "says nothing of [load]" in told["lines"][-1]


def test_a_deployment_that_begins_all_the_same_is_seen(context: LayerContext, town: Town, migrating: Migrating) -> None:
    town.made = True
    record = follow_one(context, town, migrating, 1)
    assert the_fact(record).went_on == "api: d-API00001"
    assert summarise_failure(record)["outcome"] == "bad"


def test_a_migration_that_ends_well_shows_nothing(context: LayerContext, town: Town, migrating: Migrating) -> None:
    record = follow_one(context, town, migrating, 0)
    assert the_fact(record).failure == ""
    assert summarise_failure(record)["outcome"] == "bad"


def test_when_no_migration_comes_the_reason_says_so(
    context: LayerContext, migrating: Migrating, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 1000, 3))
    monkeypatch.setattr(failed_migration, "monotonic", lambda: next(ticks))
    with pytest.raises(Unreadable, match="no task of shop-migration began and ended within 120 s"):
        follow_failure(context)


def test_the_record_is_found_by_the_next_run_and_judged(context: LayerContext, town: Town) -> None:
    with pytest.raises(
        Unreadable, match="let the pipeline run one that fails, and meanwhile: prodgate watch migration"
    ):
        next(observe_failed_migration(context, Scene(place="", look=Any, url="", watching=Any), {}))


@pytest.mark.parametrize(
    ("changes", "code"),
    [({}, 0), ({"started": {"api": "d-1"}}, NO_GO), ({"tasks": []}, INSUFFICIENT)],
)
def test_the_command_keeps_the_record_and_says_what_became_of_it(
    changes: dict[str, Any],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "criteria.toml").write_text(STATED, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "follow_failure", lambda _: {**good_record(), **changes})
    assert main(["watch", "migration", TARGET]) == code
    assert "failure of the migration: " in capsys.readouterr().out
    found = find_failed_migration(tmp_path / "runs", TARGET)
    assert found == {**json.loads(json.dumps(good_record())), **changes}
    assert find_failed_migration(tmp_path / "runs", "aws://other@eu-west-1") is None


@pytest.mark.parametrize("more", ["--latest", "--next", "d-1"])
def test_what_is_not_to_be_chosen_is_a_usage_error(more: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "migration", TARGET, more]) == USAGE
    assert "watch migration: waits for the next one; name the target alone" in capsys.readouterr().err


def test_a_watched_deployment_keeps_the_migration_that_ecs_forgets(
    town: Town, migrating: Migrating, tmp_path: Path
) -> None:
    migrating.begin()
    migrating.end(0)
    with town.looking() as look:
        given = watch(town, tmp_path, look, family="shop-migration")

        def deploy() -> Mapping[str, str]:
            migrating.tasks = []
            return town.deploy(GOOD)

        record = watch_deployment(given, deploy, {})
    assert [one["taskArn"] for one in record["migrations"]] == [TASK]


def test_what_ecs_has_forgotten_is_taken_from_the_watch(context: LayerContext) -> None:
    scene = Scene(
        place="", look=Any, url="", watching=Any, watched={"migrations": [{"taskArn": "a"}, {"taskArn": "b"}]}
    )
    runs = migrations._with_watched(context, scene, {"tasks": [{"taskArn": "b", "new": True}], "family": "f"})
    assert runs == {"tasks": [{"taskArn": "a"}, {"taskArn": "b", "new": True}], "family": "f"}
    scene.watched = None
    assert migrations._with_watched(context, scene, {"tasks": []}) == {"tasks": []}
