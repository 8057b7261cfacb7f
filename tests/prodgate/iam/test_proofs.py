"""Proofs: what the solver says, beside what the evaluator says of single requests."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodgate.cli import main
from prodgate.iam.containment import find_new_access
from prodgate.iam.decision import Policies
from prodgate.iam.documents import Document
from prodgate.iam.evaluation import Answer, Request, evaluate
from prodgate.iam.questions import Question, ask
from prodgate.iam.truth import Doubt
from prodgate.semantics.unresolved import Unresolved

from .policies import ACCOUNT, USER, asked, contexts, document, identity, request, statement, statements

BUCKET = "arn:aws:s3:::photos/a.png"


def can(policies: Policies, action: str = "s3:GetObject", resource: str = BUCKET, **given: Any) -> Any:
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
    found = can(policies)
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
    assert can(policies) is None


def test_several_values_may_fulfil_what_one_cannot() -> None:
    policies = identity(
        statement("*", Condition={"ForAnyValue:StringEquals": {"t": "a"}, "ForAnyValue:StringLike": {"t": "b"}})
    )
    found = can(policies)
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
    found = can(policies)
    assert isinstance(found, Doubt)
    assert reason in str(found)


def test_a_variable_with_a_known_value_is_replaced() -> None:
    policies = identity(statement("*", "arn:aws:s3:::${aws:username}/*"))
    assert isinstance(can(policies, aws__username="photos"), Request)
    assert can(policies, aws__username="ann") is None
    assert can(policies, aws__username=None) is None


def test_a_resource_may_be_any_of_a_pattern() -> None:
    policies = identity(statement("s3:*", "arn:aws:s3:::*/a"), statement("s3:*", "arn:aws:s3:::b*", effect="Deny"))
    found = can(policies, resource="arn:aws:s3:::?*")
    assert found.resource.endswith("/a")
    assert can(policies, resource="arn:aws:s3:::b*/a") is None


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
def test_the_command_says_it_by_its_exit_code(new: Any, code: int, said: str, tmp_path: Path, capsys: Any) -> None:
    for name, one in (("old", PUT), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": one}))
    words = ["iam", "check-no-new-access", str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    assert main(words) == code
    printed = capsys.readouterr()
    assert said in printed.out + printed.err
    if code < 3:
        assert main([*words, "--json"]) == code
        assert json.loads(capsys.readouterr().out)["new_access"] == ("no", "yes", "undetermined")[code]
    assert main(["iam", "check-no-new-access", str(tmp_path / "none.json"), str(tmp_path / "new.json")]) == 4
    assert main([*words, "--who-can", "s3:GetObject", "*"]) == 4


@pytest.mark.parametrize(
    "written",
    ['{"Version": [], "Statement": []}', "[" * 100_000, "", "[1]", "null"],
    ids=["version", "deep", "empty", "list", "null"],
)
def test_a_file_that_is_no_policy_is_refused_in_a_sentence(written: str, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "a.json").write_text(written)
    assert main(["iam", "check-no-new-access", str(tmp_path / "a.json"), str(tmp_path / "a.json")]) == 4
    said = capsys.readouterr().err
    assert "a.json" in said
    assert "Traceback" not in said
