"""Principals that can become another or administrator: allowed paths, step by step, over any number of hops."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

from ..semantics.unresolved import Unresolved
from .abilities import ATTACHED, Abilities, Ability, Allowed
from .account import ADMINISTRATOR_ACCESS, Account, Group, Principal
from .documents import Document, read_document
from .evaluation import Answer, Caller, Policies, Request, evaluate
from .known_actions import list_changes, list_feeds
from .paths import Path, list_entries, list_handed, list_paths, list_unmodelled
from .space import Question, ask
from .truth import Doubt, doubt

# ── By editing a principal's own rights

Way = tuple[str, tuple[str, ...], tuple[Ability, ...]]
_ATTACHING: Final = {ATTACHED: ADMINISTRATOR_ACCESS}
_UNBOUND: Final = {"iam:permissionsboundary": ADMINISTRATOR_ACCESS}


def list_edits(own: Abilities, of: Principal, account: Account) -> Iterator[Way]:
    """Yield each way in which ``own`` can give all rights to ``of``, itself or another: how, known as what, by what."""
    yield from _edit_itself(own, of)
    if not of.is_role:
        for group in account.groups.values():
            yield from _join(own, of, group, account)


def _edit_itself(own: Abilities, of: Principal) -> Iterator[Way]:
    """Yield each way in which ``own`` can edit the policies of ``of``, and those of its groups."""
    kind = "Role" if of.is_role else "User"
    ids = ("iam-005", "iam-009") if of.is_role else ("iam-007", "iam-008")
    if (found := _edit_under(own, of, f"iam:Put{kind}Policy", {})) is not None:
        yield f"write an inline policy of {of.name}", (ids[0],), (found,)
    if (found := _edit_under(own, of, f"iam:Attach{kind}Policy", _ATTACHING)) is not None:
        yield f"attach AdministratorAccess to {of.name}", (ids[1],), (found,)
    for policy in dict.fromkeys(of.managed):
        if ":iam::aws:" not in policy and (found := own.can("iam:CreatePolicyVersion", policy)) is not None:
            yield f"rewrite {policy}, which {of.name} has,", ("iam-001",), (found,)
        elif ":iam::aws:" not in policy and own.can("iam:SetDefaultPolicyVersion", policy) is not None:
            why = f"what other versions of {policy}, which {of.name} has, allow is not known here"
            yield f"choose another version of {policy}", (), (doubt(why),)
    for arn in of.groups:
        yield from _edit_group(own, of, arn)


def _edit_under(own: Abilities, of: Principal, action: str, stated: Mapping[str, str]) -> Ability:
    """Return whether ``own`` can edit ``of`` with the boundary that it has, or could be given first."""
    if of.boundary is not None:
        return own.can(action, of.arn, stated)
    found, kind = own.can(action, of.arn, {**stated, "iam:permissionsboundary": None}), "Role" if of.is_role else "User"
    if found is not None or own.can(action, of.arn, stated) is None:
        return found
    bounded = own.can(f"iam:Put{kind}PermissionsBoundary", of.arn)
    if bounded is None:
        return None
    return doubt(f"{action} is allowed once {of.name} has a boundary, and what that leaves is not known")


def _edit_group(own: Abilities, of: Principal, group: str) -> Iterator[Way]:
    if (found := own.can("iam:PutGroupPolicy", group)) is not None:
        yield f"write an inline policy of a group of {of.name}", ("iam-011",), (found,)
    if (found := own.can("iam:AttachGroupPolicy", group, _ATTACHING)) is not None:
        yield f"attach AdministratorAccess to a group of {of.name}", ("iam-010",), (found,)


def _join(own: Abilities, of: Principal, group: Group, account: Account) -> Iterator[Way]:
    if group.arn in of.groups or (found := own.can("iam:AddUserToGroup", group.arn)) is None:
        return
    name = group.arn.rpartition("/")[2]
    way = f"add {of.name} to the group {name}"
    joined = Abilities(_put_in(of, group), account)
    if joined.everything is True:
        yield way, ("iam-013",), (found,)
        return
    if own.principal.arn == of.arn and (edit := _find_edit(joined)):
        how, known_as, steps = edit
        yield f"{way}, then {how}", ("iam-013", *known_as), (found, *steps)
        return
    yield way, ("iam-013",), (doubt(f"what {of.name} could do in the group {name} is not followed here"),)


def _put_in(of: Principal, group: Group) -> Principal:
    identity, managed = (*of.identity, *group.identity), (*of.managed, *group.managed)
    return replace(of, identity=identity, managed=managed, groups=(*of.groups, group.arn))


def _find_edit(joined: Abilities) -> Way | None:
    """Return how a user gives itself all rights through its groups, if that is certain."""
    edits = _edit_itself(joined, joined.principal)
    return next((each for each in edits if not any(isinstance(step, Doubt) for step in each[2])), None)


# ── By lifting a principal's own limits


def list_freed(
    own: Abilities, account: Account, how: str = "", steps: tuple[Ability, ...] = ()
) -> Iterator["tuple[Hop, Abilities]"]:
    """Yield each state in which a principal has lifted limits of its own, with the hop there and its abilities then."""
    for lift, found, after in _list_lifts(own, own.principal):
        told, taken = f"{how}, then {lift}" if how else lift, (*steps, found)
        freed = Abilities(after, account)
        yield make_hop((after.arn, after.arn), told, (), taken), freed
        yield from list_freed(freed, account, told, taken)


def _list_lifts(own: Abilities, of: Principal) -> Iterator[tuple[str, Ability, Principal]]:
    kind = "Role" if of.is_role else "User"
    if of.boundary is not None:
        free, rewrite = replace(of, boundary=None), ("iam:CreatePolicyVersion", f"arn:aws:iam::{of.account}:policy/*")
        if (found := own.can(f"iam:Delete{kind}PermissionsBoundary", of.arn)) is not None:
            yield "lift its permissions boundary", found, free
        elif (found := own.can(f"iam:Put{kind}PermissionsBoundary", of.arn, _UNBOUND)) is not None:
            yield "replace its permissions boundary", found, free
        elif any(own.can(*one) is not None for one in ((f"iam:Put{kind}PermissionsBoundary", of.arn), rewrite)):
            yield (
                "change its permissions boundary",
                doubt(f"what the boundary of {of.name} may become is not known"),
                free,
            )
    if any(not one.allows for each in of.identity for one in each.statements):
        ways = [(f"iam:{verb}{kind}Policy", of.arn) for verb in ("Delete", "Detach")]
        verbs = ("RemoveUserFromGroup", "DeleteGroupPolicy", "DetachGroupPolicy")
        ways += [(f"iam:{verb}", group) for group in of.groups for verb in verbs]
        versions = ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion")
        ways += [(action, arn) for arn in of.managed if ":iam::aws:" not in arn for action in versions]
        taking = [action for action, resource in ways if own.can(action, resource) is not None]
        if taking:
            reason = f"what {', '.join(taking)} takes away of the denials of {of.name} is not followed here"
            yield "take away its denials", doubt(reason), replace(of, identity=tuple(map(_allow_only, of.identity)))


def _allow_only(document: Document) -> Document:
    return replace(document, statements=tuple(one for one in document.statements if one.allows))


# ── Through a service that has the role

#: Roles that a service may assume, certainly or perhaps.
_Trusting = tuple[tuple[Principal, bool | Doubt], ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """How a service passes on the rights of a role."""

    how: str
    known_as: tuple[str, ...]
    steps: tuple[Ability, ...]
    doubts: frozenset[str] = frozenset()


class Services:
    """The services that run with each role, and the principals that roles trust, computed once."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._roles = [one for one in account.principals if one.is_role]
        self._trusting: dict[str, _Trusting] = {}

    def list_crossings(self, own: Abilities) -> Mapping[str, list[Crossing]]:
        """Return the paths of a principal to each role, by its ARN, in the order of the table."""
        found: dict[str, list[Crossing]] = defaultdict(list)
        for path in list_paths():
            for holder in (one for one in self.account.holders if path.kind and one.kind == path.kind):
                unsure = {holder.doubt} if holder.doubt else set[str]()
                steps = take_steps(own, path, holder.arn)
                if steps is None and not holder.is_named:
                    steps = take_steps(own, path, path.pattern)
                    unsure.add(f"the ARN of {holder.arn} is not known here")
                if steps is not None:
                    how = f"{path.name} ({holder.arn})"
                    found[holder.role].append(Crossing(how, path.known_as, steps, frozenset(unsure)))
            if path.service and (steps := take_steps(own, path)) is not None:
                for role, trusts in self._list_trusting(path.service):
                    if (passed := self._pass(own, role, path, trusts, steps)) is not None:
                        found[role.arn].append(passed)
        for role in self._roles:
            ways = (self._pass_unmodelled(own, role, service) for service in _list_services(role))
            found[role.arn] += [one for one in (*ways, *self._feed(own, role)) if one is not None]
        return found

    def _feed(self, own: Abilities, role: Principal) -> Iterator[Crossing]:
        """Yield what holds the role without a listed way, and may run what the principal gives it."""
        for holder in (one for one in self.account.holders if not one.kind and one.role == role.arn):
            services = [holder.service] if holder.is_named else [holder.service, *_list_services(role)]
            place = holder.arn if holder.is_named else _ANYTHING[0]
            asked = ((action, own.can(action, place)) for one in services for action in list_feeds(one))
            for action, able in ((action, able) for action, able in asked if able is not None):
                why = f"whether {holder.arn} runs what {action} gives it is not known here"
                yield Crossing(f"change what {holder.arn} runs", (), (able,), frozenset({why}))
                break

    def _pass_unmodelled(self, own: Abilities, role: Principal, service: str) -> Crossing | None:
        passing = own.can("iam:PassRole", role.arn, {"iam:passedtoservice": service})
        if passing is None or role.arn not in {each.arn for each, _ in self._list_trusting(service)}:
            return None
        handed = list_handed(service)
        changes = list_changes(service) if handed is None else handed
        if not changes and handed is None:
            why = f"which actions have {service} run something as {role.name} is not known here"
            return Crossing(f"pass {role.name} to {service}", (), (passing,), frozenset({why}))
        if action := _find_any(own, changes):
            why = f"whether {service} runs something as {role.name} by {action} is not known here"
            return Crossing(f"pass {role.name} to {service}", (), (passing,), frozenset({why}))
        return None

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


