"""Laws of the policies on IAM documents: widening never helps, order never matters, an unreadable one never passes."""

import importlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from prodgate import Configuration, Resource
from prodgate.testing import POLICIES, UNKNOWN, Outcome, apply, load_criteria

ROOT = Path(__file__).parents[2]
importlib.import_module("policies.identity")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria

#: Policies on documents -> the type and argument they judge here.
JUDGES = {
    "PG_IAM_1": ("aws_iam_policy", "policy"),
    "PG_IAM_2": ("aws_iam_policy", "policy"),
    "PG_IAM_3": ("aws_iam_policy", "policy"),
    "PG_IAM_4": ("aws_iam_policy", "policy"),
    "PG_IAM_9": ("aws_iam_role", "assume_role_policy"),
    "PG_IAM_10": ("aws_iam_role", "assume_role_policy"),
    "PG_IAM_11": ("aws_iam_role", "assume_role_policy"),
    "PG_IAM_13": ("aws_s3_bucket_policy", "policy"),
    "PG_IAM_14": ("aws_s3_bucket_policy", "policy"),
    "PG_IAM_15": ("aws_s3_bucket_policy", "policy"),
}
Document = list[dict[str, Any]]
OWN = "arn:aws:iam::123456789012"
GITHUB = "token.actions.githubusercontent.com"

actions = st.sampled_from(
    ["*", "s3:*", "s3:Get*", "s3:GetObject", "iam:PassRole", "iam:Pass*", "iam:PutRolePolicy", "kms:Decrypt",
     "sts:AssumeRole", "ecr:GetAuthorizationToken"]
)  # fmt: skip
resources = st.sampled_from(
    ["*", "arn:aws:s3:::news/*", "arn:aws:s3:::*", f"{OWN}:role/app", f"{OWN}:role/*", "arn:aws:kms:*:*:key/*"]
)
principals = st.sampled_from(
    [
        ("AWS", "*"), ("AWS", f"{OWN}:root"), ("AWS", "arn:aws:iam::999900001111:root"), ("AWS", "999900001111"),
        ("Service", "ecs-tasks.amazonaws.com"), ("Service", "cloudfront.amazonaws.com"),
        ("Federated", f"{OWN}:oidc-provider/{GITHUB}"),
    ]
)  # fmt: skip
KEYS = (
    "iam:PassedToService", "aws:SourceAccount", "aws:SourceArn", "sts:ExternalId", "aws:PrincipalOrgID",
     f"{GITHUB}:sub", f"{GITHUB}:aud", "iam:PermissionsBoundary", "kms:ViaService",
)  # fmt: skip
values = st.sampled_from(["*", "a", "123456789012", "repo:o/r:environment:production", "repo:o/r:*"])
operators = st.sampled_from(
    ["StringEquals", "StringLike", "StringEqualsIfExists", "ForAllValues:StringEquals", "ArnLike"]
)
tests = st.dictionaries(st.sampled_from(KEYS), st.lists(values, min_size=1), min_size=1, max_size=3)
conditions = st.dictionaries(operators, tests, max_size=2)


def mostly(element: str) -> st.SearchStrategy[str]:
    return st.sampled_from([element] * 5 + [f"Not{element}"])


@st.composite
def allowing(draw: st.DrawFn) -> dict[str, Any]:
    chosen: dict[str, list[str]] = {}
    for kind, who in draw(st.lists(principals, min_size=1, max_size=2)):
        chosen.setdefault(kind, []).append(who)
    return {
        "Effect": "Allow",
        draw(mostly("Action")): draw(st.lists(actions, min_size=1, max_size=2)),
        draw(mostly("Resource")): draw(st.lists(resources, min_size=1, max_size=2)),
        draw(mostly("Principal")): chosen,
        "Condition": draw(conditions),
    }


documents = st.lists(allowing(), min_size=1, max_size=2)
judges = st.sampled_from(sorted(JUDGES))


def outcome(judge: str, document: Any, *, hidden: Sequence[str | int] | None = None) -> Outcome:
    policy, (type_, argument) = POLICIES[judge], JUDGES[judge]
    text = document if document is UNKNOWN or isinstance(document, str) else json.dumps(document)
    given_values: dict[str, Any] = {argument: text, "arn": f"{OWN}:role/own", "inline_policy": []}
    outlines = {} if hidden is None else {argument: hide(document, hidden)}
    resource = Resource(
        address=f"{type_}.it",
        type=type_,
        name="it",
        values=given_values | dict.fromkeys(outlines, UNKNOWN),
        outlines=outlines,
    )
    whole = Configuration(root="it", engine="none", resources=(resource,))
    finding, *_ = apply(policy, whole, CRITERIA[policy.criterion])  # one more when it is not applicable
    return finding.outcome


def hide(value: Any, path: Sequence[str | int]) -> Any:
    if not path:
        return UNKNOWN
    parts = dict(value) if isinstance(value, dict) else dict(enumerate(value))
    parts[path[0]] = hide(parts[path[0]], path[1:])
    return parts if isinstance(value, dict) else list(parts.values())


def places(value: Any) -> Iterator[tuple[str | int, ...]]:
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (key,)
        yield from ((key, *inner) for inner in places(each))


