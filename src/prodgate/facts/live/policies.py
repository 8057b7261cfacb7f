"""Policies of identities and of resources, stated as Terraform would, and as the input of `prodgate.iam`."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable, read_document as parse_text
from ...iam.account import (
    ADMINISTRATOR_ACCESS,
    EVERYTHING,
    Account as Known,
    Group,
    Organization,
    Principal,
    find_document,
)
from ...iam.documents import Document, join, read_document, read_identity_document
from ...semantics.unresolved import Unknown, Unresolved
from .. import Fact
from ..observers import all_apart, apart, observes, observes_each
from .airflow import list_environments
from .databases import list_unread_plans, observe_vaults
from .keys import Key, list_key_regions, observe_keys
from .permissions import list_identities
from .stores import list_queues, list_topics, observe_secrets

# ── Roles, users, groups and their policies

#: Paths of roles that AWS makes for its own services and for sign-in by IAM Identity Center; nobody can edit them.
_OF_AWS: Final = ("/aws-service-role/", "/aws-reserved/")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IdentityResource(Fact):
    """A holder or source of permissions, as Terraform would state it."""

    type: str
    values: Mapping[str, Any]


@observes(IdentityResource)
def observe_identities(account: Account) -> Iterator[IdentityResource]:
    """Observe every role, user, group and customer-managed policy, and the roles that run Airflow."""
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
    yield from _apart(["aws_iam_access_key"], partial(_root_keys, account))(f"arn:aws:iam::{account.id}:root")
    yield from _airflow(account)


def _apart(
    types: Sequence[str], look: Callable[[Any], Iterable[IdentityResource]], *names: str
) -> Callable[[Any], tuple[IdentityResource, ...]]:
    return all_apart(IdentityResource, look, *names, types=types)


def _policy(policy: Mapping[str, Any]) -> Iterator[IdentityResource]:
    (document,) = [one["Document"] for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]]
    yield IdentityResource(
        subject=policy["Arn"],
        type="aws_iam_policy",
        values={"arn": policy["Arn"], "name": policy["PolicyName"], "policy": _text(document)},
    )


def _role(role: Mapping[str, Any]) -> Iterator[IdentityResource]:
    if role.get("Path", "").startswith(_OF_AWS):
        return
    yield IdentityResource(
        subject=role["Arn"],
        type="aws_iam_role",
        values={
            "arn": role["Arn"],
            "name": role["RoleName"],
            "assume_role_policy": _text(role["AssumeRolePolicyDocument"]),
            "inline_policy": [],
            "managed_policy_arns": None,
        },
    )
    yield from _policies_of("role", role["RoleName"], role["Arn"], role, "RolePolicyList")


def _holder(kind: str, holder: Mapping[str, Any]) -> Iterator[IdentityResource]:
    name = holder["UserName" if kind == "user" else "GroupName"]
    yield IdentityResource(subject=holder["Arn"], type=f"aws_iam_{kind}", values={"arn": holder["Arn"], "name": name})
    yield from _policies_of(kind, name, holder["Arn"], holder, f"{kind.capitalize()}PolicyList")


def _policies_of(kind: str, name: str, arn: str, holder: Mapping[str, Any], key: str) -> Iterator[IdentityResource]:
    for inline in holder.get(key) or ():
        yield IdentityResource(
            subject=f"{arn} policy {inline['PolicyName']}",
            type=f"aws_iam_{kind}_policy",
            values={kind: name, "name": inline["PolicyName"], "policy": _text(inline["PolicyDocument"])},
        )
    for attached in holder.get("AttachedManagedPolicies") or ():
        yield IdentityResource(
            subject=f"{arn} with {attached['PolicyArn']}",
            type=f"aws_iam_{kind}_policy_attachment",
            values={kind: name, "policy_arn": attached["PolicyArn"]},
        )


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
    yield IdentityResource(
        subject=found["Arn"],
        type="aws_mwaa_environment",
        values={
            "arn": found["Arn"],
            "name": found["Name"],
            "execution_role_arn": found["ExecutionRoleArn"],
            "source_bucket_arn": found["SourceBucketArn"],
        },
    )


def _source_bucket(account: Account, environment: Mapping[str, Any]) -> Iterator[IdentityResource]:
    """The bucket of the DAGs: anybody who can write there can run code as Airflow."""
    arn = environment["SourceBucketArn"]
    name = arn.rpartition(":")[2]
    found = account.find("s3", "GetBucketPolicy", Bucket=name)
    values = {"arn": arn, "bucket": name, "policy": found["Policy"] if found else None}
    yield IdentityResource(subject=arn, type="aws_s3_bucket", values=values)


def _text(document: Any) -> Any:
    """Return a policy document as the text that Terraform would hold; boto3 has read it already."""
    return document if isinstance(document, str | Unread) else json.dumps(document)


# ── Policies of buckets, queues, topics, keys, secrets, repositories, vaults and functions

#: The type name for a policy of a function: Terraform has only its statements.
_FUNCTION: Final = "aws_lambda_function_policy"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PolicyResource(Fact):
    """A resource with a policy of its own, as Terraform would state it. ``subject`` is its ARN."""

    type: str
    values: Mapping[str, Any]


@observes_each(
    PolicyResource,
    lambda account: account.list("s3", "ListBuckets", "Buckets"),
    "Name",
    types=("aws_s3_bucket", "aws_s3_bucket_policy"),
    at_once=True,
)
def observe_bucket_policies(account: Account, row: Mapping[str, Any]) -> Iterator[PolicyResource]:
    """Observe the policies of buckets."""
    name, arn = row["Name"], f"arn:aws:s3:::{row['Name']}"
    policy = _read_policy(lambda: account.get("s3", "GetBucketPolicy", Bucket=name)["Policy"])
    yield PolicyResource(subject=arn, type="aws_s3_bucket", values={"bucket": name, "policy": None})
    if policy is not None:
        yield PolicyResource(
            subject=f"{arn} policy", type="aws_s3_bucket_policy", values={"bucket": name, "policy": policy}
        )


@observes(PolicyResource)
def observe_message_policies(account: Account) -> Iterator[PolicyResource]:
    """Observe the policies of queues and topics."""

    def look(type_: str, named: tuple[str, Mapping[str, str]]) -> PolicyResource:
        arn, row = named
        values = {"arn": arn, "name": arn.rpartition(":")[2], "policy": row.get("Policy")}
        return PolicyResource(subject=arn, type=type_, values=values)

    for type_, rows in (("aws_sqs_queue", list_queues), ("aws_sns_topic", list_topics)):
        yield from map(apart(PolicyResource, partial(look, type_), type=type_), account.once(rows))


@observes(PolicyResource)
def observe_key_policies(account: Account) -> Iterator[PolicyResource]:
    """Observe the policies of customer-managed keys."""
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
    found: bool | Unread = key.peek("enabled")
    return Unknown(found.reason) if isinstance(found, Unread) else found


@observes(PolicyResource)
def observe_secret_policies(account: Account) -> Iterator[PolicyResource]:
    """Observe the policies of secrets."""
    yield from _list_policies(
        account,
        "aws_secretsmanager_secret_policy",
        [secret.subject for secret in account.once(observe_secrets)],
        lambda arn: account.get("secretsmanager", "GetResourcePolicy", SecretId=arn).get("ResourcePolicy"),
    )


@observes(PolicyResource)
def observe_repository_policies(account: Account) -> Iterator[PolicyResource]:
    """Observe the policies of image repositories."""
    rows = account.list("ecr", "DescribeRepositories", "repositories")
    own = f"arn:aws:ecr:{account.region}:{account.id}:repository"
    yield from _list_policies(
        account,
        "aws_ecr_repository_policy",
        [row.get("repositoryArn") or f"{own}/{row.get('repositoryName', '')}" for row in rows],
        lambda arn: account.get("ecr", "GetRepositoryPolicy", repositoryName=arn.partition("/")[2])["policyText"],
    )


@observes(PolicyResource)
def observe_vault_policies(account: Account) -> Iterator[PolicyResource]:
    """Observe the policies of the vaults that backup plans use."""

    def policy(arn: str) -> Any:
        region, name = arn.split(":")[3], arn.split(":")[6]
        return account.get("backup", "GetBackupVaultAccessPolicy", region=region, BackupVaultName=name)["Policy"]

    unread = {f"the vaults of {plan}": reason for plan, reason in list_unread_plans(account)}
    arns = [vault.subject for vault in account.once(observe_vaults) if vault.subject not in unread]
    yield from _list_policies(account, "aws_backup_vault_policy", arns, policy)
    yield from (PolicyResource.unread(name, reason, type="aws_backup_vault_policy") for name, reason in unread.items())


@observes(PolicyResource)
def observe_function_policies(account: Account) -> Iterator[PolicyResource]:
    """Observe the policies of functions, and of their versions and aliases, which have some of their own.

    A URL lets nobody in by itself: unsigned callers also need the policy's permission.
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
    """Return the versions and aliases of a function; none of one that was deleted in between."""
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