def _find_any(own: Abilities, actions: Iterable[str]) -> str:
    """Return the first action that it can, or may, do to anything; empty if none."""
    return next((action for action in actions if any(own.can(action, one) is not None for one in _ANYTHING)), "")


_ANYTHING: Final = ("arn:*:*:*:*:*", "*")


def _list_services(role: Principal) -> dict[str, None]:
    """Return the services that a role trusts."""
    named = (one for each in (role.trust.statements if role.trust else ()) for one in each.principals or ())
    return dict.fromkeys(one.name for one in named if one.kind == "Service")


def _trusts(role: Principal, service: str, rcps: tuple[tuple[Document, ...], ...]) -> bool | Doubt:
    """Whether a service may assume a role: certainly, or under a condition that it may meet."""
    if role.trust is None:
        return Doubt(frozenset({f"whom {role.name} trusts is not known"}))
    own = {"aws:sourceaccount": role.account}  # whoever passes the role has the service act for its account
    known = {"aws:principalisawsservice": "true", "aws:principalservicename": service, **own}
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


def take_steps(own: Abilities, path: Path, held: str = "", heard: Document | None = None) -> tuple[Ability, ...] | None:
    """Return the statements that allow each step of a path, on what holds the role; None if one is denied.

    ``heard`` stands for what policies of resources say, if it is given.
    """
    found: list[Ability] = []
    for step in path.steps:
        for resource in (*step.resources, *step.perhaps):
            named = resource.replace("{held}", held).replace("{account}", own.principal.account)
            able = own.can(step.action, named, trust=heard)
            if able is None and resource in step.resources:
                return None
            found.append(doubt(f"whether {step.action} takes {named} is not known") if able is None else able)
    return tuple(found)


