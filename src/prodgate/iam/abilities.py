"""The abilities of one principal, each decided once, with the statements that allow it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

from .account import OF_RESOURCE, TAG, Account, Principal, is_tag
from .documents import Document, Statement, read_document
from .evaluation import Asked, Caller, Decision, Naming, Policies, Request, applies, name_caller, parse_date
from .known_actions import has_tags, list_openings, list_tagging, may_name
from .patterns import matches, read_arn_pattern, read_pattern
from .space import (
    Formulas,
    Given,
    Question,
    Requests,
    Unsettled,
    ask,
    build_space,
    find_model,
    list_statements,
    list_texts,
)
from .truth import Doubt, doubt

_LOGIC: Final = Formulas()
#: The policy of a request that attaches one: the caller may choose a weaker one.
ATTACHED: Final = "iam:policyarn"
#: The most declared resources of a pattern that are asked about one by one.
_MOST_TAGGED: Final = 20
_NOTHING: Final = Document()
_OPEN: Final = read_document(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
    "a policy that it writes",
)
_TOKEN: Final = "aws:tokenissuetime"  # noqa: S105  the name of a key, and no secret


@dataclass(frozen=True, slots=True)
class Allowed:
    """A request that is allowed, and the statements that allow it."""

    request: Request
    statements: tuple[Statement, ...]
    since: str = ""
    """The later moment at which it is allowed; empty if it is allowed now."""


Ability = Allowed | Doubt | None


class Abilities:
    """The abilities of a principal of an account. None means proven impossible."""

    def __init__(self, principal: Principal, account: Account) -> None:
        self.principal, self._account = principal, account
        self._caller = principal.caller()
        self._asked: dict[tuple[object, ...], Ability] = {}
        self._spoken: dict[str, bool] = {}

    def can(
        self, action: str, resource: str, stated: Mapping[str, str | None] | None = None, trust: Document | None = None
    ) -> Ability:
        """Return whether it can do an action on some resource of a pattern.

        ``stated`` is the request's own context. Another policy to attach than the stated one would be a doubt.
        """
        guard = self._account.guards.get(action.partition(":")[0])
        trust = guard if trust is None else trust
        if not self._may_be_allowed(action, trust):  # most have none, so that there is nothing to remember
            return None
        key = (action, resource, tuple((stated or {}).items()), bool(trust and (trust.statements or trust.unread)))
        if key not in self._asked:
            self._asked[key] = self._find(action, resource, stated or {}, trust)
        return self._asked[key]

    def under(
        self,
        action: str,
        resource: str,
        besides: Document,
        stated: Mapping[str, str | None] | None = None,
        *,
        later: bool = True,
    ) -> Ability:
        """Return whether it can do an action on some resource of a pattern, including through resource policies.

        ``besides`` is one more policy of its own. ``stated`` is context that the request has, or with None lacks.
        ``later``: at any time from now on, and not only now.
        """
        guard = self._account.guards.get(action.partition(":")[0])
        if not self._may_be_allowed(action, guard):
            return None
        policies = self._hear(guard)
        if unread := {one.unread for one in policies.identity if one.unread}:
            return Doubt(frozenset(unread))
        return self._put(action, resource, stated or {}, policies, besides, later=later)

    def ever(self, action: str, resource: str, besides: Document = _NOTHING) -> Ability:
        """Return whether it can do an action on some resource of a pattern, or may once it has written its policy."""
        found = self.under(action, resource, besides)
        return self._after_opening(action, resource, besides) if found is None else found

    def _after_opening(self, action: str, resource: str, besides: Document) -> Doubt | None:
        """Return a doubt if it can write the policy of some resource of a pattern, and an action may then be allowed.

        That policy may allow everybody everything; what others deny stays denied.
        """
        service, _, _ = action.partition(":")
        place = resource.partition("/")[0] if service == "s3" else resource
        known = [one for one in list_openings(action) if self.under(one, place, _NOTHING) is not None]
        if not known:
            return None
        opened = replace(self._account, guards={**self._account.guards, service: _OPEN})
        if Abilities(self.principal, opened).under(action, resource, besides) is None:
            return None
        return doubt(f"{action} may be allowed by what {' or '.join(known)} makes of the policy of {place}")

    def _find(self, action: str, resource: str, stated: Mapping[str, str | None], trust: Document | None) -> Ability:
        found, attached = self._ask(action, resource, stated, trust), stated.get(ATTACHED)
        others = {key: value for key, value in stated.items() if key != ATTACHED}
        if found is None and attached and self._ask(action, resource, others, trust) is not None:
            return doubt(f"{action} on {resource} is allowed, and not with {ATTACHED} {attached}")
        return found

    def _ask(self, action: str, resource: str, stated: Mapping[str, str | None], trust: Document | None) -> Ability:
        return self._put(action, resource, stated, self._hear(trust))

    def _hear(self, resource: Document | None) -> Policies:
        return self._account.organization.limit(self.principal.policies(resource), self.principal.arn)

    def _put(
        self,
        action: str,
        resource: str,
        stated: Mapping[str, str | None],
        written: Policies,
        besides: Document = _NOTHING,
        *,
        later: bool = True,
    ) -> Ability:
        policies = self._keep_named(_keep(written, action, resource))
        if self._is_allowed_nothing(policies) and action.lower() != "sts:getcalleridentity":
            return None
        keys = {one.key for each in list_statements(policies) for one in each.conditions if is_tag(one.key)}
        tagged = self._list_tagged(action, resource) if any(OF_RESOURCE in key for key in keys) else {}
        answers: list[Ability] = []
        for arn, tags in tagged.items():
            own = {key: tags.get(key.partition("/")[2]) for key in keys if OF_RESOURCE in key}
            answers.append(self._put_on(action, arn, {**own, **stated}, policies, besides, later=later))
            if isinstance(answers[-1], Allowed):
                return answers[-1]
        if resource not in tagged:
            spared = {"Effect": "Deny", "Action": action, "Resource": list(tagged)}
            others = [read_document({"Statement": spared}, "")] if tagged else []
            rest = replace(policies, identity=(*policies.identity, *others))
            answers.append(self._put_on(action, resource, stated, rest, besides, later=later))
        return next((one for one in reversed(answers) if one is not None), None)

    def _put_on(
        self,
        action: str,
        resource: str,
        stated: Mapping[str, str | None],
        policies: Policies,
        besides: Document,
        *,
        later: bool,
    ) -> Ability:
        question = Question(
            caller=self._caller,
            action=action,
            resource=resource,
            account=self._find_owner(resource),
            policies=_add(policies, besides),
            given={**self._list_tags(policies), **self.known, **stated},
        )
        found = self._ask_over_time(question, later=later)
        for other in self._account.ids - {question.account} if isinstance(found, Allowed) else ():
            if question.account not in resource and self._ask_over_time(replace(question, account=other)) is None:
                return doubt(f"{action} on {resource} is allowed in the account {question.account}, not in {other}")
        keys = self._list_open_tags(policies, question) if isinstance(found, Allowed) else ()
        if not keys or not isinstance(found, Allowed):
            return found
        # some tags would do: it is only certain if it is allowed whatever they are
        sure = replace(question, policies=_add(_doubt_tags(policies, keys), besides))
        if isinstance(certain := self._ask_over_time(sure, later=later), Allowed):
            return certain
        told = ", ".join(f"{key} = {found.request.context.get(key)!r}" for key in sorted(keys))
        return doubt(f"{action} is allowed with {told}, and whether that holds is not known here")

    def _list_tagged(self, action: str, resource: str) -> Mapping[str, Mapping[str, str]]:
        """Return the declared resources of a pattern whose tags answer conditions, and that nobody may tag."""
        pattern = read_arn_pattern(resource, None)
        named = [arn for arn in self._account.tags if matches(pattern, arn) is True]
        return {
            arn: self._account.tags[arn]
            for arn in (named if len(named) <= _MOST_TAGGED else ())
            if has_tags(action, arn) and not any(self._may_tag(one, arn) for one in self._account.principals)
        }

    def has_settled(self, key: str, request: Request) -> bool:
        """Whether the value of a key in a request that is allowed is the only one that it can have."""
        if key.startswith(TAG):
            return self.tags is not None
        tagged = OF_RESOURCE in key and self._list_tagged(request.action, request.resource)
        return key in self.known or bool(tagged)

    def _may_tag(self, principal: Principal, resource: str) -> bool:
        """Whether a principal that is no administrator may change the tags of a resource, as its policies' words go."""
        return any(_may_do(principal, one, resource) for one in list_tagging(resource.split(":")[2]))

    def _list_open_tags(self, policies: Policies, question: Question) -> frozenset[str]:
        """Return the tags in conditions that are not known, and that the principal can't choose by itself."""
        keys = {one.key for each in list_statements(policies) for one in each.conditions if is_tag(one.key)}
        keys -= question.given.keys()
        mine = {key for key in keys if key.startswith(TAG)}
        if mine and self._may_tag(self.principal, self.principal.arn):
            keys -= mine
        theirs = {key for key in keys if OF_RESOURCE in key}
        if theirs and question.resource.count(":") > 4 and self._may_tag(self.principal, question.resource):
            keys -= theirs
        return frozenset(keys)

    def _find_owner(self, resource: str) -> str:
        """Return the account of a resource: the one in its ARN, if that is one of the known accounts, else its own."""
        return next((one for one in self._account.ids if f":{one}:" in resource), self.principal.account)

    def _ask_over_time(self, question: Question, *, later: bool = True) -> Ability:
        answers = []
        for moment in list_moments(question.policies, self._account.now) if later else [self._account.now]:
            for one in self._list_tokens(question.policies, moment):
                found = ask(replace(question, given={**question.given, **read_clock(moment), **one}))
                if isinstance(found, Request):
                    since = moment if moment != self._account.now else ""
                    return Allowed(found, find_allowing(found, question.policies), since)
                answers.append(found)
        return next((one for one in answers if one is not None), None)

    def _list_tokens(self, policies: Policies, moment: str) -> list[Given]:
        """Return the possible tokens of a request: one that has just been issued, or for a user none."""
        named = {condition.key for one in list_statements(policies) for condition in one.conditions}
        given: list[Given] = [{_TOKEN: moment}] if self.principal.is_role or _TOKEN in named else [{}]
        return [*given, {_TOKEN: None}] if _TOKEN in named and not self.principal.is_role else given

    def _keep_named(self, policies: Policies) -> Policies:
        """Return policies without the statements of a resource's policy that concern only others."""
        if policies.resource is None:
            return policies
        bounded = policies.boundaries is not None
        return replace(policies, resource=_keep_naming(policies.resource, self._caller, bounded=bounded))

    def _is_allowed_nothing(self, policies: Policies) -> bool:
        """Whether no remaining statement could allow anything, so that there is nothing to prove."""
        documents = [*policies.identity, *([policies.resource] if policies.resource else [])]
        if any(one.unread for one in documents):
            return False
        if any(each.allows for one in policies.identity for each in one.statements):
            return False
        return not _lets_in(policies.resource or Document(), self._caller)

    def _may_be_allowed(self, action: str, trust: Document | None) -> bool:
        """Whether any statement covers the action: a cheap no to most questions."""
        if action not in self._spoken:
            identity = _keep(self.principal.policies(), action, "*").identity
            self._spoken[action] = any(each.unread or any(one.allows for one in each.statements) for each in identity)
        if trust is not None and trust.unread:
            return True
        return self._spoken[action] or _lets_in(trust or Document(), self._caller)

    @cached_property
    def known(self) -> Given:
        """Return the known context of each request of the principal."""
        principal = self.principal
        return {
            "aws:principalarn": principal.arn,
            "aws:principalaccount": principal.account,
            "aws:principaltype": "AssumedRole" if principal.is_role else "User",
            "aws:principalisawsservice": "false",
            "aws:username": None if principal.is_role else principal.name,
            **read_clock(self._account.now),
            **({_TOKEN: self._account.now} if principal.is_role else {}),
        }

    @cached_property
    def tags(self) -> Mapping[str, str] | None:
        """Its tags, unless a session may bring others or somebody may change them."""
        principal, trust = self.principal, self.principal.trust
        if principal.tags is None or (principal.is_role and (trust is None or trust.unread)):
            return None
        if trust is not None and any(one.allows and _speaks_of(one, "sts:TagSession") for one in trust.statements):
            return None
        kind = "Role" if principal.is_role else "User"
        actions = [f"iam:{verb}{kind}" for verb in ("Tag", "Untag")]
        changed = any(_may_do(one, action, principal.arn) for one in self._account.principals for action in actions)
        return None if changed else principal.tags

    def _list_tags(self, policies: Policies) -> Given:
        """Return its tags that policies name, with None for those that it has not, if its tags are known."""
        if self.principal.tags is None:
            return {}
        named = {condition.key for one in list_statements(policies) for condition in one.conditions}
        written = (one for one in list_statements(policies) if one.has_variables)
        texts = " ".join(text for one in written for text in list_texts(one) if "${" in text).lower()
        named |= set(re.findall(rf"\$\{{\s*({TAG}[^}},]*[^}},\s])", texts))
        asked = [key for key in named if key.startswith(TAG)]
        if not asked or self.tags is None:
            return {}
        own = {f"{TAG}{key.lower()}": value for key, value in self.tags.items()}
        return {key: own.get(key) for key in asked}

    @cached_property
    def everything(self) -> bool | Doubt:
        """Whether its own policies allow it every action on every resource, in every context, now or later.

        Denials by its organization for the whole account make nobody in it less of an administrator.
        """
        policies = self.principal.policies()
        if not any(each.unread or any(map(_is_boundless, each.statements)) for each in policies.identity):
            return False
        found = [self._has_everything(policies, one) for one in list_moments(policies, self._account.now)]
        return True if True in found else next((one for one in found if one is not False), False)

    def _has_everything(self, policies: Policies, moment: str) -> bool | Doubt:
        token = {_TOKEN: moment} if self.principal.is_role else {}
        known = {**self._list_tags(policies), **self.known, **read_clock(moment), **token}
        requests = Requests(build_space(list_statements(policies), known))
        asked = Asked(self._caller, "", "", self.principal.account)
        allowed = Decision(asked, policies, _LOGIC, requests.applies).allowed
        try:
            if find_model(_LOGIC.negate(allowed).perhaps, *requests.rules()) is None:
                return True
            if find_model(_LOGIC.negate(allowed).surely, *requests.rules()) is None:
                return doubt(
                    "; ".join(each.unread for each in policies.identity if each.unread) or "it is not understood"
                )
        except Unsettled as error:
            return doubt(str(error))
        return False


