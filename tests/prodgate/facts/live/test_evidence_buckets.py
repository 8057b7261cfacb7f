"""What a live bucket locks and refuses is judged by the policies for declared ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from policies import evidence  # noqa: F401  registers its policies

from prodgate.aws.answers import Unreadable
from prodgate.criteria import Criterion
from prodgate.facts.live.evidence_buckets import observe_locks
from prodgate.findings import Outcome
from prodgate.layers.live.policies import _mark_unknown
from prodgate.quantities import Bound
from prodgate.terraform.policy import POLICIES, apply
from prodgate.terraform.resources import Configuration, Resource

from .stated_account import account_answering

NAME = "orders-evidence"
ENDING = ["s3:DeleteObject*", "s3:BypassGovernanceRetention", "s3:PutBucketObjectLockConfiguration"]
REFUSAL = {
    "Effect": "Deny", "Principal": "*", "Action": ENDING, "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
}  # fmt: skip
LOCKED = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}}


def judge(policy: str, bound: str, **answers: Any) -> Outcome:
    """Return what a policy says first of the one bucket that answers."""
    stated = {
        "ListBuckets": {"Buckets": [{"Name": NAME}]},
        "GetBucketVersioning": {"Status": "Enabled"},
        "GetObjectLockConfiguration": {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": LOCKED}},
        "GetBucketPolicy": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [REFUSAL]})},
    }
    with account_answering(stated | answers) as account:
        seen = [
            Resource(address=fact.subject, type=fact.type, name=fact.subject, values=_mark_unknown(fact.values))
            for fact in observe_locks(account)
        ]
    criterion = Criterion(
        id="c", statement="s", why="w", source="OPS-2", layers=("live",), bound=Bound.parse(bound), some_subjects=True
    )
    finding, *_ = apply(POLICIES[policy], Configuration(root="the account", engine="AWS", resources=seen), criterion)
    return finding.outcome


def refuse(_: object) -> Any:
    raise Unreadable("AccessDenied")


LOCK, KEPT, REFUSES = ("PG_EVID_1", f"== '{NAME}'"), ("PG_EVID_3", ">= 365 d"), ("PG_EVID_2", f"== '{NAME}'")
UNLOCKED = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
SHORT = {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}}}
LONG = {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}}}}


@pytest.mark.parametrize("asked", [LOCK, KEPT, REFUSES], ids=lambda asked: asked[0])
def test_a_locked_bucket_that_refuses_everybody_is_satisfied(asked: tuple[str, str]) -> None:
    assert judge(*asked) is Outcome.SATISFIED


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        (LOCK, {"GetObjectLockConfiguration": None}),
        (LOCK, {"GetObjectLockConfiguration": UNLOCKED}),
        (LOCK, {"GetBucketVersioning": {}}),
        (KEPT, {"GetObjectLockConfiguration": SHORT}),
        (REFUSES, {"GetBucketPolicy": None}),
    ],
)
def test_what_it_lacks_is_not_satisfied(asked: tuple[str, str], answers: dict[str, Any]) -> None:
    assert judge(*asked, **answers) is Outcome.NOT_SATISFIED


@pytest.mark.parametrize(
    ("asked", "operation"),
    [
        (LOCK, "GetObjectLockConfiguration"),
        (LOCK, "GetBucketVersioning"),
        (KEPT, "GetObjectLockConfiguration"),
        (REFUSES, "GetBucketPolicy"),
    ],
)
def test_what_may_not_be_read_is_undetermined(asked: tuple[str, str], operation: str) -> None:
    assert judge(*asked, **{operation: refuse}) is Outcome.UNDETERMINED


def test_years_count_as_days() -> None:
    assert judge(*KEPT, GetObjectLockConfiguration=LONG) is Outcome.SATISFIED
    assert judge("PG_EVID_3", "> 365 d", GetObjectLockConfiguration=LONG) is Outcome.NOT_SATISFIED


def test_a_bucket_of_another_name_is_no_archive() -> None:
    assert judge("PG_EVID_1", "== 'another'", GetBucketPolicy=None) is Outcome.NOT_APPLICABLE
