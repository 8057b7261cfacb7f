"""Who is told of an alarm: not by a composite alarm that it can't fire alone, nor while something suppresses that."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.live.watching.alarms import Alarm, observe_alarms
from prodgate.findings import Undetermined

from .stated_account import ACCOUNT, REGION, account_answering

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"


def row(name: str, **members: Any) -> dict[str, Any]:
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
    return {"AlarmArn": arn, "AlarmName": name, "StateValue": "OK", "ActionsEnabled": True, **members}


def alarms(*composite: dict[str, Any], logs: tuple[dict[str, Any], ...] = ()) -> dict[str, Alarm]:
    part = row("part", Namespace="AWS/ECS", MetricName="CPUUtilization", Statistic="Average", Period=60)
    answers = {
        "DescribeAlarms": lambda asked: {
            "MetricAlarms": [part],
            "CompositeAlarms": composite,
            **({"LogAlarms": logs} if "LogAlarm" in asked["AlarmTypes"] else {}),
        }
    }
    with account_answering(answers) as account:
        return {one.subject.rpartition(":")[2]: one for one in observe_alarms(account)}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('ALARM("part")', True),
        ("ALARM(part) OR ALARM(other)", True),
        (f"ALARM(arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:part) AND NOT ALARM(planned)", True),
        ("ALARM(part) AND ALARM(other)", False),
        ("NOT ALARM(part)", False),
        ("OK(part)", False),
        ("ALARM(part) OR TRUE", False),
        ("ALARM(other)", False),
    ],
)
def test_a_composite_alarm_tells_for_those_that_fire_it_alone(rule: str, told: bool) -> None:
    found = alarms(row("all", AlarmRule=rule, AlarmActions=[TOPIC]))["part"]
    assert bool(found.silent_on_purpose) is told


def test_a_rule_that_is_not_understood_excuses_nobody() -> None:
    with pytest.raises(Undetermined, match="not understood"):
        _ = alarms(row("all", AlarmRule="ALARM(part) XOR ALARM(other)"))["part"].silent_on_purpose


def test_what_is_suppressed_is_held_back() -> None:
    by = {"ActionsSuppressor": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:planned", "ActionsSuppressedBy": "Alarm"}
    found = alarms(row("all", AlarmRule="ALARM(part)", **by))["all"]
    assert found.held_back == "actions suppressed by planned (Alarm)"
    calm = {"ActionsSuppressor": by["ActionsSuppressor"]}
    assert alarms(row("all", AlarmRule="ALARM(part)", **calm))["all"].held_back == ""


def test_alarms_on_logs_are_seen() -> None:
    found = alarms(logs=(row("query", AlarmActions=[TOPIC], ComparisonOperator="GreaterThanThreshold", Threshold=1.0),))
    assert found["query"].state == "OK"
    with pytest.raises(Undetermined, match="nothing that is understood"):
        _ = found["query"].without_data