def _add(policies: Policies, besides: Document) -> Policies:
    return replace(policies, identity=(*policies.identity, besides))


def _doubt_tags(policies: Policies, keys: frozenset[str]) -> Policies:
    """Return policies in which it is a doubt whether a condition on one of some tags holds."""

    def doubted(document: Document) -> Document:
        return replace(document, statements=tuple(map(leave_open, document.statements)))

    def leave_open(statement: Statement) -> Statement:
        known = tuple(one for one in statement.conditions if one.key not in keys)
        if len(known) == len(statement.conditions):
            return statement
        return replace(statement, conditions=known, doubted="tags")

    scps, rcps = (tuple(tuple(map(doubted, level)) for level in each) for each in (policies.scps, policies.rcps))
    return replace(
        policies,
        identity=tuple(map(doubted, policies.identity)),
        boundaries=policies.boundaries and tuple(map(doubted, policies.boundaries)),
        resource=policies.resource and doubted(policies.resource),
        scps=scps,
        rcps=rcps,
    )


# ── Time

#: The keys that say when a request is made.
_CLOCK: Final = ("aws:currenttime", "aws:epochtime")


def read_clock(moment: str) -> Mapping[str, str]:
    """Return the context of a request at a moment."""
    return {"aws:currenttime": moment, "aws:epochtime": str(int(parse_date(moment).timestamp()))}


