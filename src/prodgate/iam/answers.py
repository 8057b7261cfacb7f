"""Answers to goals: kept, with a proof; broken, with a path that is allowed step by step; or unknown, and why."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from ..semantics.policy_documents import Principal as Named
from ..semantics.unresolved import Unresolved
from .abilities import Abilities, Ability, Allowed, find_allowing, keep_spoken, list_moments, read_clock
from .account import EVERYTHING, Account, Principal
from .documents import Document, Statement, read_document
from .evaluation import ASSUMING, Caller, Policies, Request, read_caller
from .goals import ADMINISTRATOR, ADMINISTRATORS, UNNAMED, Goal, fits_any
from .idle import Idle, Unused, list_idle, list_shut, measure
from .known_actions import is_kind
from .needs import Needs
from .patterns import matches, read_arn_pattern
from .reach import Hop, Reach, judge_reach, list_all_hops, list_freed
from .space import Given, Question, ask, list_statements
from .truth import Doubt, Truth, doubt

#: An ARN of any kind; an asterisk alone stands for actions without a resource.
ANY: Final = "arn:*:*:*:*:*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether one principal keeps a goal."""

    who: str
    kept: Truth
    said: str = ""
    """For a broken goal, the path: each hop with its request and statements."""
    places: tuple[str, ...] = ()
    """The positions of the statements that allow it."""


