"""Who calls, and how a Principal element speaks of them.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "… NotPrincipal".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..semantics.policy_documents import Principal
from ..semantics.unresolved import Unresolved
from .documents import Statement
from .truth import Doubt, Truth, any_of, doubt

_ARN: Final = re.compile(r"arn:[\w-]+:(iam|sts)::(\d{12}):(root|user/|role/|assumed-role/|federated-user/)(.*)")
_KINDS: Final = {
    ("iam", "root"): "root",
    ("iam", "user/"): "user",
    ("iam", "role/"): "role",
    ("sts", "assumed-role/"): "session",
    ("sts", "federated-user/"): "federated-user",
}


#: Stands for the name of a session that whoever opens it may choose.
ANY_SESSION: Final = "*"


class Naming(Enum):
    """How a principal element names a caller."""

    ANYBODY = "anybody"
    ITSELF = "itself"
    PARENT = "the role or user whose session it is"
    ACCOUNT = "its account"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request."""

    kind: str
    """``user``, ``role``, ``session``, ``federated-user``, ``root``, ``service``, ``federated`` or ``anonymous``."""
    name: str
    """An ARN, a service's name, an identity provider, or nothing for an anonymous caller."""
    account: str = ""

    @property
    def parent(self) -> str:
        """The name of the role whose session it is, or of the user who federated."""
        path = self.name.split(":", 5)[5]
        return path.split("/")[1] if self.kind == "session" else path.partition("/")[2]


def read_caller(text: str) -> Caller:
    """Read who calls: an ARN, a service such as ``s3.amazonaws.com``, or nothing for anybody. Raises Unresolved."""
    if not text:
        return Caller("anonymous", "")
    if found := _ARN.fullmatch(text):
        if kind := _KINDS.get((found[1], found[3])):
            return Caller(kind, text, found[2])
    elif re.fullmatch(r"[\w.-]+\.amazonaws\.com(\.cn)?", text):
        return Caller("service", text)
    raise Unresolved(text, "is no principal that is known here")


def name_caller(statement: Statement, caller: Caller, *, bounded: bool) -> dict[Naming, Truth]:
    """Return how a statement of a resource's policy names a caller. ``bounded``: it has a permissions boundary."""
    if statement.not_principals is not None:
        excepted = _name_all(statement.not_principals, caller)
        return {Naming.ANYBODY: _applies_beside(statement.allows, excepted, caller, bounded)}
    return _name_all(statement.principals or (), caller)


def _name_all(principals: tuple[Principal, ...], caller: Caller) -> dict[Naming, Truth]:
    named = [_name(principal, caller) for principal in principals]
    return {
        naming: any_of(found if isinstance(found, Doubt) else found is naming for found in named) for naming in Naming
    }


def _applies_beside(allows: bool, excepted: dict[Naming, Truth], caller: Caller, bounded: bool) -> Truth:
    """Whether a statement with NotPrincipal applies to a caller whom its list names in these ways."""
    if bounded and not allows:
        return True  # documented: such a Deny always denies whoever has a boundary
    if any_of(excepted.values()) is False:
        return True
    needed = {Naming.ITSELF, Naming.ACCOUNT} | ({Naming.PARENT} if caller.kind == "session" else set())
    if caller.kind in ("service", "federated"):
        needed = {Naming.ITSELF}
    if excepted[Naming.ANYBODY] is True or all(excepted[naming] is True for naming in needed):
        return False
    return doubt(f"whether NotPrincipal spares {caller.name} is not documented: it names it in part")


def _name(principal: Principal, caller: Caller) -> Naming | Truth:
    if principal.name == "*" and principal.kind in ("*", "AWS"):
        return Naming.ANYBODY
    if "*" in principal.name or "?" in principal.name:
        return doubt(f"the principal {principal.name!r} holds a wildcard, which AWS does not accept there")
    if principal.kind in ("Service", "Federated"):
        return caller.name == principal.name and principal.kind.lower() == caller.kind and Naming.ITSELF
    if principal.kind != "AWS":
        return doubt(f"who the principal {principal.name!r} of kind {principal.kind} is, is not known here")
    if caller.name.endswith(f"/{ANY_SESSION}") and principal.name.startswith(caller.name.removesuffix(ANY_SESSION)):
        return doubt(f"{principal.name} is one session of {caller.parent}, and which one calls is not known")
    return _name_identity(principal, caller) if caller.account else False


def _name_identity(principal: Principal, caller: Caller) -> Naming | Truth:
    found = _ARN.fullmatch(principal.name)
    if re.fullmatch(r"\d{12}", principal.name) or (found and found[3] == "root"):
        return principal.account == caller.account and Naming.ACCOUNT
    if not found:
        return doubt(f"who the principal {principal.name!r} is, is not known here")
    if principal.name == caller.name:
        return Naming.ITSELF
    parents = {"session": "role/", "federated-user": "user/"}
    if found[2] != caller.account or found[3] != parents.get(caller.kind):
        return False
    name = found[4].rpartition("/")[2] if caller.kind == "session" else found[4]
    if name != caller.parent and name.lower() == caller.parent.lower():
        return doubt(f"{principal.name} and {caller.name} differ in capitals alone")
    return name == caller.parent and Naming.PARENT
