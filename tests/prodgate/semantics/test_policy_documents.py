"""IAM policy documents are read as IAM reads them, and widened if that is unknown."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prodgate.semantics.event_patterns import matches
from prodgate.semantics.policy_documents import overlap, read_statements
from prodgate.semantics.topics import EVENTS, key_refusal, publish_refusal
from prodgate.semantics.unresolved import Unresolved

anything = st.recursive(st.none() | st.booleans() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s))


@given(parsed=anything)
def test_whatever_is_no_document_is_unresolved(parsed: Any) -> None:
    if parsed is None:
        assert read_statements(parsed, "it") == ()
    else:
        with pytest.raises(Unresolved, match=r"^it "):
            read_statements(parsed, "it")


@pytest.mark.parametrize("action", ["s3:* ", "", "s3:Get Object"])
def test_an_action_that_aws_refuses_is_none(action: str) -> None:
    statement = {"Effect": "Deny", "Action": ["s3:GetObject", action], "Resource": "*", "Principal": "*"}
    with pytest.raises(Unresolved, match="which AWS refuses"):
        read_statements({"Statement": statement}, "it")


def test_what_an_allow_leaves_out_is_everything_and_what_a_deny_leaves_out_is_nothing() -> None:
    parts = {
        "NotAction": "iam:*",
        "NotResource": "arn:aws:s3:::a",
        "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"},
    }
    (allow,) = read_statements({"Statement": {"Effect": "Allow", **parts}}, "it")
    assert allow.actions == allow.resources == ("*",)
    assert [principal.is_anybody for principal in allow.principals] == [True]
    (deny,) = read_statements({"Statement": {"Effect": "Deny", **parts}}, "it")
    assert (deny.actions, deny.resources, deny.principals) == ((), (), ())


@pytest.mark.parametrize(
    ("operator", "value", "restricts"),
    [
        ("StringEquals", "123456789012", True),
        ("ForAnyValue:StringLike", "o-example/*", True),
        ("StringLike", "*", False),
        ("StringEqualsIfExists", "123456789012", False),
        ("ForAllValues:StringEquals", "123456789012", False),
        ("StringNotEquals", "123456789012", False),
        ("Null", "false", False),
        ("ArnLike", "arn:aws:sns:*:123456789012:*", True),
        ("ArnLike", "arn:aws:cloudfront::*:distribution/*", False),
        ("ArnEquals", "arn:aws:s3:::news", True),
        ("ArnLike", "arn:aws:s3:::*", False),
        ("ArnEquals", "arn:aws:iam::*", False),
        ("StringLike", "arn:aws:*", False),
        ("StringLike", "arn:aws:iam::123456789012*", True),
        ("IpAddress", "0.0.0.0/0", False),
    ],
)
def test_a_condition_restricts_only_when_other_requests_are_not_matched(
    operator: str, value: str, restricts: bool
) -> None:
    parsed = {"Statement": {"Effect": "Allow", "Action": "*", "Condition": {operator: {"aws:SourceArn": value}}}}
    (statement,) = read_statements(parsed, "it")
    assert bool(statement.pinned("aws:SourceArn")) is restricts


patterns = st.text(alphabet="ab*?", max_size=6)


@given(pattern=patterns, text=st.text(alphabet="ab", max_size=6))
def test_overlap_with_a_text_is_matching_it(pattern: str, text: str) -> None:
    assert overlap(pattern, text) == fnmatchcase(text, pattern)


@given(left=patterns, right=patterns)
def test_overlap_is_symmetric_and_widens(left: str, right: str) -> None:
    assert overlap(left, right) == overlap(right, left)
    assert overlap(left, "*")
    assert not overlap(left, right) or overlap(left + "*", right)


# ── Event patterns

EVENT = {"source": "aws.guardduty", "detail": {"severity": 7, "service": {"archived": False}, "type": "Recon:EC2/Scan"}}


@pytest.mark.parametrize(
    ("pattern", "passed"),
    [
        ({"source": ["aws.guardduty"]}, True),
        ({"source": ["aws.health", "aws.guardduty"]}, True),
        ({"source": ["aws.health"]}, False),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": [{"suffix": ".health"}]}, False),
        ({"source": [{"wildcard": "aws.*"}]}, True),
        ({"source": [{"equals-ignore-case": "AWS.GuardDuty"}]}, True),
        ({"source": [{"exists": True}]}, True),
        ({"source": [{"anything-but": "aws.guardduty"}]}, False),
        ({"source": [{"anything-but": ["aws.health"]}]}, True),
        ({"source": [{"anything-but": {"prefix": "aws."}}]}, False),
        ({"detail": {"severity": [{"numeric": [">=", 7]}]}}, True),
        ({"detail": {"severity": [{"numeric": [">", 7]}]}}, False),
        ({"detail": {"severity": [{"numeric": [">=", 4, "<", 7]}]}}, False),
        ({"detail": {"severity": [7]}}, True),
        ({"detail": {"service": {"archived": [True]}}}, False),
        ({"source": {"name": ["aws.guardduty"]}}, False),
        ({"$or": [{"source": ["aws.health"]}, {"detail": {"severity": [7]}}]}, True),
        ({"$or": [{"source": ["aws.health"]}, {"detail": {"severity": [8]}}]}, False),
        ({"region": ["ap-northeast-1"]}, True),
    ],
)
def test_a_pattern_passes_what_it_asks_for(pattern: dict[str, Any], passed: bool) -> None:
    assert matches(pattern, EVENT) is passed


def test_a_test_that_is_not_known_is_no_answer() -> None:
    with pytest.raises(Unresolved, match="cidr"):
        matches({"source": [{"cidr": "10.0.0.0/24"}]}, EVENT)


# ── Topics

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

#: Conditions that keep everybody out except the organisation and AWS itself.
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
