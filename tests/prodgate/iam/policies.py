"""Documents and requests in few words, for the tests of this directory."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
from hypothesis import strategies as st

from prodgate.iam.documents import Document, read_document
from prodgate.iam.evaluation import Policies, Request, read_caller

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/shop/one"


@cache
def _read_schema() -> Any:
    return jsonschema_rs.validator_for(json.loads(files("prodgate.iam").joinpath("output.schema.json").read_text()))


def read_output(printed: str) -> Any:
    """Return what the command printed as JSON, as its schema has it."""
    found = json.loads(printed)
    _read_schema().validate(found)
    return found


def statement(action: Any, resource: Any = "*", effect: str = "Allow", **others: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


def document(*statements: Any, version: str = "2012-10-17", where: str = "a policy") -> Document:
    return read_document({"Version": version, "Statement": list(statements)}, where)


def request(action: str, resource: str, caller: str = USER, account: str = ACCOUNT, **context: Any) -> Request:
    named = {key.replace("__", ":"): value for key, value in context.items()}
    return Request(caller=read_caller(caller), action=action, resource=resource, account=account, context=named)


def identity(*statements: Any, **others: Any) -> Policies:
    return Policies(identity=(document(*statements),), **others)


#: Statements over so few words that they often speak of the same request.
actions = st.sampled_from(["s3:get", "s3:g*", "s3:put", "s3:*", "*", "sqs:?et", "sqs:get"])
resources = st.sampled_from(["*", "arn:aws:s3:::a", "arn:aws:s3:::a*", "arn:aws:s3:::?b", "arn:aws:*"])
conditions = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:x": "a"}},
        {"StringNotLike": {"aws:x": "a*"}},
        {"ForAnyValue:StringLike": {"aws:tags": ["a*", "b"]}},
        {"ForAllValues:StringEquals": {"aws:tags": ["a", "b"]}},
        {"Null": {"aws:x": "true"}},
        {"StringEqualsIfExists": {"aws:x": "b"}},
        {"NumericLessThan": {"aws:n": "10"}},
        {"IpAddress": {"aws:ip": "10.0.0.0/8"}},
        {"DateGreaterThan": {"aws:now": "2024-01-01T00:00:00Z"}},
        {"Bool": {"aws:mfa": "true"}},
        {"BoolIfExists": {"aws:mfa": "false"}},
        {"StringEquals": {"aws:x": "${aws:username}"}},
        {"StringNotEqualsIfExists": {"aws:x": ["a", "ab"]}},
        {"ForAnyValue:StringNotLike": {"aws:tags": ["a*", "b"]}},
        {"ForAllValues:StringNotEquals": {"aws:tags": ["b", "c"]}},
        {"ForAllValues:StringLikeIfExists": {"aws:tags": "a*"}},
        {"Null": {"aws:tags": "false"}, "ForAllValues:StringEquals": {"aws:tags": "a"}},
        {"NotIpAddress": {"aws:ip": "10.0.0.0/8"}},
        {"StringLike": {"aws:x": "${aws:username, 'a'}*"}},
    ]
)
#: Principal elements, by name: those that name the caller in one way, in all ways, or not.
named = st.sampled_from(
    [
        {"Principal": "*"},
        {"Principal": {"AWS": ACCOUNT}},
        {"Principal": {"AWS": USER}},
        {"Principal": {"AWS": ROLE}},
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"NotPrincipal": {"AWS": [USER, ACCOUNT]}},
        {"NotPrincipal": {"AWS": ROLE}},
    ]
)


@st.composite
def statements(draw: Any, effect: str | None = None) -> dict[str, Any]:
    written = {"Effect": effect or draw(st.sampled_from(["Allow", "Allow", "Deny"])), "Condition": draw(conditions)}
    written[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(st.lists(actions, min_size=1, max_size=2))
    written[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(resources)
    return written


contexts = st.fixed_dictionaries(
    {},
    optional={
        "aws__x": st.sampled_from(["a", "ab", "b", "ann"]),
        "aws__tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=2).map(tuple),
        "aws__n": st.sampled_from(["9", "10"]),
        "aws__ip": st.sampled_from(["10.1.2.3", "11.0.0.1"]),
        "aws__now": st.sampled_from(["2023-12-31T00:00:00Z", "2026-01-01T00:00:00Z"]),
        "aws__mfa": st.sampled_from(["true", "false"]),
        "aws__username": st.just("ann"),
    },
)
asked = st.tuples(
    st.sampled_from(["s3:Get", "s3:Put", "sqs:Get"]), st.sampled_from(["arn:aws:s3:::a", "arn:aws:s3:::ab", "*"])
)