def list_moments(policies: Policies, now: str) -> list[str]:
    """Return now, and moments that stand for all later ones: those that conditions name, and one after each."""
    start, texts = parse_date(now), set[str]()
    for one in list_statements(policies):
        texts |= {value for condition in one.conditions if condition.key in _CLOCK for value in condition.values}
    named = sorted({start, *(date for date in map(_try_date, texts) if date is not None and date > start)})
    if len(named) == 1 and not texts:
        return [now]
    second = timedelta(seconds=1)
    after = [one + min(second, (then - one) / 2) for one, then in pairwise(named)]
    last = [] if named[-1] > _END - second else [named[-1] + second]
    return [now, *(one.isoformat() for one in sorted({*named[1:], *after, *last}))]


_END: Final = datetime.max.replace(tzinfo=UTC)


def _try_date(text: str) -> datetime | None:
    try:
        return parse_date(text).astimezone(UTC)
    except (ValueError, OverflowError):  # what the condition means is a doubt
        return None


def keep_spoken(document: Document, caller: Caller, action: str, resource: str) -> Document:
    """Return a resource's policy without the statements that concern only other callers, actions or resources."""
    return _keep_naming(_keep_of(document, action, resource), caller, bounded=False)


def _keep_naming(document: Document, caller: Caller, *, bounded: bool) -> Document:
    naming = (
        one
        for one in document.statements
        if any(value is not False for value in name_caller(one, caller, bounded=bounded).values())
    )
    return replace(document, statements=tuple(naming))


