"""IAM's decision on one request, by documented examples, and proofs: what the solver says, beside what the
evaluator says of single requests."""

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings, strategies as st

from prodgate.commands import proving
from prodgate.iam import account
from prodgate.iam.abilities import Abilities, Allowed
from prodgate.iam.account import ADMINISTRATOR_ACCESS, EVERYTHING, Principal, find_document, read_attached
from prodgate.iam.containment import find_new_access
from prodgate.iam.documents import Document
from prodgate.iam.evaluation import Answer, Policies, Request, evaluate, read_caller
from prodgate.iam.patterns import matches, read_pattern
from prodgate.iam.space import Question, ask
from prodgate.iam.truth import Doubt
from prodgate.semantics.unresolved import Unresolved
from tests.prodgate.conftest import Gate

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
    read_output,
    request,
    statement,
    statements,
)

CALLER = read_caller(USER)
BUCKET = "arn:aws:s3:::photos/a.png"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
ALLOWED, DENIED, NOT_ALLOWED = Answer.ALLOWED, Answer.DENIED, Answer.NOT_ALLOWED
GET = request("s3:GetObject", BUCKET)
ANYTHING = statement("*")


def to(principal: Any, action: str = "s3:GetObject", effect: str = "Allow", **others: Any) -> Document:
    return document({"Effect": effect, "Action": action, "Resource": "*", "Principal": principal, **others})


