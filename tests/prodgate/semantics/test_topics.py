"""Whether AWS's services can publish to a topic: what its policy and its key say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prodgate.semantics.topics import EVENTS, key_refusal, publish_refusal
from prodgate.semantics.unresolved import Unresolved

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:ap-northeast-1:{ACCOUNT}:alarms"
ALARM = f"arn:aws:cloudwatch:ap-northeast-1:{ACCOUNT}:alarm:slow"
KEY = {"Arn": f"arn:aws:kms:ap-northeast-1:{ACCOUNT}:key/1", "KeyManager": "CUSTOMER", "KeyState": "Enabled"}


def statement(**changes: Any) -> dict[str, Any]:
    usual = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish"}
    return {**usual, "Resource": TOPIC, **changes}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def when(operator: str, **values: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key.replace("_", ":"): value for key, value in values.items()}}}


def denial(operator: str, **values: Any) -> dict[str, Any]:
    return statement(Effect="Deny", Principal="*", **when(operator, **values))


DEFAULT = statement(Principal={"AWS": "*"}, Action=["SNS:Publish"], **when("StringEquals", AWS_SourceOwner=ACCOUNT))
PLAIN_HTTP = statement(Effect="Deny", Principal="*", **when("Bool", aws_SecureTransport="false"))

#: What keeps everybody out but the organisation and AWS itself.
OTHERS = denial("StringNotEqualsIfExists", aws_PrincipalOrgID="o-1")
OTHERS["Condition"]["BoolIfExists"] = {"aws:PrincipalIsAWSService": "false"}


@pytest.mark.parametrize(
    "statements",
    [
        [statement()],
        [DEFAULT],
        [statement(), PLAIN_HTTP],
        [statement(Action="sns:*", Resource="*")],
        [statement(**when("StringEquals", aws_SourceAccount=ACCOUNT))],
        [statement(**when("ArnLike", aws_SourceArn=f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*"))],
        [statement(), OTHERS],
        [statement(), denial("StringNotEquals", aws_SourceAccount=ACCOUNT)],
        [statement(), denial("StringEquals", aws_PrincipalOrgID="o-1")],
    ],
)
def test_a_policy_admits_alarms(statements: list[dict[str, Any]]) -> None:
    assert publish_refusal(policy(*statements), TOPIC, (ALARM,)) == ""


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [statement(Principal={"Service": "events.amazonaws.com"})],
        [statement(Action="sns:Subscribe")],
        [statement(Resource=TOPIC + "-2")],
        [statement(), statement(Effect="Deny", Principal="*")],
        [statement(**when("StringEquals", aws_SourceAccount="210987654321"))],
        [statement(**when("ArnLike", aws_SourceArn=f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:other-*"))],
        [statement(**when("StringEquals", aws_PrincipalOrgID="o-1"))],
        [statement(**when("StringNotEquals", aws_SourceAccount=ACCOUNT))],
        [statement(), denial("StringNotEquals", aws_PrincipalOrgID="o-1")],
        [statement(), denial("StringNotEquals", aws_SourceAccount="210987654321")],
        [statement(), denial("ArnLike", aws_SourceArn=f"{ALARM[:-4]}*")],
        [statement(), denial("Null", aws_PrincipalOrgID="true")],
    ],
)
def test_a_policy_keeps_alarms_out(statements: list[dict[str, Any]]) -> None:
    assert "policy" in publish_refusal(policy(*statements), TOPIC, (ALARM,))


def test_what_a_service_does_not_state_must_not_be_asked_for() -> None:
    asked = statement(Principal={"Service": EVENTS}, **when("StringEquals", aws_SourceAccount=ACCOUNT))
    rule = f"arn:aws:events:ap-northeast-1:{ACCOUNT}:rule/finding"
    assert "does not allow" in publish_refusal(policy(asked), TOPIC, (rule,), EVENTS)


def test_a_condition_on_what_eventbridge_may_not_state_is_not_relied_on() -> None:
    rule = f"arn:aws:events:ap-northeast-1:{ACCOUNT}:rule/finding"
    asked = statement(Principal={"Service": EVENTS}, **when("ArnLike", aws_SourceArn=rule))
    with pytest.raises(Unresolved, match="under a condition only"):
        publish_refusal(policy(asked), TOPIC, (rule,), EVENTS)
    open_ = statement(Principal={"Service": EVENTS})
    assert publish_refusal(policy(open_, PLAIN_HTTP), TOPIC, (rule,), EVENTS) == ""
    assert publish_refusal(policy(asked, open_), TOPIC, (rule,), EVENTS) == ""


def test_each_source_must_be_admitted() -> None:
    one = statement(**when("ArnLike", aws_SourceArn=ALARM))
    assert "fast" in publish_refusal(policy(one), TOPIC, (ALARM, ALARM.replace("slow", "fast")))


def test_a_topic_without_a_policy_admits_its_account() -> None:
    assert publish_refusal("", TOPIC, (ALARM,)) == ""


def test_a_policy_that_is_none_is_not_judged() -> None:
    with pytest.raises(Unresolved):
        publish_refusal("nonsense", TOPIC, (ALARM,))


def uses(*actions: str, **changes: Any) -> str:
    return policy(statement(Action=list(actions), Resource="*", **changes))


def test_a_key_opens() -> None:
    assert key_refusal(KEY, uses("kms:Decrypt", "kms:GenerateDataKey*"), ACCOUNT) == ""
    owned = when("StringEquals", aws_SourceAccount=ACCOUNT)
    assert key_refusal(KEY, uses("kms:Decrypt", "kms:GenerateDataKey", **owned), ACCOUNT) == ""


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"KeyManager": "AWS"}, "AWS's own"),
        ({"KeyState": "Disabled"}, "is Disabled"),
        ({"KeyState": "PendingDeletion"}, "is PendingDeletion"),
    ],
)
def test_a_key_that_can_not_be_used(changes: dict[str, str], text: str) -> None:
    assert text in key_refusal(KEY | changes, uses("kms:*"), ACCOUNT)


@pytest.mark.parametrize("opened", [uses("kms:Decrypt"), uses("kms:GenerateDataKey*"), policy()])
def test_a_key_needs_both_uses(opened: str) -> None:
    assert "does not allow cloudwatch.amazonaws.com" in key_refusal(KEY, opened, ACCOUNT)


def test_a_denial_that_is_not_understood_is_not_passed_over() -> None:
    with pytest.raises(Unresolved, match="dategreaterthan"):
        publish_refusal(policy(statement(), denial("DateGreaterThan", aws_CurrentTime="2026-01-01")), TOPIC, (ALARM,))


def test_a_key_that_denies_what_it_allows_is_closed() -> None:
    opened = statement(Action="kms:*", Resource="*")
    for closed in (
        statement(Effect="Deny", Principal="*", Action="kms:Decrypt", Resource="*"),
        denial("StringNotEquals", aws_PrincipalOrgID="o-1") | {"Action": "kms:*", "Resource": "*"},
    ):
        assert "denies cloudwatch.amazonaws.com its use" in key_refusal(KEY, policy(opened, closed), ACCOUNT)
