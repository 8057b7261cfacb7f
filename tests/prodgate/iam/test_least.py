"""What is granted beside what is used: named with its place, never where it is not known, and the least that would do."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.iam.account import Account, Principal
from prodgate.iam.answers import Answer
from prodgate.iam.containment import find_new_access
from prodgate.iam.documents import Document, read_identity_document
from prodgate.iam.least import Measured, measure
from prodgate.iam.needs import Need, Needs
from prodgate.iam.service_needs import list_needs, list_services
from prodgate.iam.smallest import write_smallest
from prodgate.iam.truth import Doubt
from prodgate.iam.usage import answer_of_use

from .policies import ACCOUNT, document, statement

ROLE = f"arn:aws:iam::{ACCOUNT}:role/tool"
BUCKET = "arn:aws:s3:::b/*"


def known(*written: Any, **others: Any) -> tuple[Principal, Account]:
    principal = Principal(arn=ROLE, identity=(document(*written, where="a.tf:1"),), place="a.tf:9", **others)
    return principal, Account(id=ACCOUNT, principals=(principal,))


def using(*actions: str, unread: tuple[str, ...] = ()) -> Needs:
    return Needs(tuple(Need(one, "job.py:3", must="*" not in one) for one in actions), unread)


def measured(needs: Needs, *written: Any, **others: Any) -> Measured:
    return measure(*known(*written, **others), needs)


def unused(needs: Needs, *written: Any, **others: Any) -> list[str]:
    found = measured(needs, *written, **others).unused
    return [f"{one.written} but {' '.join(one.used)}".removesuffix(" but ") for one in found]


def via(service: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ViaService": f"{service}.eu-west-1.amazonaws.com"}}


def passing(service: str) -> dict[str, Any]:
    return {"StringEquals": {"iam:PassedToService": service}}


@pytest.mark.parametrize(
    ("used", "written", "rest"),
    [
        (["s3:GetObject"], [statement(["s3:GetObject", "s3:PutObject"], BUCKET)], ["s3:PutObject"]),
        (["s3:GetObject"], [statement("s3:Get*", BUCKET)], ["s3:Get* but s3:GetObject"]),
        (["s3:Get*"], [statement("s3:Get*", BUCKET)], []),
        (["s3:G*"], [statement("s3:GetObject", BUCKET)], []),
        (["s3:GetObject"], [statement("*")], ["* but s3:GetObject"]),
        (["S3:getobject"], [statement("s3:GetObject", BUCKET)], []),
        ([], [statement("s3:GetObject"), statement("s3:GetObject", effect="Deny")], []),  # it is not granted
        (["s3:GetObject"], [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], ["* but s3:GetObject"]),
        (["s3:GetObject"], [statement("s3:GetObject"), statement("kms:Decrypt", Condition=via("s3"))], []),
        (["s3:GetObject"], [statement("s3:GetObject"), statement("kms:Decrypt", Condition=via("sqs"))], ["kms:Decrypt"]),
        (["ecs:RunTask"], [statement("ecs:RunTask"), statement("iam:PassRole", Condition=passing("ecs-tasks.amazonaws.com"))], []),
        (["ecs:StopTask"], [statement("ecs:StopTask"), statement("iam:PassRole", Condition=passing("ecs-tasks.amazonaws.com"))], ["iam:PassRole"]),
    ],
)  # fmt: skip
def test_what_is_not_used_is_named(used: list[str], written: list[Any], rest: list[str]) -> None:
    assert unused(using(*used), *written) == rest


def test_resources_tell_what_a_service_uses_from_what_it_does_not() -> None:
    needs = Needs(tuple(list_needs("mwaa")))
    celery, own = "arn:aws:sqs:eu-west-1:*:airflow-celery-*", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:retry"
    assert unused(needs, statement("sqs:ReceiveMessage", celery), statement("sqs:ReceiveMessage", own)) == [
        "sqs:ReceiveMessage"
    ]


def test_what_is_used_and_not_granted_is_missing() -> None:
    written = statement("s3:*", BUCKET), statement("s3:PutObject", effect="Deny")
    found = measured(using("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "sns:*"), *written)
    assert [one.action for one in found.missing] == ["s3:PutObject", "sqs:SendMessage"]
    bounded = measured(using("s3:GetObject"), written[0], boundary=document(statement("sqs:*")))
    assert [one.action for one in bounded.missing] == ["s3:GetObject"]


def answers(needs: Needs, *written: Any, **others: Any) -> list[Answer]:
    return list(answer_of_use(*known(*written, **others), needs))


def test_nothing_is_called_unused_where_it_is_not_known() -> None:
    """What is missing is missing all the same."""
    written = statement(["s3:GetObject", "s3:PutObject"], BUCKET)
    (unknown,) = answers(using("s3:GetObject", unread=("job.py:2 opens a client",)), written)
    assert unknown.kept == Doubt(frozenset({"job.py:2 opens a client"}))
    missing, unknown = answers(using("sqs:SendMessage", unread=("job.py:2 opens a client",)), written)
    assert (missing.kept, missing.said) == (False, "sqs:SendMessage is not granted, which is for job.py:3")
    assert isinstance(unknown.kept, Doubt)
    principal, account = known(written)
    attached = Principal(arn=ROLE, identity=(*principal.identity, Document(unread="what X allows is not known")))
    (unread,) = answer_of_use(attached, account, using("s3:GetObject", "s3:PutObject"))
    assert unread.kept == Doubt(frozenset({"what X allows is not known"}))


def test_what_is_held_is_said_with_its_place() -> None:
    written = statement(["s3:GetObject", "s3:PutObject"], BUCKET), statement("sqs:*")
    (found,) = answers(using("s3:GetObject", "sqs:SendMessage"), *written)
    assert found.kept is False
    assert found.said == (
        "nothing uses s3:PutObject, granted by a.tf:1 statement 1; "
        "of sqs:* only sqs:SendMessage is used, granted by a.tf:1 statement 2"
    )
    assert found.places == ("a.tf:1 statement 1", "a.tf:1 statement 2")
    (held,) = answers(using("s3:GetObject"), statement("s3:GetObject", BUCKET))
    assert held.kept is True


def test_the_least_policy_grants_what_is_used_and_nothing_new() -> None:
    written = [
        statement(["s3:Get*", "sqs:*"], BUCKET, Condition={"Bool": {"aws:SecureTransport": "true"}}),
        statement("s3:GetObject", "arn:aws:s3:::b/a/*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
        statement("s3:GetObject", "arn:aws:s3:::b/secret/*", effect="Deny"),
        statement("iam:*"),
    ]
    found = write_smallest(measured(using("s3:GetObject"), *written).least)
    assert found["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [BUCKET], "Condition": {"Bool": {"aws:securetransport": ["true"]}}},
        {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/secret/*"]},
    ]  # fmt: skip
    least = read_identity_document(found, "least")
    whole = document(*written)
    assert find_new_access((whole,), (least,)) is None
    assert find_new_access((least,), (whole,)) is not None


def test_each_service_says_what_it_needs_and_where_that_is_written() -> None:
    for service in list_services():
        for need in list_needs(service):
            assert "https://docs.aws.amazon.com/" in need.by
            assert not (need.must and "*" in need.action)