class Standing:
    """Everything that the principals of an account can become and do."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.abilities = {one.arn: Abilities(one, account) for one in account.principals}

    @cached_property
    def hops(self) -> dict[str, tuple[Hop, ...]]:
        """The hops of each principal, certain or not."""
        return list_all_hops(self.abilities, self.account)

    @cached_property
    def reach(self) -> dict[str, Reach]:
        """The rights that each principal reaches."""
        return {one.principal.arn: one for one in judge_reach(self.account, self.abilities, self.hops)}

    @cached_property
    def freed(self) -> dict[str, tuple[tuple[Hop, Abilities], ...]]:
        """What each principal is once it has lifted limits of its own."""
        return {arn: tuple(list_freed(one, self.account)) for arn, one in self.abilities.items()}

    def answer(self, goal: Goal, actions: tuple[str, ...]) -> Iterator[Answer]:
        """Yield whether each principal that a goal names keeps it; ``actions`` are its own without wildcards."""
        yield from (self._answer_of(goal, actions, principal) for principal in list_asked(goal, self.account))

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
        if reasons and (goal.may or found.kept is not False):  # an unread policy may allow, and may deny
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
            for way, able in self._walk(principal.arn, certain):
                for found in self._find(goal, actions, able):
                    doubts = {reason for hop in way for reason in hop.doubts}
                    if not isinstance(found, Doubt) and not doubts:
                        return break_by(principal, way, found)
                    reasons |= doubts | (found.reasons if isinstance(found, Doubt) else set())
        return Answer(who=principal.arn, kept=Doubt(frozenset(reasons)) if reasons else True)

    def _find(self, goal: Goal, actions: tuple[str, ...], able: Abilities | None) -> Iterator[Allowed | Doubt | None]:
        """Yield the requested actions that a principal can or may do; None stands for all rights."""
        if able is None:
            yield None
            return
        besides = except_for(goal)
        for action in actions:
            for resource in list_resources(goal):
                if (found := able.ever(action, resource, besides)) is not None:
                    yield found

    def _walk(self, start: str, certain: bool) -> Iterator[tuple[tuple[Hop, ...], Abilities | None]]:
        """Yield each principal that another can become, the nearest first, with the path; None for all rights."""
        seen: set[str | None] = {start}
        ways: deque[tuple[tuple[Hop, ...], str | None]] = deque([((), start)])
        while ways:
            way, arn = ways.popleft()
            yield way, None if arn is None else self.abilities[arn]
            for lift, freed in self.freed[arn] if arn is not None else ():
                if not (certain and lift.doubts):
                    yield (*way, lift), freed
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
    """Return whether a principal can do something whatever its tags and organization, which it does not choose."""
    found = own.under(action, resource, besides, later=False)
    if not isinstance(found, Allowed):
        return found
    given = ((key, value) for key, value in found.request.context.items() if _is_set_by_aws(key))
    needed = {key: value for key, value in given if not own.has_settled(key, found.request)}
    without = {key: {**_WITHOUT, _OWNER: own.principal.account}.get(key) for key in needed}
    if not needed or isinstance(own.under(action, resource, besides, without, later=False), Allowed):
        return found
    told = ", ".join(f"{key} = {value!r}" for key, value in sorted(needed.items()))
    return doubt(f"{action} is allowed with {told}, and whether that holds is not known here")


#: Keys whose value AWS or the network decides, by their beginning or by a part of them.
_SET: Final = (
    "aws:calledvia", "aws:ec2instance", "aws:multifactorauth", "aws:principal", "aws:resource", "aws:source",
    "aws:viaawsservice", "aws:vpcsource", "kms:calleraccount", "kms:grantisforawsresource", "kms:viaservice",
)  # fmt: skip
#: The account of what a request is about.
_OWNER: Final = "aws:resourceaccount"
#: What a request has where a caller does nothing for it.
_WITHOUT: Final = {"aws:viaawsservice": "false", "kms:grantisforawsresource": "false"}


def _is_set_by_aws(key: str) -> bool:
    return key.startswith(_SET) or ":resourcetag/" in key or ":existingobjecttag/" in key


def list_asked(goal: Goal, account: Account) -> list[Principal]:
    """Return the principals that a goal covers."""
    named = [one for one in account.principals if goal.speaks_of(one.arn) and one.arn not in account.foreign]
    if ADMINISTRATORS not in goal.spared:
        return named
    return [one for one in named if Abilities(one, account).everything is not True]


def list_resources(goal: Goal) -> Iterator[str]:
    """Yield the resources of a question; ``*`` also stands for actions without a resource."""
    for resource in goal.resources:
        yield from (ANY, "*") if resource == "*" else (resource,)


def except_for(goal: Goal) -> Document:
    """Return a policy that denies everything outside of a goal."""
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
    """Return that a path of hops, and a request at its end, break a goal."""
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
    said = f"{step.request.action} on {step.request.resource}, allowed by {by}"
    return f"{said} (from {step.since} on)" if step.since else said


def name_nobody(goal: Goal, account: Account) -> Doubt | None:
    """Return a doubt if a goal names principals of which none exist: its proof would cover nobody."""
    missing = [one for one in goal.principals if not any(_is_named(one, each.arn) for each in account.principals)]
    if missing:
        return doubt(f"{', '.join(missing)} names no user and no role that is known here")
    if not list_asked(goal, account):
        return doubt("every principal that it names is left out by 'except' or is of another system")
    return None


def _is_named(pattern: str, arn: str) -> bool:
    return Goal(may=False, actions=(), principals=(pattern,)).speaks_of(arn)


def name_nothing(goal: Goal, account: Account) -> Doubt | None:
    """Return a doubt if a goal names resources of which none is declared, unless it names all of a kind."""
    named = [one for one in goal.resources if not is_kind(one)]
    missing = [one for one in named if not any(_is_part(one, arn) for arn in account.arns)]
    return doubt(f"{', '.join(missing)} names nothing that is known here") if missing else None


def name_no_request(goal: Goal, actions: tuple[str, ...], account: Account) -> Doubt | None:
    """Return a doubt if a goal's conditions exclude every possible request: its proof would cover nothing."""
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
    """Whether a pattern names a declared thing, or something within it."""
    head = len(":".join(pattern.split(":", 5)[:5])) + 1
    ends = [len(pattern), *(found.start() for found in re.finditer(r"[:/]", pattern) if found.start() > head)]
    return any(matches(read_arn_pattern(pattern[:end], None), arn) is True for end in ends)


# ── Used and granted rights


def answer_of_use(principal: Principal, account: Account, needs: Needs) -> Iterator[Answer]:
    """Yield the unused rights of a principal, and the missing ones; or that it holds exactly those in use."""
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
    """Describe the unused part of a statement."""
    if not one.used:
        return f"nothing uses {one.written}, granted by {one.statement.place}"
    return f"of {one.written} only {', '.join(one.used)} is used, granted by {one.statement.place}"


def answer_of_idle(goal: Goal, account: Account) -> Iterator[Answer]:
    """Yield the statements that can never grant anything.

    They are in each principal's own policies and trust and, if the goal covers all, in the policies of resources.
    """
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


