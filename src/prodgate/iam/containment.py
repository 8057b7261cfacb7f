"""Whether new policies grant what old ones do not: a proof that they don't, or a request that shows it."""

from __future__ import annotations

from typing import Final

from ..semantics.unresolved import Unresolved
from .callers import Caller
from .decision import Asked, Decision, Policies
from .documents import Document, read_document
from .evaluation import Answer, Request, evaluate
from .formulas import Formula, Formulas, Unsettled, find_model
from .questions import find_readable, list_statements
from .requested import Requests
from .space import build_space
from .truth import Doubt, doubt

_ACCOUNT: Final = "111122223333"
_ANYBODY: Final = Caller("user", f"arn:aws:iam::{_ACCOUNT}:user/anybody", _ACCOUNT)
#: Leaves every resource to identity policies, as most key and trust policies do: then these decide alone.
_TRUST: Final = read_document(
    {"Statement": {"Effect": "Allow", "Principal": {"AWS": _ACCOUNT}, "Action": "*", "Resource": "*"}}, "trust"
)
_LOGIC: Final = Formulas()


def find_new_access(old: tuple[Document, ...], new: tuple[Document, ...]) -> Request | Doubt | None:
    """Return a request that the new identity policies allow and the old don't; None where it is proven that there is
    none; a doubt where neither is. Actions that AWS does not have yet count, as it may add them tomorrow."""
    before, after = (Policies(identity=one, resource=_TRUST) for one in (old, new))
    space = build_space([*list_statements(before), *list_statements(after)], {})
    requests = Requests(space)
    granted, had = _allow(after, requests), _allow(before, requests)
    try:
        exactly = (granted.exactly, _LOGIC.negate(had).exactly)
        if find_model(*exactly, *requests.rules()) is None:
            return None
        model = find_readable(requests, granted.surely, _LOGIC.negate(had).surely)
        shown = model if model is not None else find_model(*exactly, *requests.rules())
    except Unsettled as error:
        return doubt(str(error))
    return _confirm(requests.read(shown, _ANYBODY, _ACCOUNT), before, after)


def _allow(policies: Policies, requests: Requests) -> Formula:
    asked = Asked(_ANYBODY, "", "", _ACCOUNT)
    return Decision(asked, policies, _LOGIC, requests.applies).allowed


def _confirm(request: Request, before: Policies, after: Policies) -> Request | Doubt:
    try:
        answers = evaluate(request, after), evaluate(request, before)
    except Unresolved as error:
        return doubt(str(error))
    if answers[0] is Answer.ALLOWED and answers[1] is not Answer.ALLOWED:
        return request
    return doubt(f"solver and evaluator disagree on {request}")