# ── The organization's limits on an account: service and resource control policies, as far as they can be read


#: The maximum depth of an organization: a root, five nested units, and the account.
#: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
_DEPTH: Final = 7


def read_organization(account: Account) -> Organization:
    """Return the policies of each level above an account and its own; or why they can't be read."""
    try:
        if (found := account.find("organizations", "DescribeOrganization")) is None:
            return Organization()
        about = found["Organization"]
        if about["MasterAccountId"] == account.id or about["FeatureSet"] == "CONSOLIDATED_BILLING":
            return Organization()
        levels = [*reversed([*_climb(account)])]
        return Organization(
            scps=tuple(filter(None, (_list_controls(account, one, "SERVICE_CONTROL_POLICY") for one in levels))),
            rcps=tuple(filter(None, (_list_controls(account, one, "RESOURCE_CONTROL_POLICY") for one in levels))),
        )
    except Unreadable as error:
        return Organization(unread=error.reason)
    except Absent as error:
        return Organization(unread=f"organizations: what it listed before is gone ({error.code}); look again")


def _climb(account: Account) -> Iterator[str]:
    """Yield the account, the units above it, and the root."""
    level = account.id
    for _ in range(_DEPTH):
        yield level
        if not (parents := account.list("organizations", "ListParents", "Parents", ChildId=level)):
            raise Unreadable(f"organizations ListParents states no parent of {level}")
        level = parents[0]["Id"]
        if parents[0]["Type"] == "ROOT":
            yield level
            return
    raise Unreadable(f"organizations ListParents states more than {_DEPTH} levels")


