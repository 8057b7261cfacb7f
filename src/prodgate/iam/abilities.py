"""The abilities of one principal, each decided once, with the statements that allow it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from .account import Account, Principal
from .documents import Document, Statement
from .evaluation import Asked, Caller, Decision, Naming, Policies, Request, applies, name_caller
from .patterns import matches, may_overlap, read_pattern
from .space import Formulas, Given, Question, Requests, Unsettled, ask, build_space, find_model, list_statements
from .truth import Doubt, doubt

_LOGIC: Final = Formulas()
#: The policy of a request that attaches one: the caller may choose a weaker one.
ATTACHED: Final = "iam:policyarn"
_TOKEN: Final = "aws:tokenissuetime"  # noqa: S105  the name of a key, and no secret


@dataclass(frozen=True, slots=True)
class Allowed:
    """A request that is allowed, and the statements that allow it."""

    request: Request
    statements: tuple[Statement, ...]


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
        if not self._may_be_allowed(action, trust):  # most have none, so that there is nothing to remember
            return None
        key = (action, resource, tuple((stated or {}).items()), trust is not None)
        if key not in self._asked:
            self._asked[key] = self._find(action, resource, stated or {}, trust)
        return self._asked[key]

    def under(self, action: str, resource: str, besides: Document, stated: Mapping[str, None] | None = None) -> Ability:
        """Return whether it can do an action on some resource of a pattern, including through resource policies.

        ``besides`` is one more policy of its own. ``stated`` are keys that the request will not have.
        """
        guard = self._account.guards.get(action.partition(":")[0])
        if not self._may_be_allowed(action, guard):
            return None
        policies = self._hear(guard)
        if unread := {one.unread for one in policies.identity if one.unread}:
            return Doubt(frozenset(unread))
        return self._put(action, resource, stated or {}, replace(policies, identity=(*policies.identity, besides)))

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

    def _put(self, action: str, resource: str, stated: Mapping[str, str | None], written: Policies) -> Ability:
        policies = self._keep_named(_keep(written, action, resource))
        if self._is_allowed_nothing(policies) and action.lower() != "sts:getcalleridentity":
            return None
        question = Question(
            caller=self._caller,
            action=action,
            resource=resource,
            account=self._account.id,
            policies=policies,
            given={**self.known, **stated},
        )
        answers = [ask(replace(question, given={**question.given, **one})) for one in self._list_tokens(policies)]
        found = next((one for one in answers if isinstance(one, Request)), None)
        if found is not None:
            return Allowed(found, find_allowing(found, policies))
        return next((one for one in answers if isinstance(one, Doubt)), None)

    def _list_tokens(self, policies: Policies) -> list[Given]:
        """Return the possible tokens of a request: a user's has just been issued, or there is none."""
        named = {condition.key for one in list_statements(policies) for condition in one.conditions}
        return [{}] if self.principal.is_role or _TOKEN not in named else [{_TOKEN: self._account.now}, {_TOKEN: None}]

    def _keep_named(self, policies: Policies) -> Policies:
        """Return policies without the statements of a resource's policy that concern only others."""
        if policies.resource is None:
            return policies
        bounded = policies.boundaries is not None
        named = [
            one
            for one in policies.resource.statements
            if any(value is not False for value in name_caller(one, self._caller, bounded=bounded).values())
        ]
        return replace(policies, resource=replace(policies.resource, statements=tuple(named)))

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
            "aws:currenttime": self._account.now,
            **({_TOKEN: self._account.now} if principal.is_role else {}),
        }

    @cached_property
    def everything(self) -> bool | Doubt:
        """Whether its own policies allow it every action on every resource, in every context.

        Denials by its organization for the whole account make nobody in it less of an administrator.
        """
        policies = self.principal.policies()
        if not any(each.unread or any(map(_is_boundless, each.statements)) for each in policies.identity):
            return False
        requests = Requests(build_space(list_statements(policies), self.known))
        asked = Asked(self._caller, "", "", self._account.id)
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


def _reaches(statement: Statement, resource: str) -> bool:
    if statement.resources is None or resource == "*":
        return True
    return any(may_overlap(one, resource) for one in statement.resources)


def _is_boundless(statement: Statement) -> bool:
    """Whether a statement allows actions of every service. Other questions cover the exceptions of NotAction."""
    return statement.allows and any(not one.strip("*?:") for one in statement.actions or ())


def _speaks_of(statement: Statement, action: str) -> bool:
    if statement.actions is None:
        return True
    return any(matches(read_pattern(one.lower(), None), action.lower()) is True for one in statement.actions)


def find_allowing(request: Request, policies: Policies) -> tuple[Statement, ...]:
    """Return the statements that allow a request which is allowed."""
    context = {key.lower(): value for key, value in request.context.items()}
    found = [one for one in list_statements(policies) if one.allows and applies(one, request, context) is True]
    caller, resource = request.caller, policies.resource.statements if policies.resource else ()
    spared = [one for one in resource if not any(v is True for v in name_caller(one, caller, bounded=False).values())]
    return tuple(one for one in found if one not in spared)
