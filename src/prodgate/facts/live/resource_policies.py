"""Policies of buckets, queues, topics, keys, secrets, repositories, vaults and functions, stated as Terraform would.

So the policies for declared infrastructure judge the account by the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...findings import Undetermined
from ...semantics.unresolved import Unknown
from .. import Fact
from ..observers import all_apart, apart, observes, reads
from .backups import list_unread_plans, observe_vaults
from .keys import Key, observe_keys
from .secrets import observe_secrets
from .stores import list_queues, list_topics

reads("backup", "GetBackupVaultAccessPolicy")
reads("ecr", "DescribeRepositories", "GetRepositoryPolicy")
reads("kms", "GetKeyPolicy")
reads("lambda", "GetPolicy", "ListAliases", "ListFunctions", "ListVersionsByFunction")
reads("s3", "GetBucketPolicy", "ListBuckets")
reads("secretsmanager", "GetResourcePolicy")


#: What a policy of a function is called here: Terraform has only its statements.
_FUNCTION: Final = "aws_lambda_function_policy"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PolicyResource(Fact):
    """Something with a policy of its own, as Terraform would state it. ``subject`` is its ARN."""

    type: str
    values: Mapping[str, Any]


@observes(PolicyResource)
def observe_bucket_policies(account: Account) -> Iterator[PolicyResource]:
    """See the policies of buckets."""

    def look(row: Mapping[str, Any]) -> Iterator[PolicyResource]:
        name, arn = row["Name"], f"arn:aws:s3:::{row['Name']}"
        policy = _read_policy(lambda: account.get("s3", "GetBucketPolicy", Bucket=name)["Policy"])
        yield PolicyResource(subject=arn, type="aws_s3_bucket", values={"bucket": name, "policy": None})
        if policy is not None:
            values = {"bucket": name, "policy": policy}
            yield PolicyResource(subject=f"{arn} policy", type="aws_s3_bucket_policy", values=values)

    apart_look = all_apart(PolicyResource, look, "Name", types=("aws_s3_bucket", "aws_s3_bucket_policy"))
    for found in account.each(apart_look, account.list("s3", "ListBuckets", "Buckets")):
        yield from found


@observes(PolicyResource)
def observe_message_policies(account: Account) -> Iterator[PolicyResource]:
    """See the policies of queues and topics."""

    def look(type_: str, named: tuple[str, Mapping[str, str]]) -> PolicyResource:
        arn, row = named
        return PolicyResource(subject=arn, type=type_, values={"arn": arn, "policy": row.get("Policy")})

    for type_, rows in (("aws_sqs_queue", list_queues), ("aws_sns_topic", list_topics)):
        yield from map(apart(PolicyResource, partial(look, type_), type=type_), account.once(rows))


@observes(PolicyResource)
def observe_key_policies(account: Account) -> Iterator[PolicyResource]:
    """See the policies of customer-managed keys."""
    keys = account.once(observe_keys)

    def policy(arn: str) -> Any:
        if not arn.startswith("arn:"):
            raise Unreadable(f"kms DescribeKey does not state the Arn of {arn}")
        region = arn.split(":")[3]
        return account.get("kms", "GetKeyPolicy", region=region, KeyId=arn, PolicyName="default")["Policy"]

    found = account.each(lambda key: _read_policy(lambda: policy(key.subject)), keys)
    for key, text in zip(keys, found, strict=True):
        values = {"arn": key.subject, "policy": text, "is_enabled": _is_enabled(key)}
        yield PolicyResource(subject=key.subject, type="aws_kms_key", values=values)


def _is_enabled(key: Key) -> bool | Unknown:
    try:
        return key.enabled
    except Undetermined as error:
        return Unknown(error.conclusion.reason)


@observes(PolicyResource)
def observe_secret_policies(account: Account) -> Iterator[PolicyResource]:
    """See the policies of secrets."""

    def policy(secret: str) -> Any:
        return account.get("secretsmanager", "GetResourcePolicy", SecretId=secret).get("ResourcePolicy")

    arns = [secret.subject for secret in account.once(observe_secrets)]
    yield from _list_policies(account, "aws_secretsmanager_secret_policy", arns, policy)


@observes(PolicyResource)
def observe_repository_policies(account: Account) -> Iterator[PolicyResource]:
    """See the policies of image repositories."""

    def policy(arn: str) -> Any:
        return account.get("ecr", "GetRepositoryPolicy", repositoryName=arn.partition("/")[2])["policyText"]

    rows = account.list("ecr", "DescribeRepositories", "repositories")
    own = f"arn:aws:ecr:{account.region}:{account.id}:repository"
    names = [row.get("repositoryArn") or f"{own}/{row.get('repositoryName', '')}" for row in rows]
    yield from _list_policies(account, "aws_ecr_repository_policy", names, policy)


@observes(PolicyResource)
def observe_vault_policies(account: Account) -> Iterator[PolicyResource]:
    """See the policies of the vaults that backup plans use."""

    def policy(arn: str) -> Any:
        region, name = arn.split(":")[3], arn.split(":")[6]
        return account.get("backup", "GetBackupVaultAccessPolicy", region=region, BackupVaultName=name)["Policy"]

    unread = {f"the vaults of {plan}": reason for plan, reason in list_unread_plans(account)}
    arns = [vault.subject for vault in account.once(observe_vaults) if vault.subject not in unread]
    yield from _list_policies(account, "aws_backup_vault_policy", arns, policy)
    for name, reason in unread.items():
        yield PolicyResource.unread(name, reason, type="aws_backup_vault_policy")


@observes(PolicyResource)
def observe_function_policies(account: Account) -> Iterator[PolicyResource]:
    """See the policies of functions, and of their versions and aliases, which have some of their own.

    A URL lets nobody in by itself: whoever calls one without a signature is let in by the policy, too.
    """

    def policy(arn: str) -> Any:
        name, _, qualifier = arn.partition(":function:")[2].partition(":")
        which = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
        return account.get("lambda", "GetPolicy", region=arn.split(":")[3], **which)["Policy"]

    rows = account.list("lambda", "ListFunctions", "Functions")
    arns = [row["FunctionArn"] for row in rows if "FunctionArn" in row]
    for name in (row.get("FunctionName", "a function without FunctionArn") for row in rows if "FunctionArn" not in row):
        yield PolicyResource.unread(name, "lambda ListFunctions does not state its FunctionArn", type=_FUNCTION)
    named: list[str] = []
    for arn, below in zip(arns, account.each(partial(_list_qualified, account), arns), strict=True):
        if isinstance(below, Unknown):
            yield PolicyResource(subject=f"{arn}:*", type=_FUNCTION, values={"policy": below})
        else:
            named += below
    yield from _list_policies(account, _FUNCTION, [*arns, *named], policy)


def _list_qualified(account: Account, function: str) -> tuple[str, ...] | Unknown:
    """Return the versions and aliases of a function; nothing of one that went in between."""
    asked = {"region": function.split(":")[3], "FunctionName": function.rpartition(":")[2]}
    try:
        versions = account.list("lambda", "ListVersionsByFunction", "Versions", **asked)
        aliases = account.list("lambda", "ListAliases", "Aliases", **asked)
    except Absent:
        return ()
    except Unreadable as error:
        return Unknown(error.reason)
    named = [*(row.get("FunctionArn") for row in versions), *(row.get("AliasArn") for row in aliases)]
    if None in named:
        return Unknown("lambda ListVersionsByFunction or ListAliases does not state an ARN")
    return tuple(one for one in named if not one.endswith(":$LATEST"))


def _list_policies(
    account: Account, type_: str, arns: list[str], ask: Callable[[str], Any]
) -> Iterator[PolicyResource]:
    """Yield policies that are resources of their own; ``ask`` returns the policy for an ARN."""
    found = account.each(lambda arn: _read_policy(lambda: ask(arn)), arns)
    for arn, policy in zip(arns, found, strict=True):
        yield PolicyResource(subject=arn, type=type_, values={"policy": policy})


def _read_policy(ask: Callable[[], Any]) -> Any:
    """Return the text of a policy, None if there is none, or Unknown if it can't be read."""
    try:
        return ask()
    except Absent:
        return None
    except Unreadable as error:
        return Unknown(error.reason)
