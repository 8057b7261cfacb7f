"""The permissions of a role, over all policies that are attached to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...aws.documents import read_document
from ...semantics.policy_documents import Statement, read_statements
from ...semantics.unresolved import Unresolved
from ..observers import reads

reads("iam", "GetAccountAuthorizationDetails")

#: Everything but the policies that AWS manages.
IDENTITIES: Final = ["User", "Role", "Group", "LocalManagedPolicy"]


@dataclass(frozen=True, slots=True)
class Rights:
    """The permissions of one role. Service control policies are not looked at."""

    statements: tuple[Statement, ...]
    by_aws: frozenset[str]
    """Names of the attached policies that AWS manages, whose statements are not read."""
    boundary: tuple[Statement, ...] | None = None
    """The statements of its permissions boundary, which must allow what the policies allow; None without one."""
    unread_boundary: str = ""
    """Name of a boundary that AWS manages, whose statements are not read."""

    def may(self, action: str, resource: str) -> bool:
        """Whether an action on a resource is allowed, under some condition at least, and not denied without one.

        Raises Unreadable when only a policy that AWS manages could allow it.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        if self.boundary is not None and not Rights(self.boundary, frozenset()).may(action, resource):
            return False
        allowed = self._is_granted(action, resource)
        if allowed and self.unread_boundary:
            raise Unreadable(f"whether the boundary {self.unread_boundary} allows {action} is not read here")
        return allowed

    def denies(self, action: str, resource: str) -> bool:
        """Whether a policy or the boundary denies an action on a resource without a condition, whoever allows it."""
        found = [one for one in (*self.statements, *(self.boundary or ())) if not one.allows and not one.conditions]
        return any(one.covers(action) and _applies_to(one, resource) for one in found)

    def _is_granted(self, action: str, resource: str) -> bool:
        found = [one for one in self.statements if one.covers(action) and _applies_to(one, resource)]
        if self.denies(action, resource):
            return False
        if not any(one.allows for one in found) and self.by_aws:
            raise Unreadable(f"whether {', '.join(sorted(self.by_aws))} allows {action} is not read here")
        return any(one.allows for one in found)

    def reaches(self, action: str, prefix: str) -> tuple[str, ...]:
        """Return the resource patterns with a prefix on which an action is allowed, as they are written."""
        allowed = [one for one in self.statements if one.allows and one.covers(action)]
        return tuple(name for one in allowed for name in one.resources if name.startswith(prefix))


def list_identities(account: Account, key: str) -> tuple[Any, ...]:
    """Return what IAM lists under ``RoleDetailList``, ``UserDetailList``, ``GroupDetailList`` or ``Policies``."""
    return account.list("iam", "GetAccountAuthorizationDetails", key, Filter=IDENTITIES)


def read_rights(account: Account, arn: str) -> Rights:
    """Return what a role of this account is allowed. Raises Unreadable, also for a role that is not listed."""
    for role in list_identities(account, "RoleDetailList"):
        if role["Arn"] == arn:
            limit = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", "")
            theirs = ":iam::aws:policy/" in limit
            try:
                found = tuple(one for text in _list_documents(account, role) for one in read_statements(text, arn))
                within = _read_boundary(account, limit) if limit and not theirs else None
            except Unresolved as error:
                raise Unreadable(str(error)) from None
            attached = [one["PolicyArn"] for one in role.get("AttachedManagedPolicies") or ()]
            names = frozenset(one.rpartition("/")[2] for one in attached if ":iam::aws:policy/" in one)
            return Rights(found, names, within, limit.rpartition("/")[2] if theirs else "")
    raise Unreadable(f"iam GetAccountAuthorizationDetails lists no role {arn}")


def _list_documents(account: Account, role: Mapping[str, Any]) -> Iterator[Any]:
    for inline in role.get("RolePolicyList") or ():
        yield _parse_document(inline["PolicyDocument"])
    attached = {one["PolicyArn"] for one in role.get("AttachedManagedPolicies") or ()}
    for policy in list_identities(account, "Policies"):
        if policy["Arn"] in attached:
            yield from (
                _parse_document(one["Document"]) for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]
            )


def _read_boundary(account: Account, arn: str) -> tuple[Statement, ...]:
    for policy in list_identities(account, "Policies"):
        if policy["Arn"] == arn:
            texts = [one["Document"] for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]]
            return tuple(one for text in texts for one in read_statements(_parse_document(text), arn))
    raise Unreadable(f"iam GetAccountAuthorizationDetails lists no policy {arn}, which is the boundary of a role")


def _parse_document(document: Any) -> Any:
    """Return a policy document as an object; boto3 has mostly read it already."""
    return read_document(document, "a policy document") if isinstance(document, str) else document


def _applies_to(statement: Statement, resource: str) -> bool:
    return any(fnmatchcase(resource, pattern) for pattern in statement.resources)
