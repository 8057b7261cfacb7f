"""The layer of DAGs at its seams: what is kept, what is undetermined and why, and that a recalled run gives the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from prodgate.airflow.direct import HttpTransport, Login, Token
from prodgate.airflow.mwaa import MwaaTransport
from prodgate.aws.answers import Absent, Unreadable
from prodgate.engines.environments import EngineError
from prodgate.facts import Facts
from prodgate.facts.dags.files import DagFile, DagFolder
from prodgate.facts.dags.record import AirflowComponent, AirflowVersion, DagRecord
from prodgate.facts.dags.slots import SlotHistory
from prodgate.facts.dags.structure import DagStructure
from prodgate.findings import NotObserved
from prodgate.layers.dags import airflow, observing, rehearsal
from prodgate.layers.dags.facts import facts_of
from prodgate.layers.dags.kinds import KINDS, OBSERVED, REQUIRED
from prodgate.layers.dags.layer import DagsLayer
from prodgate.layers.layer import LayerContext
from prodgate.rehearsal.airflow.startup import read_exports
from prodgate.rehearsal.cpu_contention import CpuContention, count_runnable_threads, measure_cpu_contention
from tests.prodgate.layers.context import layer_context, recall
from tests.suites.dags.harness import healthy

CRITERIA = """
system = "shop"

[airflow]
version = "3.0.6"
environment = "shop"

[dags.nba_news_scraper]
cron = "0 */6 * * *"
timezone = "Asia/Tokyo"

