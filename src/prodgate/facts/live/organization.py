"""What the organization of an account denies to all of it: service and resource control policies, as far as they can be
read.

The account that manages an organization is not limited by them; another may read them where it was delegated that.
Source: Organizations User Guide, "SCP evaluation", "Resource control policies" and "Delegated administrator".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...aws.documents import read_document as parse_text
from ...iam.account import Organization
from ...iam.documents import Document, read_document
from ...semantics.unresolved import Unresolved
from ..observers import reads

reads("organizations", "DescribeOrganization", "DescribePolicy", "ListParents", "ListPoliciesForTarget")

#: How deep an organization may be: a root, five units within one another, and the account.
#: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
_DEPTH: Final = 7


def read_organization(account: Account) -> Organization:
    """Return the policies of each level above an account and its own; or why they can't be read."""
    try:
        found = account.find("organizations", "DescribeOrganization")
        if found is None:
            return Organization()
        about = found["Organization"]
        if about["MasterAccountId"] == account.id or about["FeatureSet"] == "CONSOLIDATED_BILLING":
            return Organization()
        levels = [*reversed([*_climb(account)])]
        return Organization(
            scps=tuple(filter(None, (_list_policies(account, one, "SERVICE_CONTROL_POLICY") for one in levels))),
            rcps=tuple(filter(None, (_list_policies(account, one, "RESOURCE_CONTROL_POLICY") for one in levels))),
        )
    except Unreadable as error:
        return Organization(unread=error.reason)
    except Absent as error:
        return Organization(unread=f"organizations: what it listed before is gone ({error.code}); look again")


def _climb(account: Account) -> Iterator[str]:
    """Yield the account, the units that it is in, and the root."""
    level = account.id
    for _ in range(_DEPTH):
        yield level
        parents = account.list("organizations", "ListParents", "Parents", ChildId=level)
        if not parents:
            raise Unreadable(f"organizations ListParents states no parent of {level}")
        level = parents[0]["Id"]
        if parents[0]["Type"] == "ROOT":
            yield level
            return
    raise Unreadable(f"organizations ListParents states more than {_DEPTH} levels")


def _list_policies(account: Account, target: str, kind: str) -> tuple[Document, ...]:
    """Return the policies of one level; none where that kind is not in use."""
    rows = account.list("organizations", "ListPoliciesForTarget", "Policies", TargetId=target, Filter=kind)
    return tuple(_read(account, row["Id"]) for row in rows)


def _read(account: Account, id_: str) -> Document:
    written = account.get("organizations", "DescribePolicy", PolicyId=id_)["Policy"]["Content"]
    try:
        return read_document(parse_text(written, id_), f"the policy {id_} of the organization")
    except Unresolved as error:
        return Document(unread=str(error))
