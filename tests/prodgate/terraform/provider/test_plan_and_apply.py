"""The provider as real core sees it, each root evaluated once: plans, data sources, documents, functions,
utilities, faults; and its process, which never outlives its purpose."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from prodgate.terraform.provider.datasources import (
    AWS_FUNCTIONS,
    MARK,
    ArgumentError,
    PolicyError,
    answer_data_source,
    document_id,
    render,
)
from prodgate.terraform.provider.schema import aws_schemas
from prodgate.terraform.provider.server import wait_for_end
from prodgate.terraform.provider.synthesis import Settings, read_settings
from prodgate.terraform.provider.utility_providers import TYPES, utility_schemas
from prodgate.terraform.provider.values import UNKNOWN, empty_block, holds_unknown
from tests.prodgate.terraform.provider.conftest import Play
from tests.prodgate.terraform.provider.playground import PROVIDER, Root, playground

TREE = """
provider "aws" {
  alias  = "edge"
  region = "us-east-1"
}
resource "aws_s3_bucket" "named" {
  bucket = "articles"
  tags   = { kind = "raw" }
}
resource "aws_s3_bucket" "unnamed" {}
resource "aws_sns_topic" "alerts" {
  name = "alerts"
}
resource "aws_sqs_queue" "jobs" {
  name   = "jobs"
  policy = data.aws_iam_policy_document.send.json
}
data "aws_iam_policy_document" "send" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = ["arn:aws:sqs:ap-northeast-1:111122223333:jobs"]
  }
}
resource "aws_acm_certificate" "site" {
  provider                  = aws.edge
  domain_name               = "example.com"
  subject_alternative_names = ["www.example.com"]
  validation_method         = "DNS"
}
resource "aws_route53_record" "validation" {
  for_each = { for each in aws_acm_certificate.site.domain_validation_options : each.domain_name => each }
  zone_id  = aws_route53_zone.site.zone_id
  name     = each.value.resource_record_name
  type     = each.value.resource_record_type
  records  = [each.value.resource_record_value]
  ttl      = 60
}
resource "aws_route53_zone" "site" {
  name = "example.com"
}
resource "aws_security_group" "web" {
  name = "web"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_rds_cluster" "main" {
  cluster_identifier          = "main"
  engine                      = "aurora-postgresql"
  manage_master_user_password = true
  master_username             = "app"
  serverlessv2_scaling_configuration {
    max_capacity = 4
    min_capacity = 0.5
  }
}
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name    = "app"
    secrets = [{ name = "DB", valueFrom = aws_rds_cluster.main.master_user_secret[0].secret_arn }]
    environment = [{ name = "URL", value = "${aws_rds_cluster.main.endpoint}:${aws_rds_cluster.main.port}" }]
  }])
}
resource "aws_secretsmanager_secret" "api" {
  name = "api"
}
resource "aws_secretsmanager_secret_version" "api" {
  secret_id                = aws_secretsmanager_secret.api.id
  secret_string_wo         = "never kept"
  secret_string_wo_version = 1
}
resource "aws_wafv2_web_acl" "site" {
  name  = "site"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "site"
    sampled_requests_enabled   = true
  }
  rule {
    name     = "limit"
    priority = 1
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit              = 2000
        aggregate_key_type = "IP"
        scope_down_statement {
          and_statement {
            statement {
              not_statement {
                statement {
                  geo_match_statement {
                    country_codes = ["JP"]
                  }
                }
              }
            }
            statement {
              label_match_statement {
                scope = "LABEL"
                key   = "x"
              }
            }
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "limit"
      sampled_requests_enabled   = true
    }
  }
}
resource "random_id" "suffix" {
  byte_length = 4
}
resource "random_password" "admin" {
  length = 20
}
resource "terraform_data" "own" {
  input = random_id.suffix.hex
}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    with playground(tmp_path_factory.mktemp("plan"), PROVIDER + TREE) as started:
        yield started


@pytest.fixture(scope="module")
def planned(root: Root) -> dict[str, Any]:
    return root.plan()


