"""What goes wrong on a real Airflow 3.0.6, and the checks that see it. Takes minutes: run by tox -e faults."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.airflow.direct import Direct, Login
from prodgate.airflow.history import observed, recalled
from prodgate.checks import Check
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.dags.ledger import ledger
from prodgate.dags.rates import rates
from prodgate.engines.environments import python_of
from prodgate.findings import Outcome
from prodgate.layers.dags_facts import declared_json, facts_of
from prodgate.layers.dags_kinds import DECLARED, HISTORY, OBSERVED
from prodgate.project import Project
from prodgate.rehearsal.airflow.health import authorization
from prodgate.rehearsal.airflow.process import Airflow, running
from prodgate.rehearsal.airflow.sources import Feeds, feeding
from prodgate.rehearsal.site.collecting import seeded

from .harness import CANARY, CLEANUP, ROOT, SCRAPER, dag_checks, judged, outcomes, project

pytestmark = [pytest.mark.alone, pytest.mark.once]

CRONS = {SCRAPER: "* * * * * */6", CLEANUP: "* * * * * 3/6"}
#: What is judged here: what Airflow's own answers decide.
ASKED = {
    "collection-every-slot", "dag-nothing-stuck", "dag-record-intact", "dag-served-as-declared",
    "dag-success-rate-rehearsed", "dag-real-run",
}  # fmt: skip
RATES = {"collection-every-slot", "dag-success-rate-rehearsed"}
#: Seconds in which Airflow must have taken up a change of a file or of a setting.
TAKEN_UP = 90.0


@dataclass(frozen=True)
class Stage:
    """A real Airflow that runs the project's DAGs, and what judges it."""

    airflow: Airflow
    feeds: Feeds
    viewer: Direct
    checks: tuple[Check, ...]
    stated: Project

    @property
    def dags(self) -> list[DeclaredDag]:
        durations = {"window": timedelta(minutes=10), "grace": timedelta(seconds=20), "limit": timedelta(seconds=30)}
        return [
            DeclaredDag(dag_id=id_, schedule=Schedule(cron=cron, timezone="Asia/Tokyo"), **durations)
            for id_, cron in CRONS.items()
        ]

    def answers(self, since: datetime) -> dict[str, Any]:
        return observed(self.viewer, [SCRAPER, CLEANUP, CANARY], since=since, now=datetime.now(UTC))

    def red(self, since: datetime) -> set[str]:
        """Return the criteria that are not satisfied since a time, of those that are asked."""
        declared = {"version": "3.0.6", "files": {}, "collecting": [SCRAPER], "acknowledged": []}
        dags = {dag.dag_id: declared_json(dag) for dag in self.dags}
        stored: list[tuple[str, Any]] = [
            (DECLARED, declared),
            (OBSERVED, {"place": "Airflow", "crowded": "", "dags": dags}),
            (HISTORY, self.answers(since)),
        ]
        found = outcomes(judged(facts_of(stored, {}), self.checks, self.stated))
        return {id_ for id_, outcome in found.items() if id_ in ASKED and outcome is Outcome.NOT_SATISFIED}

    def change(self, path: str, told: dict[str, Any]) -> None:
        """Do what a person may do by the API."""
        headers = {"Authorization": authorization(self.airflow.api, self.airflow.admin)}
        request = urllib.request.Request(f"{self.airflow.api}{path}", json.dumps(told).encode(), method="PATCH")
        for name, value in {**headers, "Content-Type": "application/json"}.items():
            request.add_header(name, value)
        urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    scratch = tmp_path_factory.mktemp("airflow")
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1", "AWS_DEFAULT_REGION": "eu-west-1"}
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    python = python_of("airflow-3.0.6", print)
    with feeding() as feeds:
        database = seeded(f"sqlite:///{scratch / 'news.sqlite'}", feeds.homes)
        found = {**nowhere, **keys, "AIRFLOW_CONN_NBA_NEWS": database}
        with (
            running(
                ROOT / "dags", scratch, python=python, version="3.0.6", schedules=CRONS, environment=found
            ) as airflow,
            Direct(airflow.url, Login(airflow.viewer.name, airflow.viewer.password), limit=60.0) as viewer,
        ):
            yield Stage(airflow, feeds, viewer, dag_checks(), project())


