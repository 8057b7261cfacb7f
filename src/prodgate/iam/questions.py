"""What a principal can do under some context: a proof that it can't, or a request that the evaluator confirms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..semantics.unresolved import Unresolved
from .callers import Caller
from .decision import Asked, Decision, Policies
from .documents import Document, Statement
from .evaluation import Answer, Request, evaluate
from .formulas import Formulas, Unsettled, find_model
from .patterns import is_everything, matches
from .requested import Requests, read_named
from .space import Given, build_space
from .truth import Doubt, doubt

_LOGIC: Final = Formulas()
#: How many of a statement's resources a request is guessed of.
_MOST_GUESSES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether a caller may do an action on some resource of a pattern, under some context."""

    caller: Caller
    action: str
    resource: str
    """An ARN with or without wildcards, or ``*`` for an action that no resource can be named for."""
    account: str
    """The account that owns the resource."""
    policies: Policies
    given: Given = field(default_factory=dict)
    """What is known of the context; a key with None is known to be absent. Each other key may be anything."""


def ask(question: Question) -> Request | Doubt | None:
    """Return a request that is allowed; None where it is proven that there is none; a doubt where neither is."""
    given = {key.lower(): value for key, value in question.given.items()}
    space = build_space(list_statements(question.policies), given)
    resource = read_named(question.resource)
    if isinstance(resource, Doubt):
        return resource
    if (
        isinstance(resource, str)
        and not space.keys
        and not any(map(_holds_variables, list_statements(question.policies)))
    ):
        return _decide(question, given)
    return _guess(question, given) or _prove(
        question, Requests(space, resource=resource, action=question.action.lower())
    )


def _prove(question: Question, requests: Requests) -> Request | Doubt | None:
    asked = Asked(question.caller, question.action.lower(), question.resource, question.account)
    allowed = Decision(asked, question.policies, _LOGIC, requests.applies).allowed
    try:
        if find_model(allowed.exactly, *requests.rules()) is None:
            return None
        model = find_readable(requests, allowed.surely)
    except Unsettled as error:
        return doubt(str(error))
    if model is None:
        return _explain(question, requests, find_model(allowed.exactly, *requests.rules()))
    return _confirm(question, requests.read(model, question.caller, question.account))


def _holds_variables(statement: Statement) -> bool:
    """Whether anything in it stands for a value of the context, which may be open though no condition names its key."""
    texts = [*(statement.resources or ()), *(statement.not_resources or ())]
    texts += [value for condition in statement.conditions for value in condition.values]
    return statement.has_variables and any("${" in text for text in texts)


def _decide(question: Question, given: Given) -> Request | Doubt | None:
    """Answer a question that leaves nothing open: it is a request."""
    request = Request(
        caller=question.caller,
        action=question.action.lower(),
        resource=question.resource,
        account=question.account,
        context={key: value for key, value in given.items() if value is not None},
    )
    try:
        return request if evaluate(request, question.policies) is Answer.ALLOWED else None
    except Unresolved as error:
        return doubt(str(error))


def _guess(question: Question, given: Given) -> Request | None:
    """Return a request that is allowed where one is near what a statement says: most are, and need no solver."""
    for statement in list_statements(question.policies):
        if not statement.allows:
            continue
        written = [one for one in statement.resources or () if not is_everything(one) and "${" not in one]
        for text in [*written, question.resource][:_MOST_GUESSES]:
            resource = text if text == "*" else re.sub(r"[*?]", "x", text)
            if not _is_asked(question.resource, resource):
                continue
            tests = (one for one in statement.conditions if one.key not in given and one.values)
            told = {one.key: re.sub(r"[*?]", "x", one.values[0]) for one in tests if "null" not in one.operator.lower()}
            found = _decide(replace(question, resource=resource), {**given, **told})
            if isinstance(found, Request):
                return found
    return None


def _is_asked(asked: str, resource: str) -> bool:
    pattern = read_named(asked)
    return resource == asked if isinstance(pattern, str) else matches(pattern, resource) is True


def _confirm(question: Question, request: Request) -> Request | Doubt:
    try:
        answer = evaluate(request, question.policies)
    except Unresolved as error:
        return doubt(str(error))
    return request if answer is Answer.ALLOWED else doubt(f"solver and evaluator disagree on {request}")


def _explain(question: Question, requests: Requests, model: Any) -> Doubt:
    """Return the doubt that is in the way of a request that may be allowed."""
    found = _confirm(question, requests.read(model, question.caller, question.account))
    return found if isinstance(found, Doubt) else doubt("it is allowed if what is not understood holds")


def list_statements(policies: Policies) -> Iterator[Statement]:
    """Yield every statement that has a say."""
    groups: list[Sequence[Document]] = [policies.identity, policies.boundaries or (), policies.endpoint or ()]
    groups += [*policies.scps, *policies.rcps, [one for one in (policies.session, policies.resource) if one]]
    for documents in groups:
        for document in documents:
            yield from document.statements


def find_readable(requests: Requests, *constraints: Any) -> Any | None:
    """Return a model that a person can read, else any, else None. Raises Unsettled."""
    try:
        found = find_model(*constraints, *requests.rules(), *requests.readable())
    except Unsettled:
        found = None
    return found if found is not None else find_model(*constraints, *requests.rules())