# ── Who can become whom, as plain values to draw

#: The maximum number of kept principals and hops, first those that lead to all rights.
_MOST: Final = 2_000
#: The maximum number of kept reasons and places of one.
_FEW: Final = 5


def describe_standing(standing: Standing) -> dict[str, Any]:
    """Return the principals of an account and the hops between them as JSON values, and how many were left out."""
    reach = sorted(standing.reach.values(), key=lambda one: (_RANKS.index(_say(one.administrator)), one.principal.arn))
    every = (hop for one in reach for hop in standing.hops[one.principal.arn])
    hops = sorted(_choose(every), key=lambda one: (bool(one.doubts), one.target is not None))
    return {
        "principals": [
            {
                "arn": one.principal.arn,
                "name": one.principal.name,
                "place": one.principal.place,
                "administrator": _say(one.administrator),
                "reasons": sorted(one.administrator.reasons)[:_FEW] if isinstance(one.administrator, Doubt) else [],
            }
            for one in reach[:_MOST]
        ],
        "hops": [_describe(hop) for hop in hops[:_MOST]],
        "world": standing.account.world(),
        "left_out": max(0, len(reach) - _MOST) + max(0, len(hops) - _MOST),
    }


_RANKS: Final = ("yes", "undetermined", "no")


def _say(value: bool | Doubt) -> str:
    return "undetermined" if isinstance(value, Doubt) else "yes" if value else "no"


def _choose(hops: Iterable[Hop]) -> Iterator[Hop]:
    """Yield one hop for each pair: one that is certain, where there is one, and the shortest."""
    best: dict[tuple[str, str | None], Hop] = {}
    for hop in hops:
        known = best.get((hop.source, hop.target))
        if known is None or (bool(hop.doubts), len(hop.steps)) < (bool(known.doubts), len(known.steps)):
            best[hop.source, hop.target] = hop
    yield from best.values()


def _describe(hop: Hop) -> dict[str, Any]:
    places = dict.fromkeys(one.place for step in hop.steps for one in step.statements)
    return {
        "from": hop.source,
        "to": hop.target or "",
        "how": hop.how,
        "by": list(places)[:_FEW],
        "reasons": sorted(hop.doubts)[:_FEW],
    }


# ── Access from outside: accounts, providers, the public

#: An account that nobody names.
_STRANGER = "999999999999"
_FEDERATING = ("sts:assumerolewithwebidentity", "sts:assumerolewithsaml")


def answer_of_outsiders(goal: Goal, actions: tuple[str, ...], account: Account) -> Iterator[Answer]:
    """Yield whether each outsider that a policy names, and the public, keeps a goal."""
    if account.gaps:  # an unread policy may let in anybody
        yield Answer(who="whoever is outside", kept=Doubt(frozenset(account.gaps)))
    for service in dict.fromkeys(action.partition(":")[0] for action in actions):
        if why := account.shares.get(service):
            yield Answer(who=f"whoever things of {service} are shared with", kept=doubt(why))
    for action in actions:
        for resource, guard in _list_guarded(goal, action, account):
            if guard.unread:
                yield Answer(who=resource, kept=doubt(guard.unread))
                continue
            own = resource.split(":")[4] if ":role/" in resource else account.id
            besides = except_for(_name_unnamed(goal, guard))
            for caller in dict.fromkeys(_list_callers(guard, own, serving=":role/" not in resource)):
                if isinstance(caller, Doubt):
                    yield Answer(who=resource, kept=caller)
                    continue
                if caller.name and fits_any(goal.spared, caller.name):
                    continue
                spoken = keep_spoken(guard, caller, action, resource)
                open_ones = [one for one in spoken.statements if not (one.allows and _is_closed(one, caller, own))]
                about = Document((*open_ones, *besides.statements))
                heard = Policies(identity=(EVERYTHING,), resource=about, rcps=account.organization.rcps)
                question = Question(
                    caller=caller, action=action.lower(), resource=resource, account=own, policies=heard,
                    given={**_list_known(caller, heard), _OWNER: own},
                )  # fmt: skip
                moments = [read_clock(one) for one in list_moments(heard, account.now)]
                found = [_answer(replace(question, given={**question.given, **one})) for one in moments]
                yield min(found, key=lambda one: (one.kept is not False, one.kept is True))


