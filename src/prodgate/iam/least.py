"""What a principal is granted beside what is used: what is not used, what is missing, and the least that would do.

Actions are measured, by the statements that grant them; which resources code asks for is decided when it runs, so that
these stay as they are granted. Where anything is not read that may use something, nothing is called unused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .abilities import Abilities, Allowed
from .account import Account, Principal
from .documents import Document, Statement
from .idle import list_idle
from .known_actions import list_known
from .needs import Need, Needs
from .paths import list_paths
from .patterns import matches, may_overlap, read_pattern
from .truth import Doubt

_ANY: Final = ("arn:*:*:*:*:*", "*")
_VIA: Final = "kms:viaservice"
_PASSED: Final = "iam:passedtoservice"
#: What a service asks of a key in the name of whoever calls it.
#: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
_OF_KEYS: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


@dataclass(frozen=True, slots=True)
class Unused:
    """A part of a statement that nothing uses."""

    statement: Statement
    written: str
    """The action as it is written, with wildcards or not."""
    used: tuple[str, ...]
    """What of it is used: then it is written too widely."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a principal holds beside what it uses."""

    unused: tuple[Unused, ...]
    missing: tuple[Need, ...]
    doubts: frozenset[str]
    """Why what is not used, or is missing, is not known."""
    least: tuple[tuple[Statement, tuple[str, ...]], ...]
    """The statements that are needed, each with the actions that are."""


def measure(principal: Principal, account: Account, needs: Needs) -> Measured:
    """Return what a principal holds beside what is used of it."""
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
    kept_back = tuple(one for one in unused if one.statement not in idle)  # what can't grant is not granted
    missing, unsure = _find_missing(own, needs.used)
    guessed = {one for each in kept_back for one in _list_guessed(each, needs.perhaps)}
    return Measured(kept_back, missing, frozenset(doubts | unsure | guessed), tuple(least))


def _list_guessed(unused: Unused, perhaps: Sequence[Need]) -> Iterator[str]:
    """Yield why an action that nothing is seen to use may be used all the same."""
    for action in list_known(unused.written.lower()) if perhaps else ():
        if action not in unused.used:
            yield from (f"{one.by}, which {action} may be for" for one in perhaps if _covers(one.action, action))


def _find_used(written: str, statement: Statement, used: Sequence[Need]) -> tuple[str, ...]:
    """Return what of a written action is used: all of it, as it is written, or some actions without wildcards."""
    needed = [one.action for one in used if _concerns(one, statement)]
    needed += [one for one in _list_implied(statement, used) if _covers(written, one) or _covers(one, written)]
    if any(_covers(one, written) for one in needed):
        return (written,)
    if not {"*", "?"} & set(written):
        return ()
    inside = [one for one in needed if _covers(written, one)]
    return tuple(dict.fromkeys(inside))


def _concerns(need: Need, statement: Statement) -> bool:
    if statement.resources is None or "*" in need.resources:
        return True
    return any(may_overlap(one, each) for one in need.resources for each in statement.resources)


def _list_implied(statement: Statement, used: Sequence[Need]) -> Iterator[str]:
    """Yield what is used by way of what is called: a key by what it encrypts for, a role by what takes it."""
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
    """Whether a pattern names an action, or all that a narrower pattern does."""
    return matches(read_pattern(pattern.lower(), None), action.lower()) is True


def _is_granted(own: Abilities, written: str) -> bool:
    """Whether something of a written action is effective; not only where the opposite is proven."""
    if {"*", "?"} & set(written):
        return True
    return any(own.can(written, one) is not None for one in _ANY)


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
