"""One hop: how a principal becomes another, or raises its own rights.

A hop with doubts may be one: a condition that is not understood, or something that is not known to exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..semantics.unresolved import Unresolved
from .abilities import Abilities, Ability, Allowed
from .account import ADMINISTRATOR_ACCESS, Account, Holder, Organization, Principal
from .callers import Caller
from .decision import Policies
from .documents import read_document
from .editing import Way, list_edits
from .evaluation import Answer, Request, evaluate
from .paths import Path, list_paths
from .questions import Question, ask
from .truth import Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """How ``source`` gets the rights of ``target``, or with None for a target, all rights."""

    source: str
    target: str | None
    how: str
    known_as: tuple[str, ...] = ()
    steps: tuple[Allowed, ...] = ()
    doubts: frozenset[str] = frozenset()


def list_hops(own: Abilities, account: Account) -> Iterator[Hop]:
    """Yield every hop of one principal, certain or not."""
    arn = own.principal.arn
    if own.everything is True:
        return  # there is nowhere to go
    edits = [make_hop((arn, None), *way, _bounds(own.principal)) for way in list_edits(own, own.principal, account)]
    yield from edits
    if any(not hop.doubts for hop in edits):
        return  # with all rights there are, every other way is open, too
    for other in account.principals:
        if other.arn == arn:
            continue
        for how, known_as, steps in (*_list_logins(own, other), *_list_assumptions(own, other)):
            yield from _become(own, other, make_hop((arn, other.arn), how, known_as, steps), account)
        for path in list_paths():
            for hop in _follow(own, other, path, account):
                yield from _become(own, other, hop, account)
    yield from _list_elsewhere(own, account)


def make_hop(
    ends: tuple[str, str | None],
    how: str,
    known_as: tuple[str, ...],
    steps: Iterable[Ability],
    doubts: Iterable[str] = (),
) -> Hop:
    """Return a hop of steps of which none is impossible."""
    found = list(steps)
    unsure = {reason for one in found if isinstance(one, Doubt) for reason in one.reasons}
    return Hop(
        source=ends[0],
        target=ends[1],
        how=how,
        known_as=known_as,
        steps=tuple(one for one in found if isinstance(one, Allowed)),
        doubts=frozenset(unsure | set(doubts)),
    )


def _bounds(principal: Principal) -> tuple[str, ...]:
    return (f"the permissions boundary of {principal.name} limits what it gives itself",) if principal.boundary else ()


def _become(own: Abilities, other: Principal, hop: Hop, account: Account) -> Iterator[Hop]:
    """Yield a hop to another principal, and all rights where this principal can also raise those of the other."""
    yield hop
    for how, known_as, steps in list_edits(own, other, account):
        edit = make_hop((hop.source, None), how, known_as, steps, _bounds(other))
        yield Hop(
            source=hop.source,
            target=None,
            how=f"{edit.how}, then {hop.how}",
            known_as=(*edit.known_as, *hop.known_as),
            steps=(*edit.steps, *hop.steps),
            doubts=edit.doubts | hop.doubts,
        )


def _list_logins(own: Abilities, other: Principal) -> Iterator[Way]:
    if other.is_role:
        return
    if (key := own.can("iam:CreateAccessKey", other.arn)) is not None:
        yield f"create an access key of {other.name}", ("iam-002", "iam-003"), (key,)
    if (login := own.can("iam:CreateLoginProfile", other.arn)) is not None:
        yield f"give {other.name} a password", ("iam-004",), (login,)
    if other.has_login and (login := own.can("iam:UpdateLoginProfile", other.arn)) is not None:
        yield f"change the password of {other.name}", ("iam-006",), (login,)


def _list_assumptions(own: Abilities, other: Principal) -> Iterator[Way]:
    if not other.is_role:
        return
    if other.trust is not None and (found := own.can("sts:AssumeRole", other.arn, trust=other.trust)) is not None:
        yield f"assume {other.name}", ("sts-001",), (found,)
    if (found := own.can("iam:UpdateAssumeRolePolicy", other.arn)) is not None:
        yield f"let {other.name} trust itself, and assume it", ("iam-012",), (found,)


def _follow(own: Abilities, role: Principal, path: Path, account: Account) -> Iterator[Hop]:
    if not role.is_role:
        return
    for holder in account.holders:
        if path.kind and holder.kind == path.kind and holder.role == role.arn:
            steps = _take_steps(own, path, account, holder)
            if steps is not None:
                yield make_hop((own.principal.arn, role.arn), f"{path.name} ({holder.arn})", path.known_as, steps)
    if path.service:
        yield from _pass(own, role, path, account)


def _pass(own: Abilities, role: Principal, path: Path, account: Account) -> Iterator[Hop]:
    trusts = _trusts(role, path.service, account.organization)
    steps = _take_steps(own, path, account, None) if trusts is not False else None
    passing = own.can("iam:PassRole", role.arn, {"iam:passedtoservice": path.service}) if steps is not None else None
    if steps is None or passing is None:
        return
    unsure = set(trusts.reasons) if isinstance(trusts, Doubt) else set()
    if path.needs and path.needs not in account.things:
        unsure.add(f"whether there is {_name_one(path.needs)} is not known")
    if path.service == "ec2.amazonaws.com" and not role.in_profile:
        unsure.add(f"whether an instance profile holds {role.name} is not known")
    if unsure and account.is_whole and not isinstance(trusts, Doubt):
        return
    how = f"{path.name} ({role.name})"
    yield make_hop((own.principal.arn, role.arn), how, path.known_as, (passing, *steps), unsure)


@lru_cache(maxsize=65536)
def _trusts(role: Principal, service: str, organization: Organization) -> bool | Doubt:
    """Whether a service may assume a role: for certain, or under a condition that it may fulfil."""
    if role.trust is None:
        return Doubt(frozenset({f"whom {role.name} trusts is not known"}))
    known = {"aws:principalisawsservice": "true", "aws:principalservicename": service}
    heard = Policies(resource=role.trust, rcps=organization.rcps)
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


def _name_one(kind: str) -> str:
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"


def _take_steps(own: Abilities, path: Path, account: Account, holder: Holder | None) -> tuple[Ability, ...] | None:
    found: list[Ability] = []
    for step in path.steps:
        for resource in step.resources:
            held = holder.arn if holder else path.pattern
            named = resource.replace("{held}", held).replace("{account}", account.id)
            found.append(own.can(step.action, named))
            if found[-1] is None:
                return None
    return tuple(found)


def _list_elsewhere(own: Abilities, account: Account) -> Iterator[Hop]:
    """Yield what may lead somewhere by things and principals of the account that are not known."""
    if account.is_whole:
        return
    for path in list_paths():
        steps, passing = _take_steps(own, path, account, None), None
        if path.service and steps is not None:
            role = f"arn:aws:iam::{account.id}:role/*"
            passing = own.can("iam:PassRole", role, {"iam:passedtoservice": path.service})
        if steps is not None and (passing is not None or path.kind):
            what = f"a role that trusts {path.service}" if path.service else f"{_name_one(path.kind)} with a role"
            doubts = [f"it can {path.name}, if there is {what} which is not known here"]
            yield make_hop((own.principal.arn, None), path.name, path.known_as, (passing, *steps), doubts)
    declared = [one.arn for one in account.principals if one.is_role]
    beside = read_document({"Statement": {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": declared}}, "")
    others = Abilities(replace(own.principal, identity=(*own.principal.identity, beside)), account)
    if (found := others.can("sts:AssumeRole", f"arn:aws:iam::{account.id}:role/*")) is not None:
        doubts = ["it can assume a role which is not known here, if that trusts it"]
        yield make_hop((own.principal.arn, None), "assume a role", ("sts-001",), (found,), doubts)
    for action, resource, known_as, how in _ELSEWHERE:
        stated = {"iam:policyarn": ADMINISTRATOR_ACCESS} if "Attach" in action else {}
        if (found := own.can(action, resource.replace("{account}", account.id), stated)) is not None:
            doubts = [f"it can {how} which is not known here"]
            yield make_hop((own.principal.arn, None), how, (known_as,), (found,), doubts)


_ELSEWHERE = (
    ("iam:CreateAccessKey", "arn:aws:iam::{account}:user/*", "iam-002", "create an access key of a user"),
    ("iam:CreateLoginProfile", "arn:aws:iam::{account}:user/*", "iam-004", "give a password to a user"),
    ("iam:UpdateLoginProfile", "arn:aws:iam::{account}:user/*", "iam-006", "change the password of a user"),
    ("iam:UpdateAssumeRolePolicy", "arn:aws:iam::{account}:role/*", "iam-012", "assume a role, by editing its trust,"),
    ("iam:AddUserToGroup", "arn:aws:iam::{account}:group/*", "iam-013", "join a group"),
    ("iam:CreatePolicyVersion", "arn:aws:iam::{account}:policy/*", "iam-001", "rewrite a policy"),
    ("iam:SetDefaultPolicyVersion", "arn:aws:iam::{account}:policy/*", "", "bring back a version of a policy"),
    ("iam:PutGroupPolicy", "arn:aws:iam::{account}:group/*", "iam-011", "edit a group"),
    ("iam:AttachGroupPolicy", "arn:aws:iam::{account}:group/*", "iam-010", "edit a group"),
    ("iam:PutUserPolicy", "arn:aws:iam::{account}:user/*", "iam-007", "edit a user"),
    ("iam:AttachUserPolicy", "arn:aws:iam::{account}:user/*", "iam-008", "edit a user"),
    ("iam:PutRolePolicy", "arn:aws:iam::{account}:role/*", "iam-005", "edit a role"),
    ("iam:AttachRolePolicy", "arn:aws:iam::{account}:role/*", "iam-009", "edit a role"),
)
