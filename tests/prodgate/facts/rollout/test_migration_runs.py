"""Of a task that ran migrations, the containers that its definition names count, and no others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prodgate.aws.plain_json import revive
from prodgate.facts.rollout.migration_runs import read_run, read_runs
from tests.prodgate.facts.live.stated_account import account_answering

AGENT = "aws-guardduty-agent-1a2b3"
AT = datetime(2025, 12, 31, 23, tzinfo=UTC)


def failure(defined: tuple[str, ...], **codes: Any) -> str:
    """Return what became of a task whose containers ended with these codes; None for a code that ECS leaves out."""
    ended = [
        {"name": name.replace("_", "-"), **({} if code is None else {"exitCode": code})} for name, code in codes.items()
    ]
    task = {
        "taskArn": "arn:task/1", "taskDefinitionArn": "migrate:1", "createdAt": AT, "startedAt": AT, "stoppedAt": AT,
        "containers": ended,
    }  # fmt: skip
    answers = {
        "ListClusters": {"clusterArns": ["news"]},
        "ListTasks": lambda asked: {"taskArns": ["arn:task/1"] if asked["desiredStatus"] == "STOPPED" else []},
        "DescribeTasks": {"tasks": [task]},
        "DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": [{"name": name} for name in defined]}},
    }
    with account_answering(answers) as account:
        (told,) = revive(read_runs(account, "migrate"))["tasks"]
    return read_run(told).failure


def test_an_agent_that_aws_kills_with_the_task_fails_no_migration() -> None:
    assert failure(("migrate",), migrate=0, aws_guardduty_agent_1a2b3=137) == ""
    assert failure(("migrate",), migrate=0, aws_guardduty_agent_1a2b3=None) == ""


def test_a_container_of_the_team_counts_whatever_it_is_called() -> None:
    assert failure(("migrate", AGENT), migrate=0, aws_guardduty_agent_1a2b3=137) == f"{AGENT}: exit code 137"
    assert failure(("migrate",), migrate=1, aws_guardduty_agent_1a2b3=0) == "migrate: exit code 1"


def test_a_task_of_which_only_the_agent_is_left_ran_nothing() -> None:
    assert failure(("migrate",), aws_guardduty_agent_1a2b3=0) == "no container"
