"""Failures go where the execution role may send: to one queue and one topic, or nothing is certain."""

import json
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.dags.failures import FailureDestinations, find_failure_destinations
from tests.prodgate.facts.live.stated_account import ACCOUNT, REGION, account_answering

QUEUE, OTHER = (f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in ("dead", "other-dead"))
TOPIC, ALARMS = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("failures", "alarms"))
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
ROOT = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
USE = {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": KEY}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/airflow"


def queue(arn: str, redrives_to: str = "") -> dict[str, str]:
    policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": redrives_to})} if redrives_to else {}
    return {"QueueArn": arn, **policy}


def answers(
    sends: list[str],
    publishes: list[str],
    names: tuple[str, ...] = ("news",),
    locked: tuple[str, ...] = (),
    rights: tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:
    """Answers of an account; ``locked`` are the queues and topics that a customer's key encrypts."""
    under = {arn: {"KmsMasterKeyId": KEY} for arn in locked}
    queues = {arn.rpartition(":")[2]: queue(arn) | under.get(arn, {}) for arn in (QUEUE, OTHER)}
    queues["work"], queues["more"] = queue("arn:w", QUEUE), queue("arn:m", OTHER)
    allow = [
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": sends},
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": publishes},
        *rights,
    ]
    role = {"Arn": ROLE, "RolePolicyList": [{"PolicyDocument": {"Version": "2012-10-17", "Statement": allow}}]}
    return {
        "ListEnvironments": {"Environments": list(names)},
        "GetEnvironment": lambda asked: {"Environment": {"Name": asked["Name"], "ExecutionRoleArn": ROLE}},
        "ListQueues": {"QueueUrls": list(queues)},
        "GetQueueAttributes": lambda asked: {"Attributes": queues[asked["QueueUrl"]]},
        "ListTopics": {"Topics": [{"TopicArn": TOPIC}, {"TopicArn": ALARMS}]},
        "GetTopicAttributes": lambda asked: {"Attributes": under.get(asked["TopicArn"], {})},
        "DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyManager": "CUSTOMER", "KeyState": "Enabled"}},
        "GetKeyPolicy": {"Policy": json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*", **ROOT}]})},
        "GetAccountAuthorizationDetails": {"RoleDetailList": [role], "Policies": []},
    }


def reason(environment: str = "", **stated: Any) -> str:
    with account_answering(answers(**{"sends": [QUEUE], "publishes": [TOPIC], **stated})) as account:
        with pytest.raises(Unreadable) as raised:
            find_failure_destinations(account, environment)
        return raised.value.reason


@pytest.mark.parametrize("environment", ["", "news"])
def test_the_role_says_where_failures_go(environment: str) -> None:
    with account_answering(answers([QUEUE, "arn:w"], [TOPIC])) as account:
        assert find_failure_destinations(account, environment) == FailureDestinations(
            environment="news", queue=QUEUE, topic=TOPIC
        )


def test_elsewhere_than_on_mwaa_the_role_of_the_workers_says_it() -> None:
    with account_answering(answers([QUEUE], [TOPIC], names=())) as account:
        found = find_failure_destinations(account, role=ROLE)
        with pytest.raises(Unreadable, match=f"lists no role {ROLE}s"):
            find_failure_destinations(account, role=f"{ROLE}s")
    assert found == FailureDestinations(environment="", queue=QUEUE, topic=TOPIC)


def test_none_or_several_are_no_place() -> None:
    assert reason(sends=["arn:w"]).startswith(f"there is no dead-letter queue that {ROLE} may send to")
    assert f"more than one dead-letter queue that {ROLE} may send to: {QUEUE}, {OTHER}" in reason(sends=["*"])
    assert reason(publishes=["arn:x"]).startswith(f"there is no topic that {ROLE} may send to")
    assert "more than one topic" in reason(publishes=[TOPIC, ALARMS])


def test_what_a_key_closes_to_the_role_takes_no_failure() -> None:
    assert reason(locked=(QUEUE,)).startswith(f"there is no dead-letter queue that {ROLE} may send to")
    assert reason(locked=(TOPIC,)).startswith(f"there is no topic that {ROLE} may send to: none; allow it sns:Publish")
    with account_answering(answers(["*"], ["*"], locked=(OTHER, ALARMS))) as account:
        found = find_failure_destinations(account)
    assert (found.queue, found.topic) == (QUEUE, TOPIC)
    with account_answering(answers([QUEUE], [TOPIC], locked=(QUEUE, TOPIC), rights=(USE,))) as account:
        assert find_failure_destinations(account) == found


def test_an_environment_that_is_not_certain_is_none() -> None:
    assert "there is no Airflow environment 'new'; did you mean 'news'?" in reason("new")
    assert "more than one Airflow environment: a, b" in reason(names=("a", "b"))
    assert "there is no Airflow environment: none" in reason(names=())
