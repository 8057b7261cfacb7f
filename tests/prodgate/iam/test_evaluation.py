"""IAM's decision on one request: documented examples, and what must hold of any policies."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodgate.iam.decision import Policies
from prodgate.iam.documents import Document
from prodgate.iam.evaluation import Answer, Request, evaluate
from prodgate.iam.patterns import matches, read_pattern
from prodgate.semantics.unresolved import Unresolved

from .policies import (
    ACCOUNT,
    ROLE,
    SESSION,
    USER,
    asked,
    contexts,
    document,
    identity,
    request,
    statement,
    statements,
)  # fmt: skip

BUCKET = "arn:aws:s3:::photos/a.png"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
ALLOWED, DENIED, NOT_ALLOWED = Answer.ALLOWED, Answer.DENIED, Answer.NOT_ALLOWED
GET = request("s3:GetObject", BUCKET)
ANYTHING = statement("*")


def to(principal: Any, action: str = "s3:GetObject", effect: str = "Allow", **others: Any) -> Document:
    return document({"Effect": effect, "Action": action, "Resource": "*", "Principal": principal, **others})


@pytest.mark.parametrize(
    ("policies", "asked_for", "answer"),
    [
        (identity(), GET, NOT_ALLOWED),
        (identity(statement("S3:get*", "arn:aws:s3:::photos/*")), GET, ALLOWED),
        (identity(statement("s3:GetObject", "arn:aws:s3:::other/*")), GET, NOT_ALLOWED),
        (identity(statement("s3:GetObject", "arn:aws:s3:::${aws:username}/*")), GET, NOT_ALLOWED),
        (
            identity(statement("s3:GetObject", "arn:aws:s3:::${aws:username}/*")),
            request("s3:GetObject", "arn:aws:s3:::ann/a", aws__username="ann"),
            ALLOWED,
        ),
        (identity(ANYTHING, statement("s3:*", effect="Deny")), GET, DENIED),
        (identity({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), GET, ALLOWED),
        (identity({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::photos/*"}), GET, NOT_ALLOWED),
        (identity(ANYTHING, boundaries=(document(statement("sqs:*")),)), GET, NOT_ALLOWED),
        (identity(ANYTHING, boundaries=(document(ANYTHING),)), GET, ALLOWED),
        (identity(ANYTHING, session=document(statement("sqs:*"))), GET, NOT_ALLOWED),
        (identity(ANYTHING, scps=((document(ANYTHING),), ())), GET, NOT_ALLOWED),
        (identity(ANYTHING, scps=((document(ANYTHING),), (document(ANYTHING),))), GET, ALLOWED),
        (identity(ANYTHING, rcps=((document(statement("s3:*", effect="Deny")),),)), GET, DENIED),
        (Policies(resource=to({"AWS": USER})), GET, ALLOWED),
        (Policies(resource=to({"AWS": ACCOUNT})), GET, NOT_ALLOWED),
        (identity(ANYTHING, resource=to({"AWS": USER}, effect="Deny")), GET, DENIED),
        (Policies(resource=to({"AWS": USER}), boundaries=()), GET, ALLOWED),
        (
            Policies(resource=to({"AWS": ROLE}), boundaries=()),
            request("s3:GetObject", BUCKET, SESSION),
            NOT_ALLOWED,
        ),
        (identity(ANYTHING), request("s3:GetObject", BUCKET, account="444455556666"), NOT_ALLOWED),
        (
            identity(ANYTHING, resource=to({"AWS": ACCOUNT})),
            request("s3:GetObject", BUCKET, account="444455556666"),
            ALLOWED,
        ),
        (identity(ANYTHING, resource=to({"AWS": ROLE}, "kms:*")), request("kms:Decrypt", KEY), NOT_ALLOWED),
        (identity(ANYTHING, resource=to({"AWS": ACCOUNT}, "kms:*")), request("kms:Decrypt", KEY), ALLOWED),
        (identity(ANYTHING, resource=to({"AWS": SESSION}, "sts:*")), request("sts:AssumeRole", ROLE), NOT_ALLOWED),
        (Policies(resource=to({"AWS": USER}, "sts:*")), request("sts:AssumeRole", ROLE), ALLOWED),
        (identity(statement("sts:*", effect="Deny")), request("sts:GetCallerIdentity", "*"), ALLOWED),
        (identity(ANYTHING), request("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/A"), NOT_ALLOWED),
        (Policies(resource=to("*")), request("s3:GetObject", BUCKET, ""), ALLOWED),
        (Policies(resource=to({"Service": "sns.amazonaws.com"})), GET, NOT_ALLOWED),
        (
            Policies(resource=to({"Service": "sns.amazonaws.com"})),
            request("s3:GetObject", BUCKET, "sns.amazonaws.com"),
            ALLOWED,
        ),
    ],
)
def test_documented_decisions(policies: Policies, asked_for: Request, answer: Answer) -> None:
    assert evaluate(asked_for, policies) is answer


@pytest.mark.parametrize(
    ("condition", "context", "applies"),
    [
        ({"StringEquals": {"aws:X": ["a", "b"]}}, {"aws__x": "b"}, True),
        ({"StringEquals": {"aws:x": "a*"}}, {"aws__x": "ab"}, False),
        ({"StringLike": {"aws:x": "a*"}}, {"aws__x": "ab"}, True),
        ({"StringEquals": {"aws:x": "a"}}, {}, False),
        ({"StringNotEquals": {"aws:x": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"aws:x": "a"}}, {}, True),
        ({"ForAllValues:StringEquals": {"aws:x": "a"}}, {}, True),
        ({"ForAllValues:StringEquals": {"aws:x": "a"}}, {"aws__x": ("a", "b")}, False),
        ({"ForAnyValue:StringEquals": {"aws:x": "a"}}, {"aws__x": ("a", "b")}, True),
        ({"ForAnyValue:StringEquals": {"aws:x": "a"}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:x": "a"}}, {"aws__x": ("a", "b")}, True),
        ({"Null": {"aws:x": "true"}}, {}, True),
        ({"Null": {"aws:x": "false"}}, {}, False),
        ({"NumericLessThanEquals": {"aws:x": "10"}}, {"aws__x": "9.5"}, True),
        ({"DateLessThan": {"aws:x": "2026-01-01T00:00:00Z"}}, {"aws__x": "2026-01-01T00:30:00+01:00"}, True),
        ({"NotIpAddress": {"aws:x": ["10.0.0.0/8", "192.168.0.0/16"]}}, {"aws__x": "192.168.1.1"}, False),
        ({"IpAddress": {"aws:x": "10.0.0.0/8"}}, {"aws__x": "2001:db8::1"}, False),
        ({"ArnLike": {"aws:x": "arn:aws:iam::*:role/a*"}}, {"aws__x": f"arn:aws:iam::{ACCOUNT}:role/ab"}, True),
        ({"ArnEquals": {"aws:x": "arn:aws:sqs:*:*:q"}}, {"aws__x": "arn:aws:sqs:a:b:c:q"}, False),
        ({"Bool": {"aws:x": "false"}}, {"aws__x": "False"}, True),
        ({"StringLike": {"aws:x": "a${*}"}}, {"aws__x": "ab"}, False),
        ({"StringEquals": {"aws:x": "${aws:y, 'z'}"}}, {"aws__x": "z"}, True),
    ],
)
def test_conditions(condition: Any, context: dict[str, Any], applies: bool) -> None:
    found = evaluate(request("s3:Get", "*", **context), identity(statement("*", Condition=condition)))
    assert found is (ALLOWED if applies else NOT_ALLOWED)


@pytest.mark.parametrize(
    ("policies", "context", "reason"),
    [
        (identity(statement("*", Condition={"StringIs": {"a": "b"}})), {}, "operator StringIs is not known"),
        (identity(statement("*", Condition={"StringEquals": {"a": "b"}})), {"a": ("b", "c")}, "has several values"),
        (identity(statement("*", Condition={"Bool": {"a": "yes"}})), {"a": "true"}, "compared as truth values"),
        (identity(statement("*", "arn:aws:s3")), {}, "not written as an ARN with six parts"),
        (identity(statement("*", "arn:aws:S3:::a")), {}, "capitals"),
        (Policies(identity=(Document(unread="ReadOnlyAccess is not read"),)), {}, "ReadOnlyAccess is not read"),
        (Policies(resource=to({"CanonicalUser": "1"})), {}, "CanonicalUser"),
    ],
)
def test_what_is_not_understood_is_undetermined_where_it_decides(policies: Any, context: Any, reason: str) -> None:
    with pytest.raises(Unresolved, match=reason):
        evaluate(request("s3:GetObject", BUCKET, **context), policies)
    with pytest.raises(Unresolved, match="not known"):
        evaluate(request("kms:Decrypt", KEY), identity(ANYTHING))
    denied = Policies(
        identity=(*policies.identity, document(statement("*", effect="Deny"))), resource=policies.resource
    )
    assert evaluate(request("s3:GetObject", BUCKET, **context), denied) is DENIED


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"Version": "2012-10-17"}, "no Statement"),
        ({"Version": "2013", "Statement": []}, "version '2013'"),
        ({"Statement": [statement("*", Sid="A", Resources="*")]}, "A has the element 'resources'"),
        ({"Statement": [statement("*", NotAction="a")]}, "both Action and NotAction"),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, "neither Action nor NotAction"),
        ({"Statement": [statement("*", effect="allow")]}, "effect 'allow'"),
    ],
)
def test_what_aws_would_refuse_is_refused(written: Any, reason: str) -> None:
    from prodgate.iam.documents import read_document

    with pytest.raises(Unresolved, match=reason):
        read_document(written, "p")


def decide(written: Any, wanted: tuple[str, str], context: Any) -> Answer | None:
    try:
        return evaluate(request(*wanted, **context), identity(*written))
    except Unresolved:
        return None


@settings(max_examples=150, deadline=None)
@given(st.lists(statements(), max_size=3), statements("Allow"), statements("Deny"), asked, contexts)
def test_an_allow_never_takes_and_a_deny_never_gives(
    written: Any, allow: Any, deny: Any, wanted: Any, context: Any
) -> None:
    before = decide(written, wanted, context)
    if before is ALLOWED:
        assert decide([*written, allow], wanted, context) is ALLOWED
    elif before is not None:
        assert decide([*written, deny], wanted, context) is not ALLOWED


def match_by_trying(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(match_by_trying(pattern[1:], text[n:]) for n in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and match_by_trying(pattern[1:], text[1:])


@settings(max_examples=300, deadline=None)
@given(st.text("ab*?", max_size=6), st.text("ab", max_size=5))
def test_wildcards_match_what_trying_every_way_matches(pattern: str, text: str) -> None:
    assert matches(read_pattern(pattern, None), text) is match_by_trying(pattern, text)


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("iam:PutRolePolicy", NOT_ALLOWED),
        ("iam:UpdateAssumeRolePolicy", NOT_ALLOWED),
        ("iam:GetRole", ALLOWED),
        ("iam:UpdateRoleDescription", ALLOWED),
    ],
)
def test_nobody_edits_what_a_role_may_that_a_service_made_for_itself(action: str, answer: Answer) -> None:
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    assert evaluate(request(action, linked), identity(ANYTHING)) is answer
    assert evaluate(request(action, ROLE), identity(ANYTHING)) is ALLOWED