def _list_controls(account: Account, target: str, kind: str) -> tuple[Document, ...]:
    """Return the policies of one level; none if that kind is not in use."""
    rows = account.list("organizations", "ListPoliciesForTarget", "Policies", TargetId=target, Filter=kind)
    return tuple(_read_control(account, row["Id"]) for row in rows)


def _read_control(account: Account, id_: str) -> Document:
    written = account.get("organizations", "DescribePolicy", PolicyId=id_)["Policy"]["Content"]
    try:
        return read_document(parse_text(written, id_), f"the policy {id_} of the organization")
    except Unresolved as error:
        return Document(unread=str(error))


# ── The users, roles and groups of an account with their policies, as the input of `prodgate.iam`

Find = Callable[[str], Document]

#: Kind of principal -> the members under which IAM lists it and its inline policies.
_LISTS: Final = {
    "user": ("UserDetailList", "UserPolicyList"),
    "role": ("RoleDetailList", "RolePolicyList"),
    "group": ("GroupDetailList", "GroupPolicyList"),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Permissions(Fact):
    """The permissions of the principals of an account. ``subject`` is the account."""

    known: Known


@observes(Permissions)
def observe_permissions(account: Account) -> Iterator[Permissions]:
    """Observe all users, roles and groups with their policies, and those of all log groups."""

    def look(_: str) -> Permissions:
        found = [document for region in list_key_regions(account) for document in _list_of_logs(account, region)]
        return Permissions(subject=account.id, known=replace(read_account(account), guards={"logs": join(found)}))

    yield apart(Permissions, look)(account.id)


def read_account(account: Account) -> Known:
    """Return the principals of an account. The users of a role's rights are unknown. Raises Unreadable."""
    own = {one["Arn"]: _read_default(one) for one in list_identities(account, "Policies")}
    managed = partial(_find_managed, account, own, _read_versions(account))
    groups = {
        one["GroupName"]: Group(
            arn=one["Arn"], identity=tuple(_list_identity("group", one, managed)), managed=_list_attached(one)
        )
        for one in list_identities(account, _LISTS["group"][0])
    }
    users = [_read_user(one, managed, groups) for one in list_identities(account, _LISTS["user"][0])]
    roles = [
        Principal(
            arn=one["Arn"],
            identity=tuple(_list_identity("role", one, managed)),
            managed=_list_attached(one),
            boundary=_read_boundary(one, managed),
            trust=_read(one.get("AssumeRolePolicyDocument"), f"the trust policy of {one['Arn']}", read_document),
            in_profile=bool(one.get("InstanceProfileList")),
            tags=_read_tags(one),
            place=one["Arn"],
        )
        for one in list_identities(account, _LISTS["role"][0])
    ]
    return Known(
        id=account.id,
        principals=(*users, *roles),
        groups={group.arn: group for group in groups.values()},
        organization=read_organization(account),
        now=account.now.isoformat(timespec="seconds"),
    )


def _read_default(policy: Mapping[str, Any]) -> Document:
    for version in policy.get("PolicyVersionList") or ():
        if version["IsDefaultVersion"]:
            return _read(version.get("Document"), policy["Arn"], read_identity_document)
    return Document(unread=f"IAM lists no default version of {policy['Arn']}")


def _read(document: Any, where: str, read: Callable[[Any, str], Document]) -> Document:
    """Parse a document, which boto3 has mostly done; an unreadable one becomes a document that states so."""
    try:
        return read(parse_text(document, where) if isinstance(document, str) else document, where)
    except (Unresolved, Unreadable) as error:
        return Document(unread=str(error))


def _list_identity(kind: str, one: Mapping[str, Any], managed: Find) -> Iterator[Document]:
    for inline in one.get(_LISTS[kind][1]) or ():
        where = f"{one['Arn']} {inline.get('PolicyName', 'without a name')}"
        yield _read(inline["PolicyDocument"], where, read_identity_document)
    yield from map(managed, _list_attached(one))


def _list_attached(one: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ARNs of the policies attached to a principal; the name of one without."""
    attached = one.get("AttachedManagedPolicies") or ()
    return tuple(policy.get("PolicyArn") or policy.get("PolicyName", "a policy without ARN") for policy in attached)


def _list_of_logs(account: Account, region: str) -> Iterator[Document]:
    """Yield the policies of the log groups of a region, which name their subjects."""
    try:
        rows = account.list("logs", "DescribeResourcePolicies", "resourcePolicies", region=region)
    except (Unreadable, Absent) as error:
        yield Document(unread=str(error))
        return
    for row in rows:
        where = f"the policy {row.get('policyName', 'without a name')} of logs in {region}"
        yield _read(row["policyDocument"], where, read_document)


def _read_versions(account: Account) -> Mapping[str, str]:
    """Return the version in force of each attached AWS policy, as far as IAM states it."""
    try:
        rows = account.list("iam", "ListPolicies", "Policies", Scope="AWS", OnlyAttached=True)
    except (Unreadable, Absent):
        return {}
    return {row["Arn"]: row["DefaultVersionId"] for row in rows if {"Arn", "DefaultVersionId"} <= row.keys()}


def _find_managed(account: Account, own: Mapping[str, Document], versions: Mapping[str, str], arn: str) -> Document:
    """Return the statements of a managed policy; for an AWS one those in our data, if it has the version in force."""
    if arn in own or arn == ADMINISTRATOR_ACCESS:
        return own.get(arn, EVERYTHING)
    if arn not in versions:
        return Document(unread=f"what {arn} allows is not known here")
    version = versions[arn]
    if (known := find_document(arn, version)) is not None:
        return known
    try:
        written = account.get("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    except (Unreadable, Absent) as error:
        return Document(unread=str(error))
    return _read(written, f"{arn} {version}", read_identity_document)


def _read_boundary(one: Mapping[str, Any], managed: Find) -> Document | None:
    arn = (one.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", "")
    return managed(arn) if arn else None


def _read_user(one: Mapping[str, Any], managed: Find, groups: Mapping[str, Group]) -> Principal:
    joined = [groups[name] for name in one.get("GroupList") or () if name in groups]
    missing = [name for name in one.get("GroupList") or () if name not in groups]
    unknown = [Document(unread=f"what the group {name} allows is not known here") for name in missing]
    own = _list_identity("user", one, managed)
    return Principal(
        arn=one["Arn"],
        identity=(*own, *(each for group in joined for each in group.identity), *unknown),
        managed=(*_list_attached(one), *(each for group in joined for each in group.managed)),
        groups=tuple(group.arn for group in joined),
        boundary=_read_boundary(one, managed),
        tags=_read_tags(one),
        place=one["Arn"],
    )


def _read_tags(one: Mapping[str, Any]) -> Mapping[str, str] | None:
    return {each["Key"]: each["Value"] for each in one["Tags"]} if "Tags" in one else None
