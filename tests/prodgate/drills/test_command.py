"""``prodgate drill``: what it asks for first, and the record that it leaves."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.drills import command
from prodgate.evidence import runs
from prodgate.sealing.verifying import check_by_itself
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

pytestmark = pytest.mark.xdist_group("emulator")
ROOT = Path(__file__).parents[3]


def test_people_are_told_only_when_that_is_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["drill", "alarm", "slow", "aws://prod@ap-northeast-1", "--criteria", str(ROOT / "criteria.toml")]
    assert main(asked) == 4
    assert "--yes-change-alarm-state" in capsys.readouterr().err


def test_a_real_account_must_be_named_in_the_criteria(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "criteria.toml").read_text("utf-8")
    shutil.copytree(ROOT / "criteria", tmp_path / "criteria")
    (tmp_path / "criteria.toml").write_text(re.sub(r"^\[account\]\nid = .*$", "", text, flags=re.MULTILINE), "utf-8")
    asked = ["drill", "alarm", "slow", "aws://prod@ap-northeast-1", "--yes-change-alarm-state"]
    assert main([*asked, "--criteria", str(tmp_path / "criteria.toml")]) == 4
    assert "names no account" in capsys.readouterr().err


@pytest.fixture
def account(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    topic = account("sns").create_topic(Name="alarms")["TopicArn"]
    account("cloudwatch").put_metric_alarm(
        AlarmName="slow", Namespace="site", MetricName="seconds", Statistic="Maximum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic],
    )  # fmt: skip
    account("cloudwatch").set_alarm_state(AlarmName="slow", StateValue="OK", StateReason="well")
    monkeypatch.setattr(command, "_clients", lambda *_: nullcontext(account))
    return account


def test_a_drill_leaves_a_record(account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["drill", "alarm", "slow", "--criteria", str(ROOT / "criteria.toml"), "--runs", str(tmp_path), "--json"]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["arrived"]) == [f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"]
    assert runs.latest(tmp_path) is None
    record = runs.latest(tmp_path / "drills")
    assert record is not None
    kept = runs.read(record)
    assert kept.about["drill"] == "alarm slow"
    assert [fact["kind"] for fact in kept.facts] == ["drill"]
    assert kept.finished
    assert check_by_itself(record).flaws == ()


def test_what_did_not_arrive_is_a_failure(account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    key = {"AttributeName": "KmsMasterKeyId", "AttributeValue": "alias/aws/sns"}
    account("sns").set_topic_attributes(TopicArn=topic, **key)
    asked = ["drill", "alarm", "slow", "--criteria", str(ROOT / "criteria.toml"), "--runs", str(tmp_path)]
    assert main([*asked, "--patience", "1"]) == 1
    assert f"{topic}: nothing arrived" in capsys.readouterr().out


def test_what_aws_refuses_is_said_in_a_line(
    account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account.fault(service="cloudwatch", operation="SetAlarmState", code="AccessDenied")
    asked = ["drill", "alarm", "slow", "--criteria", str(ROOT / "criteria.toml"), "--runs", str(tmp_path)]
    assert main(asked) == 4
    told = capsys.readouterr().err
    assert "prodgate: drill: An error occurred (AccessDenied)" in told
    assert "iam-policy --drill" in told
    assert account("sqs").list_queues().get("QueueUrls", []) == []
