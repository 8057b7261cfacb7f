"""What several things are concluded of costs, where it is odd, those alone of which nothing else is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.aws.answers import Absent, Unread, Unreadable, as_answer
from prodgate.facts.live.airflow import observe_airflow_environments
from prodgate.facts.live.backups import observe_vaults
from prodgate.facts.live.images import observe_images
from prodgate.facts.live.keys import observe_keys
from prodgate.facts.live.queues import observe_dead_letter_queues
from prodgate.facts.live.watching.alarm_coverage import observe_watched_services
from prodgate.facts.live.watching.dashboards import Dashboard, observe_dashboards, observe_shown_components
from prodgate.findings import Undetermined

from .stated_account import account_answering

QUEUE = "arn:aws:sqs:ap-northeast-1:123456789012:dead"


def alarm(service: str, **stated: str) -> dict[str, Any]:
    dimensions = [{"Name": "ClusterName", "Value": "c"}, {"Name": "ServiceName", "Value": service}]
    return {
        "AlarmArn": f"arn:{service}", "AlarmName": service, "Dimensions": dimensions, "MetricName": "CPUUtilization",
        "Namespace": "AWS/ECS", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 80, "ActionsEnabled": True,
        "StateValue": "OK",
    } | stated  # fmt: skip


def test_an_alarm_on_an_unstated_metric_leaves_open_what_it_may_watch_and_nothing_else() -> None:
    odd = alarm("odd")
    del odd["Namespace"]
    answers = {
        "ListClusters": {"clusterArns": ["arn/c"]},
        "ListServices": {"serviceArns": ["arn/c/odd", "arn/c/watched", "arn/c/not"]},
        "DescribeAlarms": {"MetricAlarms": [odd, alarm("watched")]},
    }
    with account_answering(answers) as account:
        unknown, watched, not_watched = observe_watched_services(account)
    assert (watched.high, not_watched.high) == ({"CPUUtilization"}, frozenset())
    with pytest.raises(Undetermined, match="cloudwatch DescribeAlarms does not state its Namespace"):
        _ = unknown.high


def dashboards(*bodies: str | None) -> dict[str, Any]:
    def body(asked: Mapping[str, str]) -> dict[str, Any]:
        found = bodies[int(asked["DashboardName"])]
        return {} if found is None else {"DashboardBody": found}

    entries = [{"DashboardName": str(number)} for number in range(len(bodies))]
    return {"ListDashboards": {"DashboardEntries": entries}, "GetDashboard": body}


def test_what_a_known_dashboard_shows_is_shown_whatever_stands_on_another() -> None:
    shown = '{"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/MWAA", "X", "Environment", "shown"]]}}]}'
    answers = dashboards(shown, None) | {"ListEnvironments": {"Environments": ["shown", "other"]}}
    with account_answering(answers) as account:
        found, open_ = observe_shown_components(account)
        seen: list[Dashboard] = list(observe_dashboards(account))
    assert (found.dashboards, seen[0].metrics, seen[1].subject) == (("0",), 1, "1")
    for look in (lambda: open_.dashboards, lambda: seen[1].metrics):
        with pytest.raises(Undetermined, match="cloudwatch GetDashboard does not state its DashboardBody"):
            look()


def test_a_rule_without_a_name_may_send_to_a_queue_that_nobody_knows_and_hides_no_other() -> None:
    attributes = {"QueueArn": QUEUE, "MessageRetentionPeriod": "60", "RedrivePolicy": ""}
    counts = dict.fromkeys(
        ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"),
        "0",
    )
    answers = {
        "ListQueues": {"QueueUrls": ["https://sqs/dead"]},
        "GetQueueAttributes": {"Attributes": attributes | counts},
        "ListRules": {"Rules": [{"Arn": "arn:odd"}, {"Arn": "arn:rule", "Name": "rule"}]},
        "ListTargetsByRule": {"Targets": [{"Arn": "arn:f", "Id": "1", "DeadLetterConfig": {"Arn": QUEUE}}]},
    }
    with account_answering(answers) as account:
        unknown, dead = observe_dead_letter_queues(account)
    assert dead.sources == ("arn:rule",)
    assert unknown.subject == "where arn:odd sends what it can't deliver"


def test_a_plan_that_is_not_described_leaves_its_vaults_and_keys_open_and_no_others() -> None:
    rule = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
    plans = {"known": {"BackupPlan": {"BackupPlanName": "known", "Rules": [rule]}}, "odd": {}}
    answers = {
        "ListBackupPlans": {"BackupPlansList": [{"BackupPlanId": id_, "BackupPlanArn": f"arn:{id_}"} for id_ in plans]},
        "GetBackupPlan": lambda asked: plans[asked["BackupPlanId"]],
        "ListBackupVaults": {"BackupVaultList": [{"BackupVaultName": "vault"}]},
        "DescribeBackupVault": {"BackupVaultName": "vault"},
        "ListKeys": {"Keys": [{"KeyId": "mine"}]},
        "DescribeKey": {
            "KeyMetadata": {"KeyManager": "CUSTOMER", "Arn": "arn:k", "KeySpec": "RSA_2048", "Origin": "x"}
        },
    }
    with account_answering(answers) as account:
        vault, unknown = observe_vaults(account)
        subjects = [one.subject for one in observe_keys(account)]
    assert vault.exists
    assert unknown.subject == "the vaults of arn:odd"
    assert subjects[-1] == "the keys where arn:odd copies to"
    assert "arn:k" in subjects


def test_a_service_of_which_nothing_is_described_is_there_all_the_same() -> None:
    answers = {
        "ListClusters": {"clusterArns": ["arn/c"]},
        "ListServices": {"serviceArns": ["arn/c/odd"]},
        "DescribeServices": {},
    }
    with account_answering(answers) as account:
        (images,) = observe_images(account)
    assert images.subject == "the images of arn/c/odd"


def test_an_environment_that_is_not_described_is_named() -> None:
    with account_answering({"ListEnvironments": {"Environments": ["news"]}}) as account:
        (found,) = observe_airflow_environments(account)
    assert found.subject == "news"


def test_what_is_deferred_raises_once_it_is_looked_into() -> None:
    answers = {"GetQueueAttributes": None, "ListQueues": {}}

    def choke(account: Account) -> Any:
        return json.loads(as_answer({}, "sqs ListQueues")["QueueUrls"])

    with account_answering(answers) as account:
        gone = account.defer(account.get, "sqs", "GetQueueAttributes", QueueUrl="x")
        odd = account.attempt(choke, account)
        with pytest.raises(ZeroDivisionError):
            account.defer(lambda: 1 // 0)
        with pytest.raises(TypeError):
            account.attempt(lambda: int([]))  # type: ignore[call-overload]
    assert isinstance(odd, Unread)
    with pytest.raises(Unreadable, match="a part of it does not exist, or no longer"):
        gone["Attributes"]
    with account_answering(answers) as account, pytest.raises(Absent):
        account.get("sqs", "GetQueueAttributes", QueueUrl="x")