def _keep(policies: Policies, action: str, resource: str) -> Policies:
    """Return policies without the statements that cover neither an action nor any resource of a pattern."""
    kept = [_keep_of(one, action, resource) for one in policies.identity]
    guard = policies.resource and _keep_of(policies.resource, action, resource)
    scps, rcps = (
        tuple(tuple(_keep_of(one, action, resource) for one in level) for level in levels)
        for levels in (policies.scps, policies.rcps)
    )
    return replace(policies, identity=tuple(kept), resource=guard, scps=scps, rcps=rcps)


def _keep_of(document: Document, action: str, resource: str) -> Document:
    spoken = (one for one in document.statements if _speaks_of(one, action))
    return replace(document, statements=tuple(one for one in spoken if _reaches(one, resource)))


def _lets_in(document: Document, caller: Caller) -> bool:
    """Whether a resource's policy may let in a caller by itself, and not by delegating to its account."""
    ways = [name_caller(one, caller, bounded=False).items() for one in document.statements if one.allows]
    return any(value is not False for way in ways for naming, value in way if naming is not Naming.ACCOUNT)


def _may_do(principal: Principal, action: str, resource: str) -> bool:
    """Whether a principal that is no administrator may do something, as far as its policies' words go."""
    every = [one for each in principal.identity for one in each.statements]
    if principal.boundary is None and all(one.allows for one in every) and any(map(_is_unlimited, every)):
        return False
    kept = [_keep_of(one, action, resource) for one in principal.identity]
    return any(one.unread or any(each.allows for each in one.statements) for one in kept)


