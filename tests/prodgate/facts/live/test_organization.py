"""What an organization denies to an account, as far as the account may read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.aws.answers import Absent, Unreadable
from prodgate.facts.live.organization import read_organization

OWN = "123456789012"
FULL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
KEEP = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}}
POLICIES = {"p-FullAWSAccess": json.dumps(FULL), "p-keep": json.dumps(KEEP), "p-odd": "{", "p-new": '{"Statement": 1}'}
PARENTS = {OWN: ("ou-1", "ORGANIZATIONAL_UNIT"), "ou-1": ("r-1", "ROOT")}


class Organizations:
    """Answers what AWS Organizations would, with some of it otherwise."""

    def __init__(self, attached: Mapping[str, list[str]], **otherwise: Any) -> None:
        self.attached, self.otherwise = attached, otherwise

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        if isinstance(said := self.otherwise.get(operation), Exception):
            raise said
        return [said or getattr(self, operation)(**parameters)]

    def DescribeOrganization(self) -> Any:
        return {"Organization": {"MasterAccountId": "999988887777", "FeatureSet": "ALL"}}

    def ListParents(self, ChildId: str) -> Any:
        id_, type_ = PARENTS[ChildId]
        return {"Parents": [{"Id": id_, "Type": type_}]}

    def ListPoliciesForTarget(self, TargetId: str, Filter: str) -> Any:
        named = self.attached.get(TargetId, []) if Filter == "SERVICE_CONTROL_POLICY" else []
        return {"Policies": [{"Id": one} for one in named]}

    def DescribePolicy(self, PolicyId: str) -> Any:
        return {"Policy": {"Content": POLICIES[PolicyId]}}


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def read(pool: ThreadPoolExecutor, attached: Mapping[str, list[str]], **otherwise: Any) -> Any:
    now, calls = datetime(2026, 11, 25, tzinfo=UTC), Organizations(attached, **otherwise)
    return read_organization(
        Account(id=OWN, region="eu-west-1", now=now, calls=calls, pool=pool, declared=dict, files=dict)
    )


def test_each_level_from_the_root_to_the_account_is_read(pool: ThreadPoolExecutor) -> None:
    attached = {"r-1": ["p-FullAWSAccess"], "ou-1": ["p-FullAWSAccess", "p-keep"], OWN: ["p-FullAWSAccess"]}
    found = read(pool, attached)
    assert [len(level) for level in found.scps] == [1, 2, 1]
    assert [one.allows for one in found.scps[1][1].statements] == [False]
    assert (found.rcps, found.unread) == ((), "")


@pytest.mark.parametrize(
    "about",
    [
        Absent("AWSOrganizationsNotInUseException"),
        {"Organization": {"MasterAccountId": OWN, "FeatureSet": "ALL"}},
        {"Organization": {"MasterAccountId": "999988887777", "FeatureSet": "CONSOLIDATED_BILLING"}},
    ],
)
def test_who_is_in_none_or_manages_one_is_not_limited(pool: ThreadPoolExecutor, about: Any) -> None:
    found = read(pool, {"r-1": ["p-keep"]}, DescribeOrganization=about)
    assert (found.scps, found.unread) == ((), "")


@pytest.mark.parametrize(
    "operation", ["DescribeOrganization", "ListParents", "ListPoliciesForTarget", "DescribePolicy"]
)
def test_a_denial_is_said(pool: ThreadPoolExecutor, operation: str) -> None:
    found = read(pool, {"r-1": ["p-keep"]}, **{operation: Unreadable(f"organizations {operation}: access denied")})
    assert found.unread == f"organizations {operation}: access denied"
    gone = read(pool, {"r-1": ["p-keep"]}, DescribePolicy=Absent("PolicyNotFoundException"))
    assert "is gone (PolicyNotFoundException)" in gone.unread


@pytest.mark.parametrize(
    ("otherwise", "said"),
    [
        ({"DescribeOrganization": {"Organization": {}}}, "does not state its MasterAccountId"),
        ({"ListParents": {"Parents": []}}, "no parent of 123456789012"),
        ({"ListParents": {"Parents": [{"Id": OWN, "Type": "ORGANIZATIONAL_UNIT"}]}}, "more than 7 levels"),
    ],
)
def test_an_answer_that_makes_no_sense_is_no_answer(pool: ThreadPoolExecutor, otherwise: Any, said: str) -> None:
    assert said in read(pool, {}, **otherwise).unread


def test_a_policy_that_is_not_understood_is_not_taken_for_none(pool: ThreadPoolExecutor) -> None:
    assert "p-odd" in read(pool, {"r-1": ["p-odd"]}).unread
    assert read(pool, {"r-1": ["p-new"]}).scps[0][0].unread
