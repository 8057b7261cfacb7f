"""One hop: how a principal becomes another, or raises its own rights.

A hop with doubts may be one: a condition that is not understood, or something that is not known to exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from .abilities import Abilities, Ability, Allowed
from .account import ADMINISTRATOR_ACCESS, Account, Principal
from .documents import Document, read_document
from .editing import Way, list_edits
from .passing import Services, list_elsewhere
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


def list_all_hops(abilities: Mapping[str, Abilities], account: Account) -> dict[str, tuple[Hop, ...]]:
    """Return the hops of each principal of an account, certain or not."""
    services = Services(account)
    return {arn: tuple(_list_hops(one, services)) for arn, one in abilities.items()}


def _list_hops(own: Abilities, services: Services) -> Iterator[Hop]:
    arn, account = own.principal.arn, services.account
    if own.everything is True:
        return  # there is nowhere to go
    edits = [make_hop((arn, None), *way, _bounds(own.principal)) for way in list_edits(own, own.principal, account)]
    yield from edits
    if any(not hop.doubts for hop in edits):
        return  # with all rights there are, every other way is open, too
    crossings = services.list_crossings(own)
    for other in account.principals:
        if other.arn == arn:
            continue
        for how, known_as, steps in (*_list_logins(own, other), *_list_assumptions(own, other)):
            yield from _become(own, other, make_hop((arn, other.arn), how, known_as, steps), account)
        for one in crossings.get(other.arn, ()):
            hop = make_hop((arn, other.arn), one.how, one.known_as, one.steps, one.doubts)
            yield from _become(own, other, hop, account)
    if not account.is_whole:
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


def _list_elsewhere(own: Abilities, account: Account) -> Iterator[Hop]:
    """Yield what may lead somewhere by things and principals of the account that are not known."""
    for one in list_elsewhere(own, account):
        yield make_hop((own.principal.arn, None), one.how, one.known_as, one.steps, one.doubts)
    if (found := _assume_unknown(own, account)) is not None:
        doubts = ["it can assume a role which is not known here, if that trusts it"]
        yield make_hop((own.principal.arn, None), "assume a role", ("sts-001",), (found,), doubts)
    for action, resource, known_as, how in _ELSEWHERE:
        stated = {"iam:policyarn": ADMINISTRATOR_ACCESS} if "Attach" in action else {}
        if (found := own.can(action, resource.replace("{account}", account.id), stated)) is not None:
            doubts = [f"it can {how} which is not known here"]
            yield make_hop((own.principal.arn, None), how, (known_as,), (found,), doubts)


def _assume_unknown(own: Abilities, account: Account) -> Ability:
    """Return whether it may assume some role that is not known."""
    declared = [one.arn for one in account.principals if one.is_role]
    identity = tuple(_leave_out(one, frozenset(declared)) for one in own.principal.identity)
    principal, any_role = replace(own.principal, identity=identity), f"arn:aws:iam::{account.id}:role/*"
    found = Abilities(principal, account).can("sts:AssumeRole", any_role)
    if not isinstance(found, Allowed) or found.request.resource not in declared:
        return found
    beside = read_document({"Statement": {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": declared}}, "")
    return Abilities(replace(principal, identity=(*identity, beside)), account).can("sts:AssumeRole", any_role)


def _leave_out(document: Document, named: frozenset[str]) -> Document:
    """Return a document without what allows nothing but to some named resources."""
    left = (
        one for one in document.statements if not (one.allows and one.resources and named.issuperset(one.resources))
    )
    return replace(document, statements=tuple(left))


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