@pytest.fixture(scope="module")
def values(planned: dict[str, Any]) -> dict[str, Any]:
    return {each["address"]: each["values"] for each in planned["planned_values"]["root_module"]["resources"]}


@pytest.fixture(scope="module")
def unknown(planned: dict[str, Any]) -> dict[str, Any]:
    return {each["address"]: each["change"]["after_unknown"] for each in planned["resource_changes"]}


@pytest.mark.parametrize(
    ("address", "name", "value"),
    [
        ("aws_s3_bucket.named", "arn", "arn:aws:s3:::articles"),
        ("aws_s3_bucket.named", "id", "articles"),
        ("aws_s3_bucket.named", "region", "ap-northeast-1"),
        ("aws_sns_topic.alerts", "id", "arn:aws:sns:ap-northeast-1:111122223333:alerts"),
        ("aws_sqs_queue.jobs", "url", "https://sqs.ap-northeast-1.amazonaws.com/111122223333/jobs"),
        ("aws_rds_cluster.main", "port", 5432),
        ("aws_ecs_task_definition.app", "arn", "arn:aws:ecs:ap-northeast-1:111122223333:task-definition/app:1"),
        ("aws_acm_certificate.site", "tags_all", {}),  # each provider block has its own tags
        ("aws_s3_bucket.named", "tags_all", {"kind": "raw", "team": "news"}),
        ("aws_security_group.web", "egress", []),
        ("aws_secretsmanager_secret_version.api", "secret_string_wo", None),  # write-only, so not kept
        ("aws_secretsmanager_secret_version.api", "secret_string_wo_version", 1),
    ],
)
def test_values_are_those_that_aws_would_give(values: dict[str, Any], address: str, name: str, value: object) -> None:
    assert values[address][name] == value


def test_unnamed_ones_get_a_name_that_runs_through(values: dict[str, Any]) -> None:
    bucket = values["aws_s3_bucket.unnamed"]

    assert bucket["bucket"].startswith("terraform-")
    assert bucket["arn"] == f"arn:aws:s3:::{bucket['id']}"


def test_each_provider_block_has_its_own_region(values: dict[str, Any]) -> None:
    assert values["aws_acm_certificate.site"]["arn"].startswith("arn:aws:acm:us-east-1:123456789012:certificate/")


def test_domains_to_validate_are_known(values: dict[str, Any]) -> None:
    assert {address for address in values if "validation" in address} == {
        'aws_route53_record.validation["example.com"]',
        'aws_route53_record.validation["www.example.com"]',
    }


@pytest.mark.parametrize(
    ("address", "name", "later"),
    [
        ('aws_route53_record.validation["example.com"]', "name", True),
        ("aws_rds_cluster.main", "kms_key_id", True),
        ("aws_rds_cluster.main", "storage_encrypted", True),
        ("aws_rds_cluster.main", "deletion_protection", None),
        ("random_password.admin", "result", True),
    ],
)
def test_what_aws_decides_is_unknown(unknown: dict[str, Any], address: str, name: str, later: bool | None) -> None:
    assert unknown[address].get(name) is later


def test_documents_are_concrete(values: dict[str, Any]) -> None:
    containers = values["aws_ecs_task_definition.app"]["container_definitions"]

    assert "arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:rds!" in containers
    assert ".rds.amazonaws.com:5432" in containers
    assert '"sqs:SendMessage"' in values["aws_sqs_queue.jobs"]["policy"]


def test_rules_written_as_blocks_hold_what_the_real_provider_puts_in(values: dict[str, Any]) -> None:
    (rule,) = values["aws_security_group.web"]["ingress"]

    assert (rule["prefix_list_ids"], rule["self"]) == ([], False)


def test_waf_statements_go_three_deep(values: dict[str, Any]) -> None:
    (rule,) = values["aws_wafv2_web_acl.site"]["rule"]
    (scope,) = rule["statement"][0]["rate_based_statement"][0]["scope_down_statement"]
    first, second = scope["and_statement"][0]["statement"]

    assert first["not_statement"][0]["statement"][0]["geo_match_statement"][0]["country_codes"] == ["JP"]
    assert second["label_match_statement"][0]["key"] == "x"


