"""One request, decided by the policies that have a say in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from ..semantics.unresolved import Unresolved
from . import truth
from .callers import Caller
from .conditions import Context, holds
from .decision import Asked, Decision, Policies
from .documents import Statement
from .patterns import Lookup, is_everything, matches, read_arn_pattern, read_pattern
from .truth import Doubt, Truth, all_of, any_of, doubt, negate


class Answer(Enum):
    """What IAM answers."""

    ALLOWED = "allowed"
    DENIED = "denied by a statement"
    NOT_ALLOWED = "allowed by no statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. ``resource`` is ``*`` for an action that no resource can be named for."""

    caller: Caller
    action: str
    resource: str
    account: str
    """The account that owns the resource."""
    context: Context = field(default_factory=dict)

    def asked(self) -> Asked:
        """Return what is asked for, without the context."""
        return Asked(self.caller, self.action.lower(), self.resource, self.account)


class _Truths:
    """The logic of requests."""

    def all_of(self, values: Iterable[Truth]) -> Truth:
        return truth.all_of(values)

    def any_of(self, values: Iterable[Truth]) -> Truth:
        return truth.any_of(values)

    def negate(self, value: Truth) -> Truth:
        return truth.negate(value)

    def constant(self, value: Truth) -> Truth:
        return value


def evaluate(request: Request, policies: Policies) -> Answer:
    """Decide a request. Raises Unresolved, with the reasons, where what is not understood decides."""
    context = {key.lower(): value for key, value in request.context.items()}
    decision = Decision(request.asked(), policies, _Truths(), lambda one: applies(one, request, context))
    allowed = decision.allowed
    if isinstance(allowed, Doubt):
        raise Unresolved(f"whether {request.action} on {request.resource} is allowed:", str(allowed))
    if allowed:
        return Answer.ALLOWED
    denied = decision.denied
    if isinstance(denied, Doubt):
        raise Unresolved(f"{request.action} on {request.resource} is not allowed; whether by a statement:", str(denied))
    return Answer.DENIED if denied else Answer.NOT_ALLOWED


def applies(statement: Statement, request: Request, context: Context) -> Truth:
    """Whether a statement speaks of the action and resource of a request, under its conditions."""
    lookup = _look_up(context) if statement.has_variables else None
    return all_of(
        [
            _matches_action(statement, request.action.lower()),
            _matches_resource(statement, request.resource, lookup),
            *(_explain(statement, holds(one, context, lookup)) for one in statement.conditions),
            *([doubt(statement.doubted)] if statement.doubted else ()),
        ]
    )


def _explain(statement: Statement, found: Truth) -> Truth:
    return Doubt(frozenset(f"{statement}: {one}" for one in found.reasons)) if isinstance(found, Doubt) else found


def _look_up(context: Mapping[str, str | tuple[str, ...]]) -> Lookup:
    def find(key: str) -> str | Doubt | None:
        value = context.get(key)
        return doubt(f"${{{key}}} has several values") if isinstance(value, tuple) else value

    return find


def _matches_action(statement: Statement, action: str) -> Truth:
    written = statement.actions if statement.actions is not None else statement.not_actions
    found = any_of(matches(read_pattern(one.lower(), None), action) for one in written or ())
    return found if statement.actions is not None else negate(found)


def _matches_resource(statement: Statement, resource: str, lookup: Lookup | None) -> Truth:
    if statement.resources is not None:
        return any_of(matches_one_resource(one, resource, lookup, inverted=False) for one in statement.resources)
    if statement.not_resources is not None:
        named = (matches_one_resource(one, resource, lookup, inverted=True) for one in statement.not_resources)
        return negate(any_of(named))
    return True  # a trust policy names no resource: it belongs to one


def matches_one_resource(text: str, resource: str, lookup: Lookup | None, *, inverted: bool) -> Truth:
    """Whether a Resource, or where ``inverted`` a NotResource, names a resource."""
    if is_everything(text):
        return True
    pattern = read_arn_pattern(text, lookup)
    if pattern is None and inverted:
        return doubt(f"{text} names a variable without a value, and what that excludes is not documented")
    if resource == "*" and not isinstance(pattern, Doubt):
        return False
    return matches(pattern, resource)
