"""Roles, users, groups and their policies, stated as Terraform would.

So the policies for declared infrastructure judge the account by the same rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread
from .. import Fact
from ..observers import all_apart, observes, reads
from .airflow import list_environments
from .permissions import list_identities

reads("iam", "GetAccountSummary")
reads("s3", "GetBucketPolicy")

#: Paths of roles that AWS makes for its own services and for sign-in by IAM Identity Center; nobody can edit them.
_OF_AWS: Final = ("/aws-service-role/", "/aws-reserved/")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IdentityResource(Fact):
    """Something that has permissions or grants them, as Terraform would state it."""

    type: str
    values: Mapping[str, Any]


@observes(IdentityResource)
def observe_identities(account: Account) -> Iterator[IdentityResource]:
    """Look at every role, user, group and customer-managed policy, and at who runs Airflow."""
    for key, kind, look in (
        ("RoleDetailList", "role", _role),
        ("UserDetailList", "user", partial(_holder, "user")),
        ("GroupDetailList", "group", partial(_holder, "group")),
        ("Policies", "policy", _policy),
    ):
        names = ("Arn", f"{kind.capitalize()}Name")
        types = [f"aws_iam_{kind}{part}" for part in ("", "_policy", "_policy_attachment")]
        for found in map(_apart(types[: 1 if kind == "policy" else 3], look, *names), list_identities(account, key)):
            yield from found
    root = f"arn:aws:iam::{account.id}:root"
    yield from _apart(["aws_iam_access_key"], partial(_root_keys, account))(root)
    yield from _airflow(account)


def _apart(
    types: Sequence[str], look: Callable[[Any], Iterable[IdentityResource]], *names: str
) -> Callable[[Any], tuple[IdentityResource, ...]]:
    return all_apart(IdentityResource, look, *names, types=types)


def _policy(policy: Mapping[str, Any]) -> Iterator[IdentityResource]:
    (document,) = [one["Document"] for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]]
    stated = {"arn": policy["Arn"], "name": policy["PolicyName"], "policy": _text(document)}
    yield IdentityResource(subject=policy["Arn"], type="aws_iam_policy", values=stated)


def _role(role: Mapping[str, Any]) -> Iterator[IdentityResource]:
    if role.get("Path", "").startswith(_OF_AWS):
        return
    stated = {
        "arn": role["Arn"], "name": role["RoleName"], "assume_role_policy": _text(role["AssumeRolePolicyDocument"]),
        "inline_policy": [], "managed_policy_arns": None,
    }  # fmt: skip
    yield IdentityResource(subject=role["Arn"], type="aws_iam_role", values=stated)
    yield from _list_policies("role", role["RoleName"], role["Arn"], role, "RolePolicyList")


def _holder(kind: str, holder: Mapping[str, Any]) -> Iterator[IdentityResource]:
    name = holder["UserName" if kind == "user" else "GroupName"]
    stated = {"arn": holder["Arn"], "name": name}
    yield IdentityResource(subject=holder["Arn"], type=f"aws_iam_{kind}", values=stated)
    yield from _list_policies(kind, name, holder["Arn"], holder, f"{kind.capitalize()}PolicyList")


def _list_policies(kind: str, name: str, arn: str, holder: Mapping[str, Any], key: str) -> Iterator[IdentityResource]:
    """Yield the inline policies of a role, user or group, and those that are attached to it."""
    for inline in holder.get(key) or ():
        stated = {kind: name, "name": inline["PolicyName"], "policy": _text(inline["PolicyDocument"])}
        subject = f"{arn} policy {inline['PolicyName']}"
        yield IdentityResource(subject=subject, type=f"aws_iam_{kind}_policy", values=stated)
    for attached in holder.get("AttachedManagedPolicies") or ():
        stated = {kind: name, "policy_arn": attached["PolicyArn"]}
        subject = f"{arn} with {attached['PolicyArn']}"
        yield IdentityResource(subject=subject, type=f"aws_iam_{kind}_policy_attachment", values=stated)


def _root_keys(account: Account, root: str) -> Iterator[IdentityResource]:
    if account.get("iam", "GetAccountSummary")["SummaryMap"]["AccountAccessKeysPresent"]:
        yield IdentityResource(subject=root, type="aws_iam_access_key", values={"user": "root"})


def _airflow(account: Account) -> Iterator[IdentityResource]:
    """Yield the environments and the buckets of their DAGs, from which policies on the Airflow role start."""
    look_at_bucket = _apart(["aws_s3_bucket"], partial(_source_bucket, account), "SourceBucketArn", "Arn", "Name")
    for found in list_environments(account):
        yield from _apart(["aws_mwaa_environment"], _environment, "Arn", "Name")(found)
        yield from look_at_bucket(found)


def _environment(found: Mapping[str, Any]) -> Iterator[IdentityResource]:
    stated = {"arn": found["Arn"], "name": found["Name"], "execution_role_arn": found["ExecutionRoleArn"],
              "source_bucket_arn": found["SourceBucketArn"]}  # fmt: skip
    yield IdentityResource(subject=found["Arn"], type="aws_mwaa_environment", values=stated)


def _source_bucket(account: Account, environment: Mapping[str, Any]) -> Iterator[IdentityResource]:
    """The bucket that DAGs come from: whoever can write there can run code as Airflow."""
    arn = environment["SourceBucketArn"]
    name = arn.rpartition(":")[2]
    found = account.find("s3", "GetBucketPolicy", Bucket=name)
    stated = {"arn": arn, "bucket": name, "policy": found["Policy"] if found else None}
    yield IdentityResource(subject=arn, type="aws_s3_bucket", values=stated)


def _text(document: Any) -> Any:
    """Return a policy document as the text that Terraform would hold; boto3 has read it already."""
    return document if isinstance(document, str | Unread) else json.dumps(document)
