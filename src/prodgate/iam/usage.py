"""Whether principals hold what they use and no more, and no statement that grants nothing, said with its place."""

from __future__ import annotations

from collections.abc import Iterator

from .account import Account, Principal
from .answers import Answer, list_asked
from .goals import Goal
from .idle import Idle, list_idle
from .impossible import list_shut
from .least import Unused, measure
from .needs import Needs
from .truth import Doubt


def answer_of_use(principal: Principal, account: Account, needs: Needs) -> Iterator[Answer]:
    """Yield what of a principal's rights is not used, and what it lacks; or that it holds what is used."""
    found = measure(principal, account, needs)
    if found.missing:
        said = "; ".join(f"{one.action} is not granted, which is for {one.by}" for one in found.missing)
        yield Answer(who=principal.arn, kept=False, said=said, places=(principal.place,))
    if found.doubts:
        yield Answer(who=principal.arn, kept=Doubt(found.doubts))
    elif found.unused:
        said = "; ".join(map(describe_unused, found.unused))
        places = tuple(dict.fromkeys(one.statement.place for one in found.unused))
        yield Answer(who=principal.arn, kept=False, said=said, places=places)
    elif not found.missing:
        yield Answer(who=principal.arn, kept=True)


def describe_unused(one: Unused) -> str:
    """Say what of a statement is not used."""
    if not one.used:
        return f"nothing uses {one.written}, granted by {one.statement.place}"
    return f"of {one.written} only {', '.join(one.used)} is used, granted by {one.statement.place}"


def answer_of_idle(goal: Goal, account: Account) -> Iterator[Answer]:
    """Yield which statements can never grant anything: of each principal's own policies and trust, and where the goal
    asks of all, of the policies of resources."""
    for principal in list_asked(goal, account):
        unread = {one.unread for one in (*principal.identity, *([principal.boundary] if principal.boundary else []))}
        if reasons := {*filter(None, unread), *account.gaps}:
            yield Answer(who=principal.arn, kept=Doubt(frozenset(reasons)))
            continue
        yield _say_idle(principal.arn, [*list_idle(principal, account), *list_shut(account, principal.arn)])
    if goal.principals == ("*",) and (found := list(list_shut(account))):
        yield _say_idle("the policies of resources", found)


def _say_idle(who: str, found: list[Idle]) -> Answer:
    if not found:
        return Answer(who=who, kept=True)
    said = "; ".join(f"{one.statement.place} grants nothing: {one.why}" for one in found)
    return Answer(who=who, kept=False, said=said, places=tuple(dict.fromkeys(one.statement.place for one in found)))
