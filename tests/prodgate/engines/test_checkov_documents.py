"""What a policy document is used for decides what checks on the document alone are worth."""

import json
from typing import Any

import pytest

from prodgate.engines.checkov_documents import Documents, DocumentUse, excuse
from prodgate.engines.checkov_table import load_table
from prodgate.terraform.reading import UNKNOWN
from prodgate.terraform.resources import Configuration, Resource

RULES = load_table().documents
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
KEY = DocumentUse("aws_kms_key.a", "aws_kms_key.policy")
ROLE = DocumentUse("aws_iam_role_policy.a", "aws_iam_role_policy.policy")
QUEUE = DocumentUse("aws_sqs_queue_policy.a", "aws_sqs_queue_policy.policy")


def text(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def document(value: Any) -> Resource:
    return Resource(
        address="data.aws_iam_policy_document.a", type="aws_iam_policy_document", name="a", mode="data",
        values={"json": value},
    )  # fmt: skip


def user(policy: Any) -> Resource:
    return Resource(address=KEY.address, type="aws_kms_key", name="a", values={"policy": policy})


@pytest.mark.parametrize(
    ("stated", "held", "used"),
    [
        (text(READ), text(READ), True),
        (text(READ), text(WRITE, READ), True),
        (text(READ), json.dumps({"Statement": READ}), True),
        (text(READ, WRITE), text(READ), False),
        (text(), text(READ), False),
        (UNKNOWN, text(READ), False),
        (text(READ), UNKNOWN, False),
        (text(READ), '{"Statement" cut off', False),
        (text(READ), '["Statement"]', False),
    ],
)
def test_a_document_is_used_where_all_its_statements_stand(stated: Any, held: Any, used: bool) -> None:
    resources = [document(stated), user(held)]
    documents = Documents(Configuration(root="prod", engine="core", resources=resources))
    assert documents.uses(resources[0]) == ((KEY,) if used else ())


def test_without_a_configuration_nothing_is_used() -> None:
    assert Documents(None).uses(document(text(READ))) == ()


@pytest.mark.parametrize(
    ("said", "uses", "twins", "reason"),
    [
        ("failed", (KEY,), {}, 'in which "*" is that key'),
        ("failed", (KEY, ROLE), {}, ""),
        ("failed", (), {}, ""),
        ("failed", (ROLE,), {ROLE.address: "failed"}, "is judged as CKV_AWS_355"),
        ("failed", (ROLE,), {ROLE.address: "passed"}, ""),
        ("unknown", (ROLE,), {ROLE.address: "passed"}, "is judged as CKV_AWS_355"),
        ("unknown", (ROLE,), {ROLE.address: "unknown"}, ""),
        ("unknown", (ROLE,), {}, ""),
        ("unknown", (QUEUE,), {}, "the policy of a resource"),
        ("failed", (QUEUE,), {}, ""),
        ("unknown", (QUEUE, ROLE), {}, ""),
    ],
)
def test_only_a_use_that_is_known_excuses(
    said: str, uses: tuple[DocumentUse, ...], twins: dict[str, str], reason: str
) -> None:
    found = excuse("CKV_AWS_356", said, uses, twins, RULES)
    assert (reason in found) if reason else found == ""


def test_a_check_that_is_not_about_documents_is_never_excused() -> None:
    assert excuse("CKV_AWS_1", "failed", (KEY,), {}, RULES) == ""
