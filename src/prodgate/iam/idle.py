"""Statements that can never grant (for actions that AWS lacks, or wholly denied, out of bounds or contradictory), and
rights that nothing uses."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..semantics.policy_documents import Principal as Named
from ..semantics.unresolved import Unresolved
from .abilities import Abilities, Allowed
from .account import EVERYTHING, Account, Principal
from .documents import Document, Statement, read_document
from .evaluation import ANY_SESSION, Asked, Caller, Decision, Policies, Request, read_caller
from .known_actions import find_one, find_unfit, find_unknown, list_known, may_name
from .needs import Need, Needs
from .paths import list_paths
from .patterns import matches, may_agree, read_pattern
from .space import Formulas, Given, Question, Requests, Unsettled, ask, build_space, find_model, list_statements
from .truth import Doubt

_LOGIC: Final = Formulas()
#: Keys that are known for today's requests, but not for tomorrow's.
_OF_A_DAY: Final = ("aws:currenttime", "aws:epochtime", "aws:tokenissuetime")


#: Leaves a resource to the policies of its account, as most policies of keys and roles do.
_LEAVING: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, slots=True)
class Idle:
    """A statement that grants nothing, and why."""

    statement: Statement
    why: str


def list_idle(principal: Principal, account: Account) -> Iterator[Idle]:
    """Yield the statements of a principal's own policies that can never grant it anything, on any day.

    AWS's policies are not covered, nor is a principal with an unread policy.
    """
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
    """Return why a statement, or a part of it, grants nothing by its words alone; empty if they are consistent."""
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
    """Whether a request close to the statement is allowed: most are, and need no solver."""
    only = Abilities(replace(principal, identity=(Document((statement, *denying)),)), account)
    named = find_one(statement)
    trust = read_document({"Statement": {**_LEAVING, "Principal": {"AWS": account.id}}}, "trust")
    asked = (statement.resources or ())[:1] if named else ()
    return any(isinstance(only.can(named, one, trust=trust), Allowed) for one in asked)


def _may_meet(statement: Statement, other: Statement) -> bool:
    """Whether two statements may cover the same action."""
    if statement.actions is None or other.actions is None:
        return True
    return any(may_agree(one.lower(), each.lower()) for one in statement.actions for each in other.actions)


def _grants(
    statement: Statement, denying: tuple[Statement, ...], principal: Principal, account: Account, known: Given
) -> bool:
    """Whether a statement may grant a request despite denials, unless the opposite is proven."""
    only = replace(principal, identity=(Document((statement, *denying)),)).policies()
    requests = Requests(build_space(list_statements(only), known))
    asked = Asked(principal.caller(), "", "", account.id)
    allowed = Decision(asked, only, _LOGIC, requests.applies).allowed
    try:
        return find_model(allowed.exactly, *requests.rules()) is not None
    except Unsettled:
        return True


# ── Trust and resource policies

#: The remains of a deleted user, role and the like in a policy.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_DELETED: Final = re.compile(r"A(?:IDA|ROA|GPA|NPA)[A-Z0-9]{12,}")
#: Principals that no policy of a resource can name.
_NOBODY: Final = {":group/": "is a group, which nobody calls as", ":instance-profile/": "is no principal"}


def list_shut(account: Account, role: str = "") -> Iterator[Idle]:
    """Yield the statements that can never let anybody in.

    Those of the trust policy of a role, by its ARN; without one, of the policies of other resources.
    """
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
    """Return why nobody can be any of the named principals; empty if somebody may be."""
    found = [_find_nobody(one) for one in statement.principals or ()]
    return "; ".join(found) if found and all(found) else ""


def _find_denial(statement: Statement, document: Document, account: Account, role: str) -> str:
    """Return why no request of any named principal is allowed; empty if one may be."""
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
    """Return why nobody can be a named principal; empty if somebody may be."""
    if named.kind != "AWS" or named.name == "*":
        return ""
    if _DELETED.fullmatch(named.name):
        return f"{named.name} was deleted: only its number is left"
    if "*" in named.name or "?" in named.name:
        return f"{named.name} holds a wildcard, and names nobody but itself"
    return next((f"{named.name} {why}" for part, why in _NOBODY.items() if part in named.name), "")


def _read_caller(named: Named) -> Caller | None:
    """Return a named principal, any session of a role; None if unknown."""
    if named.name == "*":
        return None  # anybody who meets the conditions
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
    """Whether a statement may let a caller in despite denials, unless the opposite is proven."""
    policies = Policies(identity=(EVERYTHING,), resource=Document((statement, *denying)))
    asked = role or next(iter(statement.resources or ()), "")
    if (action := find_one(statement)) and asked:
        near = Question(caller=caller, action=action, resource=asked, account=account.id, policies=policies)
        if isinstance(ask(near), Request):  # most are, and need no solver
            return True
    requests = Requests(build_space(list_statements(policies), {}))
    allowed = Decision(Asked(caller, "", "", account.id), policies, _LOGIC, requests.applies).allowed
    try:
        return find_model(allowed.exactly, *requests.rules()) is not None
    except Unsettled:
        return True


# ── A principal's rights against their use: unused ones, missing ones, and the least policy that suffices
#
# Only actions are measured, by the statements that grant them. Code chooses resources at run time, so resources stay as
# granted. No action counts as unused while a possible user of it was not read.

_ANY: Final = ("arn:*:*:*:*:*", "*")
_VIA: Final = "kms:viaservice"
_PASSED: Final = "iam:passedtoservice"
#: Requests to a key that a service makes in its caller's name.
#: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
_OF_KEYS: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


@dataclass(frozen=True, slots=True)
class Unused:
    """A part of a statement that nothing uses."""

    statement: Statement
    written: str
    """The action as written, with wildcards or not."""
    used: tuple[str, ...]
    """The used part of it: if not empty, the action is written too widely."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A principal's rights beside their use."""

    unused: tuple[Unused, ...]
    missing: tuple[Need, ...]
    doubts: frozenset[str]
    """Why it is unknown which rights are unused or missing."""
    least: tuple[tuple[Statement, tuple[str, ...]], ...]
    """The needed statements, each with the needed actions."""


