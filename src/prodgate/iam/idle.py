"""Statements that can never grant: of what AWS does not have, or all of it denied, out of bounds or contradictory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from .abilities import Abilities, Allowed
from .account import Account, Principal
from .decision import Asked, Decision
from .documents import Document, Statement, read_document
from .formulas import Formulas, Unsettled, find_model
from .known_actions import find_one, find_unfit, find_unknown
from .patterns import may_agree
from .questions import list_statements
from .requested import Requests
from .space import Given, build_space

_LOGIC: Final = Formulas()
#: Keys that are known of today's requests, and not of tomorrow's.
_OF_A_DAY: Final = ("aws:currenttime", "aws:tokenissuetime")


#: What leaves a resource to the policies of its account, as most policies of keys and roles do.
_LEAVING: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, slots=True)
class Idle:
    """A statement that grants nothing, and why."""

    statement: Statement
    why: str


def list_idle(principal: Principal, account: Account) -> Iterator[Idle]:
    """Yield the statements of a principal's own policies that can never grant it anything, whatever day it is. Those
    of AWS's policies are not asked about, nor is anything where a policy of it is not read."""
    if any(one.unread for one in (*principal.identity, *([principal.boundary] if principal.boundary else []))):
        return
    known = {key: value for key, value in Abilities(principal, account).known.items() if key not in _OF_A_DAY}
    denying = tuple(one for each in principal.identity for one in each.statements if not one.allows)
    for statement in dict.fromkeys(one for each in principal.identity for one in each.statements if one.allows):
        if statement.place.startswith("arn:aws:iam::aws:"):
            continue
        why = find_words(statement) or _find_reason(statement, denying, principal, account, known)
        if why:
            yield Idle(statement, why)


def find_words(statement: Statement) -> str:
    """Return why a statement, or a part of it, grants nothing by its words alone; empty where they fit together."""
    return find_unknown(statement) or find_unfit(statement)


def _find_reason(
    statement: Statement, denying: tuple[Statement, ...], principal: Principal, account: Account, known: Given
) -> str:
    denying = tuple(one for one in denying if _may_meet(statement, one))
    if not denying and not statement.conditions and principal.boundary is None:
        return ""
    if _is_granted_near(statement, denying, principal, account):
        return ""
    if _grants(statement, denying, principal, account, known):
        return ""
    unbound = replace(principal, boundary=None)
    if not _grants(statement, (), unbound, account, known):
        return "its conditions contradict each other, or who it is for"
    if not _grants(statement, (), principal, account, known):
        return "the permissions boundary allows nothing of it"
    alone = next((one for one in denying if not _grants(statement, (one,), unbound, account, known)), None)
    return f"denied by {alone.place}" if alone else "denied in part by each of several statements, or out of bounds"


def _is_granted_near(
    statement: Statement, denying: tuple[Statement, ...], principal: Principal, account: Account
) -> bool:
    """Whether a request near what the statement says is allowed: most are, and need no solver."""
    only = Abilities(replace(principal, identity=(Document((statement, *denying)),)), account)
    named = find_one(statement)
    trust = read_document({"Statement": {**_LEAVING, "Principal": {"AWS": account.id}}}, "trust")
    asked = (statement.resources or ())[:1] if named else ()
    return any(isinstance(only.can(named, one, trust=trust), Allowed) for one in asked)


def _may_meet(statement: Statement, other: Statement) -> bool:
    """Whether two statements may speak of the same action."""
    if statement.actions is None or other.actions is None:
        return True
    return any(may_agree(one.lower(), each.lower()) for one in statement.actions for each in other.actions)


def _grants(
    statement: Statement, denying: tuple[Statement, ...], principal: Principal, account: Account, known: Given
) -> bool:
    """Whether a statement may grant a request beside what denies; not only where the opposite is proven."""
    only = replace(principal, identity=(Document((statement, *denying)),)).policies()
    requests = Requests(build_space(list_statements(only), known))
    asked = Asked(principal.caller(), "", "", account.id)
    allowed = Decision(asked, only, _LOGIC, requests.applies).allowed
    try:
        return find_model(allowed.exactly, *requests.rules()) is not None
    except Unsettled:
        return True