def records(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in changes if each["type"] == "aws_route53_record"]


def test_the_same_configuration_gives_the_same_plan(root: Root, planned: dict[str, Any]) -> None:
    """Twins (the records, whose names are open) have the same identities as well, but which has which is open."""
    again = root.plan()["resource_changes"]
    twins = [each["change"]["after"].pop("fqdn") + each["change"]["after"].pop("id") for each in records(again)]
    before = [dict(each) for each in planned["resource_changes"]]

    assert set(twins) == {each["change"]["after"]["fqdn"] + each["change"]["after"]["id"] for each in records(before)}
    assert [each for each in again if each not in records(again)] == [
        each for each in before if each not in records(before)
    ]


@pytest.mark.slow
def test_a_second_plan_after_apply_finds_nothing_to_change(tmp_path: Path) -> None:
    """Without the records: their identity hangs on values that only become known in the apply."""
    text = PROVIDER + re.sub(r'resource "aws_route53_record".*?\n}\n', "", TREE, flags=re.S)
    with playground(tmp_path, text) as root:
        applied = root.core("apply", "-input=false", "-no-color", "-auto-approve")
        second = root.core("plan", "-input=false", "-no-color", "-detailed-exitcode")

    assert applied.code == 0, applied.stdout + applied.stderr
    assert second.code == 0, second.stdout + second.stderr
    assert "No changes" in second.stdout