def wider(statement: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statement with a wildcard added in each place that can hold one, and under each condition key."""
    found = [{**statement, key: [*statement[key], "*"]} for key in ("Action", "Resource") if key in statement]
    if "Principal" in statement:
        found.append({**statement, "Principal": {**statement["Principal"], "AWS": ["*"]}})
    stated = statement["Condition"]
    beside = stated.get("StringLike", {})
    found += [{**statement, "Condition": {**stated, "StringLike": {**beside, key: ["*"]}}} for key in KEYS]
    for operator, tests in stated.items():
        for key, values in tests.items():
            loose = {**stated, operator: {**tests, key: [*values, "*"]}}
            found.append({**statement, "Condition": loose})
    return found


@pytest.mark.slow
@settings(max_examples=1000)
@given(judge=judges, document=documents, data=st.data())
def test_a_wildcard_never_makes_a_document_pass(judge: str, document: Document, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(document) - 1))
    loosened = [*document]
    loosened[place] = data.draw(st.sampled_from(wider(document[place]) or [document[place]]))
    before, after = outcome(judge, {"Statement": document}), outcome(judge, {"Statement": loosened})
    assert before is not Outcome.NOT_SATISFIED or after is not Outcome.SATISFIED


@given(judge=judges, document=documents, data=st.data())
def test_the_order_of_statements_does_not_matter(judge: str, document: Document, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(document))
    assert outcome(judge, {"Statement": document}) is outcome(judge, {"Statement": shuffled})


@given(judge=judges, document=documents, more=allowing())
def test_another_statement_that_allows_never_makes_a_document_pass(
    judge: str, document: Document, more: dict[str, Any]
) -> None:
    before, after = outcome(judge, {"Statement": document}), outcome(judge, {"Statement": [*document, more]})
    assert before is not Outcome.NOT_SATISFIED or after is not Outcome.SATISFIED


@given(judge=judges, document=documents)
def test_denying_something_too_does_not_excuse_what_is_allowed(judge: str, document: Document) -> None:
    denied = {"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}
    assert outcome(judge, {"Statement": document}) is outcome(judge, {"Statement": [denied, *document]})


@settings(max_examples=500)
@given(judge=judges, document=documents, data=st.data())
def test_an_unknown_part_decides_nothing(judge: str, document: Document, data: st.DataObject) -> None:
    whole = {"Statement": document}
    place = data.draw(st.sampled_from([*places(whole)]))
    assert outcome(judge, whole, hidden=place) in (Outcome.UNDETERMINED, outcome(judge, whole))


@pytest.mark.parametrize(
    ("judge", "action", "place", "found"),
    [
        ("PG_IAM_1", "s3:*", ("Resource", 0), "not-satisfied"),
        ("PG_IAM_1", "s3:GetObject", ("Resource",), "satisfied"),
        ("PG_IAM_1", "s3:*", ("Action", 0), "undetermined"),
        ("PG_IAM_1", "s3:*", ("Effect",), "undetermined"),
        ("PG_IAM_2", "s3:GetObject", ("Resource", 0), "undetermined"),
        ("PG_IAM_2", "s3:ListAllMyBuckets", ("Resource", 0), "satisfied"),
        ("PG_IAM_2", "s3:GetObject", ("Condition", "StringEquals", "kms:ViaService"), "undetermined"),
        ("PG_IAM_13", "s3:GetObject", ("Principal", "AWS", 0), "undetermined"),
        ("PG_IAM_13", "s3:GetObject", ("Condition", "StringEquals", "aws:SourceArn"), "undetermined"),
        ("PG_IAM_13", "s3:GetObject", ("Condition",), "undetermined"),
        ("PG_IAM_13", "s3:GetObject", ("Action",), "not-satisfied"),
        ("PG_IAM_13", "s3:GetObject", (), "undetermined"),
    ],
)
def test_what_is_known_of_a_document_is_judged(judge: str, action: str, place: Sequence[str], found: str) -> None:
    conditions = {"StringEquals": {key: ["prod"] for key in place[2:3]}}
    allowing = {"Effect": "Allow", "Action": [action], "Resource": ["*"], "Principal": {"AWS": ["*"]}}
    document = {"Statement": [{**allowing, "Condition": conditions}]}
    assert outcome(judge, document, hidden=("Statement", 0, *place)) == found


@pytest.mark.parametrize("judge", sorted(JUDGES))
@pytest.mark.parametrize(
    "document",
    [
        UNKNOWN, "not json", "[]", "{}", '"*"', '{"Statement": "*"}', '{"Statement": [["Allow"]]}',
        '{"Statement": {"Effect": "Perhaps", "Action": "*"}}', '{"Statement": {"Effect": "Allow"}}',
        '{"Statement": {"Effect": "Allow", "Action": {"s3": "*"}}}',
        '{"Statement": {"Effect": "Allow", "Action": "a:b", "Condition": ["aws:SourceArn"]}}',
        '{"Statement": {"Effect": "Allow", "Action": "a:b", "Condition": {"StringEquals": "x"}}}',
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_read_never_passes(judge: str, document: Any) -> None:
    assert outcome(judge, document) is not Outcome.SATISFIED