@pytest.mark.parametrize(
    ("policies", "asked_for", "answer"),
    [
        (identity(), GET, NOT_ALLOWED),
        (identity(statement("S3:get*", "arn:aws:s3:::photos/*")), GET, ALLOWED),
        (identity(statement("s3:GetObject", "arn:aws:s3:::other/*")), GET, NOT_ALLOWED),
        (identity(statement("s3:GetObject", "arn:aws:s3:::${aws:username}/*")), GET, NOT_ALLOWED),
        (
            identity(statement("s3:GetObject", "arn:aws:s3:::${aws:username}/*")),
            request("s3:GetObject", "arn:aws:s3:::ann/a", aws__username="ann"),
            ALLOWED,
        ),
        (identity(ANYTHING, statement("s3:*", effect="Deny")), GET, DENIED),
        (identity({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), GET, ALLOWED),
        (identity({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::photos/*"}), GET, NOT_ALLOWED),
        (identity(ANYTHING, boundaries=(document(statement("sqs:*")),)), GET, NOT_ALLOWED),
        (identity(ANYTHING, boundaries=(document(ANYTHING),)), GET, ALLOWED),
        (identity(ANYTHING, session=document(statement("sqs:*"))), GET, NOT_ALLOWED),
        (identity(ANYTHING, scps=((document(ANYTHING),), ())), GET, NOT_ALLOWED),
        (identity(ANYTHING, scps=((document(ANYTHING),), (document(ANYTHING),))), GET, ALLOWED),
        (identity(ANYTHING, rcps=((document(statement("s3:*", effect="Deny")),),)), GET, DENIED),
        (Policies(resource=to({"AWS": USER})), GET, ALLOWED),
        (Policies(resource=to({"AWS": ACCOUNT})), GET, NOT_ALLOWED),
        (identity(ANYTHING, resource=to({"AWS": USER}, effect="Deny")), GET, DENIED),
        (Policies(resource=to({"AWS": USER}), boundaries=()), GET, ALLOWED),
        (
            Policies(resource=to({"AWS": ROLE}), boundaries=()),
            request("s3:GetObject", BUCKET, SESSION),
            NOT_ALLOWED,
        ),
        (identity(ANYTHING), request("s3:GetObject", BUCKET, account="444455556666"), NOT_ALLOWED),
        (
            identity(ANYTHING, resource=to({"AWS": ACCOUNT})),
            request("s3:GetObject", BUCKET, account="444455556666"),
            ALLOWED,
        ),
        (identity(ANYTHING, resource=to({"AWS": ROLE}, "kms:*")), request("kms:Decrypt", KEY), NOT_ALLOWED),
        (identity(ANYTHING, resource=to({"AWS": ACCOUNT}, "kms:*")), request("kms:Decrypt", KEY), ALLOWED),
        (identity(ANYTHING, resource=to({"AWS": SESSION}, "sts:*")), request("sts:AssumeRole", ROLE), NOT_ALLOWED),
        (Policies(resource=to({"AWS": USER}, "sts:*")), request("sts:AssumeRole", ROLE), ALLOWED),
        (identity(statement("sts:*", effect="Deny")), request("sts:GetCallerIdentity", "*"), ALLOWED),
        (identity(ANYTHING), request("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/A"), NOT_ALLOWED),
        (Policies(resource=to("*")), request("s3:GetObject", BUCKET, ""), ALLOWED),
        (Policies(resource=to({"Service": "sns.amazonaws.com"})), GET, NOT_ALLOWED),
        (
            Policies(resource=to({"Service": "sns.amazonaws.com"})),
            request("s3:GetObject", BUCKET, "sns.amazonaws.com"),
            ALLOWED,
        ),
    ],
)
def test_documented_decisions(policies: Policies, asked_for: Request, answer: Answer) -> None:
    assert evaluate(asked_for, policies) is answer


@pytest.mark.parametrize(
    ("condition", "context", "applies"),
    [
        ({"StringEquals": {"aws:X": ["a", "b"]}}, {"aws__x": "b"}, True),
        ({"StringEquals": {"aws:x": "a*"}}, {"aws__x": "ab"}, False),
        ({"StringLike": {"aws:x": "a*"}}, {"aws__x": "ab"}, True),
        ({"StringEquals": {"aws:x": "a"}}, {}, False),
        ({"StringNotEquals": {"aws:x": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"aws:x": "a"}}, {}, True),
        ({"ForAllValues:StringEquals": {"aws:x": "a"}}, {}, True),
        ({"ForAllValues:StringEquals": {"aws:x": "a"}}, {"aws__x": ("a", "b")}, False),
        ({"ForAnyValue:StringEquals": {"aws:x": "a"}}, {"aws__x": ("a", "b")}, True),
        ({"ForAnyValue:StringEquals": {"aws:x": "a"}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:x": "a"}}, {"aws__x": ("a", "b")}, True),
        ({"Null": {"aws:x": "true"}}, {}, True),
        ({"Null": {"aws:x": "false"}}, {}, False),
        ({"NumericLessThanEquals": {"aws:x": "10"}}, {"aws__x": "9.5"}, True),
        ({"DateLessThan": {"aws:x": "2026-01-01T00:00:00Z"}}, {"aws__x": "2026-01-01T00:30:00+01:00"}, True),
        ({"NotIpAddress": {"aws:x": ["10.0.0.0/8", "192.168.0.0/16"]}}, {"aws__x": "192.168.1.1"}, False),
        ({"IpAddress": {"aws:x": "10.0.0.0/8"}}, {"aws__x": "2001:db8::1"}, False),
        ({"ArnLike": {"aws:x": "arn:aws:iam::*:role/a*"}}, {"aws__x": f"arn:aws:iam::{ACCOUNT}:role/ab"}, True),
        ({"ArnEquals": {"aws:x": "arn:aws:sqs:*:*:q"}}, {"aws__x": "arn:aws:sqs:a:b:c:q"}, False),
        ({"Bool": {"aws:x": "false"}}, {"aws__x": "False"}, True),
        ({"StringLike": {"aws:x": "a${*}"}}, {"aws__x": "ab"}, False),
        ({"StringEquals": {"aws:x": "${aws:y, 'z'}"}}, {"aws__x": "z"}, True),
    ],
)
def test_conditions(condition: Any, context: dict[str, Any], applies: bool) -> None:
    found = evaluate(request("s3:Get", "*", **context), identity(statement("*", Condition=condition)))
    assert found is (ALLOWED if applies else NOT_ALLOWED)


@pytest.mark.parametrize(
    ("policies", "context", "reason"),
    [
        (identity(statement("*", Condition={"StringIs": {"a": "b"}})), {}, "operator StringIs is not known"),
        (identity(statement("*", Condition={"StringEquals": {"a": "b"}})), {"a": ("b", "c")}, "has several values"),
        (identity(statement("*", Condition={"Bool": {"a": "yes"}})), {"a": "true"}, "compared as truth values"),
        (identity(statement("*", "arn:aws:s3")), {}, "not written as an ARN with six parts"),
        (identity(statement("*", "arn:aws:S3:::a")), {}, "capitals"),
        (Policies(identity=(Document(unread="ReadOnlyAccess is not read"),)), {}, "ReadOnlyAccess is not read"),
        (Policies(resource=to({"CanonicalUser": "1"})), {}, "CanonicalUser"),
    ],
)
def test_what_is_not_understood_is_undetermined_where_it_decides(policies: Any, context: Any, reason: str) -> None:
    with pytest.raises(Unresolved, match=reason):
        evaluate(request("s3:GetObject", BUCKET, **context), policies)
    with pytest.raises(Unresolved, match="not known"):
        evaluate(request("kms:Decrypt", KEY), identity(ANYTHING))
    denied = Policies(
        identity=(*policies.identity, document(statement("*", effect="Deny"))), resource=policies.resource
    )
    assert evaluate(request("s3:GetObject", BUCKET, **context), denied) is DENIED


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"Version": "2012-10-17"}, "no Statement"),
        ({"Version": "2013", "Statement": []}, "version '2013'"),
        ({"Statement": [statement("*", Sid="A", Resources="*")]}, "A has the element 'resources'"),
        ({"Statement": [statement("*", NotAction="a")]}, "both Action and NotAction"),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, "neither Action nor NotAction"),
        ({"Statement": [statement("*", effect="allow")]}, "effect 'allow'"),
    ],
)
def test_what_aws_would_refuse_is_refused(written: Any, reason: str) -> None:
    from prodgate.iam.documents import read_document

    with pytest.raises(Unresolved, match=reason):
        read_document(written, "p")


def decide(written: Any, wanted: tuple[str, str], context: Any) -> Answer | None:
    try:
        return evaluate(request(*wanted, **context), identity(*written))
    except Unresolved:
        return None


@settings(max_examples=150, deadline=None)
@given(st.lists(statements(), max_size=3), statements("Allow"), statements("Deny"), asked, contexts)
def test_an_allow_never_takes_and_a_deny_never_gives(
    written: Any, allow: Any, deny: Any, wanted: Any, context: Any
) -> None:
    before = decide(written, wanted, context)
    if before is ALLOWED:
        assert decide([*written, allow], wanted, context) is ALLOWED
    elif before is not None:
        assert decide([*written, deny], wanted, context) is not ALLOWED


def match_by_trying(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(match_by_trying(pattern[1:], text[n:]) for n in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and match_by_trying(pattern[1:], text[1:])


@settings(max_examples=300, deadline=None)
@given(st.text("ab*?", max_size=6), st.text("ab", max_size=5))
def test_wildcards_match_what_trying_every_way_matches(pattern: str, text: str) -> None:
    assert matches(read_pattern(pattern, None), text) is match_by_trying(pattern, text)


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("iam:PutRolePolicy", NOT_ALLOWED),
        ("iam:UpdateAssumeRolePolicy", NOT_ALLOWED),
        ("iam:GetRole", ALLOWED),
        ("iam:UpdateRoleDescription", ALLOWED),
    ],
)
def test_nobody_edits_what_a_role_may_that_a_service_made_for_itself(action: str, answer: Answer) -> None:
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    assert evaluate(request(action, linked), identity(ANYTHING)) is answer
    assert evaluate(request(action, ROLE), identity(ANYTHING)) is ALLOWED


# ── Elements that are often read wrongly

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
        (
            {"Action": "logs:*", "Resource": "arn:aws:logs:*:1:log-group:*"},
            {"Action": "logs:*", "Resource": "arn:aws:logs:*:1:log-group:a:*"},
            None,
        ),
    ],
)
def test_new_access_is_shown_or_disproven(old: dict[str, Any], new: dict[str, Any], answer: str | None) -> None:
    found = find_new_access(*((document({"Effect": "Allow", **one}),) for one in (old, new)))
    if answer is None:
        assert found is None
    else:
        assert isinstance(found, Request)
        assert found.action.startswith(answer)


# ── Proofs: what the solver says, beside what the evaluator says of single requests


def provable(policies: Policies, action: str = "s3:GetObject", resource: str = BUCKET, **given: Any) -> Any:
    caller = request(action, resource).caller
    known = {key.replace("__", ":"): value for key, value in given.items()}
    return ask(
        Question(caller=caller, action=action, resource=resource, account=ACCOUNT, policies=policies, given=known)
    )


def when(**condition: Any) -> dict[str, Any]:
    return statement("s3:*", Condition={key.replace("__", ":"): value for key, value in condition.items()})


DENY = statement("s3:*", effect="Deny", Condition={"StringNotEquals": {"aws:x": "a"}})


@pytest.mark.parametrize(
    ("policies", "context"),
    [
        (identity(when(StringEquals={"aws:x": "a"})), {"aws:x": "a"}),
        (identity(statement("*"), DENY), {"aws:x": "a"}),
        (identity(when(ForAnyValue__StringEquals={"t": "a"}), statement("*", "arn:aws:sqs:*")), {"t": "a"}),
        (identity(when(NumericGreaterThan={"n": "3"}, NumericLessThan={"n": "4"})), {"n": "3.5"}),
        (identity(when(IpAddress={"ip": "10.0.0.0/8"}, NotIpAddress={"ip": "10.0.0.0/9"})), {"ip": "10.128.0.0"}),
        (identity(when(DateGreaterThan={"d": "2026-01-01T00:00:00Z"})), {"d": "2026-01-01T00:00:01+00:00"}),
        (
            identity(when(DateGreaterThan={"d": "2026-01-01T00:00:00Z"}, DateLessThan={"d": "2026-01-01T00:00:01Z"})),
            {"d": "2026-01-01T00:00:00.500000+00:00"},
        ),
        (identity(when(Bool={"mfa": "true"})), {"mfa": "true"}),
    ],
)
def test_a_yes_is_a_request_that_the_evaluator_confirms(policies: Policies, context: Any) -> None:
    found = provable(policies)
    assert isinstance(found, Request)
    assert dict(found.context) == context
    assert evaluate(found, policies) is Answer.ALLOWED


@pytest.mark.parametrize(
    "policies",
    [
        identity(),
        identity(statement("s3:GetObject", "arn:aws:s3:::other/*")),
        identity(
            when(StringEquals={"aws:x": "a"}),
            statement("s3:*", effect="Deny", Condition={"StringLike": {"aws:x": "a*"}}),
        ),
        identity(when(StringEquals={"aws:x": "a"}, Null={"aws:x": "true"})),
        identity(when(ForAllValues__StringEquals={"t": ["a"]}, ForAnyValue__StringEquals={"t": ["b"]})),
        identity(when(NumericGreaterThan={"n": "4"}, NumericLessThan={"n": "4"})),
        identity(when(IpAddress={"ip": "10.0.0.0/9"}, NotIpAddress={"ip": "10.0.0.0/8"})),
        identity(when(StringIs={"x": "y"}), statement("*", effect="Deny")),
        identity(statement("*"), boundaries=(document(statement("sqs:*")),)),
    ],
)
def test_a_no_is_proven_for_every_context(policies: Policies) -> None:
    assert provable(policies) is None


def test_several_values_may_fulfil_what_one_cannot() -> None:
    policies = identity(
        statement("*", Condition={"ForAnyValue:StringEquals": {"t": "a"}, "ForAnyValue:StringLike": {"t": "b"}})
    )
    found = provable(policies)
    assert sorted(found.context["t"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        (identity(when(StringIs={"x": "y"})), "operator StringIs is not known"),
        (identity(statement("*", "arn:aws:s3:::${aws:username}/*")), ""),
        (identity(when(Bool={"x": "true"}, StringNotEquals={"x": "true"})), ""),
        (identity(when(DateLessThan={"x": "9999-12-31T23:59:59Z"})), ""),
        (identity(when(DateLessThan={"x": "9" * 30})), ""),
        (Policies(identity=(Document(unread="ReadOnlyAccess is not read"),)), "ReadOnlyAccess is not read"),
    ],
)
def test_what_is_not_understood_is_neither(policies: Policies, reason: str) -> None:
    found = provable(policies)
    assert isinstance(found, Doubt)
    assert reason in str(found)


def test_a_variable_with_a_known_value_is_replaced() -> None:
    policies = identity(statement("*", "arn:aws:s3:::${aws:username}/*"))
    assert isinstance(provable(policies, aws__username="photos"), Request)
    assert provable(policies, aws__username="ann") is None
    assert provable(policies, aws__username=None) is None


def test_a_variable_without_a_value_is_named_and_excludes_nothing() -> None:
    written = identity(statement("sts:AssumeRole", "arn:aws:iam::*:role/${aws:PrincipalTag/team}"))
    found = provable(written, "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/*", aws__x="a")
    assert "depends on ${aws:PrincipalTag/team}" in str(found)
    assert "Request(" not in str(found)
    negated = identity(statement("s3:*", Condition={"StringNotEquals": {"aws:x": "${aws:username}"}}))
    assert isinstance(provable(negated, aws__username=None, aws__x="a"), Doubt)
    assert isinstance(provable(negated, "s3:GetObject", "arn:aws:s3:::*", aws__username=None, aws__y="a"), Request)
    with pytest.raises(Unresolved, match="names a variable without a value"):
        evaluate(request("s3:Get", "arn:aws:s3:::a", aws__x="a"), negated)


PARTS = [["*", "a", "a*"], ["*", "b", ""], ["b", "*", "a:*", "b:a"]]
NAMED = [f"arn:aws:x:{':'.join(one)}" for one in itertools.product(["", "a", "b"], ["a", "b"], ["b", "b:a", "a:b:a"])]


def test_an_asterisk_before_a_colon_is_read_in_both_ways() -> None:
    for text in (f"arn:aws:x:{':'.join(one)}" for one in itertools.product(*PARTS)):
        *head, last = text.split(":", 5)
        within = re.compile(":".join([*(one.replace("*", "[^:]*") for one in head), last.replace("*", ".*")]))
        over = re.compile(re.sub(r"\*(?=:|$)", ".*", text))
        given, refused = identity(statement("x:y", text)), identity(ANYTHING, statement("x:y", text, effect="Deny"))
        for arn in NAMED:
            answers = {bool(one.fullmatch(arn)) for one in (within, over)}
            for policies, allows in ((given, True), (refused, False)):
                found = ask(Question(caller=CALLER, action="x:y", resource=arn, account=ACCOUNT, policies=policies))
                assert isinstance(found, Doubt if len(answers) == 2 else Request if allows in answers else type(None))
        asked_for = Question(caller=CALLER, action="x:y", resource="arn:aws:x:*:a:*", account=ACCOUNT, policies=given)
        some, of_a = ask(asked_for), [arn for arn in NAMED if arn.split(":")[4] == "a"]
        assert some is not None or not any(map(over.fullmatch, of_a))


@pytest.mark.parametrize(
    ("text", "asked_for", "kept"),
    [
        ("arn:aws:secretsmanager:*:secret:prod-*", "arn:aws:secretsmanager:*:*:secret:prod-x", Doubt),
        ("arn:aws:secretsmanager:*:secret:prod-*", "arn:aws:secretsmanager:*:*:secret:test-*", type(None)),
        ("arn:aws:logs:*:*:log-stream:s", "arn:aws:logs:*:*:log-group:g:*", Doubt),
        ("arn:aws:lambda:*:*:function:dev-*", "arn:aws:lambda:*:*:function:prod-*", type(None)),
        ("arn:aws:lambda:*:*:function:a", "arn:aws:lambda:eu:*:function:a", Allowed),
        ("arn:*:s3:::dev/*", "arn:aws:s3:::prod/*", Doubt),  # of an object prod/x:s3:::dev/y
        ("arn:aws:s3:::dev/*", "arn:aws:s3:::prod/*", type(None)),
    ],
)
def test_an_asterisk_that_may_reach_over_colons_proves_nothing(text: str, asked_for: str, kept: type) -> None:
    own = Principal(arn=USER, identity=identity(statement("*", text)).identity)
    assert isinstance(Abilities(own, account.Account(id=ACCOUNT, principals=(own,))).can("a:b", asked_for), kept)


def test_a_resource_may_be_any_of_a_pattern() -> None:
    policies = identity(statement("s3:*", "arn:aws:s3:::*/a"), statement("s3:*", "arn:aws:s3:::b*", effect="Deny"))
    found = provable(policies, resource="arn:aws:s3:::?*")
    assert found.resource.endswith("/a")
    assert provable(policies, resource="arn:aws:s3:::b*/a") is None


@settings(max_examples=30)
@given(st.lists(statements(), min_size=1, max_size=3), asked, contexts)
def test_solver_and_evaluator_agree_on_every_request(written: Any, wanted: Any, context: Any) -> None:
    policies, one = identity(*written), request(*wanted, **context)
    given_keys = {key: None for each in written for test in each["Condition"].values() for key in test} | dict(
        one.context
    )
    question = Question(
        caller=one.caller,
        action=one.action,
        resource=one.resource,
        account=ACCOUNT,
        policies=policies,
        given=given_keys,
    )
    try:
        expected: Any = evaluate(one, policies) is Answer.ALLOWED
    except Unresolved:
        expected = Doubt
    free = ask(
        Question(caller=one.caller, action=one.action, resource=one.resource, account=ACCOUNT, policies=policies)
    )
    found = ask(question)
    assert isinstance(found, Doubt) if expected is Doubt else isinstance(found, Request) is expected
    assert free is not None or found is None or isinstance(found, Doubt)
    assert not (free is None and expected is True)


NOTHING: Any = None
PUT = statement("s3:Put*", "arn:aws:s3:::photos/*")


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ([PUT], [PUT], None),
        ([PUT], [statement("s3:PutObject", "arn:aws:s3:::photos/a*")], None),
        ([statement("*")], [when(StringIs={"x": "y"})], None),
        ([when(StringIs={"x": "y"})], [when(StringIs={"x": "y"})], None),
        ([statement("*")], [statement("*"), DENY], None),
        ([statement("s3:PutObject", "arn:aws:s3:::photos/*")], [PUT], Request),
        ([statement("*"), DENY], [statement("*")], Request),
        ([when(StringEquals={"x": "a"})], [when(StringLike={"x": "a*"})], Request),
        ([PUT], [PUT, when(StringIs={"x": "y"})], Doubt),
        ([PUT], [PUT, statement("vpc-lattice:AssociateViaAWSService-EventsAndStates")], Request),
        ([when(StringLike={"a": "${b}*"})], [when(StringLike={"c": "${b}*"})], Doubt),
        ([PUT], [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], Request),
        ([when(StringEquals={"x": "a"})], [when(StringEquals={"x": r"\u{61}"})], Request),
        ([when(StringLike={"x": "a*"})], [when(StringLike={"x": r"\u{61}*"})], Request),
        ([statement("s3:*", "arn:aws:s3:::a")], [statement("s3:*", r"arn:aws:s3:::\u0061")], Request),
    ],
)
def test_new_access(old: Any, new: Any, answer: Any) -> None:
    found = find_new_access((document(*old),), (document(*new),))
    assert found is None if answer is None else isinstance(found, answer)
    if isinstance(found, Request):
        assert found.caller.name != USER  # whose it is, is not asked
        assert evaluate(found, identity(*new)) is Answer.ALLOWED
        assert evaluate(found, identity(*old)) is not Answer.ALLOWED


@pytest.mark.parametrize(
    ("new", "code", "said"),
    [
        (PUT, 0, "No new access: it is proven"),
        (statement("s3:*", "arn:aws:s3:::photos/*"), 1, "New access: NEW allows s3:"),
        (when(StringIs={"x": "y"}), 2, "Undetermined: "),
        ({"Effect": "Maybe"}, 4, "new.json statement 1 has the effect 'Maybe'"),
        ({**PUT, "Principal": "*"}, 4, "new.json statement 1 names a principal"),
        ({"Effect": "Allow", "Action": "s3:*"}, 4, "new.json statement 1 has neither Resource nor NotResource"),
        ({**PUT, "action": "s3:GetObject"}, 4, "holds an element twice"),
    ],
)
def test_the_command_says_it_by_its_exit_code(new: Any, code: int, said: str, tmp_path: Path, gate: Gate) -> None:
    for name, one in (("old", PUT), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": one}))
    words = ["iam", "check-no-new-access", str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    printed = gate(*words, ends=code)
    assert said in printed.out + printed.err
    if code < 3:
        assert read_output(gate(*words, "--json", ends=code).out)["new_access"] == ("no", "yes", "undetermined")[code]
    gate("iam", "check-no-new-access", tmp_path / "none.json", tmp_path / "new.json", ends=4)
    gate(*words, "--who-can", "s3:GetObject", "*", ends=4)


@pytest.mark.parametrize(
    "written",
    ['{"Version": [], "Statement": []}', "[" * 100_000, "", "[1]", "null"],
    ids=["version", "deep", "empty", "list", "null"],
)
def test_a_file_that_is_no_policy_is_refused_in_a_sentence(written: str, tmp_path: Path, gate: Gate) -> None:
    (tmp_path / "a.json").write_text(written)
    said = gate("iam", "check-no-new-access", tmp_path / "a.json", tmp_path / "a.json", ends=4).err
    assert "a.json" in said
    assert "Traceback" not in said


# ── Managed policies of AWS

BACKUP = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (statement("sts:AssumeRole"), "yes"),
        (statement("*", Condition={"StringIs": {"x": "y"}}), "undetermined"),
        (statement(["s3:GetObject", "iam:Zap"], BUCKET), "no"),
    ],
)
def test_what_is_printed_of_principals_is_as_the_schema_has_it(written: Any, said: str) -> None:
    chief = Principal(arn=ROLE, identity=(EVERYTHING,), trust=to({"AWS": ACCOUNT}, "sts:AssumeRole"))
    own = Principal(arn=USER, identity=identity(written).identity)
    known = account.Account(id=ACCOUNT, principals=(own, chief), is_whole=True)
    for one in (known, replace(known, organization=account.Organization(unread="it is not read"))):
        row, of_chief = read_output(json.dumps(proving.describe_reach(one)))
        assert (row["administrator"], of_chief["administrator"]) == (said, "yes")
        for action, resource in (("s3:GetObject", BUCKET), ("sts:AssumeRole", "*"), ("sqs:SendMessage", "*")):
            read_output(json.dumps(proving.describe_who_can(one, action, resource)))
    read_output(json.dumps(proving.describe_idle(known)))
    with pytest.raises(jsonschema_rs.ValidationError):
        read_output(json.dumps([{**row, "more": 1}]))


def test_a_policy_of_aws_is_read_with_its_version_and_day() -> None:
    document = read_attached(BACKUP)
    assert len(document.statements) > 10
    version = document.statements[0].place.split()[1]
    assert find_document(BACKUP, version) == document
    assert find_document(BACKUP, "v0") is None
    assert read_attached(ADMINISTRATOR_ACCESS) is EVERYTHING


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForBackup",  # without its path
        "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::123456789012:policy/ReadOnlyAccess",
        "arn:aws:iam::aws:policy/readonlyaccess",
    ],
)
def test_what_the_data_does_not_hold_is_not_known(arn: str) -> None:
    assert read_attached(arn).unread == f"what {arn} allows is not known here"


def test_without_the_extra_only_administrators_policy_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "find_spec", lambda name: None)
    assert account.list_policies.__wrapped__() == {}


def test_every_document_of_the_data_can_be_read() -> None:
    policies = account.list_policies()
    assert len(policies) > 1000
    assert [arn for arn in policies if read_attached(arn).unread] == []