# ── Data sources: known values are returned, all others are invented and written down

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
HERE = Settings(region="ap-northeast-1", account="111122223333", states_region=True, states_account=True)
DATA = """
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


@pytest.mark.parametrize("tags", [UNKNOWN, {"team": "news", "environment": UNKNOWN}])
def test_default_tags_that_depend_on_the_unknown_are_made_up(tags: Any) -> None:
    settings = read_settings({"default_tags": [{"tags": tags}]})
    values, invented = answer("aws_default_tags", settings)
    assert invented == ("tags",)
    assert values["tags"].keys() == (set() if tags is UNKNOWN else tags.keys())
    assert not holds_unknown(dict(values)), "core refuses an answer that it can't use at once"


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
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    with playground(tmp_path_factory.mktemp("data"), PROVIDER + DATA) as started:
        yield started


@pytest.fixture(scope="module")
def data_values(data_root: Root) -> dict[str, Any]:
    return data_root.values()


def test_lists_of_ids_have_one_element_so_that_there_is_an_instance(data_values: dict[str, Any]) -> None:
    (instance,) = (each for each in data_values if each.startswith("aws_eip.each"))

    assert MARK in instance


def test_ephemeral_values_reach_nothing(data_values: dict[str, Any]) -> None:
    assert data_values["aws_db_instance.main"]["password_wo"] is None
    assert data_values["aws_db_instance.main"]["password_wo_version"] == 1


def test_sidecar_says_what_was_not_read(data_root: Root, data_values: dict[str, Any]) -> None:
    assert data_values
    lines = [json.loads(line) for line in data_root.sidecar.read_text(encoding="utf-8").splitlines()]
    said = {each["type"]: each for each in lines if "type" in each}

    assert set(said) == {"aws_caller_identity", "aws_subnets", "aws_secretsmanager_secret_version"}
    assert "ids" in said["aws_subnets"]["invented"]


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


# ── The AWS provider's functions, called by core

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
def test_refused_arguments(name: str, argument: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        AWS_FUNCTIONS[name].call(argument)


# ── Policy documents as the real provider renders them

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
def test_refused_policy_documents(config: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        render(config)


# ── The small providers that configurations use beside AWS

UTILITIES = """
resource "random_id" "id" {
  byte_length = 4
  prefix      = "app-"
}
resource "random_string" "name" {
  length  = 40
  special = false
}
resource "random_shuffle" "zones" {
  input        = ["a", "b", "c"]
  result_count = 2
}
resource "random_integer" "port" {
  min = 8000
  max = 9000
}
resource "null_resource" "each" {
  count    = 2
  triggers = { at = random_id.id.hex }
}
resource "time_static" "now" {}
resource "tls_private_key" "key" {
  algorithm = "ED25519"
}
resource "tls_self_signed_cert" "cert" {
  private_key_pem       = tls_private_key.key.private_key_pem
  validity_period_hours = 12
  allowed_uses          = ["server_auth"]
  subject {
    common_name = "example.com"
  }
}
resource "local_file" "out" {
  filename = "out.txt"
  content  = "x"
}
data "archive_file" "code" {
  type        = "zip"
  output_path = "code.zip"
  source {
    content  = "x"
    filename = "x.py"
  }
}
data "tls_certificate" "github" {
  url = "https://token.actions.githubusercontent.com"
}
resource "null_resource" "print" {
  triggers = { print = data.tls_certificate.github.certificates[0].sha1_fingerprint }
}
"""


@pytest.fixture(scope="module")
def utility_values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with playground(tmp_path_factory.mktemp("small"), UTILITIES) as root:
        return root.values()


def test_random_values_that_names_are_made_of_are_known(utility_values: dict[str, Any]) -> None:
    assert re.fullmatch(r"app-[0-9a-f]{8}", utility_values["random_id.id"]["hex"])
    assert len(utility_values["random_string.name"]["result"]) == 40


def test_what_is_drawn_by_lot_stays_unknown(utility_values: dict[str, Any]) -> None:
    assert "result" not in utility_values["random_shuffle.zones"]
    assert "result" not in utility_values["random_integer.port"]


def test_twins_are_told_apart(utility_values: dict[str, Any]) -> None:
    assert utility_values["null_resource.each[0]"]["id"] != utility_values["null_resource.each[1]"]["id"]


def test_the_others_plan(utility_values: dict[str, Any]) -> None:
    assert utility_values["tls_self_signed_cert.cert"]["subject"][0]["common_name"] == "example.com"
    assert utility_values["data.archive_file.code"]["output_path"] == "code.zip"
    assert "prodgate-unread" in utility_values["null_resource.print"]["triggers"]["print"]


@pytest.mark.parametrize("provider", TYPES)
def test_the_table_is_read_to_the_end(provider: str) -> None:
    """Nothing in a line is skipped because it is misspelt."""
    schemas = utility_schemas(provider)
    for kind, types in TYPES[provider].items():
        for name, stated in types.items():
            block = schemas.block(kind, name)
            names = re.findall(r"(?<=[ {*])(\w\w+)(?= [a-z]+[!?=])|^(\w+)(?= [a-z]+[!?=])", stated)
            found = set(block["attributes"]) | {
                inner for nested in block["block_types"].values() for inner in nested["block"]["attributes"]
            }
            assert found == {first or second for first, second in names}, name


# ── Core refuses faults of a configuration, with its own words and the right line

WRONG = {
    "Unsupported argument": ('resource "aws_sqs_queue" "q" {\n  nam = "q"\n}', 'Did you mean "name"?'),
    "Missing required argument": ('resource "aws_rds_cluster" "c" {\n}', '"engine" is required'),
    "Incorrect attribute value type": (
        'resource "aws_rds_cluster" "c" {\n  engine = "aurora-mysql"\n  copy_tags_to_snapshot = "maybe"\n}',
        "a bool is required",
    ),
    "Unsupported block type": ('resource "aws_sqs_queue" "q" {\n  scaling {\n  }\n}', '"scaling"'),
    "Invalid resource type": ('resource "aws_sqs_queu" "q" {\n}', 'Did you mean "aws_sqs_queue"?'),
    "Unsupported attribute": (
        'resource "aws_sqs_queue" "q" {\n}\noutput "o" {\n  value = aws_sqs_queue.q.ulr\n}',
        'Did you mean "url"?',
    ),
    "Too many default_action blocks": (
        'resource "aws_wafv2_web_acl" "w" {\n  scope = "REGIONAL"\n  default_action {\n    allow {}\n  }\n'
        "  default_action {\n    allow {}\n  }\n  visibility_config {\n    cloudwatch_metrics_enabled = true\n"
        '    metric_name = "m"\n    sampled_requests_enabled = true\n  }\n}',
        'No more than 1 "default_action" blocks are allowed',
    ),
    "Insufficient visibility_config blocks": (
        'resource "aws_wafv2_web_acl" "w" {\n  scope = "REGIONAL"\n  default_action {\n    allow {}\n  }\n}',
        'At least 1 "visibility_config" blocks are required',
    ),
    "Value for unconfigurable attribute": (
        'resource "aws_sqs_queue" "q" {\n  arn = "arn:aws:sqs:::q"\n}',
        """Can't configure a value for "arn": its value will be decided automatically""",
    ),
    "Invalid aws_iam_policy_document": (
        'data "aws_iam_policy_document" "d" {\n  statement {\n    sid = "a"\n  }\n  statement {\n    sid = "a"\n  }\n}',
        "duplicate Sid (a)",
    ),
}


