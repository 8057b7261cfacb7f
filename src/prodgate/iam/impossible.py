"""Statements of trust policies, and of those of resources, that can never let anybody in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..semantics.policy_documents import Principal as Named
from ..semantics.unresolved import Unresolved
from .account import EVERYTHING, Account
from .callers import ANY_SESSION, Caller, read_caller
from .decision import Asked, Decision, Policies
from .documents import Document, Statement
from .evaluation import Request
from .formulas import Formulas, Unsettled, find_model
from .idle import Idle, find_words
from .known_actions import find_one
from .questions import Question, ask, list_statements
from .requested import Requests
from .space import build_space

_LOGIC: Final = Formulas()
#: What is left in a policy of a user, role and the like that was deleted.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_DELETED: Final = re.compile(r"A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{12,}")
#: Whom no policy of a resource can name.
_NOBODY: Final = {":group/": "is a group, which nobody calls as", ":instance-profile/": "is no principal"}


def list_shut(account: Account, role: str = "") -> Iterator[Idle]:
    """Yield the statements that can never let anybody in: of the trust policy of a role, by its ARN; without one, of
    the policies of other resources."""
    documents = [one.trust for one in account.principals if role and one.arn == role]
    for document in documents if role else account.guards.values():
        if document is None or document.unread:
            continue
        for statement in document.statements:
            if not statement.allows or statement.doubted:
                continue
            why = find_words(statement) or _find_nobodies(statement) or _find_denial(statement, document, account, role)
            if why:
                yield Idle(statement, why)


def _find_nobodies(statement: Statement) -> str:
    """Return why nobody can be any principal that is named; empty where somebody may be."""
    found = [_find_nobody(one) for one in statement.principals or ()]
    return "; ".join(found) if found and all(found) else ""


def _find_denial(statement: Statement, document: Document, account: Account, role: str) -> str:
    """Return why no request of anybody who is named is allowed; empty where one may be."""
    named = [one for one in statement.principals or () if not _find_nobody(one)]
    denying = tuple(one for one in document.statements if not one.allows)
    callers = [_read_caller(one) for one in named]
    if not named or None in callers or not (statement.conditions or denying):
        return ""
    for others in (denying, ()):
        if any(_lets_in(statement, others, one, account, role) for one in callers if one):
            return "" if others == denying else "everything of it is denied by the same policy"
    return "its conditions contradict each other, or who it is for"


def _find_nobody(named: Named) -> str:
    """Return why nobody can be a principal that is named; empty where somebody may be."""
    if named.kind != "AWS" or named.name == "*":
        return ""
    if _DELETED.fullmatch(named.name):
        return f"{named.name} was deleted: only its number is left"
    if "*" in named.name or "?" in named.name:
        return f"{named.name} holds a wildcard, and names nobody but itself"
    return next((f"{named.name} {why}" for part, why in _NOBODY.items() if part in named.name), "")


def _read_caller(named: Named) -> Caller | None:
    """Return one who is named, any session of a role; None where it is not known who that is."""
    if named.name == "*":
        return None  # whoever fulfils the conditions
    if named.kind in ("Service", "Federated"):
        return Caller(named.kind.lower(), named.name)
    if re.fullmatch(r"\d{12}|arn:[\w-]+:iam::\d{12}:root", named.name):
        return Caller("user", f"arn:aws:iam::{named.account}:user/anybody", named.account)
    try:
        caller = read_caller(named.name)
    except Unresolved:
        return None
    if caller.kind != "role":
        return caller if caller.account else None
    partition, role = named.name.split(":")[1], named.name.rpartition("/")[2]
    return Caller("session", f"arn:{partition}:sts::{caller.account}:assumed-role/{role}/{ANY_SESSION}", caller.account)


def _lets_in(statement: Statement, denying: tuple[Statement, ...], caller: Caller, account: Account, role: str) -> bool:
    """Whether a statement may let a caller in beside what denies; not only where the opposite is proven."""
    policies = Policies(identity=(EVERYTHING,), resource=Document((statement, *denying)))
    asked = role or next(iter(statement.resources or ()), "")
    if (action := find_one(statement)) and asked:
        near = Question(caller=caller, action=action, resource=asked, account=account.id, policies=policies)
        if isinstance(ask(near), Request):  # most are, and need no more
            return True
    requests = Requests(build_space(list_statements(policies), {}))
    allowed = Decision(Asked(caller, "", "", account.id), policies, _LOGIC, requests.applies).allowed
    try:
        return find_model(allowed.exactly, *requests.rules()) is not None
    except Unsettled:
        return True
