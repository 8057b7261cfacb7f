"""Statements that can never grant, and those that can."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.iam.account import Account, Principal
from prodgate.iam.documents import Document
from prodgate.iam.idle import list_idle

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
        [statement("s3:GetObject", BUCKET)],  # AWS takes resources that it does not document
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