def until(condition: Callable[[], object], limit: float = TAKEN_UP) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        threading.Event().wait(1)


def passed(since: datetime, seconds: float) -> None:
    until(lambda: datetime.now(UTC) >= since + timedelta(seconds=seconds), seconds + 30)


def settled(stage: Stage) -> datetime:
    """Return now, when what an earlier test broke is mended, and the last run of then has ended."""
    until(lambda: "dag-served-as-declared" not in stage.red(datetime.now(UTC) - timedelta(seconds=5)))
    passed(datetime.now(UTC), 12)
    return datetime.now(UTC)


def test_nothing_is_red_while_all_is_well(stage: Stage) -> None:
    since = settled(stage)
    passed(since, 40)
    assert stage.red(since) == set()


def test_a_scheduler_that_stands_still_is_seen_though_airflow_shows_all_runs_well(stage: Stage) -> None:
    since = settled(stage)
    passed(since, 12)
    stage.airflow.stop_scheduler()
    stopped = datetime.now(UTC)
    passed(stopped, 25)
    stage.airflow.start_scheduler()
    passed(stopped, 60)
    assert stage.red(since) == RATES
    history = recalled(stage.answers(since))
    dag = stage.dags[0]
    found = rates(dag, history, ledger(dag, history))
    assert found.run.good == found.run.total
    assert found.slot.good < found.slot.total


def test_a_run_that_was_marked_by_hand_is_seen(stage: Stage) -> None:
    stage.feeds.fail("courtwire", "error")
    since = settled(stage)
    try:
        until(lambda: [run for run in recalled(stage.answers(since)).runs if run.state == "failed"])
    finally:
        stage.feeds.mend("courtwire")
    (failed, *_) = [run for run in recalled(stage.answers(since)).runs if run.state == "failed"]
    stage.change(f"/dags/{SCRAPER}/dagRuns/{failed.run_id}", {"state": "success"})
    assert "dag-record-intact" in stage.red(since)
    assert "dag-success-rate-rehearsed" in stage.red(since)


def test_a_paused_dag_is_seen(stage: Stage) -> None:
    stage.change(f"/dags/{CLEANUP}", {"is_paused": True})
    try:
        assert "dag-served-as-declared" in stage.red(datetime.now(UTC) - timedelta(seconds=5))
    finally:
        stage.change(f"/dags/{CLEANUP}", {"is_paused": False})
    assert "dag-served-as-declared" not in stage.red(datetime.now(UTC) - timedelta(seconds=5))


def test_a_failure_that_the_last_task_hides_is_seen(stage: Stage) -> None:
    file = stage.airflow.dags / "nba_news_scraper.py"
    text = file.read_text("utf-8")
    hidden = text.replace(">> settle()", ">> settle.override(trigger_rule='all_done')()")
    hidden = hidden.replace("raise Incomplete", "print").replace('"retries": 3', '"retries": 0')
    assert hidden != text
    since = settled(stage)
    rewrite(file, hidden)
    stage.feeds.fail("courtwire", "error")
    try:
        until(lambda: masked(stage, since))
        assert "dag-record-intact" in stage.red(since)
    finally:
        stage.feeds.mend("courtwire")
        rewrite(file, text)


def masked(stage: Stage, since: datetime) -> bool:
    history = recalled(stage.answers(since))
    good = {run.run_id for run in history.runs if run.state == "success"}
    return any(task.state == "failed" and task.run_id in good for task in history.tasks if task.dag_id == SCRAPER)


def test_a_dag_of_another_name_is_seen(stage: Stage) -> None:
    file = stage.airflow.dags / "data_cleanup.py"
    text = file.read_text("utf-8")
    rewrite(file, text.replace('dag_id="data_cleanup"', 'dag_id="data_clean_up"'))
    try:
        until(lambda: "dag-served-as-declared" in stage.red(datetime.now(UTC) - timedelta(seconds=5)))
    finally:
        rewrite(file, text)


def rewrite(file: Path, text: str) -> None:
    partial = file.with_suffix(".new")
    partial.write_text(text, "utf-8")
    partial.replace(file)