[criteria.dag-imports]
statement = { en = "Imports.", ja = "読める。" }
why = "It would not run."
source = "X-1"
layers = ["dags"]
"""


def observation(tmp_path: Path, criteria: str = CRITERIA, url: str = "rehearsal://") -> LayerContext:
    (tmp_path / "criteria.toml").write_text(criteria, "utf-8")
    return layer_context(tmp_path, "dags", url)


def without_airflow(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    @contextmanager
    def closed(*_: Any) -> Iterator[None]:
        raise Unreadable(reason)
        yield

    monkeypatch.setattr(observing, "open_target", closed)


def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def python_of(name: str, _progress: Any, **_: Any) -> Path:
        raise EngineError(f"{name}: can't be installed")

    monkeypatch.setattr(observing, "ensure_python", python_of)


def test_a_project_without_criteria_about_dags_is_not_looked_at(tmp_path: Path) -> None:
    at = observation(tmp_path, CRITERIA.replace('["dags"]', '["static"]'))
    assert DagsLayer().observe(at) == Facts()


def test_without_a_word_about_airflow_nothing_is_known(tmp_path: Path) -> None:
    at = observation(tmp_path, CRITERIA[: CRITERIA.index("[airflow]")] + CRITERIA[CRITERIA.index("[criteria") :])
    facts = DagsLayer().observe(at)
    assert not facts.known
    assert set(facts.unreadable) == {kind for evidence in REQUIRED for kind in KINDS[evidence]}
    assert all("says nothing of Airflow; write [airflow] with version" in why for why in facts.unreadable.values())
    assert recall(DagsLayer(), at.run) == facts


def test_files_are_read_though_airflow_can_not_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_airflow(monkeypatch, "the environment is down")
    no_engine(monkeypatch)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "shop.py").write_text("from airflow.sdk import dag\n", "utf-8")
    at = observation(tmp_path)
    facts = DagsLayer().observe(at)
    (folder,) = facts.of(DagFolder)
    assert str(folder.files) == "1"
    assert facts.unreadable[DagFile] == facts.unreadable[DagStructure] == "airflow-3.0.6: can't be installed"
    assert facts.unreadable[SlotHistory] == facts.unreadable[AirflowVersion] == "the environment is down"
    again = recall(DagsLayer(), at.run)
    assert again.unreadable == facts.unreadable
    assert [fact.subject for fact in again.known] == [fact.subject for fact in facts.known]


def test_a_missing_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_airflow(monkeypatch, "down")
    facts = DagsLayer().observe(observation(tmp_path))
    assert "there is no such folder; write [airflow] folder" in facts.unreadable[DagFolder]


def test_a_crowded_machine_spoils_slots_and_not_the_record() -> None:
    evidence = healthy().stored
    assert SlotHistory not in facts_of(evidence, {}).unreadable
    next(value for kind, value in evidence if kind == OBSERVED)["crowded"] = "nine threads wanted each core"
    facts = facts_of(evidence, {})
    assert facts.unreadable[SlotHistory] == facts.unreadable[AirflowComponent] == "nine threads wanted each core"
    assert not facts.of(SlotHistory)
    for record in facts.of(DagRecord):
        assert record.flaws == ()
        for field in ("stuck", "unserved"):
            with pytest.raises(NotObserved, match="nine threads wanted each core"):
                getattr(record, field)


@pytest.mark.parametrize(("counts", "crowded"), [([], False), ([1, 2], False), ([4000, 8000], True)])
def test_a_crowd_is_told_of(counts: list[int], crowded: bool) -> None:
    told = rehearsal._describe_contention(CpuContention(counts))
    assert ("threads wanted each core" in told) is crowded
    assert bool(told) is crowded


def test_threads_that_want_to_run_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu 1 2\nprocs_running 14\nprocs_blocked 0\n")
    assert count_runnable_threads(stat) == 14
    monkeypatch.setattr("os.getloadavg", lambda: (9.5, 1.0, 1.0))
    assert count_runnable_threads(tmp_path / "none") == 9.5
    monkeypatch.setattr("os.getloadavg", Mock(side_effect=OSError))
    assert count_runnable_threads(tmp_path / "none") is None
    with measure_cpu_contention(stat) as crowd:
        for _ in range(100):
            if crowd.counts:
                break
            threading.Event().wait(0.1)
    assert set(crowd.counts) == {14}
    assert crowd.per_core > 0


def section(**changes: str) -> Any:
    stated = {"environment": "", "url": "", "username": "", "password": "", "token": "", **changes}
    return SimpleNamespace(**stated)


def test_airflow_is_reached_as_it_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t0ken")
    monkeypatch.setenv("SHOP_USER", "gate")
    calls: Any = object()
    assert isinstance(airflow._transport(section(environment="shop"), calls, "eu-west-1", str), MwaaTransport)
    reached = airflow._transport(section(url="https://a.example"), calls, "", str)
    assert isinstance(reached, HttpTransport)
    access = airflow._access
    assert access(section(), str) is None
    assert access(section(token="env:SHOP_TOKEN"), str) == Token("t0ken")
    login = access(section(username="env:SHOP_USER", password="secret:shop/airflow"), lambda name: f"of {name}")
    assert login == Login("gate", "of shop/airflow")
    with pytest.raises(Unreadable, match="env:NOBODY"):
        access(section(token="env:NOBODY"), str)


def test_a_rehearsal_needs_to_be_told_how(tmp_path: Path) -> None:
    at = observation(tmp_path)
    assert at.stated.airflow is not None
    with (
        pytest.raises(Unreadable, match=r"write \[airflow.rehearsal\]"),
        rehearsal.rehearsing(at, at.stated.airflow),
    ):
        pass


def test_the_clock_is_waited_for(tmp_path: Path) -> None:
    begin = datetime.now(UTC)
    rehearsal._watch_slots(observation(tmp_path), begin + timedelta(milliseconds=30))
    assert datetime.now(UTC) >= begin + timedelta(milliseconds=30)


def test_a_drill_that_never_was_is_asked_for(tmp_path: Path) -> None:
    at = observation(tmp_path, url="aws://prod@ap-northeast-1")
    assert at.stated.airflow is not None
    with pytest.raises(Unreadable, match="no drill is on record; prodgate drill dag NAME aws://prod@ap-northeast-1"):
        airflow._read_drill(at, at.stated.airflow)


class NoSuchKey(Exception):
    """As boto3 raises it."""


def clients(script: str | None) -> Any:
    def get_object(**_: str) -> Any:
        if script is None:
            raise NoSuchKey
        return {"Body": SimpleNamespace(read=script.encode)}

    named = {"SourceBucketArn": "arn:aws:s3:::shop-dags", "StartupScriptS3Path": "startup.sh"}
    made = {
        "mwaa": SimpleNamespace(get_environment=lambda **_: {"Environment": named}),
        "s3": SimpleNamespace(get_object=get_object, exceptions=SimpleNamespace(NoSuchKey=NoSuchKey)),
    }
    return made.__getitem__


def test_what_the_startup_script_exports_is_read_and_nothing_carried_out() -> None:
    script = "#!/bin/sh\nexport QUEUE='https://sqs/q'\nexport EMPTY=''\nrm -rf /\nexport LATE=$(date)\n"
    assert read_exports(clients(script), "shop") == {"QUEUE": "https://sqs/q", "EMPTY": ""}
    with pytest.raises(LookupError, match="s3://shop-dags/startup.sh: is named by shop and not there"):
        read_exports(clients(None), "shop")


class Answering:
    """Answers with the states that runs have at each look, the last for ever."""

    def __init__(self, *looks: tuple[str, ...] | Exception) -> None:
        self.looks = list(looks)
        self.asked: list[str] = []

    def get(self, path: str, _query: Mapping[str, str]) -> Any:
        self.asked.append(path)
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return {"dag_runs": [{"state": state} for state in look]}


def test_slots_are_watched_once_the_first_runs_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "_LOOK_EVERY", 0.001)
    airflow = Answering(("running",), ("success", "queued"), ("success", "success"))
    rehearsal.await_rest(airflow, ["news"])
    assert airflow.asked == ["/dags/news/dagRuns"] * 3


@pytest.mark.parametrize("look", [Absent("no such DAG"), Unreadable("no answer")])
def test_who_can_not_be_asked_is_not_waited_for(look: Exception) -> None:
    airflow = Answering(look)
    rehearsal.await_rest(airflow, ["news", "other"])
    assert airflow.asked == ["/dags/news/dagRuns", "/dags/other/dagRuns"]


def test_a_run_that_does_not_end_is_not_waited_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "_LOOK_EVERY", 0.001)
    monkeypatch.setattr(rehearsal, "_WARM_UP", 0.05)
    airflow = Answering(("running",))
    rehearsal.await_rest(airflow, ["news"])
    assert len(airflow.asked) > 1
