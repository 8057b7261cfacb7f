"""Real core accepts the stand-in's plans: one root with a bit of everything, evaluated once."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
    ],
)
def test_resources_are_named_as_aws_would(values: dict[str, Any], address: str, name: str, value: str) -> None:
    assert values[address][name] == value


def test_unnamed_ones_get_a_name_that_runs_through(values: dict[str, Any]) -> None:
    bucket = values["aws_s3_bucket.unnamed"]

    assert bucket["bucket"].startswith("terraform-")
    assert bucket["arn"] == f"arn:aws:s3:::{bucket['id']}"


def test_each_provider_block_has_its_own_region_and_tags(values: dict[str, Any]) -> None:
    assert values["aws_acm_certificate.site"]["arn"].startswith("arn:aws:acm:us-east-1:123456789012:certificate/")
    assert values["aws_acm_certificate.site"]["tags_all"] == {}
    assert values["aws_s3_bucket.named"]["tags_all"] == {"kind": "raw", "team": "news"}


def test_domains_to_validate_are_known(values: dict[str, Any], unknown: dict[str, Any]) -> None:
    assert {address for address in values if "validation" in address} == {
        'aws_route53_record.validation["example.com"]',
        'aws_route53_record.validation["www.example.com"]',
    }
    assert unknown['aws_route53_record.validation["example.com"]']["name"] is True


def test_what_aws_decides_is_unknown(unknown: dict[str, Any]) -> None:
    assert unknown["aws_rds_cluster.main"]["kms_key_id"] is True
    assert unknown["aws_rds_cluster.main"]["storage_encrypted"] is True
    assert "deletion_protection" not in unknown["aws_rds_cluster.main"]
    assert unknown["random_password.admin"]["result"] is True


def test_documents_are_concrete(values: dict[str, Any]) -> None:
    containers = values["aws_ecs_task_definition.app"]["container_definitions"]

    assert "arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:rds!" in containers
    assert ".rds.amazonaws.com:5432" in containers
    assert '"sqs:SendMessage"' in values["aws_sqs_queue.jobs"]["policy"]


def test_rules_written_as_blocks_hold_what_the_real_provider_puts_in(values: dict[str, Any]) -> None:
    group = values["aws_security_group.web"]

    assert group["egress"] == []
    assert group["ingress"][0]["prefix_list_ids"] == []
    assert group["ingress"][0]["self"] is False


def test_write_only_arguments_are_not_kept(values: dict[str, Any]) -> None:
    assert values["aws_secretsmanager_secret_version.api"]["secret_string_wo"] is None
    assert values["aws_secretsmanager_secret_version.api"]["secret_string_wo_version"] == 1


def test_waf_statements_go_three_deep(values: dict[str, Any]) -> None:
    (rule,) = values["aws_wafv2_web_acl.site"]["rule"]
    (scope,) = rule["statement"][0]["rate_based_statement"][0]["scope_down_statement"]
    first, second = scope["and_statement"][0]["statement"]

    assert first["not_statement"][0]["statement"][0]["geo_match_statement"][0]["country_codes"] == ["JP"]
    assert second["label_match_statement"][0]["key"] == "x"


def records(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in changes if each["type"] == "aws_route53_record"]


def test_the_same_configuration_gives_the_same_plan(root: Root, planned: dict[str, Any]) -> None:
    """Twins (the records, whose names are open) have the same identities, too, but which has which is open."""
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
