"""``prodgate drill dag``: only the canary, only when people know of it, and the record that the gate finds again."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from prodgate import cli
from prodgate.aws import sessions
from prodgate.aws.answers import Unreadable
from prodgate.canaries.drill_records import find_latest_drill
from prodgate.drills import command, dag
from prodgate.facts.dags.failure_destinations import FailureDestinations
from tests.prodgate.canaries.fake import FakeAirflow
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

ROOT = Path(__file__).parents[3]
TARGET = "aws://prod@ap-northeast-1"
CANARY = "nba_news_canary"
pytestmark = pytest.mark.xdist_group("emulator")


def drill(*more: str, name: str = CANARY, target: str = TARGET) -> int:
    return cli.main(["drill", "dag", name, target, "--criteria", str(ROOT / "criteria.toml"), *more])


def test_people_are_told_only_when_that_is_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    assert drill() == 4
    assert drill("--yes-change-alarm-state") == 4
    assert capsys.readouterr().err.count("add --yes-fail-on-purpose") == 2


def test_no_dag_but_the_canary_is_made_to_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert drill("--yes-fail-on-purpose", name="data_cleanup") == 4
    assert "DAG 'data_cleanup': is not the canary" in capsys.readouterr().err


def test_a_rehearsal_is_drilled_by_its_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert drill(target="rehearsal://") == 4
    assert "prodgate run rehearsal:// --only dags" in capsys.readouterr().err


@pytest.fixture
def airflow(account: Account, monkeypatch: pytest.MonkeyPatch) -> FakeAirflow:
    """What stands for the real account and its Airflow."""
    topic = account("sns").create_topic(Name="failures")["TopicArn"]
    fake = FakeAirflow(account, account("sqs").create_queue(QueueName="dead")["QueueUrl"], topic)
    destinations = FailureDestinations(environment="news", queue=f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", topic=topic)
    monkeypatch.setattr(command, "_clients", lambda *_: nullcontext(account))
    monkeypatch.setattr(sessions, "open_account", lambda *_: None)
    monkeypatch.setattr(dag, "find_failure_destinations", lambda *_: destinations)
    monkeypatch.setattr(dag, "AirflowCanaries", lambda _: fake)
    return fake


def test_a_drill_leaves_a_record_that_is_found_again(
    airflow: FakeAirflow, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drill("--yes-fail-on-purpose", "--runs", str(tmp_path), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["mode"] for one in told["tried"]] == ["retry", "fail", "kill"]
    assert find_latest_drill(tmp_path, TARGET) == told
    assert find_latest_drill(tmp_path, "rehearsal://") is None


def test_what_went_wrong_is_a_failure_and_a_line(
    airflow: FakeAirflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    airflow.notices = frozenset({"fail"})
    monkeypatch.setattr(dag, "DELIVERY", 0.0)
    assert drill("--yes-fail-on-purpose", "--runs", str(tmp_path)) == 1
    told = capsys.readouterr().out
    assert "wrong: kill: no notice of the run prodgate-kill-" in told
    assert "success after 2 tries" in told


def test_without_a_place_for_failures_nothing_happens(
    airflow: FakeAirflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere(*_: Any) -> FailureDestinations:
        raise Unreadable("there is no topic that the role may send to")

    monkeypatch.setattr(dag, "find_failure_destinations", nowhere)
    assert drill("--yes-fail-on-purpose", "--runs", str(tmp_path)) == 4
    assert "drill: there is no topic" in capsys.readouterr().err
    assert airflow.modes == {}
    assert not (tmp_path / "drills").exists()
