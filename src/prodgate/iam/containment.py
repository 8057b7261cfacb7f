"""Whether new policies grant rights that old ones do not: a proof that they don't, or a request that shows it."""

from collections.abc import Sequence
from typing import Any, Final

from ..semantics.unresolved import Unresolved
from .documents import Document, Statement, read_document, read_identity_document
from .evaluation import Answer, Asked, Caller, Decision, Policies, Request, evaluate
from .space import Formula, Formulas, Requests, Unsettled, build_space, find_model, find_readable, list_statements
from .truth import Doubt, doubt

_ACCOUNT: Final = "111122223333"
_ANYBODY: Final = Caller("user", f"arn:aws:iam::{_ACCOUNT}:user/anybody", _ACCOUNT)
#: Leaves every resource to identity policies, as most key and trust policies do: then these decide alone.
_TRUST: Final = read_document(
    {"Statement": {"Effect": "Allow", "Principal": {"AWS": _ACCOUNT}, "Action": "*", "Resource": "*"}}, "trust"
)
_LOGIC: Final = Formulas()


def find_new_access(old: tuple[Document, ...], new: tuple[Document, ...]) -> Request | Doubt | None:
    """Return a request that the new identity policies allow and the old don't; None if there provably is none.

    A doubt if neither is known. Future actions count, as AWS may add them tomorrow.
    """
    before, after = (Policies(identity=one, resource=_TRUST) for one in (old, new))
    requests = Requests(build_space([*list_statements(before), *list_statements(after)], {}))
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
    return Decision(Asked(_ANYBODY, "", "", _ACCOUNT), policies, _LOGIC, requests.applies).allowed


def _confirm(request: Request, before: Policies, after: Policies) -> Request | Doubt:
    try:
        answers = evaluate(request, after), evaluate(request, before)
    except Unresolved as error:
        return doubt(str(error))
    if answers[0] is Answer.ALLOWED and answers[1] is not Answer.ALLOWED:
        return request
    return doubt(f"solver and evaluator disagree on {request}")


# ── The smallest policy that grants the rights in use


def write_smallest(least: Sequence[tuple[Statement, tuple[str, ...]]]) -> dict[str, Any]:
    """Return a policy document of statements, each with the given actions.

    Leaves one out if the others provably grant all that they grant together.
    """
    rows = [_write(statement, actions) for statement, actions in least]
    for row in [one for one in rows if one["Effect"] == "Allow"]:
        rest = [one for one in rows if one is not row]
        if rest and find_new_access((_read(rest),), (_read(rows),)) is None:
            rows = rest
    return {"Version": "2012-10-17", "Statement": rows}


def _read(rows: list[dict[str, Any]]) -> Document:
    return read_identity_document({"Version": "2012-10-17", "Statement": rows}, "the smallest policy")


def _write(statement: Statement, actions: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": "Allow" if statement.allows else "Deny"}
    found |= {"Action": list(actions)} if actions else {"NotAction": list(statement.not_actions or ())}
    names = ("Resource", statement.resources), ("NotResource", statement.not_resources)
    found |= {name: list(values) for name, values in names if values is not None}
    tests: dict[str, dict[str, list[str]]] = {}
    for one in statement.conditions:
        tests.setdefault(one.operator, {})[one.key] = list(one.values)
    return found | ({"Condition": tests} if tests else {})
