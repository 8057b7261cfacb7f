"""IAM policy documents are read as IAM reads them, and widened where that is not known."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate import Unresolved
from prodgate.semantics.policy_documents import overlap, read_statements

anything = st.recursive(st.none() | st.booleans() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s))


@given(parsed=anything)
def test_whatever_is_no_document_is_unresolved(parsed: Any) -> None:
    if parsed is None:
        assert read_statements(parsed, "it") == ()
    else:
        with pytest.raises(Unresolved, match=r"^it "):
            read_statements(parsed, "it")


@pytest.mark.parametrize("action", ["s3:* ", "", "s3:Get Object"])
def test_an_action_that_aws_refuses_is_none(action: str) -> None:
    statement = {"Effect": "Deny", "Action": ["s3:GetObject", action], "Resource": "*", "Principal": "*"}
    with pytest.raises(Unresolved, match="which AWS refuses"):
        read_statements({"Statement": statement}, "it")


def test_what_an_allow_leaves_out_is_everything_and_what_a_deny_leaves_out_is_nothing() -> None:
    parts = {
        "NotAction": "iam:*",
        "NotResource": "arn:aws:s3:::a",
        "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"},
    }
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
        ("ArnEquals", "arn:aws:iam::*", False),
        ("StringLike", "arn:aws:*", False),
        ("StringLike", "arn:aws:iam::123456789012*", True),
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