def _name_unnamed(goal: Goal, guard: Document) -> Goal:
    """Return a goal in which a name that no policy states is also one that only a wildcard of the policy lets in.

    ``repo:shop*`` lets in ``repo:shopunnamed-by-any-policy/…``, and ``*`` as an agreed id is no agreement.
    """
    stated: dict[str, list[str]] = {}
    for condition in (condition for one in guard.statements if one.allows for condition in one.conditions):
        stated.setdefault(condition.key, []).extend(condition.values)

    def widen(key: str, text: str) -> Iterator[str]:
        yield text
        head, found, tail = text.partition(UNNAMED)
        for written in stated.get(key.lower(), ()) if found else ():
            segment = re.split(r"[:/]", written.removeprefix(head))[0] if tail else written.removeprefix(head)
            if written.startswith(head) and set("*?") & set(segment):
                yield head + re.sub(r"[*?]+", UNNAMED, segment) + tail

    unless = [
        tuple(
            (operator, key, tuple(each for one in values for each in widen(key, one))) for operator, key, values in one
        )
        for one in goal.unless
    ]
    return replace(goal, unless=tuple(unless))


def _list_guarded(goal: Goal, action: str, account: Account) -> Iterator[tuple[str, Document]]:
    """Yield the resources that may be reachable from outside, with their policy: each role, or all of a service."""
    if action.lower().startswith((*ASSUMING, *_FEDERATING)):
        roles = [one for one in account.principals if one.is_role]
        for role in roles:
            if "*" in goal.resources or fits_any(goal.resources, role.arn):
                yield role.arn, role.trust or Document(unread=f"whom {role.name} trusts is not known")
    elif guard := account.guards.get(action.partition(":")[0]):
        yield from ((resource, guard) for resource in list_resources(goal))


def _list_callers(guard: Document, own: str, *, serving: bool) -> Iterator[Caller | Doubt]:
    """Yield the outsiders that a policy may let in. ``serving``: also services that act for other accounts.

    No service assumes a role for another account: whoever has it do so must pass the role in the role's own account.
    """
    for statement in guard.statements:
        if not statement.allows:
            continue
        if statement.not_principals is not None:
            yield from _list_strangers(statement, own, serving=serving)
        for named in statement.principals or ():
            if named.name == "*" and named.kind in ("*", "AWS"):
                yield from _list_strangers(statement, own, serving=serving)
            elif named.kind == "Federated":
                yield Caller("federated", named.name)
            elif named.kind == "Service":
                yield from (Caller("service", named.name, one) for one in _list_foreign(statement, own) if serving)
            elif not named.account or named.account != own:
                yield _read_foreigner(named)


def _list_foreign(statement: Statement, own: str) -> list[str]:
    """Return the accounts of strangers: one that nobody names, and those that a statement's conditions name."""
    texts = " ".join(value for condition in statement.conditions for value in condition.values)
    return [_STRANGER, *sorted(set(re.findall(r"(?<!\d)\d{12}(?!\d)", texts)) - {own, _STRANGER})]


def _read_foreigner(named: Named) -> Caller | Doubt:
    """Return a principal of another account that a policy names: anybody of the account, or any session of the role."""
    if re.fullmatch(r"\d{12}|arn:[\w-]+:iam::\d{12}:root", named.name):
        return Caller("user", f"arn:aws:iam::{named.account}:user/anybody", named.account)
    try:
        caller = read_caller(named.name)
    except Unresolved as error:
        return doubt(str(error))
    if not caller.account:
        return doubt(f"{named.name} is no principal that is known here")
    if caller.kind != "role":
        return caller
    role = named.name.rpartition("/")[2]
    return Caller("session", f"arn:aws:sts::{caller.account}:assumed-role/{role}/*", caller.account)


#: Services that do something to a resource for whatever account asks them to.
#:
#: Source: IAM User Guide, "The confused deputy problem", "Cross-service confused deputy prevention".
_DEPUTIES: Final = (
    "apigateway", "cloudfront", "cloudtrail", "cloudwatch", "config", "events", "logs", "s3", "scheduler", "ses", "sns",
)  # fmt: skip


