"""Principals as IAM lists them, asked as those of a configuration are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.facts.live.principals import read_account
from prodgate.iam.account import Account as Known
from prodgate.iam.reach import find_reach
from prodgate.iam.truth import Doubt

IAM = "arn:aws:iam::123456789012"
OWN, ADMINISTRATOR = f"{IAM}:policy/own", "arn:aws:iam::aws:policy/AdministratorAccess"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def document(action: str, **rest: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **rest}]}


TRUST = document("sts:AssumeRole", Principal={"AWS": "123456789012"})


class Details:
    """Answers what IAM would."""

    def __init__(self, **lists: Any) -> None:
        self.page = lists

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        return [self.page]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def known(pool: ThreadPoolExecutor, **lists: Any) -> Known:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    calls = Details(**lists)
    return read_account(
        Account(id="123456789012", region="eu-west-1", now=now, calls=calls, pool=pool, declared=dict, files=dict)
    )


def user(name: str, **rest: Any) -> dict[str, Any]:
    return {"Arn": f"{IAM}:user/{name}", "UserName": name, **rest}


def role(name: str, **rest: Any) -> dict[str, Any]:
    return {"Arn": f"{IAM}:role/{name}", "RoleName": name, "AssumeRolePolicyDocument": TRUST, **rest}


def attached(arn: str) -> dict[str, Any]:
    return {"AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": arn}]}


def inline(kind: str, written: Any) -> dict[str, Any]:
    return {f"{kind}PolicyList": [{"PolicyName": "inner", "PolicyDocument": written}]}


def test_principals_are_read_with_all_that_they_hold(pool: ThreadPoolExecutor) -> None:
    versions = [
        {"Document": document("*", Resource="*"), "IsDefaultVersion": False},
        {"Document": document("s3:GetObject", Resource="*"), "IsDefaultVersion": True},
    ]
    assume = document("sts:AssumeRole", Resource=f"{IAM}:role/chief")
    account = known(
        pool,
        Policies=[{"Arn": OWN, "PolicyVersionList": versions}],
        GroupDetailList=[{"Arn": f"{IAM}:group/staff", "GroupName": "staff", **inline("Group", assume)}],
        UserDetailList=[
            user("ann", GroupList=["staff"]),
            user("bob", **attached(OWN)),
            user("eve", GroupList=["gone"]),
            user("dan", **inline("User", json.dumps(document("iam:PutUserPolicy", Resource="*")))),
            user("fay", **attached(ADMINISTRATOR), PermissionsBoundary={"PermissionsBoundaryArn": OWN}),
        ],
        RoleDetailList=[
            role("chief", **attached(ADMINISTRATOR)),
            role("reader", **attached(READ_ONLY)),
            role("odd", **inline("Role", {"Statement": {"Effect": "Perhaps"}})),
        ],
    )
    said = {one.principal.name: one for one in find_reach(account)}
    assert {name for name, one in said.items() if one.administrator is True} == {"ann", "chief", "dan"}
    assert {name for name, one in said.items() if one.administrator is False} == {"bob", "fay"}
    assert {name for name, one in said.items() if isinstance(one.administrator, Doubt)} == {"eve", "reader", "odd"}
    assert "the group gone" in str(said["eve"].administrator)
    ((hop,),) = said["ann"].paths
    assert hop.steps[0].statements[0].place == f"{IAM}:group/staff inner statement 1"