def list_elsewhere(own: Abilities, account: Account) -> Iterator[Crossing]:
    """Yield paths that may lead somewhere through a service, over unknown roles and holders."""
    unknown = functools.cache(lambda service: _do_to_unknown(own, account, "iam:PassRole", service))
    for path in list_paths():
        steps, passing = take_steps(own, path, path.unknown, Document()), None  # no known policy is of it
        if path.service and steps is not None:
            passing = unknown(path.service)
        if steps is not None and (passing is not None or path.kind):
            what = f"a role that trusts {path.service}" if path.service else f"{name_one(path.kind)} with a role"
            doubts = frozenset({f"it can {path.name}, if there is {what} which is not known here"})
            yield Crossing(path.name, path.known_as, (passing, *steps), doubts)
    for service in list_unmodelled():
        passing = unknown(service)
        if passing is not None and (action := _find_any(own, list_changes(service))):
            why = f"whether {service} runs something as a role which is not known here by {action} is not known"
            yield Crossing(f"pass a role to {service}", (), (passing,), frozenset({why}))


# ── One hop


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
    yield from _list_direct(own, services)
    for lift, freed in list_freed(own, services.account):
        after = list(_list_direct(freed, services))
        if freed.everything is not False:
            doubts = freed.everything.reasons if isinstance(freed.everything, Doubt) else frozenset[str]()
            after.append(replace(lift, target=None, how="use its own policies", steps=(), doubts=doubts))
        for hop in after:
            how, steps = f"{lift.how}, then {hop.how}", (*lift.steps, *hop.steps)
            yield replace(hop, how=how, steps=steps, doubts=lift.doubts | hop.doubts)