@pytest.mark.parametrize("summary", WRONG)
def test_each_kind_of_mistake(summary: str, tmp_path: Path) -> None:
    text, detail = WRONG[summary]
    with playground(tmp_path, PROVIDER + text) as root:
        if summary.startswith("Invalid aws_iam"):  # only found when it is read
            said = root.core("plan", "-no-color", "-input=false").stderr
            assert summary in said
            assert detail in said
            return
        (error,) = root.errors()

    assert error["summary"] == summary or error["summary"].startswith("Incorrect")
    assert detail in " ".join(error["detail"].split())
    assert error["range"]["start"]["line"] > len(PROVIDER.splitlines()) - 1


@pytest.mark.parametrize("name", ["kubernetes", "external", "http"])
def test_a_provider_without_a_stand_in_is_named(name: str, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match=f"hashicorp/{name}"),
        playground(tmp_path, f'data "{name}_x" "x" {{\n}}\n'),
    ):
        pass


# ── The provider process never outlives its purpose

MODULE = [sys.executable, "-P", "-m", "prodgate.terraform.provider"]
PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*MODULE, str(tmp_path / "p.sock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_first_line_is_how_core_finds_it(provider: subprocess.Popen[str], tmp_path: Path) -> None:
    found = json.loads(provider.stdout.readline())

    aws = found["registry.terraform.io/hashicorp/aws"]
    assert aws == found["registry.opentofu.org/hashicorp/aws"]
    assert aws["Addr"] == {"Network": "unix", "String": str(tmp_path / "p.sock")}
    assert aws["Pid"] == provider.pid
    assert (tmp_path / "p.sock.random").is_socket()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_on_a_signal(provider: subprocess.Popen[str], tmp_path: Path, number: signal.Signals) -> None:
    provider.stdout.readline()

    provider.send_signal(number)

    assert provider.wait(60) == 0
    assert list(tmp_path.iterdir()) == []


def test_ends_when_its_input_is_closed(provider: subprocess.Popen[str]) -> None:
    provider.stdout.readline()

    provider.stdin.close()

    assert provider.wait(60) == 0


def test_ends_though_a_request_has_only_begun(provider: subprocess.Popen[str], tmp_path: Path) -> None:
    """As when core is killed while it sends one."""
    provider.stdout.readline()
    never = threading.Event()
    with grpc.insecure_channel(f"unix://{tmp_path / 'p.sock'}") as channel:
        begun = channel.stream_unary("/tfplugin6.Provider/GetProviderSchema").future(never.wait() for _ in range(1))
        # on the same connection, so that the provider knows of the other when it has answered this
        channel.unary_unary("/tfplugin6.Provider/GetProviderSchema")(b"", timeout=60)

        provider.stdin.close()

        assert provider.wait(60) == 0
        begun.cancel()
        never.set()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells at once that a process has ended")
def test_ends_with_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, *MODULE, str(tmp_path / "p.sock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        child = os.pidfd_open(int(parent.stdout.readline().split()[0]))
        parent.kill()

    ended, _, _ = select.select([child], [], [], 60)
    os.close(child)
    assert ended


def test_parent_that_ended_before_the_wait_began_is_noticed() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    heard, telling = os.pipe()

    wait_for_end(heard, ended.pid)

    os.close(heard)
    os.close(telling)
