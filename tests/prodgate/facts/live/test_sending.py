"""Who sends to what is encrypted under a customer's key needs that key, and a boundary limits every right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.live.permissions import read_rights
from prodgate.facts.live.sending import may_send

from .stated_account import ACCOUNT, REGION, account_answering

ROLE = f"arn:aws:iam::{ACCOUNT}:role/airflow"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
ROOT = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
BY_ROLE = {"Principal": {"AWS": ROLE}, "Action": ["kms:GenerateDataKey", "kms:Decrypt"]}
SEND = {"Action": "sqs:SendMessage", "Resource": QUEUE}
USE = {"Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": KEY}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Resource": "*", **one} for one in statements]}


def via(service: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}}


def sends(
    *rights: dict[str, Any],
    key: dict[str, Any] = ROOT,
    known: Mapping[str, Any] = MappingProxyType({}),
    boundary: Any = None,
    attribute: str = KEY,
) -> bool:
    role: dict[str, Any] = {"Arn": ROLE, "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document(*rights)}]}
    policies = []
    if boundary:
        within = {} if isinstance(boundary, str) else document(*boundary)
        arn = boundary if isinstance(boundary, str) else BOUNDARY
        role["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
        version = {"IsDefaultVersion": True, "Document": within}
        policies = [{"Arn": BOUNDARY, "PolicyVersionList": [version]}]
    answers = {
        "GetAccountAuthorizationDetails": {"RoleDetailList": [role], "Policies": policies},
        "DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyManager": "CUSTOMER", "KeyState": "Enabled", **known}},
        "GetKeyPolicy": {"Policy": json.dumps(document(key))},
    }
    with account_answering(answers) as account:
        place = {"QueueArn": QUEUE, "KmsMasterKeyId": attribute}
        return may_send(account, ROLE, read_rights(account, ROLE), "sqs:SendMessage", place)


def test_a_queue_under_no_key_of_a_customer_asks_for_no_key() -> None:
    assert sends(SEND, attribute="")
    assert sends(SEND, attribute="alias/aws/sqs")
    assert sends(SEND, known={"KeyManager": "AWS"})
    assert not sends(attribute="")


def test_a_queue_under_a_key_takes_nothing_from_who_may_not_use_it() -> None:
    assert not sends(SEND)
    assert not sends(SEND, {**USE, "Action": "kms:GenerateDataKey"})
    assert not sends(SEND, {**USE, "Action": "kms:Decrypt"})
    assert not sends(USE)
    assert sends(SEND, USE)
    assert not sends(SEND, USE, known={"KeyState": "Disabled"})


def test_the_keys_own_policy_has_a_say() -> None:
    assert sends(SEND, key=BY_ROLE)
    assert not sends(SEND, USE, key={**ROOT, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}})
    assert sends(SEND, key={**BY_ROLE, **via("sqs")})
    assert not sends(SEND, key={**BY_ROLE, **via("s3")})


def test_what_the_keys_policy_opens_the_roles_own_may_deny() -> None:
    denied = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": KEY}
    assert not sends(SEND, denied, key=BY_ROLE)
    assert sends(SEND, {**denied, "Resource": f"{KEY}0"}, key=BY_ROLE)
    assert not sends(SEND, key=BY_ROLE, boundary=[{"Action": "*"}, denied])


def test_a_boundary_limits_what_policies_allow() -> None:
    everything, reading = {"Action": "*"}, {"Action": "sqs:ReceiveMessage"}
    assert sends(SEND, USE, boundary=[everything])
    assert not sends(SEND, USE, boundary=[reading])
    assert not sends(SEND, USE, boundary=[{"Action": "sqs:*"}])
    with pytest.raises(Unreadable, match="PowerUserAccess"):
        sends(SEND, USE, boundary="arn:aws:iam::aws:policy/PowerUserAccess")
