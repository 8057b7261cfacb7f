"""What goals are answered: kept, by proof; broken, by a way that is allowed step by step; or not known, and why."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from .abilities import Abilities, Ability, Allowed
from .account import EVERYTHING, Account, Principal
from .documents import Document, read_document
from .goals import ADMINISTRATOR, ADMINISTRATORS, Goal
from .hops import Hop, list_all_hops
from .known_actions import is_kind
from .patterns import matches, read_arn_pattern
from .reach import Reach, judge_reach
from .truth import Doubt, Truth, doubt

#: An ARN of any kind; an asterisk alone is what no resource can be named for.
ANY: Final = "arn:*:*:*:*:*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a goal is kept of one principal."""

    who: str
    kept: Truth
    said: str = ""
    """Of a broken goal, how: each hop with its request and statements."""
    places: tuple[str, ...] = ()
    """Where the statements are that allow it."""


class Standing:
    """All that the principals of an account can become and do."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.abilities = {one.arn: Abilities(one, account) for one in account.principals}

    @cached_property
    def hops(self) -> dict[str, tuple[Hop, ...]]:
        """The hops of each principal, certain or not."""
        return list_all_hops(self.abilities, self.account)

    @cached_property
    def reach(self) -> dict[str, Reach]:
        """What each principal reaches of all rights there are."""
        return {one.principal.arn: one for one in judge_reach(self.account, self.abilities, self.hops)}

    def answer(self, goal: Goal, actions: tuple[str, ...]) -> Iterator[Answer]:
        """Yield whether a goal is kept of each principal that it names; ``actions`` are its own without wildcards."""
        for principal in list_asked(goal, self.account):
            yield self._answer_of(goal, actions, principal)

    def _answer_of(self, goal: Goal, actions: tuple[str, ...], principal: Principal) -> Answer:
        if goal.actions == (ADMINISTRATOR,):
            found = self._reach_all(principal, goal)
        elif goal.may:
            found = self._find_lacking(goal, actions, principal)
        else:
            found = self._find_way(goal, actions, principal)
        unheard, reasons = self.account.organization.unread, set(self.account.gaps)
        if goal.may and unheard and found.kept is not False:
            reasons.add(unheard)  # it denies, and allows nothing
        if reasons and (goal.may or found.kept is not False):  # what was not read may allow, and may deny
            known = found.kept.reasons if isinstance(found.kept, Doubt) else frozenset[str]()
            return Answer(who=principal.arn, kept=Doubt(known | frozenset(reasons)))
        if unheard and found.kept is False and not goal.may:
            return replace(found, said=f"{found.said}; whether its organization denies that is not known: {unheard}")
        return found

    def _reach_all(self, principal: Principal, goal: Goal) -> Answer:
        reach = self.reach[principal.arn]
        if isinstance(reach.administrator, Doubt):
            return Answer(who=principal.arn, kept=reach.administrator)
        if goal.may or not reach.administrator:
            said = "it is proven that it does not reach all rights"
            return Answer(who=principal.arn, kept=reach.administrator is goal.may, said=said, places=(principal.place,))
        return break_by(principal, min(reach.paths, key=len, default=()), None)

    def _find_way(self, goal: Goal, actions: tuple[str, ...], principal: Principal) -> Answer:
        reasons: set[str] = set()
        for certain in (True, False):
            for way, arn in self._walk(principal.arn, certain):
                for found in self._find(goal, actions, arn):
                    doubts = {reason for hop in way for reason in hop.doubts}
                    if not isinstance(found, Doubt) and not doubts:
                        return break_by(principal, way, found)
                    reasons |= doubts | (found.reasons if isinstance(found, Doubt) else set())
        return Answer(who=principal.arn, kept=Doubt(frozenset(reasons)) if reasons else True)

    def _find(self, goal: Goal, actions: tuple[str, ...], arn: str | None) -> Iterator[Allowed | Doubt | None]:
        """Yield what a principal can or may do of what is asked; None stands for all rights there are."""
        if arn is None:
            yield None
            return
        besides = except_for(goal)
        for action in actions:
            for resource in list_resources(goal):
                if (found := self.abilities[arn].under(action, resource, besides)) is not None:
                    yield found

    def _walk(self, start: str, certain: bool) -> Iterator[tuple[tuple[Hop, ...], str | None]]:
        """Yield each principal that another can become, the nearest first, with the way; None for all rights."""
        seen: set[str | None] = {start}
        ways: deque[tuple[tuple[Hop, ...], str | None]] = deque([((), start)])
        while ways:
            way, arn = ways.popleft()
            yield way, arn
            for hop in self.hops[arn] if arn is not None else ():
                if hop.target not in seen and not (certain and hop.doubts):
                    seen.add(hop.target)
                    ways.append(((*way, hop), hop.target))

    def _find_lacking(self, goal: Goal, actions: tuple[str, ...], principal: Principal) -> Answer:
        """Say whether a principal can do each action on each resource, by itself."""
        own, besides, reasons = self.abilities[principal.arn], except_for(goal), set[str]()
        for action in actions:
            for resource in goal.resources:
                asked = (ANY, "*") if resource == "*" else (resource,)
                found = [_ask_itself(own, action, one, besides) for one in asked]
                if any(isinstance(one, Allowed) for one in found):
                    continue
                doubts = [one for one in found if isinstance(one, Doubt)]
                if not doubts:
                    said = f"it is proven that it cannot do {action} on {resource}"
                    return Answer(who=principal.arn, kept=False, said=said, places=(principal.place,))
                reasons |= {reason for one in doubts for reason in one.reasons}
        return Answer(who=principal.arn, kept=Doubt(frozenset(reasons)) if reasons else True)


def _ask_itself(own: Abilities, action: str, resource: str, besides: Document) -> Ability:
    """Return whether a principal can do something whatever else it is: its tags and organization are not its choice."""
    found = own.under(action, resource, besides)
    if not isinstance(found, Allowed):
        return found
    needed = {key: value for key, value in found.request.context.items() if key.startswith("aws:principal")}
    needed = {key: value for key, value in needed.items() if key not in own.known}
    if not needed or isinstance(own.under(action, resource, besides, dict.fromkeys(needed)), Allowed):
        return found
    told = ", ".join(f"{key} = {value!r}" for key, value in sorted(needed.items()))
    return doubt(f"{action} is allowed with {told}, and whether that holds is not known here")


def list_asked(goal: Goal, account: Account) -> list[Principal]:
    """Return the principals of whom a goal asks."""
    named = [one for one in account.principals if goal.speaks_of(one.arn) and one.arn not in account.foreign]
    if ADMINISTRATORS not in goal.spared:
        return named
    return [one for one in named if Abilities(one, account).everything is not True]


def list_resources(goal: Goal) -> Iterator[str]:
    """Yield what is asked about, any resource also as what no resource can be named for."""
    for resource in goal.resources:
        yield from (ANY, "*") if resource == "*" else (resource,)


def except_for(goal: Goal) -> Document:
    """Return a policy that denies what a goal does not ask about."""
    if not goal.unless:
        return Document()
    denied = []
    for conditions in goal.unless:
        tests: dict[str, dict[str, list[str]]] = {}
        for operator, key, values in conditions:
            tests.setdefault(operator, {})[key] = list(values)
        denied.append({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": tests})
    return read_document({"Version": "2012-10-17", "Statement": denied}, "what the goal leaves out")


def break_by(principal: Principal, way: tuple[Hop, ...], last: Allowed | None) -> Answer:
    """Return that a goal is broken by a way of hops, and a request at its end."""
    parts = [f"{hop.how}: {'; '.join(map(render_step, hop.steps))}" for hop in way]
    if last is not None:
        parts.append(render_step(last))
    if not parts:
        parts = ["its own policies allow everything"]
    steps = [*(step for hop in way for step in hop.steps), *([last] if last else [])]
    places = dict.fromkeys(one.place for step in steps for one in step.statements)
    return Answer(who=principal.arn, kept=False, said=", then ".join(parts), places=(*places,) or (principal.place,))


def render_step(step: Allowed) -> str:
    """Return a request in words, with the statements that allow it."""
    by = ", ".join(one.place for one in step.statements)
    return f"{step.request.action} on {step.request.resource}, allowed by {by}"


def name_nobody(goal: Goal, account: Account) -> Doubt | None:
    """Return a doubt where a goal names principals of which there are none: nothing would be proven of nobody."""
    missing = [one for one in goal.principals if not any(_is_named(one, each.arn) for each in account.principals)]
    if missing:
        return doubt(f"{', '.join(missing)} names no user and no role that is known here")
    if not list_asked(goal, account):
        return doubt("every principal that it names is left out by 'except' or is of another system")
    return None


def _is_named(pattern: str, arn: str) -> bool:
    return Goal(may=False, actions=(), principals=(pattern,)).speaks_of(arn)


def name_nothing(goal: Goal, account: Account) -> Doubt | None:
    """Return a doubt where a goal names resources of which none is declared, unless it names all of a kind."""
    named = [one for one in goal.resources if not is_kind(one)]
    missing = [one for one in named if not any(_is_part(one, arn) for arn in account.arns)]
    return doubt(f"{', '.join(missing)} names nothing that is known here") if missing else None


def name_no_request(goal: Goal, actions: tuple[str, ...], account: Account) -> Doubt | None:
    """Return a doubt where a goal's conditions leave out all that anybody could ask: nothing would be proven."""
    if not goal.unless:
        return None
    open_to_all, besides = replace(account, guards={}), except_for(goal)
    for principal in list_asked(goal, account):
        able = Abilities(replace(principal, identity=(EVERYTHING,), boundary=None), open_to_all)
        for action in actions:
            if any(able.under(action, one, besides) is not None for one in list_resources(goal)):
                return None
    return doubt("every request that it names is left out by 'unless'")


def _is_part(pattern: str, arn: str) -> bool:
    """Whether a pattern names something declared, or what is within it."""
    head = len(":".join(pattern.split(":", 5)[:5])) + 1
    ends = [len(pattern), *(found.start() for found in re.finditer(r"[:/]", pattern) if found.start() > head)]
    return any(matches(read_arn_pattern(pattern[:end], None), arn) is True for end in ends)
