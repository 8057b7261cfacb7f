"""What a role is allowed: by its own policies and by attached ones, less what is denied."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.aws.answers import Unreadable
from prodgate.facts.live.permissions import Rights, read_rights

ROLE, POLICY = "arn:aws:iam::123456789012:role/tasks", "arn:aws:iam::123456789012:policy/queues"
QUEUE = "arn:aws:sqs:ap-northeast-1:123456789012:failed"
BY_AWS = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"


def statement(action: str, resource: str = "*", effect: str = "Allow", **rest: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **rest}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}


class Details:
    """Answers what IAM would: one role with an inline policy and attached ones."""

    def __init__(self, inline: Any, attached: Any, *by_aws: str) -> None:
        role = {
            "Arn": ROLE,
            "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": inline}],
            "AttachedManagedPolicies": [{"PolicyArn": arn} for arn in (POLICY, *by_aws)],
        }
        old = {"Document": document(statement("*")), "IsDefaultVersion": False}
        versions = [old, {"Document": attached, "IsDefaultVersion": True}]
        self.page = {"RoleDetailList": [role], "Policies": [{"Arn": POLICY, "PolicyVersionList": versions}]}

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        return [self.page]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def of(pool: ThreadPoolExecutor, inline: Any, attached: Any = None, *by_aws: str, arn: str = ROLE) -> Rights:
    account = Account(
        id="123456789012",
        region="ap-northeast-1",
        now=datetime(2026, 11, 25, tzinfo=UTC),
        calls=Details(inline, attached or document(), *by_aws),
        pool=pool,
        declared=lambda _type: {},
        files=lambda _folder: {},
    )
    return read_rights(account, arn)


def test_inline_and_attached_policies_count_in_their_present_version(pool: ThreadPoolExecutor) -> None:
    found = of(pool, document(statement("xray:Put*")), document(statement("sqs:SendMessage", QUEUE)))
    assert found.may("xray:PutTraceSegments", "*")
    assert found.may("sqs:SendMessage", QUEUE)
    assert not found.may("sqs:SendMessage", f"{QUEUE}-other")
    assert not found.may("s3:PutObject", "arn:aws:s3:::data/x")


def test_what_a_policy_of_aws_allows_is_not_known_here(pool: ThreadPoolExecutor) -> None:
    found = of(pool, document(statement("sqs:*", QUEUE)), None, BY_AWS)
    assert found.by_aws == {"AWSXRayDaemonWriteAccess"}
    assert found.may("sqs:SendMessage", QUEUE)
    with pytest.raises(Unreadable, match="AWSXRayDaemonWriteAccess"):
        found.may("xray:PutTraceSegments", "*")


def test_a_document_may_come_as_text(pool: ThreadPoolExecutor) -> None:
    assert of(pool, json.dumps(document(statement("sqs:*", QUEUE)))).may("sqs:SendMessage", QUEUE)


def test_what_is_denied_is_not_allowed_unless_only_under_a_condition(pool: ThreadPoolExecutor) -> None:
    allowed, deny = statement("sqs:*", QUEUE), statement("sqs:SendMessage", effect="Deny")
    assert not of(pool, document(allowed, deny)).may("sqs:SendMessage", QUEUE)
    plain = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert of(pool, document(allowed, {**deny, **plain})).may("sqs:SendMessage", QUEUE)


def test_the_resources_of_an_action_are_named_as_they_are_written(pool: ThreadPoolExecutor) -> None:
    found = of(pool, document(statement("s3:PutObject", "arn:aws:s3:::data/*"), statement("s3:PutObject", QUEUE)))
    assert found.reaches("s3:PutObject", "arn:aws:s3:::") == ("arn:aws:s3:::data/*",)


@pytest.mark.parametrize(
    ("inline", "arn"), [(document({"Effect": "Perhaps"}), ROLE), (document(), "arn:aws:iam::123456789012:role/other")]
)
def test_what_is_not_understood_or_not_listed_is_unreadable(pool: ThreadPoolExecutor, inline: Any, arn: str) -> None:
    with pytest.raises(Unreadable):
        of(pool, inline, arn=arn)
