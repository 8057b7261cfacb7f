"""Policies of resources, by service: what is read of them, and what lets others in and is not."""

from typing import Any

import pytest

from prodgate.iam.account import Account
from prodgate.iam.documents import Document
from prodgate.terraform.guarded import add_guards
from prodgate.terraform.resources import Configuration, Resource

OPEN = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*"}}'


def guards(type: str, **values: Any) -> Document | None:
    declared = Resource(address=f"{type}.this", type=type, name="this", values=values)
    found = add_guards(
        Account(id="111122223333", principals=()), Configuration(root="infra", engine="none", resources=[declared])
    ).guards
    return next(iter(found.values()), None)


@pytest.mark.parametrize(
    ("type", "values"),
    [
        ("aws_dynamodb_resource_policy", {"policy": OPEN}),
        ("aws_ecr_registry_policy", {"policy": OPEN}),
        ("aws_efs_file_system_policy", {"policy": OPEN}),
        ("aws_kms_grant", {"grantee_principal": "arn:aws:iam::111122223333:role/reader"}),
        ("aws_lambda_layer_version_permission", {"principal": "*"}),
        ("aws_opensearch_domain", {"access_policies": OPEN}),
        ("aws_s3_access_point", {"policy": OPEN}),
        ("aws_s3_bucket", {"acl": "public-read", "policy": None}),
        ("aws_s3_bucket_acl", {"acl": "authenticated-read"}),
        ("aws_s3_bucket_acl", {"access_control_policy": [{}]}),
    ],
)
def test_what_lets_others_in_and_is_not_read_is_said(type: str, values: Any) -> None:
    found = guards(type, **values)
    assert found is not None
    assert found.unread == f"whom {type}.this lets in is not followed here"


@pytest.mark.parametrize(
    ("type", "values"),
    [
        ("aws_s3_bucket", {"acl": None, "policy": None}),
        ("aws_s3_bucket_acl", {"acl": "private"}),
        ("aws_s3_access_point", {"policy": None}),
        ("aws_opensearch_domain", {"access_policies": None}),
        ("aws_ecr_lifecycle_policy", {"policy": "{}"}),
    ],
)
def test_what_lets_nobody_in_is_not(type: str, values: Any) -> None:
    assert guards(type, **values) is None


def test_policies_of_all_of_a_service_and_of_other_keys_are_read() -> None:
    found = guards("aws_cloudwatch_log_resource_policy", policy_document=OPEN)
    assert found is not None
    assert (found.unread, [one.resources for one in found.statements]) == ("", [("*",)])
    arn = "arn:aws:kms:eu-west-1:111122223333:key/1"
    for type in ("aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key"):
        (own,) = (guards(type, arn=arn, policy=OPEN) or Document()).statements
        assert own.resources == (arn,)
        (left,) = (guards(type, arn=arn, policy=None) or Document()).statements
        assert left.principals is not None