def measure(principal: Principal, account: Account, needs: Needs) -> Measured:
    """Return a principal's rights beside their use."""
    own = Abilities(principal, account)
    doubts = {*needs.unread, *(one.unread for one in principal.identity if one.unread), *account.gaps}
    unused: list[Unused] = []
    least: list[tuple[Statement, tuple[str, ...]]] = []
    for statement in dict.fromkeys(one for each in principal.identity for one in each.statements):
        if not statement.allows:
            least.append((statement, statement.actions or ()))
            continue
        kept: list[str] = []
        for written in statement.actions or ("*",):
            used = _find_used(written, statement, needs.used)
            kept += used
            if used != (written,) and _is_granted(own, written):
                unused.append(Unused(statement, written, used))
        if kept:
            least.append((statement, tuple(dict.fromkeys(kept))))
    idle = {one.statement for one in list_idle(principal, account)} if unused else set()
    kept_back = tuple(one for one in unused if one.statement not in idle)  # it grants nothing, and so is not granted
    missing, unsure = _find_missing(own, needs.used)
    guessed = {one for each in kept_back for one in _list_guessed(each, needs.perhaps)}
    return Measured(kept_back, missing, frozenset(doubts | unsure | guessed), tuple(least))


def _list_guessed(unused: Unused, perhaps: Sequence[Need]) -> Iterator[str]:
    """Yield why an action without a known use may be used nevertheless."""
    for action in list_known(unused.written.lower()) if perhaps else ():
        if action not in unused.used:
            yield from (f"{one.by}, which {action} may be for" for one in perhaps if _covers(one.action, action))


def _find_used(written: str, statement: Statement, used: Sequence[Need]) -> tuple[str, ...]:
    """Return the used part of a written action: all of it, as written, or some actions without wildcards."""
    needed = [one.action for one in used if _concerns(one, statement)]
    needed += [one for one in _list_implied(statement, used) if _covers(written, one) or _covers(one, written)]
    if any(_covers(one, written) for one in needed):
        return (written,)
    if not {"*", "?"} & set(written):
        return ()
    return tuple(dict.fromkeys([one for one in needed if _covers(written, one)]))


def _concerns(need: Need, statement: Statement) -> bool:
    if statement.resources is None or "*" in need.resources:
        return True
    return any(may_name(each, one) for one in need.resources for each in statement.resources)


def _list_implied(statement: Statement, used: Sequence[Need]) -> Iterator[str]:
    """Yield the rights that calls imply: a key for the data it encrypts, a role for the service that assumes it."""
    called = {one.action.lower() for one in used}
    services = {one.partition(":")[0] for one in called}
    for condition in statement.conditions:
        if condition.key == _VIA and any(one.partition(".")[0].lower() in services for one in condition.values):
            yield from _OF_KEYS
        if condition.key == _PASSED:
            taking = [path for path in list_paths() if path.service in condition.values]
            if any(step.action.lower() in called for path in taking for step in path.steps):
                yield "iam:PassRole"


def _covers(pattern: str, action: str) -> bool:
    """Whether a pattern names an action, or all actions of a narrower pattern."""
    return matches(read_pattern(pattern.lower(), None), action.lower()) is True


def _is_granted(own: Abilities, written: str) -> bool:
    """Whether any of a written action is effective, unless the opposite is proven."""
    return bool({"*", "?"} & set(written)) or any(own.can(written, one) is not None for one in _ANY)


def _find_missing(own: Abilities, used: Sequence[Need]) -> tuple[tuple[Need, ...], set[str]]:
    missing: list[Need] = []
    unsure: set[str] = set()
    for need in used:
        if not need.must:
            continue
        asked = _ANY if "*" in need.resources else need.resources
        if any(isinstance(own.can(need.action, one), Allowed) for one in asked):
            continue
        found = [own.under(need.action, one, Document()) for one in asked]  # by the policy of a resource
        if any(isinstance(one, Allowed) for one in found):
            continue
        doubts = [one for one in found if isinstance(one, Doubt)]
        unsure |= {reason for one in doubts for reason in one.reasons}
        missing += [] if doubts else [need]
    return tuple(missing), unsure