def _is_unlimited(statement: Statement) -> bool:
    return (
        _is_boundless(statement) and statement.resources == ("*",) and not (statement.conditions or statement.doubted)
    )


def _reaches(statement: Statement, resource: str) -> bool:
    if statement.resources is None or resource == "*":
        return True
    return any(may_name(one, resource) for one in statement.resources)


def _is_boundless(statement: Statement) -> bool:
    """Whether a statement allows actions of every service. Other questions cover the exceptions of NotAction."""
    return statement.allows and any(not one.strip("*?:") for one in statement.actions or ())


def _speaks_of(statement: Statement, action: str) -> bool:
    return statement.actions is None or _is_named(action.lower(), statement.actions)


@lru_cache(maxsize=1 << 18)
def _is_named(action: str, patterns: tuple[str, ...]) -> bool:
    return any(matches(read_pattern(one.lower(), None), action) is True for one in patterns)


def find_allowing(request: Request, policies: Policies) -> tuple[Statement, ...]:
    """Return the statements that allow a request which is allowed."""
    context = {key.lower(): value for key, value in request.context.items()}
    found = [one for one in list_statements(policies) if one.allows and applies(one, request, context) is True]
    caller, resource = request.caller, policies.resource.statements if policies.resource else ()
    spared = [one for one in resource if not any(v is True for v in name_caller(one, caller, bounded=False).values())]
    return tuple(one for one in found if one not in spared)
