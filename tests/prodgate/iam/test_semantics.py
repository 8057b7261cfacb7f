"""Elements of policies that are read wrongly most often: what each lets through, by evaluator and solver alike."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodgate.iam.containment import find_new_access
from prodgate.iam.decision import Policies
from prodgate.iam.documents import Document
from prodgate.iam.evaluation import Answer, Request, evaluate
from prodgate.iam.questions import Question, ask
from prodgate.iam.truth import Doubt
from prodgate.semantics.unresolved import Unresolved

from .policies import (
    ACCOUNT,
    ROLE,
    SESSION,
    USER,
    asked,
    contexts,
    document,
    identity,
    named,
    request,
    statement,
    statements,
)  # fmt: skip

PHOTO = "arn:aws:s3:::photos/a.png"
ANY = statement("*")


def allow(**condition: Any) -> dict[str, Any]:
    return statement("s3:*", Condition={key.replace("__", ":"): value for key, value in condition.items()})


def deny(**condition: Any) -> dict[str, Any]:
    return {**allow(**condition), "Effect": "Deny"}


def can(policies: Policies, caller: str = USER, **known: Any) -> Any:
    named_keys = {key.replace("__", ":"): value for key, value in known.items()}
    return ask(
        Question(
            caller=request("s3:GetObject", PHOTO, caller).caller,
            action="s3:GetObject",
            resource=PHOTO,
            account=ACCOUNT,
            policies=policies,
            given=named_keys,
        )
    )


TAG, OWN = "aws:resourcetag/team", "aws:principaltag/team"


@pytest.mark.parametrize(
    ("written", "known", "allowed"),
    [
        # a key that is left out fulfils every ForAllValues, IfExists and negation
        ([allow(ForAllValues__StringEquals={"aws:tagkeys": "a"})], {"aws:tagkeys": None}, True),
        ([allow(ForAnyValue__StringEquals={"aws:tagkeys": "a"})], {"aws:tagkeys": None}, False),
        ([allow(ForAllValues__StringEquals={"t": "a"}, Null={"t": "false"})], {"t": None}, False),
        ([allow(StringEqualsIfExists={"aws:x": "a"})], {"aws:x": None}, True),
        ([allow(StringNotEquals={"aws:x": "a"})], {"aws:x": None}, True),
        ([ANY, deny(StringNotEquals={"aws:sourcevpc": "vpc-1"})], {"aws:sourcevpc": None}, False),
        ([ANY, deny(StringNotEqualsIfExists={"aws:sourcevpc": "vpc-1"})], {"aws:sourcevpc": None}, False),
        ([ANY, deny(Bool={"aws:multifactorauthpresent": "false"})], {"aws:multifactorauthpresent": None}, True),
        (
            [ANY, deny(BoolIfExists={"aws:multifactorauthpresent": "false"})],
            {"aws:multifactorauthpresent": None},
            False,
        ),
        ([ANY, deny(ForAnyValue__StringNotEquals={"t": "a"})], {"t": None}, True),
        ([ANY, deny(ForAllValues__StringNotEquals={"t": "a"})], {"t": None}, False),
        # one value of several is enough, or is not
        ([allow(ForAnyValue__StringEquals={"t": "a"})], {"t": ("a", "b")}, True),
        ([allow(ForAllValues__StringEquals={"t": "a"})], {"t": ("a", "b")}, False),
        ([ANY, deny(ForAnyValue__StringNotEquals={"t": "a"})], {"t": ("a", "b")}, False),
        # tags of both sides, and variables that stand for them
        ([allow(StringEquals={TAG: "keys"})], {TAG: "keys"}, True),
        ([allow(StringEquals={TAG: "${aws:PrincipalTag/team}"})], {TAG: "keys", OWN: "keys"}, True),
        ([allow(StringEquals={TAG: "${aws:PrincipalTag/team}"})], {TAG: "keys", OWN: "shop"}, False),
        ([allow(StringEquals={TAG: "${aws:PrincipalTag/team}"})], {TAG: "keys", OWN: None}, False),
        ([allow(StringNotEquals={TAG: "${aws:PrincipalTag/team}"})], {TAG: "keys", OWN: "shop"}, True),
        ([statement("*", "arn:aws:s3:::${aws:PrincipalTag/team}/*")], {OWN: "photos"}, True),
        ([statement("*", "arn:aws:s3:::${aws:PrincipalTag/team}/*")], {OWN: "phot"}, False),
        ([statement("*", "arn:aws:s3:::${aws:PrincipalTag/team, 'photos'}/*")], {OWN: None}, True),
        ([statement("*", "arn:aws:s3:::photos/${*}")], {}, False),
    ],
)
def test_what_lets_a_request_through(written: list[Any], known: dict[str, Any], allowed: bool) -> None:
    policies = identity(*written)
    found = can(policies, **known)
    assert isinstance(found, Request) is allowed, found
    one = request("s3:GetObject", PHOTO, **{key: value for key, value in known.items() if value is not None})
    assert (evaluate(one, policies) is Answer.ALLOWED) is allowed


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ([statement("*", "arn:aws:s3:::${aws:PrincipalTag/team}/*")], {OWN: "p*"}),
        ([statement("*", "arn:aws:s3:::${aws:PrincipalTag/team}/*")], {}),
        ([ANY, {**ANY, "Effect": "Deny", "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}/*"}], {OWN: "p*"}),
        ([allow(StringEquals={TAG: "${aws:PrincipalTag/team}"})], {}),
        ([allow(StringEquals={"t": "a"})], {"t": ("a", "b")}),
        ([allow(ForAnyValue__StringEqualsIfExists={"t": "a"})], {}),
        ([allow(NullIfExists={"t": "true"})], {}),
    ],
)
def test_what_is_left_open_is_neither_allowed_nor_denied(written: list[Any], known: dict[str, Any]) -> None:
    assert isinstance(can(identity(*written), **known), Doubt)


@pytest.mark.parametrize(
    ("spared", "caller", "answer"),
    [
        ([USER, ACCOUNT], USER, True),
        ([ROLE, ACCOUNT, SESSION], SESSION, True),
        (["arn:aws:iam::444455556666:root"], USER, False),
        ([f"arn:aws:iam::{ACCOUNT}:user/bob", "444455556666"], USER, False),
        ([USER], USER, Doubt),  # not its account: documented as denied in one place, and not in another
        ([ROLE, ACCOUNT], SESSION, Doubt),
    ],
)
def test_whom_a_denial_spares(spared: list[str], caller: str, answer: Any) -> None:
    besides = {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": spared}}
    found = can(identity(ANY, resource=document(besides)), caller)
    assert isinstance(found, Doubt) if answer is Doubt else isinstance(found, Request) is answer
    bounded = can(identity(ANY, resource=document(besides), boundaries=(document(ANY),)), caller)
    assert bounded is None  # such a denial always denies whoever has a boundary


few = st.lists(statements(), min_size=1, max_size=2)


@settings(max_examples=40, deadline=None)
@given(st.tuples(few, few, few), st.lists(st.tuples(statements(), named), max_size=2), asked, contexts)
def test_solver_and_evaluator_agree_on_every_kind_of_policy(
    identities: Any, guarding: Any, wanted: Any, context: Any
) -> None:
    own, bound, limit = identities
    guard = document(*({**written, **who} for written, who in guarding)) if guarding else None
    policies = identity(*own, boundaries=(document(*bound),), scps=((document(*limit),),), resource=guard)
    one = request(*wanted, **context)
    tests = [
        test for each in (*own, *bound, *limit, *(one for one, _ in guarding)) for test in each["Condition"].values()
    ]
    given_keys = {key: None for test in tests for key in test} | dict(one.context)
    found = ask(
        Question(
            caller=one.caller,
            action=one.action,
            resource=one.resource,
            account=ACCOUNT,
            policies=policies,
            given=given_keys,
        )
    )
    try:
        assert isinstance(found, Request) is (evaluate(one, policies) is Answer.ALLOWED)
    except Unresolved:
        assert not isinstance(found, Request)


def is_allowed(one: Request, written: Document) -> bool | None:
    try:
        return evaluate(one, Policies(identity=(written,))) is Answer.ALLOWED
    except Unresolved:
        return None


@pytest.mark.slow
@pytest.mark.once  # each proof takes the solver most of a second
@settings(max_examples=12, deadline=None)
@given(
    few, few, st.lists(st.tuples(asked, contexts), min_size=8, max_size=8),
)  # fmt: skip
def test_what_is_proven_to_grant_nothing_new_grants_none_of_any_requests(old: Any, new: Any, tried: Any) -> None:
    before, after = document(*old), document(*new)
    found = find_new_access((before,), (after,))
    if isinstance(found, Request):
        assert (is_allowed(found, before), is_allowed(found, after)) == (False, True)
    for wanted, context in tried if found is None else ():
        one = request(*wanted, **context)
        assert not (is_allowed(one, after) is True and is_allowed(one, before) is False)


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ({"NotAction": "iam:*", "Resource": "*"}, {"NotAction": ["iam:*", "sts:*"], "Resource": "*"}, None),
        ({"NotAction": ["iam:*", "sts:*"], "Resource": "*"}, {"NotAction": "iam:*", "Resource": "*"}, "sts:"),
        (
            {"Action": "s3:*", "NotResource": "arn:aws:s3:::a"},
            {"Action": "s3:*", "NotResource": "arn:aws:s3:::*"},
            None,
        ),
        (
            {"Action": "s3:*", "NotResource": "arn:aws:s3:::a*"},
            {"Action": "s3:*", "NotResource": "arn:aws:s3:::a"},
            "s3:",
        ),
        (allow(ForAnyValue__StringEquals={"t": ["a", "b"]}), allow(ForAnyValue__StringEquals={"t": "a"}), None),
        (allow(ForAnyValue__StringEquals={"t": "a"}), allow(ForAllValues__StringEquals={"t": "a"}), "s3:"),
        (allow(StringEqualsIfExists={"x": "a"}), allow(StringEquals={"x": "a"}), None),
        (allow(IpAddress={"ip": "10.0.0.0/8"}), allow(IpAddress={"ip": "10.1.0.0/16"}), None),
    ],
)
def test_new_access_is_shown_or_disproven(old: dict[str, Any], new: dict[str, Any], answer: str | None) -> None:
    found = find_new_access(*((document({"Effect": "Allow", **one}),) for one in (old, new)))
    if answer is None:
        assert found is None
    else:
        assert isinstance(found, Request)
        assert found.action.startswith(answer)
