"""Data sources: what is known is answered, everything else is invented and written down."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from prodgate.terraform.provider.datasources import MARK, answer_data_source
from prodgate.terraform.provider.schema import aws_schemas
from prodgate.terraform.provider.settings import Settings
from prodgate.terraform.provider.values import empty_block
from tests.prodgate.terraform.provider.playground import PROVIDER, Root, playground

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
HERE = Settings(region="ap-northeast-1", account="111122223333", states_region=True, states_account=True)
TREE = """
data "aws_caller_identity" "me" {}
data "aws_subnets" "private" {
  filter {
    name   = "tag:tier"
    values = ["private"]
  }
}
resource "aws_eip" "each" {
  for_each = toset(data.aws_subnets.private.ids)
}
data "aws_secretsmanager_secret_version" "old" {
  secret_id = "old"
}
ephemeral "aws_secretsmanager_secret_version" "db" {
  secret_id = "db"
}
resource "aws_db_instance" "main" {
  instance_class      = "db.t4g.small"
  engine              = "postgres"
  password_wo         = ephemeral.aws_secretsmanager_secret_version.db.secret_string
  password_wo_version = 1
}
"""


def answer(kind: str, settings: Settings = HERE, **config: Any) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    block = aws_schemas().block("data", kind)
    found = answer_data_source(kind, block, {**empty_block(block), **config}, settings)
    return found.values, found.invented


@pytest.mark.parametrize(
    ("kind", "config", "known"),
    [
        ("aws_arn", {"arn": "arn:aws:iam::1:role/a:b"}, {"service": "iam", "account": "1", "resource": "role/a:b"}),
        ("aws_availability_zones", {}, {"names": [f"ap-northeast-1{zone}" for zone in "abc"], "id": "ap-northeast-1"}),
        ("aws_availability_zones", {}, {"zone_ids": ["apne1-az1", "apne1-az2", "apne1-az3"]}),
        ("aws_caller_identity", {}, {"account_id": "111122223333", "arn": "arn:aws:iam::111122223333:root"}),
        ("aws_cloudfront_cache_policy", {"name": "Managed-CachingDisabled"}, {"id": CACHING_DISABLED}),
        ("aws_elb_service_account", {}, {"arn": "arn:aws:iam::582318560864:root"}),
        ("aws_partition", {}, {"dns_suffix": "amazonaws.com", "reverse_dns_prefix": "com.amazonaws"}),
        ("aws_region", {}, {"region": "ap-northeast-1", "endpoint": "ec2.ap-northeast-1.amazonaws.com"}),
        ("aws_service_principal", {"service_name": "ecs"}, {"name": "ecs.amazonaws.com"}),
        (
            "aws_iam_session_context",
            {"arn": "arn:aws:sts::1:assumed-role/deploy/me"},
            {"issuer_arn": "arn:aws:iam::1:role/deploy", "session_name": "me"},
        ),
    ],
)  # fmt: skip
def test_known_without_an_account(kind: str, config: dict[str, Any], known: dict[str, Any]) -> None:
    values, _ = answer(kind, **config)

    assert {name: values[name] for name in known} == known


def test_zones_follow_what_is_left_out() -> None:
    values, _ = answer("aws_availability_zones", exclude_names=["ap-northeast-1b"])

    assert values["names"] == ["ap-northeast-1a", "ap-northeast-1c"]


def test_account_is_invented_unless_the_provider_block_names_it() -> None:
    assert answer("aws_caller_identity")[1] == ("arn", "user_id")
    assert "account_id" in answer("aws_caller_identity", Settings())[1]


def test_default_tags_are_those_of_the_provider() -> None:
    assert answer("aws_default_tags", Settings(default_tags={"a": "b"}))[0]["tags"] == {"a": "b"}


def test_inventions_are_marked_and_of_the_right_kind() -> None:
    values, invented = answer("aws_vpc", default=True)

    assert values["default"] is True
    assert MARK in values["id"]
    assert values["arn"].startswith("arn:aws:")
    assert "default" not in invented
    assert {"id", "arn", "cidr_block"} <= set(invented)


def test_same_question_same_answer() -> None:
    assert answer("aws_vpc", id="a") == answer("aws_vpc", id="a")
    assert answer("aws_vpc", default=True)[0]["id"] != answer("aws_vpc", default=False)[0]["id"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    with playground(tmp_path_factory.mktemp("data"), PROVIDER + TREE) as started:
        yield started


@pytest.fixture(scope="module")
def values(root: Root) -> dict[str, Any]:
    return root.values()


def test_lists_of_ids_have_one_element_so_that_there_is_an_instance(values: dict[str, Any]) -> None:
    (instance,) = (each for each in values if each.startswith("aws_eip.each"))

    assert MARK in instance


def test_ephemeral_values_reach_nothing(values: dict[str, Any]) -> None:
    assert values["aws_db_instance.main"]["password_wo"] is None
    assert values["aws_db_instance.main"]["password_wo_version"] == 1


def test_sidecar_says_what_was_not_read(root: Root, values: dict[str, Any]) -> None:
    assert values
    lines = [json.loads(line) for line in root.sidecar.read_text(encoding="utf-8").splitlines()]
    said = {each["type"]: each for each in lines if "type" in each}

    assert set(said) == {"aws_caller_identity", "aws_subnets", "aws_secretsmanager_secret_version"}
    assert said["aws_subnets"]["unread"] is True
    assert "ids" in said["aws_subnets"]["invented"]
    assert said["aws_secretsmanager_secret_version"]["stated"] == {"secret_id": "old"}


STATED = replace(HERE, zones=("ap-northeast-1d", "ap-northeast-1a", "us-east-1a"))


@pytest.mark.parametrize(
    ("config", "names", "known"),
    [
        ({}, ["ap-northeast-1a", "ap-northeast-1d"], True),
        ({"state": "available"}, ["ap-northeast-1a", "ap-northeast-1d"], True),
        ({"exclude_names": ["ap-northeast-1a"]}, ["ap-northeast-1d"], True),
        (
            {"filter": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]},
            ["ap-northeast-1a", "ap-northeast-1d"],
            True,
        ),
        ({"filter": [{"name": "zone-type", "values": ["local-zone"]}]}, ["ap-northeast-1a", "ap-northeast-1d"], False),
        ({"state": "impaired"}, ["ap-northeast-1a", "ap-northeast-1d"], False),
        ({"all_availability_zones": True}, ["ap-northeast-1a", "ap-northeast-1d"], False),
        ({"exclude_zone_ids": ["apne1-az1"]}, ["ap-northeast-1a", "ap-northeast-1d"], False),
        ({"region": "us-east-1"}, ["us-east-1a"], True),
        ({"region": "eu-west-1"}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"], False),
    ],
)
def test_zones_are_known_where_criteria_state_them(config: dict[str, Any], names: list[str], known: bool) -> None:
    values, invented = answer("aws_availability_zones", STATED, **config)
    assert (values["names"], "names" not in invented) == (names, known)
    assert "zone_ids" in invented
