"""Laws of the policies on IAM documents: widening never helps, order never matters, what can't be read never passes."""

from __future__ import annotations

import importlib
import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prodgate import Configuration, Outcome, Resource, Unresolved
from prodgate.sections.criteria_file import load_criteria
from prodgate.semantics.policy_documents import overlap, read_statements
from prodgate.terraform.policy import POLICIES, apply
from prodgate.terraform.reading import UNKNOWN

ROOT = Path(__file__).parents[2]
for name in ("identity", "identity_trust", "identity_resources"):
    importlib.import_module(f"policies.{name}")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria

#: Policies on documents -> the type and argument they are asked about here.
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
    """Draw a statement that allows something."""
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


def outcome(judge: str, document: Any) -> Outcome:
    policy, (type_, argument) = POLICIES[judge], JUDGES[judge]
    text = document if document is UNKNOWN or isinstance(document, str) else json.dumps(document)
    given_values: dict[str, Any] = {argument: text, "arn": f"{OWN}:role/own", "inline_policy": []}
    resource = Resource(address=f"{type_}.it", type=type_, name="it", values=given_values)
    whole = Configuration(root="it", engine="none", resources=(resource,))
    (finding,) = apply(policy, whole, CRITERIA[policy.criterion])
    return finding.outcome


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


anything = st.recursive(st.none() | st.booleans() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s))


@given(parsed=anything)
def test_whatever_is_no_document_is_unresolved(parsed: Any) -> None:
    if parsed is None:
        assert read_statements(parsed, "it") == ()
    else:
        with pytest.raises(Unresolved, match=r"^it "):
            read_statements(parsed, "it")


def test_what_an_allow_leaves_out_is_everything_and_what_a_deny_leaves_out_is_nothing() -> None:
    parts = {"NotAction": "iam:*", "NotResource": "arn:aws:s3:::a", "NotPrincipal": {"AWS": f"{OWN}:root"}}
    (allow,) = read_statements({"Statement": {"Effect": "Allow", **parts}}, "it")
    assert allow.actions == allow.resources == ("*",)
    assert [principal.is_anybody for principal in allow.principals] == [True]
    (deny,) = read_statements({"Statement": {"Effect": "Deny", **parts}}, "it")
    assert (deny.actions, deny.resources, deny.principals) == ((), (), ())


@pytest.mark.parametrize(
    ("operator", "value", "restricts"),
    [
        ("StringEquals", "123456789012", True),
        ("ForAnyValue:StringLike", "o-example/*", True),
        ("StringLike", "*", False),
        ("StringEqualsIfExists", "123456789012", False),
        ("ForAllValues:StringEquals", "123456789012", False),
        ("StringNotEquals", "123456789012", False),
        ("Null", "false", False),
        ("ArnLike", "arn:aws:sns:*:123456789012:*", True),
        ("ArnLike", "arn:aws:cloudfront::*:distribution/*", False),
        ("ArnEquals", "arn:aws:s3:::news", True),
        ("ArnLike", "arn:aws:s3:::*", False),
        ("IpAddress", "0.0.0.0/0", False),
    ],
)
def test_a_condition_restricts_only_when_other_requests_are_not_matched(
    operator: str, value: str, restricts: bool
) -> None:
    parsed = {"Statement": {"Effect": "Allow", "Action": "*", "Condition": {operator: {"aws:SourceArn": value}}}}
    (statement,) = read_statements(parsed, "it")
    assert bool(statement.pinned("aws:SourceArn")) is restricts


patterns = st.text(alphabet="ab*?", max_size=6)


@given(pattern=patterns, text=st.text(alphabet="ab", max_size=6))
def test_overlap_with_a_text_is_matching_it(pattern: str, text: str) -> None:
    assert overlap(pattern, text) == fnmatchcase(text, pattern)


@given(left=patterns, right=patterns)
def test_overlap_is_symmetric_and_widens(left: str, right: str) -> None:
    assert overlap(left, right) == overlap(right, left)
    assert overlap(left, "*")
    assert not overlap(left, right) or overlap(left + "*", right)
