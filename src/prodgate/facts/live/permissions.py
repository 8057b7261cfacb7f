"""The permissions of a role, over all policies that are attached to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable, read_document
from ...quantities import Quantity
from ...semantics.policy_documents import Statement, read_statements
from ...semantics.unresolved import Unresolved
from .. import Fact
from ..observers import observes_each

#: Everything but the policies that AWS manages.
IDENTITIES: Final = ["User", "Role", "Group", "LocalManagedPolicy"]


@dataclass(frozen=True, slots=True)
class Rights:
    """The permissions of one role. Service control policies are not considered."""

    statements: tuple[Statement, ...]
    by_aws: frozenset[str]
    """Names of the attached AWS managed policies, whose statements are not read."""
    boundary: tuple[Statement, ...] | None = None
    """The statements of its permissions boundary, which must allow whatever the policies allow; None without one."""
    unread_boundary: str = ""
    """Name of an AWS managed boundary, whose statements are not read."""

    def may(self, action: str, resource: str) -> bool:
        """Whether an action on a resource is allowed, under some condition at least, and not denied without one.

        Raises Unreadable if only an AWS managed policy could allow it.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        if self.boundary is not None and not Rights(self.boundary, frozenset()).may(action, resource):
            return False
        allowed = self._is_granted(action, resource)
        if allowed and self.unread_boundary:
            raise Unreadable(f"whether the boundary {self.unread_boundary} allows {action} is not read here")
        return allowed

    def denies(self, action: str, resource: str) -> bool:
        """Whether a policy or the boundary denies an action on a resource unconditionally."""
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
        """Return the resource patterns with a prefix on which an action is allowed, as written."""
        allowed = [one for one in self.statements if one.allows and one.covers(action)]
        return tuple(name for one in allowed for name in one.resources if name.startswith(prefix))


def list_identities(account: Account, key: str) -> tuple[Any, ...]:
    """Return what IAM lists under ``RoleDetailList``, ``UserDetailList``, ``GroupDetailList`` or ``Policies``."""
    return account.list("iam", "GetAccountAuthorizationDetails", key, Filter=IDENTITIES)


def read_rights(account: Account, arn: str) -> Rights:
    """Return the permissions of a role of this account. Raises Unreadable, also for a role that is not listed."""
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
    yield from (_parse_document(inline["PolicyDocument"]) for inline in role.get("RolePolicyList") or ())
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


# ── Access from outside the account, as IAM's analyzers have found it


#: Types of analyzers that look for access from outside.
OUTSIDE: Final = ("ACCOUNT", "ORGANIZATION")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OutsideAccess(Fact):
    """An active analyzer of external access, and its findings."""

    findings: Quantity
    """Active findings."""


@observes_each(
    OutsideAccess, lambda account: account.list("accessanalyzer", "ListAnalyzers", "analyzers"), "arn", "name"
)
def observe_outside_access(account: Account, analyzer: Mapping[str, Any]) -> Iterator[OutsideAccess]:
    """Observe the findings of the analyzers of external access."""
    if analyzer["status"] != "ACTIVE" or analyzer["type"] not in OUTSIDE:
        return
    # an organization's analyzer also lists openings of its members
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-filter-keys.html
    wanted = {"status": {"eq": ["ACTIVE"]}, "resourceOwnerAccount": {"eq": [account.id]}}
    asked = {"analyzerArn": analyzer["arn"], "filter": wanted}
    found = account.list("accessanalyzer", "ListFindingsV2", "findings", **asked)
    if "lastResourceAnalyzedAt" not in analyzer:
        raise Unreadable(f"{analyzer['name']}: has not analyzed anything yet; it begins within half an hour")
    own = [one for one in found if one.get("resourceOwnerAccount", account.id) == account.id]
    open_ = sum(one.get("status", "ACTIVE") == "ACTIVE" for one in own)
    yield OutsideAccess(subject=analyzer["arn"], findings=Quantity.of(open_))
