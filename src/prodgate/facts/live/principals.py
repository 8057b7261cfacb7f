"""The users, roles and groups of an account as they are, with their policies: what `prodgate.iam` asks about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...aws.documents import read_document as parse_text
from ...iam.account import ADMINISTRATOR_ACCESS, EVERYTHING, Group, Principal
from ...iam.account import Account as Known
from ...iam.aws_managed import find_document
from ...iam.documents import Document, read_document, read_identity_document
from ...iam.guards import join
from ...semantics.unresolved import Unresolved
from .. import Fact
from ..observers import apart, observes, reads
from .keys import list_key_regions
from .organization import read_organization
from .permissions import list_identities

reads("iam", "GetPolicyVersion", "ListPolicies")
reads("logs", "DescribeResourcePolicies")

Find = Callable[[str], Document]

#: Kind of principal -> the members under which IAM lists it and its inline policies.
_LISTS: Final = {
    "user": ("UserDetailList", "UserPolicyList"),
    "role": ("RoleDetailList", "RolePolicyList"),
    "group": ("GroupDetailList", "GroupPolicyList"),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Permissions(Fact):
    """What the principals of an account are allowed. ``subject`` is the account."""

    known: Known


@observes(Permissions)
def observe_permissions(account: Account) -> Iterator[Permissions]:
    """See all users, roles and groups with their policies, and those of all log groups."""

    def look(_: str) -> Permissions:
        found = [document for region in list_key_regions(account) for document in _list_of_logs(account, region)]
        return Permissions(subject=account.id, known=replace(read_account(account), guards={"logs": join(found)}))

    yield apart(Permissions, look)(account.id)


def read_account(account: Account) -> Known:
    """Return the principals of an account. What runs with the rights of a role is not known. Raises Unreadable."""
    own = {one["Arn"]: _read_default(one) for one in list_identities(account, "Policies")}
    managed = partial(_find_managed, account, own, _read_versions(account))
    groups = {one["GroupName"]: _read_group(one, managed) for one in list_identities(account, _LISTS["group"][0])}
    users = [_read_user(one, managed, groups) for one in list_identities(account, _LISTS["user"][0])]
    roles = [_read_role(one, managed) for one in list_identities(account, _LISTS["role"][0])]
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
    """Read a document, which boto3 has mostly parsed; what can't be read is a document that says so."""
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
    """Return the ARNs of the policies that are attached to a principal; of one without, its name."""
    attached = one.get("AttachedManagedPolicies") or ()
    return tuple(policy.get("PolicyArn") or policy.get("PolicyName", "a policy without ARN") for policy in attached)


def _list_of_logs(account: Account, region: str) -> Iterator[Document]:
    """Yield the policies of the log groups of a region, which name what they are about."""
    try:
        rows = account.list("logs", "DescribeResourcePolicies", "resourcePolicies", region=region)
    except (Unreadable, Absent) as error:
        yield Document(unread=str(error))
        return
    for row in rows:
        where = f"the policy {row.get('policyName', 'without a name')} of logs in {region}"
        yield _read(row["policyDocument"], where, read_document)


def _read_versions(account: Account) -> Mapping[str, str]:
    """Return which version of each policy of AWS that is attached is in force, as far as IAM says."""
    try:
        rows = account.list("iam", "ListPolicies", "Policies", Scope="AWS", OnlyAttached=True)
    except (Unreadable, Absent):
        return {}
    return {row["Arn"]: row["DefaultVersionId"] for row in rows if {"Arn", "DefaultVersionId"} <= row.keys()}


def _find_managed(account: Account, own: Mapping[str, Document], versions: Mapping[str, str], arn: str) -> Document:
    """Return what a managed policy allows; one of AWS by the data, where that has the version in force."""
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


def _read_group(one: Mapping[str, Any], managed: Find) -> Group:
    return Group(arn=one["Arn"], identity=tuple(_list_identity("group", one, managed)), managed=_list_attached(one))


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
        place=one["Arn"],
    )


def _read_role(one: Mapping[str, Any], managed: Find) -> Principal:
    return Principal(
        arn=one["Arn"],
        identity=tuple(_list_identity("role", one, managed)),
        managed=_list_attached(one),
        boundary=_read_boundary(one, managed),
        trust=_read(one.get("AssumeRolePolicyDocument"), f"the trust policy of {one['Arn']}", read_document),
        in_profile=bool(one.get("InstanceProfileList")),
        place=one["Arn"],
    )
