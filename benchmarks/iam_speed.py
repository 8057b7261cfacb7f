"""Measures how long it takes to find who reaches administrator in an account of many roles.

python benchmarks/iam_speed.py 200 [--policies 50] [--organization] [--details FILE]

Each role has five policies of one statement, or as many as --policies says, a third of them conditional and a tenth
that deny; the same every time. With --organization the account is limited as many are: to regions, and from stopping
trails. With --details the script writes the roles as IAM lists them, for tools that read
`aws iam get-account-authorization-details`, and measures nothing.
"""

import argparse
import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from prodgate.iam.account import EVERYTHING, Account, Organization, Principal
from prodgate.iam.documents import read_document, read_identity_document
from prodgate.iam.reach import find_reach
from prodgate.iam.truth import Doubt

_ACCOUNT: Final = "111122223333"
_ACTIONS: Final = (
    "s3:GetObject", "s3:PutObject", "sqs:SendMessage", "sns:Publish", "kms:Decrypt", "dynamodb:*", "logs:PutLogEvents",
    "ec2:Describe*", "iam:PassRole", "sts:AssumeRole", "lambda:InvokeFunction", "ecs:RunTask", "iam:Get*",
)  # fmt: skip
_TRUSTED: Final = ({"Service": "ecs-tasks.amazonaws.com"}, {"AWS": _ACCOUNT}, {"Service": "lambda.amazonaws.com"})


_LIMITS: Final = (
    {
        "Effect": "Deny",
        "NotAction": ["cloudfront:*", "iam:*", "organizations:*", "route53:*", "sts:*", "support:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}},
    },
    {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "organizations:LeaveOrganization"], "Resource": "*"},
    {
        "Effect": "Deny",
        "Action": "iam:*",
        "Resource": f"arn:aws:iam::{_ACCOUNT}:role/r0",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{_ACCOUNT}:role/r1"}},
    },
)


def main(count: int, policies: int, *, limited: bool, details: Path | None) -> int:
    """Print the answers, the seconds of CPU and the memory; exit 1 if nothing was decided."""
    written = list(_list_roles(count, policies, random.Random(1)))
    if details is not None:
        details.write_text(json.dumps({"UserDetailList": [], "GroupDetailList": [], "Policies": [],
                                       "RoleDetailList": [_describe(*one) for one in written]}, indent=1))  # fmt: skip
        return 0
    denied = read_document({"Version": "2012-10-17", "Statement": list(_LIMITS)}, "the organization")
    limits = Organization(scps=((EVERYTHING, denied), (EVERYTHING,))) if limited else Organization()
    account = Account(id=_ACCOUNT, principals=tuple(_read(*one) for one in written), organization=limits)
    began = time.process_time()
    found = find_reach(account)
    took = time.process_time() - began
    undetermined = sum(isinstance(one.administrator, Doubt) for one in found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} roles, {policies * count} statements: {took:.1f} s of CPU, {peak} MB, {undetermined} undetermined")
    return 1 if undetermined == count else 0


def _list_roles(count: int, policies: int, draw: random.Random) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    for number in range(count):
        written = {
            "Version": "2012-10-17",
            "Statement": [_write(count, number * policies + each, draw) for each in range(policies)],
        }
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": draw.choice(_TRUSTED)}
        yield number, written, {"Version": "2012-10-17", "Statement": trust}


def _read(number: int, written: dict[str, Any], trust: dict[str, Any]) -> Principal:
    return Principal(
        arn=_name(number),
        identity=(read_identity_document(written, f"role {number}"),),
        trust=read_document(trust, f"trust {number}"),
    )


def _describe(number: int, written: dict[str, Any], trust: dict[str, Any]) -> dict[str, Any]:
    """Return a role as IAM lists it."""
    return {
        "Arn": _name(number), "RoleName": f"r{number}", "RoleId": f"AROA{number:016}", "Path": "/",
        "CreateDate": "2026-01-01T00:00:00+00:00", "AssumeRolePolicyDocument": trust, "InstanceProfileList": [],
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": written}], "AttachedManagedPolicies": [],
        "Tags": [], "RoleLastUsed": {},
    }  # fmt: skip


def _write(count: int, number: int, draw: random.Random) -> dict[str, Any]:
    action = draw.choice(_ACTIONS)
    about = action.partition(":")[0]
    named = _name(draw.randrange(count)) if about in ("iam", "sts") else f"arn:aws:{about}:::thing-{number}/*"
    statement: dict[str, Any] = {"Effect": "Allow", "Action": [action, draw.choice(_ACTIONS[:8])], "Resource": named}
    if draw.random() < 0.3:
        statement["Condition"] = {"StringEquals": {"aws:SourceVpc": f"vpc-{number}"}}
    return statement | ({"Effect": "Deny"} if draw.random() < 0.1 else {})


def _name(number: int) -> str:
    return f"arn:aws:iam::{_ACCOUNT}:role/r{number}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("--policies", type=int, default=5)
    parser.add_argument("--organization", action="store_true")
    parser.add_argument("--details", type=Path)
    given = parser.parse_args()
    sys.exit(main(given.count, given.policies, limited=given.organization, details=given.details))
