"""The AWS provider's functions, called by core."""

import pytest

from prodgate.terraform.provider.functions import AWS_FUNCTIONS, ArgumentError
from tests.prodgate.terraform.provider.conftest import Play
from tests.prodgate.terraform.provider.playground import PROVIDER

ROLE = "arn:aws:iam::111122223333:role/team/news/deploy"


def test_core_calls_them(play: Play) -> None:
    root = play(
        f"""
output "found" {{
  value = [
    provider::aws::arn_parse("{ROLE}").resource,
    provider::aws::arn_build("aws", "sns", "eu-west-1", "1", "topic"),
    provider::aws::trim_iam_role_path("{ROLE}"),
  ]
}}
""",
        PROVIDER,
    )

    assert root.plan()["planned_values"]["outputs"]["found"]["value"] == [
        "role/team/news/deploy",
        "arn:aws:sns:eu-west-1:1:topic",
        "arn:aws:iam::111122223333:role/deploy",
    ]


def test_user_agent() -> None:
    call = AWS_FUNCTIONS["user_agent"].call

    assert (call("a", "1", "c"), call("a", "", "")) == ("a/1 (c)", "a")


@pytest.mark.parametrize(
    ("name", "argument", "message"),
    [
        ("arn_parse", "arn:aws:s3", "is not an ARN; it has the form"),
        ("trim_iam_role_path", "arn:aws:iam::1:user/a", "is not the ARN of an IAM role"),
    ],
)
def test_refusals(name: str, argument: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        AWS_FUNCTIONS[name].call(argument)
