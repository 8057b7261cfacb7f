"""Ways to the rights of a role by a service: it is passed to one that runs code, or held by what runs code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..semantics.unresolved import Unresolved
from .abilities import Abilities, Ability
from .account import Account, Holder, Principal
from .callers import Caller
from .decision import Policies
from .documents import Document
from .evaluation import Answer, Request, evaluate
from .paths import Path, list_paths
from .questions import Question, ask
from .truth import Doubt

#: Roles that a service may assume, for certain or perhaps.
_Trusting = tuple[tuple[Principal, bool | Doubt], ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """How the rights of a role are got by a service."""

    how: str
    known_as: tuple[str, ...]
    steps: tuple[Ability, ...]
    doubts: frozenset[str] = frozenset()


class Services:
    """What services run with which role, and whom roles trust: worked out once for all who ask."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._roles = [one for one in account.principals if one.is_role]
        self._trusting: dict[str, _Trusting] = {}

    def list_crossings(self, own: Abilities) -> Mapping[str, list[Crossing]]:
        """Return the ways of a principal to each role, by its ARN, in the order of the table."""
        found: dict[str, list[Crossing]] = defaultdict(list)
        for path in list_paths():
            for holder in self.account.holders if path.kind else ():
                if holder.kind == path.kind and (steps := take_steps(own, path, self.account, holder)) is not None:
                    found[holder.role].append(Crossing(f"{path.name} ({holder.arn})", path.known_as, steps))
            if path.service and (steps := take_steps(own, path, self.account, None)) is not None:
                for role, trusts in self._list_trusting(path.service):
                    if (passed := self._pass(own, role, path, trusts, steps)) is not None:
                        found[role.arn].append(passed)
        return found

    def _list_trusting(self, service: str) -> _Trusting:
        if service not in self._trusting:
            rcps = self.account.organization.rcps
            found = ((role, _trusts(role, service, rcps)) for role in self._roles)
            self._trusting[service] = tuple((role, trusts) for role, trusts in found if trusts is not False)
        return self._trusting[service]

    def _pass(
        self, own: Abilities, role: Principal, path: Path, trusts: bool | Doubt, steps: tuple[Ability, ...]
    ) -> Crossing | None:
        passing = own.can("iam:PassRole", role.arn, {"iam:passedtoservice": path.service})
        if passing is None:
            return None
        unsure = set(trusts.reasons) if isinstance(trusts, Doubt) else set()
        if path.needs and path.needs not in self.account.things:
            unsure.add(f"whether there is {name_one(path.needs)} is not known")
        if path.service == "ec2.amazonaws.com" and not role.in_profile:
            unsure.add(f"whether an instance profile holds {role.name} is not known")
        if unsure and self.account.is_whole and not isinstance(trusts, Doubt):
            return None
        return Crossing(f"{path.name} ({role.name})", path.known_as, (passing, *steps), frozenset(unsure))


def _trusts(role: Principal, service: str, rcps: tuple[tuple[Document, ...], ...]) -> bool | Doubt:
    """Whether a service may assume a role: for certain, or under a condition that it may fulfil."""
    if role.trust is None:
        return Doubt(frozenset({f"whom {role.name} trusts is not known"}))
    known = {"aws:principalisawsservice": "true", "aws:principalservicename": service}
    heard = Policies(resource=role.trust, rcps=rcps)
    asked: dict[str, Any] = {"action": "sts:AssumeRole", "resource": role.arn, "account": role.account}
    asked["caller"] = Caller("service", service)
    try:
        if evaluate(Request(**asked, context=known), heard) is Answer.ALLOWED:
            return True
    except Unresolved as error:
        return Doubt(frozenset({str(error)}))
    found = ask(Question(**asked, policies=heard, given=known))
    if not isinstance(found, Request):
        return False if found is None else found
    return Doubt(frozenset({f"whether {service} fulfils what {role.name} demands is not known"}))


def name_one(kind: str) -> str:
    """Return a kind of thing with its article."""
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"


def take_steps(own: Abilities, path: Path, account: Account, holder: Holder | None) -> tuple[Ability, ...] | None:
    """Return what allows each step of a way, on what holds the role or on anything; None where one is not allowed."""
    found: list[Ability] = []
    for step in path.steps:
        for resource in step.resources:
            held = holder.arn if holder else path.pattern
            named = resource.replace("{held}", held).replace("{account}", account.id)
            found.append(own.can(step.action, named))
            if found[-1] is None:
                return None
    return tuple(found)


def list_elsewhere(own: Abilities, account: Account) -> Iterator[Crossing]:
    """Yield what may lead somewhere by a service, through roles and things that are not known."""
    for path in list_paths():
        steps, passing = take_steps(own, path, account, None), None
        if path.service and steps is not None:
            role = f"arn:aws:iam::{account.id}:role/*"
            passing = own.can("iam:PassRole", role, {"iam:passedtoservice": path.service})
        if steps is not None and (passing is not None or path.kind):
            what = f"a role that trusts {path.service}" if path.service else f"{name_one(path.kind)} with a role"
            doubts = frozenset({f"it can {path.name}, if there is {what} which is not known here"})
            yield Crossing(path.name, path.known_as, (passing, *steps), doubts)