def _is_deputy(caller: Caller) -> bool:
    return caller.name == _ANY_SERVICE or bool(set(_DEPUTIES) & set(caller.name.split(".")))


def _list_known(caller: Caller, heard: Policies) -> Given:
    """Return the context of an outsider's request that AWS sets, and that nobody chooses.

    Claims carry the name of the provider that states them.
    """
    named = {condition.key for one in list_statements(heard) for condition in one.conditions}
    if caller.kind == "anonymous":
        return {key: None for key in named if key.startswith("aws:principal") or key in _OF_CALLER}
    if caller.kind == "service":
        set_by_it = dict.fromkeys(("aws:sourceaccount", "aws:sourceowner"), caller.account)
        absent = [key for key in named if key.startswith("aws:principal") or key == "kms:calleraccount"]
        service = {"aws:principalisawsservice": "true", "aws:principalservicename": caller.name}
        return {**dict.fromkeys(absent), **set_by_it, **service}
    if caller.kind != "federated":
        of_caller = dict.fromkeys(_OF_CALLER[:3], caller.account)
        return {"aws:principalisawsservice": "false", **of_caller, **dict.fromkeys(_OF_CALLER[3:])}
    host = caller.name.partition(":oidc-provider/")[2].lower() or caller.name.lower()
    makers = {key: key.rpartition(":")[0] for key in named}
    return {key: None for key, maker in makers.items() if "." in maker and not f"{host}/".startswith(f"{maker}/")}


#: Keys that name the account of a caller, then those that only a service's request has.
_OF_CALLER: Final = (
    "aws:principalaccount", "kms:calleraccount", "aws:sourceowner",
    "aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths",
)  # fmt: skip


def _list_strangers(statement: Statement, own: str, *, serving: bool) -> Iterator[Caller]:
    yield Caller("anonymous", "")
    for account in _list_foreign(statement, own):
        yield Caller("user", f"arn:aws:iam::{account}:user/anybody", account)
    if serving and any(condition.key in _OF_CALLER[2:] for condition in statement.conditions):
        yield from (Caller("service", _ANY_SERVICE, account) for account in _list_foreign(statement, own))


#: Stands for each service, where a statement names everybody.
_ANY_SERVICE: Final = "any service"


#: Keys by which AWS says for whom a request is made, by the kind of the caller.
_SAYING_WHO: Final[Mapping[str, tuple[str, ...]]] = {
    "user": ("aws:principalarn",), "session": ("aws:principalarn",),
    "service": ("aws:source", "kms:encryptioncontext"),
}  # fmt: skip
_NAMING: Final = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike")


def _is_closed(statement: Statement, caller: Caller, own: str) -> bool:
    """Whether a statement lets in only who acts for its own account, by a key that AWS sets."""
    keys = _SAYING_WHO.get(caller.kind, ())
    asked = [one for one in statement.conditions if one.key.startswith(keys) and one.operator.lower() in _NAMING]
    return any(one.values and all(_is_ours(text, own) for text in one.values) for one in asked)


def _is_ours(text: str, own: str) -> bool:
    """Whether a source is of the account: by the account in it, or as the one bucket of that name there is."""
    parts = text.split(":", 5)
    if len(parts) < 6:
        return text == own
    return parts[4] == own if parts[4] else not set("*?") & set(text)


def _answer(question: Question) -> Answer:
    caller, found = question.caller, ask(question)
    acting = f", which acts for the account {caller.account}," if caller.kind == "service" else ""
    who = f"{caller.name or 'the public'}{acting} at {question.resource}"
    if caller.kind == "service" and isinstance(found, Request) and not _is_deputy(caller):
        return Answer(who=who, kept=doubt(f"whether {caller.name} acts for other accounts is not known here"))
    if not isinstance(found, Request):
        return Answer(who=who, kept=found if isinstance(found, Doubt) else True)
    allowing = find_allowing(found, question.policies)
    by = tuple(dict.fromkeys(one.place for one in allowing if one not in EVERYTHING.statements))
    told = ", ".join(f"{key} = {value!r}" for key, value in sorted(found.context.items()) if key not in question.given)
    said = f"{found.action} on {found.resource}{f' with {told}' if told else ''}, allowed by {', '.join(by)}"
    return Answer(who=who, kept=False, said=said, places=by)
