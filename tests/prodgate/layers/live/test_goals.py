"""Goals as part of the live layer: proven of what the account's own policies say, and of nothing that nobody read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts import Facts
from prodgate.facts.live.buckets import AccountBuckets
from prodgate.facts.live.principals import Permissions, observe_permissions
from prodgate.facts.live.resource_policies import PolicyResource
from prodgate.findings import Outcome
from prodgate.layers.live import goals
from prodgate.sections.criteria_file import parse_criteria
from prodgate.semantics.unresolved import Unknown
from tests.prodgate.facts.live.stated_account import ACCOUNT, account_answering

TEXT = """
system = "shop"
[account]
id = "123456789012"
exempt = ["other-*"]
[criteria.kept]
statement = "It is kept."
why = "It matters."
source = "X-1"
layers = ["static", "live"]
goals = [{}]
"""
TRUST = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}}
BUCKET, KEY = "arn:aws:s3:::shop", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
VAULT = f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:shop"
READER = f"arn:aws:iam::{ACCOUNT}:role/reader"
BACKUP = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


def allowed(*actions: str, **rest: Any) -> Mapping[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*", **rest}]}


def role(name: str, *actions: str, **rest: Any) -> dict[str, Any]:
    inline = [{"PolicyName": "own", "PolicyDocument": allowed(*actions)}] if actions else []
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return {"Arn": arn, "RoleName": name, "AssumeRolePolicyDocument": TRUST, "RolePolicyList": inline, **rest}


def attached(*arns: str) -> dict[str, Any]:
    return {"AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": arn} for arn in arns]}


def observed(*roles: Any, **answers: Any) -> Permissions:
    details = {"GetAccountAuthorizationDetails": {"RoleDetailList": roles}}
    with account_answering({**details, **answers}) as account:
        (seen,) = observe_permissions(account)
    return seen


def guarded(arn: str, type_: str, policy: Any) -> PolicyResource:
    return PolicyResource(subject=arn, type=type_, values={"policy": policy})


def judged(goal: str, *facts: Any, unreadable: Mapping[type, str] = {}) -> list[tuple[Outcome, str]]:
    stated = parse_criteria(TEXT.format(goal), Path("criteria.toml"))
    found = goals.conclude(Facts(facts, unreadable), stated, lambda _: None)
    assert list(found) == [("goals-kept", "kept")]
    assert {one.layer for one in found["goals-kept", "kept"]} == {"live"}
    return [(one.outcome, one.observed or one.reason) for one in found["goals-kept", "kept"]]


KEPT, BROKEN, OPEN = Outcome.SATISFIED, Outcome.NOT_SATISFIED, Outcome.UNDETERMINED
READING = '{ cannot = ["s3:GetObject"], principals = ["role/*"] }'
CLOSED = AccountBuckets(subject=ACCOUNT, unblocked=())
OPENED = AccountBuckets(subject=ACCOUNT, unblocked=("IgnorePublicAcls",))


@pytest.mark.parametrize(
    ("facts", "outcome", "said"),
    [
        ((CLOSED,), KEPT, f"proven of {READER}"),
        ((OPENED,), OPEN, "whom ACLs let in is not read here"),
        ((), OPEN, "whom ACLs let in is not read here"),
        ((AccountBuckets.unread(ACCOUNT, "denied"),), OPEN, "whom ACLs let in is not read here"),
        ((CLOSED, guarded(f"{BUCKET} policy", "aws_s3_bucket_policy", Unknown("denied"))), OPEN, f"{BUCKET}: denied"),
        ((CLOSED, guarded(f"{BUCKET} policy", "aws_s3_bucket_policy", "{")), OPEN, f"the policy of {BUCKET}: "),
        (
            (
                CLOSED,
                guarded(
                    f"{BUCKET} policy", "aws_s3_bucket_policy", json.dumps(allowed("s3:*", Principal={"AWS": READER}))
                ),
            ),
            BROKEN,
            f"on {BUCKET}, allowed by the policy of {BUCKET} statement 1",
        ),
    ],
)
def test_policies_of_resources_are_heard(facts: tuple[Any, ...], outcome: Outcome, said: str) -> None:
    ((found, text),) = judged(READING, observed(role("reader", "sns:Publish"), role("other-team", "s3:*")), *facts)
    assert (found, said in text) == (outcome, True), text


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("kms:ScheduleKeyDeletion", KEPT),
        ("kms:Decrypt", OPEN),  # a grant may allow it
        ("lambda:InvokeFunction", KEPT),
        ("lambda:GetLayerVersion", OPEN),  # the policies of layers
        ("backup:DeleteBackupVault", OPEN),  # the policies of vaults that no plan uses
        ("cloudtrail:StopLogging", KEPT),
        ("logs:DeleteLogGroup", KEPT),
    ],
)
def test_what_nobody_reads_may_let_anybody_in(action: str, outcome: Outcome) -> None:
    vault = guarded(VAULT, "aws_backup_vault_policy", None)
    ((found, _),) = judged(f'{{ cannot = ["{action}"] }}', observed(role("reader", "sns:Publish")), vault)
    assert found is outcome


def test_of_vaults_that_plans_use_the_policies_are_known() -> None:
    goal = f'{{ cannot = ["backup:DeleteRecoveryPoint"], resources = ["{VAULT}"] }}'
    goal = goal.replace("DeleteRecoveryPoint", "DeleteBackupVault")
    vault = guarded(VAULT, "aws_backup_vault_policy", None)
    ((found, _),) = judged(goal, observed(role("reader", "sns:Publish")), vault)
    assert found is KEPT
    ((found, said),) = judged(goal, observed(role("reader", "backup:*")), vault)
    assert found is BROKEN
    assert f"allowed by {READER} own statement 1" in said


FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:mail"


@pytest.mark.parametrize(
    ("arn", "policy", "outcome", "said"),
    [
        (FUNCTION, None, KEPT, f"proven of {READER}"),
        (
            f"{FUNCTION}:live",
            allowed("lambda:InvokeFunction", Principal={"AWS": READER}),
            BROKEN,
            f"on {FUNCTION}:live",
        ),
        (f"{FUNCTION}:*", Unknown("lambda ListAliases: denied"), OPEN, f"the policy of {FUNCTION}:*: lambda ListAl"),
    ],
)
def test_policies_of_functions_are_heard(arn: str, policy: Any, outcome: Outcome, said: str) -> None:
    written = json.dumps(policy) if isinstance(policy, dict) else policy
    function = guarded(arn, "aws_lambda_function_policy", written)
    goal = '{ cannot = ["lambda:InvokeFunction*"] }'
    ((found, text),) = judged(goal, observed(role("reader", "sns:Publish")), function)
    assert (found, said in text) == (outcome, True), text


def test_policies_of_logs_are_read_in_each_region() -> None:
    goal, reader = '{ cannot = ["logs:DeleteLogGroup"] }', role("reader", "sns:Publish")
    written = {"policyName": "all", "policyDocument": json.dumps(allowed("logs:*", Principal={"AWS": READER}))}
    ((found, said),) = judged(goal, observed(reader, DescribeResourcePolicies={"resourcePolicies": [written]}))
    assert found is BROKEN
    assert "allowed by the policy all of logs in ap-northeast-1 statement 1" in said

    def deny(parameters: Any) -> Any:
        raise Unreadable("logs DescribeResourcePolicies: denied")

    ((found, said),) = judged(goal, observed(reader, DescribeResourcePolicies=deny))
    assert (found, "logs DescribeResourcePolicies: denied" in said) == (OPEN, True)


def test_policies_of_aws_are_those_in_force() -> None:
    goal = '{ cannot = ["iam:CreateUser"] }'
    reader = role("reader", **attached(BACKUP))
    ((found, said),) = judged(goal, observed(reader))
    assert (found, f"what {BACKUP} allows is not known here" in said) == (OPEN, True)  # no version is in force
    newer = {"Policies": [{"Arn": BACKUP, "DefaultVersionId": "v999"}]}
    written = {"PolicyVersion": {"Document": allowed("iam:*")}}
    ((found, said),) = judged(goal, observed(reader, ListPolicies=newer, GetPolicyVersion=written))
    assert found is BROKEN
    assert f"{BACKUP} v999 statement 1" in said
    ((found, said),) = judged(goal, observed(reader, ListPolicies=newer, GetPolicyVersion=None))
    assert (found, "GetPolicyVersionNotFound" in said) == (OPEN, True)


def test_what_was_not_observed_proves_nothing() -> None:
    ((found, said),) = judged(READING, unreadable={Permissions: "iam: denied"})
    assert (found, said) == (OPEN, "iam: denied")
    ((found, said),) = judged(READING)
    assert (found, said) == (OPEN, "no users and roles were observed")
    odd = role("reader", "sns:Publish")
    del odd["Arn"]
    plan = PolicyResource.unread("the vaults of a plan", "not described", type="aws_backup_vault_policy")
    ((found, said),) = judged(READING, observed(odd), plan)
    assert (found, said) == (OPEN, "iam GetAccountAuthorizationDetails does not state its Arn")
    seen = observed(role("reader", "sns:Publish"))
    ((found, said),) = judged(READING, seen, CLOSED, unreadable={PolicyResource: "s3: denied"})
    assert (found, said) == (OPEN, "s3: denied")
    ((found, said),) = judged(READING.replace("role/*", "role/other-*"), seen, CLOSED)
    assert "names no user and no role that is known here" in said
