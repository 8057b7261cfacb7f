"""What one principal can do, asked once each, with the statements that allow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from .account import Account, Principal
from .callers import name_caller
from .decision import Asked, Decision, Policies
from .documents import Document, Statement
from .evaluation import Request, applies
from .formulas import Formulas, Unsettled, find_model
from .patterns import matches, read_pattern
from .questions import Question, ask, list_statements
from .requested import Requests
from .space import Given, build_space
from .truth import Doubt, doubt

_LOGIC: Final = Formulas()


@dataclass(frozen=True, slots=True)
class Allowed:
    """A request that is allowed, and the statements that allow it."""

    request: Request
    statements: tuple[Statement, ...]


Ability = Allowed | Doubt | None


class Abilities:
    """What a principal of an account can do. None: it is proven that it can't."""

    def __init__(self, principal: Principal, account: Account) -> None:
        self.principal, self._account = principal, account
        self._caller = principal.caller()
        self._asked: dict[tuple[object, ...], Ability] = {}
        self._spoken: dict[str, bool] = {}

    def can(
        self, action: str, resource: str, stated: Mapping[str, str | None] | None = None, trust: Document | None = None
    ) -> Ability:
        """Return whether it can do an action on some resource of a pattern. ``stated`` is what the request will say
        of itself: if it is allowed only when it says otherwise, that is a doubt."""
        key = (action, resource, tuple((stated or {}).items()), trust is not None)
        if key not in self._asked:
            self._asked[key] = self._find(action, resource, stated or {}, trust)
        return self._asked[key]

    def _find(self, action: str, resource: str, stated: Mapping[str, str | None], trust: Document | None) -> Ability:
        if not self._may_be_allowed(action, trust):
            return None
        found = self._ask(action, resource, stated, trust)
        if found is None and stated and self._ask(action, resource, {}, trust) is not None:
            says = ", ".join(f"{key} {value or 'absent'}" for key, value in stated.items())
            return doubt(f"{action} on {resource} is allowed, and not with {says}")
        return found

    def _ask(self, action: str, resource: str, stated: Mapping[str, str | None], trust: Document | None) -> Ability:
        policies = _keep(self.principal.policies(trust), action)
        question = Question(
            caller=self._caller,
            action=action,
            resource=resource,
            account=self._account.id,
            policies=policies,
            given={**self._known, **stated},
        )
        found = ask(question)
        return Allowed(found, _list_allowing(found, policies)) if isinstance(found, Request) else found

    def _may_be_allowed(self, action: str, trust: Document | None) -> bool:
        """Whether any statement speaks of the action: a cheap no to most questions."""
        if action not in self._spoken:
            identity = _keep(self.principal.policies(), action).identity
            self._spoken[action] = any(each.unread or any(one.allows for one in each.statements) for each in identity)
        if trust is not None and trust.unread:
            return True
        names = (name_caller(one, self._caller, bounded=False) for one in (trust or Document()).statements)
        return self._spoken[action] or any(value is not False for each in names for value in each.values())

    @cached_property
    def _known(self) -> Given:
        """Return what is known of each request of the principal."""
        principal = self.principal
        return {
            "aws:principalarn": principal.arn,
            "aws:principalaccount": principal.account,
            "aws:principaltype": "AssumedRole" if principal.is_role else "User",
            "aws:username": None if principal.is_role else principal.name,
            "aws:currenttime": self._account.now,
            **({"aws:tokenissuetime": self._account.now} if principal.is_role else {}),  # a user may have no token
        }

    @cached_property
    def everything(self) -> bool | Doubt:
        """Whether it is allowed every action on every resource, under every context, by its own policies."""
        policies = self.principal.policies()
        if not any(each.unread or any(map(_is_boundless, each.statements)) for each in policies.identity):
            return False
        requests = Requests(build_space(list_statements(policies), self._known))
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


def _keep(policies: Policies, action: str) -> Policies:
    """Return policies without the identity statements that don't speak of an action."""
    kept = [
        replace(one, statements=tuple(s for s in one.statements if _speaks_of(s, action))) for one in policies.identity
    ]
    return replace(policies, identity=tuple(kept))


def _is_boundless(statement: Statement) -> bool:
    """Whether a statement allows actions of every service. What NotAction leaves out is seen by other questions."""
    return statement.allows and any(not one.strip("*?:") for one in statement.actions or ())


def _speaks_of(statement: Statement, action: str) -> bool:
    if statement.actions is None:
        return True
    return any(matches(read_pattern(one.lower(), None), action.lower()) is True for one in statement.actions)


def _list_allowing(request: Request, policies: Policies) -> tuple[Statement, ...]:
    context = {key.lower(): value for key, value in request.context.items()}
    found = [one for one in list_statements(policies) if one.allows and applies(one, request, context) is True]
    caller, resource = request.caller, policies.resource.statements if policies.resource else ()
    spared = [one for one in resource if not any(v is True for v in name_caller(one, caller, bounded=False).values())]
    return tuple(one for one in found if one not in spared)