def _list_direct(own: Abilities, services: Services) -> Iterator[Hop]:
    arn, account = own.principal.arn, services.account
    if own.everything is True:
        return  # no principal is left to reach
    edits = [make_hop((arn, None), *way, _bounds(own.principal)) for way in list_edits(own, own.principal, account)]
    yield from edits
    if any(not hop.doubts for hop in edits):
        return  # with all rights, every other path is open as well
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
    """Return a hop whose steps are all possible, or may be."""
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
    """Yield a hop to another principal, and all rights if this principal can also raise those of the other."""
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
    named = [one for each in (other.trust.statements if other.trust else ()) for one in each.principals or ()]
    for provider, entry in product(dict.fromkeys(one.name for one in named), list_entries()):
        asked = entry.resource.replace("{account}", own.principal.account) or provider
        if entry.trusts in provider and (found := own.can(entry.action, asked)) is not None:
            unsure = (doubt(entry.doubt.format(role=other.name)),) if entry.doubt else ()
            yield entry.name.format(provider=provider, role=other.name), (), (found, *unsure)


def _list_elsewhere(own: Abilities, account: Account) -> Iterator[Hop]:
    """Yield paths that may lead somewhere over unknown resources and principals of the account."""
    for one in list_elsewhere(own, account):
        yield make_hop((own.principal.arn, None), one.how, one.known_as, one.steps, one.doubts)
    if (found := _do_to_unknown(own, account, "sts:AssumeRole")) is not None:
        doubts = ["it can assume a role which is not known here, if that trusts it"]
        yield make_hop((own.principal.arn, None), "assume a role", ("sts-001",), (found,), doubts)
    for action, resource, known_as, how in _ELSEWHERE:
        stated = _ATTACHING if "Attach" in action else {}
        if (found := own.can(action, resource.replace("{account}", own.principal.account), stated)) is not None:
            doubts = [f"it can {how} which is not known here"]
            yield make_hop((own.principal.arn, None), how, (known_as,), (found,), doubts)


def _do_to_unknown(own: Abilities, account: Account, action: str, service: str = "") -> Ability:
    """Return whether it may assume some unknown role, or pass it to a service."""
    stated = {"iam:passedtoservice": service} if service else {}
    declared = [one.arn for one in account.principals if one.is_role]
    identity = tuple(_leave_out(one, frozenset(declared)) for one in own.principal.identity)
    principal, any_role = replace(own.principal, identity=identity), f"arn:aws:iam::{own.principal.account}:role/*"
    found = Abilities(principal, account).can(action, any_role, stated)
    if not isinstance(found, Allowed) or found.request.resource not in declared:
        return found
    beside = read_document({"Statement": {"Effect": "Deny", "Action": action, "Resource": declared}}, "")
    return Abilities(replace(principal, identity=(*identity, beside)), account).can(action, any_role, stated)


def _leave_out(document: Document, named: frozenset[str]) -> Document:
    """Return a document without statements that only cover some named resources."""
    left = (
        one for one in document.statements if not (one.allows and one.resources and named.issuperset(one.resources))
    )
    return replace(document, statements=tuple(left))


