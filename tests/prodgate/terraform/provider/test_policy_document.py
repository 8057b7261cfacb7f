"""Policy documents as the real provider renders them.

The expected texts are the real provider's (3.39, run on the same blocks), with what later versions do differently: no
empty Sid, a single value of a condition as text.
"""

import json
from typing import Any

import pytest

from prodgate.terraform.provider.policy_document import PolicyError, document_id, render

ACCOUNTS = ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"]
BASE = {
    "statement": [
        {
            "sid": "one",
            "actions": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            "resources": ["arn:aws:s3:::a/&{aws:username}/*", "arn:aws:s3:::b/*"],
            "principals": [
                {"type": "AWS", "identifiers": ["arn:aws:iam::333333333333:root"]},
                {"type": "AWS", "identifiers": ACCOUNTS},
                {"type": "Service", "identifiers": ["ecs.amazonaws.com"]},
            ],
            "condition": [
                {"test": "StringLike", "variable": "s3:prefix", "values": ["home/", "", "a<b>&c"]},
                {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["222222222222"]},
                {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["111111111111"]},
                {"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]},
            ],
        },
        {
            "sid": "two",
            "effect": "Deny",
            "not_actions": ["iam:*"],
            "not_resources": ["*"],
            "not_principals": [{"type": "AWS", "identifiers": ["*"]}],
        },
    ]
}
RENDERED = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "one",
      "Effect": "Allow",
      "Action": [
        "s3:PutObject",
        "s3:GetObject",
        "s3:AbortMultipartUpload"
      ],
      "Resource": [
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::a/${aws:username}/*"
      ],
      "Principal": {
        "AWS": [
          "arn:aws:iam::333333333333:root",
          "arn:aws:iam::222222222222:root",
          "arn:aws:iam::111111111111:root"
        ],
        "Service": "ecs.amazonaws.com"
      },
      "Condition": {
        "Bool": {
          "aws:SecureTransport": "true"
        },
        "StringEquals": {
          "aws:SourceAccount": [
            "222222222222",
            "111111111111"
          ]
        },
        "StringLike": {
          "s3:prefix": [
            "home/",
            "",
            "a\\u003cb\\u003e\\u0026c"
          ]
        }
      }
    },
    {
      "Sid": "two",
      "Effect": "Deny",
      "NotAction": "iam:*",
      "NotResource": "*",
      "NotPrincipal": {
        "AWS": "*"
      }
    }
  ]
}"""


def statements(config: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(render(config)[1])["Statement"]


def test_document_to_the_byte() -> None:
    assert render(BASE)[0] == RENDERED


def test_minified_document_holds_the_same() -> None:
    text, minified = render(BASE)

    assert json.loads(minified) == json.loads(text)
    assert " " not in minified


def test_id_is_the_checksum_that_the_real_provider_gives() -> None:
    assert document_id("hello") == "907060870"


@pytest.mark.parametrize(
    ("principals", "rendered"),
    [
        ([{"type": "*", "identifiers": ["*"]}], "*"),
        ([{"type": "AWS", "identifiers": ["*"]}], {"AWS": "*"}),
        (
            [{"type": "*", "identifiers": ["*"]}, {"type": "Service", "identifiers": ["a.b"]}],
            {"*": "*", "Service": "a.b"},
        ),
    ],
)
def test_everyone(principals: list[dict[str, Any]], rendered: Any) -> None:
    (statement,) = statements({"statement": [{"actions": ["sts:AssumeRole"], "principals": principals}]})

    assert statement["Principal"] == rendered


def test_documents_are_merged_by_sid_in_place() -> None:
    override = {"Sid": "two", "Effect": "Allow", "Action": ["b:b", "a:a"], "Resource": "*"}
    merged = statements(
        {
            "source_policy_documents": [render(BASE)[0]],
            "statement": [{"sid": "three", "actions": ["sqs:*"]}, {"actions": ["sns:*"]}],
            "override_policy_documents": [json.dumps({"Version": "2012-10-17", "Statement": override})],
        }
    )

    assert [each.get("Sid") for each in merged] == ["one", "two", "three", None]
    assert merged[1] == override


def test_source_read_back_keeps_its_text() -> None:
    assert render({"source_policy_documents": [RENDERED]})[0] == RENDERED


def test_newer_version_and_id_win() -> None:
    older = json.dumps({"Version": "2008-10-17", "Id": "old", "Statement": []})

    assert json.loads(render({"source_policy_documents": [older], "policy_id": "new"})[0]) == {
        "Version": "2012-10-17",
        "Id": "new",
    }


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"statement": [{"sid": "a"}, {"sid": "a"}]}, r"duplicate Sid \(a\)"),
        ({"source_policy_documents": ['{"Statement": [{"Sid": "a"}]}'] * 2}, r"duplicate Sid \(a\) in source"),
        ({"override_policy_documents": ["["]}, r"override_policy_documents \(item 0\): it is not"),
        ({"version": "2008-10-17", "statement": [{"resources": ["&{aws:username}"]}]}, "not supported in document"),
    ],
)
def test_refusals(config: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        render(config)
