"""Statements that can never grant, and those that can."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prodgate.iam.account import Account, Principal
from prodgate.iam.documents import Document
from prodgate.iam.goals import Goal
from prodgate.iam.idle import list_idle
from prodgate.iam.impossible import list_shut
from prodgate.iam.truth import Doubt
from prodgate.iam.usage import answer_of_idle

from .policies import ACCOUNT, document, statement

ARN = f"arn:aws:iam::{ACCOUNT}:role/tool"
BUCKET = "arn:aws:s3:::b"
READ = statement("s3:GetObject", f"{BUCKET}/*")


def idle(*written: Any, boundary: Document | None = None, unread: str = "", where: str = "a.tf:1") -> list[str]:
    documents = (document(*written, where=where), *((Document(unread=unread),) if unread else ()))
    principal = Principal(arn=ARN, identity=documents, boundary=boundary)
    return [one.why for one in list_idle(principal, Account(id=ACCOUNT, principals=(principal,)))]


def under(operator: str, key: str, *values: str) -> Any:
    return statement("s3:GetObject", f"{BUCKET}/*", Condition={operator: {key: list(values)}})


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ([READ, statement("s3:*", effect="Deny")], "denied by a.tf:1 statement 2"),
        (
            [
                READ,
                statement("s3:*", f"{BUCKET}/a*", effect="Deny"),
                {"Effect": "Deny", "Action": "s3:Get*", "NotResource": f"{BUCKET}/a*"},
            ],
            "denied in part by each of several statements",
        ),
        ([statement("s3:GetObjects", f"{BUCKET}/*")], "AWS has no action of that name"),
        ([statement("s4:*")], "AWS has no action of that name"),
        ([statement("s3:GetObject", BUCKET)], "s3:GetObject: never done to arn:aws:s3:::b, as of"),
        (
            [statement(["s3:ListBucket", "s3:GetObject"], f"{BUCKET}/*")],
            "s3:ListBucket: never done to arn:aws:s3:::b/*, as of",
        ),
        ([statement("iam:PassRole", "arn:aws:iam::*:user/a")], "iam:PassRole: never done to arn:aws:iam::*:user/a"),
        ([statement("kms:Decrypt", "arn:aws:kms:*:*:alias/a")], "kms:Decrypt: never"),
        (
            [under("StringEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/other")],
            "its conditions contradict",
        ),
        (
            [
                statement(
                    "s3:GetObject",
                    Condition={
                        "StringEquals": {"aws:SourceVpc": "vpc-1"},
                        "StringNotEquals": {"aws:SourceVpc": "vpc-1"},
                    },
                )
            ],
            "its conditions contradict",
        ),
    ],
)
def test_what_can_never_grant_is_said_with_its_reason(written: list[Any], why: str) -> None:
    (found,) = idle(*written)
    assert why in found


@pytest.mark.parametrize(
    "written",
    [
        [READ, statement("s3:*", f"{BUCKET}/a*", effect="Deny")],
        [READ, statement("s3:*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})],
        [READ, statement("s3:*", effect="Deny", Condition={"StringIs": {"a": "b"}})],  # nobody knows what that denies
        [statement("s3:*"), statement("*"), statement("s3:Get*", f"{BUCKET}*")],
        [statement("s*", f"{BUCKET}/*")],
        [
            statement("codedeploy:StopDeployment", "arn:aws:codedeploy:eu-west-1:111122223333:application:a")
        ],  # AWS's data
        # name no resource for it, and its pages do
        [statement("s3:GetObject", "arn:aws:s3:::b*")],
        [statement("kms:Decrypt", "arn:aws:kms:*:*:*"), statement("s3:GetObject", "arn:aws:sqs:eu-west-1:*:q")],
        [statement("iam:PassRole", "arn:aws:iam::*:role/*")],
        [statement("s3:GetObject", "${aws:PrincipalTag/home}")],
        [under("DateGreaterThan", "aws:CurrentTime", "2099-01-01T00:00:00Z")],  # it may grant in another year
        [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}],
        [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/x"}],
    ],
)
def test_what_may_grant_is_not_blamed(written: list[Any]) -> None:
    assert idle(*written) == []


def test_a_boundary_may_leave_nothing() -> None:
    assert idle(READ, boundary=document(statement("ec2:*"))) == ["the permissions boundary allows nothing of it"]
    assert idle(READ, boundary=document(statement("s3:*"))) == []
    assert idle(READ, boundary=Document(unread="it is decided later")) == []


def test_nothing_is_said_where_a_policy_is_not_read_nor_of_those_of_aws() -> None:
    denied = [READ, statement("s3:*", effect="Deny")]
    assert idle(*denied, unread="it is decided later") == []
    assert idle(*denied, where="arn:aws:iam::aws:policy/X v1 of 2020-01-01") == []


def shut(principal: Any, *denied: Any, guards: bool = False, **others: Any) -> list[str]:
    """Return why statements of a trust policy, or of a policy of a bucket, let nobody in."""
    action, on = ("s3:GetObject", {"Resource": f"{BUCKET}/*"}) if guards else ("sts:AssumeRole", {})
    allowed = {"Effect": "Allow", "Action": action, "Principal": principal, **on, **others}
    written = document(allowed, *({"Effect": "Deny", "Action": "*", "Principal": "*", **on, **one} for one in denied))
    role = Principal(arn=ARN, trust=None if guards else written)
    account = Account(id=ACCOUNT, principals=(role,), guards={"s3": written} if guards else {})
    return [one.why for one in list_shut(account, "" if guards else ARN)]


OTHER = {"AWS": "arn:aws:iam::444455556666:role/x"}
CONTRADICTING = {"StringEquals": {"aws:x": "a"}, "StringNotEquals": {"aws:x": "a"}}


@pytest.mark.parametrize("guards", [False, True])
@pytest.mark.parametrize(
    ("principal", "others", "why"),
    [
        ({"AWS": "AROAEXAMPLEEXAMPLE123"}, {}, "AROAEXAMPLEEXAMPLE123 was deleted"),
        (
            {"AWS": ["AIDAEXAMPLEEXAMPLE123", "arn:aws:iam::444455556666:group/g"]},
            {},
            "is a group, which nobody calls as",
        ),
        ({"AWS": "arn:aws:iam::444455556666:role/*"}, {}, "holds a wildcard, and names nobody but itself"),
        (OTHER, {"Condition": CONTRADICTING}, "its conditions contradict each other"),
        ({"Service": "ec2.amazonaws.com"}, {"Condition": CONTRADICTING}, "its conditions contradict each other"),
    ],
)
def test_who_can_never_come_in_is_said(guards: bool, principal: Any, others: Any, why: str) -> None:
    (found,) = shut(principal, guards=guards, **others)
    assert why in found


@pytest.mark.parametrize("guards", [False, True])
@pytest.mark.parametrize(
    ("principal", "denied", "others"),
    [
        (OTHER, [], {}),
        ({"AWS": ["AROAEXAMPLEEXAMPLE123", OTHER["AWS"]]}, [], {}),
        ("*", [], {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}),
        (OTHER, [{"Condition": {"Bool": {"aws:SecureTransport": "false"}}}], {}),
        (OTHER, [], {"Condition": {"StringEquals": {"sts:ExternalId": "x"}}}),
        ({"Federated": "cognito-identity.amazonaws.com"}, [], {"Condition": {"StringIs": {"a": "b"}}}),
        ({"CanonicalUser": "abc"}, [], {"Condition": {"Bool": {"a": "true"}}}),
    ],
)
def test_who_may_come_in_is_not_blamed(guards: bool, principal: Any, denied: Any, others: Any) -> None:
    assert shut(principal, *denied, guards=guards, **others) == []


def test_what_the_same_policy_denies_lets_nobody_in() -> None:
    assert shut(OTHER, {}, guards=True) == ["everything of it is denied by the same policy"]
    assert shut({"Service": "ec2.amazonaws.com"}, {}) == ["everything of it is denied by the same policy"]


def test_a_goal_asks_of_principals_and_of_resources() -> None:
    good, bad = document(READ, where="a.tf:1"), document(statement("s4:*"), where="b.tf:2")
    shut_guard = document(
        statement("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": "AROAEXAMPLEEXAMPLE123"}), where="c.tf:3"
    )
    roles = tuple(
        Principal(arn=f"{ARN}-{n}", identity=(one,)) for n, one in enumerate([good, bad, Document(unread="later")])
    )
    account = Account(id=ACCOUNT, principals=roles, guards={"s3": shut_guard})
    every = Goal(may=True, actions=(), grants=True)
    kept, broken, unread, guard = answer_of_idle(every, account)
    assert (kept.kept, broken.kept, guard.kept) == (True, False, False)
    assert broken.said.startswith("b.tf:2 statement 1 grants nothing: AWS has no action of that name")
    assert (broken.places, guard.places) == (("b.tf:2 statement 1",), ("c.tf:3 statement 1",))
    assert unread.kept == Doubt(frozenset({"later"}))
    assert [one.who for one in answer_of_idle(replace(every, principals=("role/tool-0",)), account)] == [f"{ARN}-0"]