_ELSEWHERE = (
    ("iam:CreateAccessKey", "arn:aws:iam::{account}:user/*", "iam-002", "create an access key of a user"),
    ("iam:CreateLoginProfile", "arn:aws:iam::{account}:user/*", "iam-004", "give a password to a user"),
    ("iam:UpdateLoginProfile", "arn:aws:iam::{account}:user/*", "iam-006", "change the password of a user"),
    ("iam:UpdateAssumeRolePolicy", "arn:aws:iam::{account}:role/*", "iam-012", "assume a role, by editing its trust,"),
    (
        "iam:UpdateSAMLProvider",
        "arn:aws:iam::{account}:saml-provider/*",
        "",
        "assume a role, by the provider that it trusts,",
    ),
    ("iam:AddUserToGroup", "arn:aws:iam::{account}:group/*", "iam-013", "join a group"),
    ("iam:CreatePolicyVersion", "arn:aws:iam::{account}:policy/*", "iam-001", "rewrite a policy"),
    ("iam:SetDefaultPolicyVersion", "arn:aws:iam::{account}:policy/*", "", "bring back a version of a policy"),
    ("iam:PutGroupPolicy", "arn:aws:iam::{account}:group/*", "iam-011", "edit a group"),
    ("iam:AttachGroupPolicy", "arn:aws:iam::{account}:group/*", "iam-010", "edit a group"),
    ("iam:PutUserPolicy", "arn:aws:iam::{account}:user/*", "iam-007", "edit a user"),
    ("iam:AttachUserPolicy", "arn:aws:iam::{account}:user/*", "iam-008", "edit a user"),
    ("iam:PutRolePolicy", "arn:aws:iam::{account}:role/*", "iam-005", "edit a role"),
    ("iam:AttachRolePolicy", "arn:aws:iam::{account}:role/*", "iam-009", "edit a role"),
    ("sso:AttachManagedPolicyToPermissionSet", "arn:aws:sso:::permissionSet/*", "", "edit a permission set"),
    ("sso:PutInlinePolicyToPermissionSet", "arn:aws:sso:::permissionSet/*", "", "edit a permission set"),
    ("sso:CreateAccountAssignment", "arn:aws:sso:::permissionSet/*", "", "assign a permission set"),
    ("identitystore:CreateGroupMembership", "arn:aws:identitystore:::group/*", "", "join a group of Identity Center"),
    ("rolesanywhere:CreateTrustAnchor", "*", "", "sign in by a trust anchor"),
    ("rolesanywhere:UpdateTrustAnchor", "arn:aws:rolesanywhere:*:*:trust-anchor/*", "", "sign in by a trust anchor"),
)


_Ways = dict[str, tuple[Hop, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The principals and rights that a principal can reach."""

    principal: Principal
    administrator: bool | Doubt
    paths: tuple[tuple[Hop, ...], ...]
    """Paths to administrator, each by its hops: one for each first hop that leads there."""


def find_reach(account: Account) -> tuple[Reach, ...]:
    """Return what each principal of an account can reach."""
    abilities = {one.arn: Abilities(one, account) for one in account.principals}
    return judge_reach(account, abilities, list_all_hops(abilities, account))


def judge_reach(
    account: Account, abilities: dict[str, Abilities], hops: dict[str, tuple[Hop, ...]]
) -> tuple[Reach, ...]:
    """Return what each principal can reach by known hops."""
    certain = {arn: [hop for hop in each if not hop.doubts] for arn, each in hops.items()}
    ways = _find_ways(abilities, certain)
    maybe = _find_ways(abilities, {arn: list(each) for arn, each in hops.items()}, perhaps=True)
    return tuple(_judge(one, account, ways, maybe, certain) for one in abilities.values())


def _find_ways(
    abilities: dict[str, Abilities], hops: dict[str, list[Hop]], *, perhaps: bool = False
) -> dict[str, tuple[Hop, ...]]:
    """Return the shortest path to administrator of each principal that has one; empty if it is one already."""
    ways: dict[str, tuple[Hop, ...]] = {}
    for arn, one in abilities.items():
        if one.everything is True or (perhaps and isinstance(one.everything, Doubt)):
            ways[arn] = ()
    for arn, each in hops.items():
        last = next((hop for hop in each if hop.target is None), None)
        if arn not in ways and last is not None:
            ways[arn] = (last,)
    while True:
        found = {
            arn: min(((hop, *ways[hop.target]) for hop in each if hop.target in ways), key=len, default=None)
            for arn, each in hops.items()
            if arn not in ways
        }
        new = {arn: way for arn, way in found.items() if way is not None}
        if not new:
            return ways
        ways |= new


def _judge(abilities: Abilities, account: Account, ways: _Ways, maybe: _Ways, certain: dict[str, list[Hop]]) -> Reach:
    principal = abilities.principal
    if principal.arn in ways:
        return Reach(principal=principal, administrator=True, paths=tuple(_list_paths(certain[principal.arn], ways)))
    if principal.arn not in maybe and not account.gaps:
        return Reach(principal=principal, administrator=False, paths=())
    reasons = {reason for hop in maybe.get(principal.arn, ()) for reason in hop.doubts} | set(account.gaps)
    if isinstance(abilities.everything, Doubt):
        reasons |= abilities.everything.reasons
    return Reach(principal=principal, administrator=Doubt(frozenset(reasons)), paths=())


def _list_paths(hops: list[Hop], ways: dict[str, tuple[Hop, ...]]) -> Iterator[tuple[Hop, ...]]:
    yield from (
        (hop, *(ways[hop.target] if hop.target else ())) for hop in hops if hop.target is None or hop.target in ways
    )
