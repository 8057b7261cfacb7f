"""Declared policies of an organization, as far as they are attached to the account of a configuration."""

import json
from typing import Any

import pytest

from prodgate.iam.abilities import Abilities, Allowed
from prodgate.iam.truth import Doubt
from prodgate.semantics.unresolved import Assumed
from prodgate.terraform.principals import read_account
from prodgate.terraform.reading import UNKNOWN
from prodgate.terraform.resources import Configuration, Resource

ACCOUNT = "111122223333"
TRUST = '{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}}'


def policy(effect: str, action: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, "Resource": "*"}})


def declared(kind: str, label: str, **values: object) -> Resource:
    return Resource(address=f"{kind}.{label}", type=kind, name=label, values=values)


def read(*others: Resource, arn: str = f"arn:aws:iam::{ACCOUNT}:role/app") -> Any:
    none = {"inline_policy": [], "managed_policy_arns": [], "permissions_boundary": None}
    role = declared("aws_iam_role", "app", arn=arn, name="app", assume_role_policy=TRUST, **none)
    own = declared("aws_iam_role_policy", "app", role="app", policy=policy("Allow", "s3:*"))
    configuration = Configuration(root="shop", engine="none", resources=[role, own, *others])
    return read_account(configuration, "2026-01-01T00:00:00+00:00")


def attach(target: object, effect: str = "Deny", action: str = "s3:Delete*", id_: object = "p-1") -> list[Resource]:
    written = {"id": "p-1", "name": "keep", "content": policy(effect, action), "type": "SERVICE_CONTROL_POLICY"}
    return [
        declared("aws_organizations_policy", "keep", **written),
        declared("aws_organizations_policy_attachment", "here", policy_id=id_, target_id=target),
    ]


def ask(account: Any, action: str = "s3:DeleteBucket") -> Any:
    return Abilities(account.principals[0], account).can(action, "arn:aws:s3:::b")


@pytest.mark.parametrize(
    ("others", "answer"),
    [
        ([], Allowed),
        (attach(ACCOUNT), None),
        (attach("222233334444"), Allowed),
        (attach("ou-1"), Doubt),
        (attach(UNKNOWN), Doubt),
        (attach(ACCOUNT, action="sqs:*"), Allowed),
        (attach(ACCOUNT, "Allow", "s3:*"), Allowed),
        (attach(ACCOUNT, "Allow", "sqs:*"), Doubt),  # FullAWSAccess may have been taken off
        ([*attach("r-1"), declared("aws_organizations_organization", "all")], Allowed),
    ],
)
def test_what_is_attached_to_the_account_limits_it(others: list[Resource], answer: Any) -> None:
    found = ask(read(*others))
    assert found is None if answer is None else isinstance(found, answer)


def test_resource_control_policies_limit_resources() -> None:
    kept, attached = attach(ACCOUNT)
    kept.values["type"] = "RESOURCE_CONTROL_POLICY"  # type: ignore[index]
    account = read(kept, attached)
    assert account.organization.scps == ()
    assert ask(account) is None


def test_where_the_account_is_not_stated_any_may_be_this_one() -> None:
    assumed = Assumed(f"arn:aws:iam::{ACCOUNT}:role/app", {"account"}, "write allowed_account_ids")
    assert isinstance(ask(read(*attach("222233334444"), arn=assumed)), Doubt)


def test_what_is_attached_and_not_declared_is_not_known() -> None:
    for id_, said in (("p-2", "what that denies is not known"), ("p-FullAWSAccess", "")):
        account = read(*attach(ACCOUNT, id_=id_))
        assert said in account.organization.unread
        assert bool(account.organization.unread) is bool(said)
        assert isinstance(ask(account), Allowed)
