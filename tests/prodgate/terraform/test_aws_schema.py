"""The committed schema is the real provider's, as far as can be checked without it."""

import json
import tomllib
from pathlib import Path

import pytest

from prodgate.terraform.provider.schema import Block, aws_schemas

SCHEMAS = aws_schemas()
REQUIRED = {
    "aws_cloudwatch_metric_alarm": "alarm_name",
    "aws_db_instance": "instance_class",
    "aws_ecs_service": "name",
    "aws_ecs_task_definition": "container_definitions family",
    "aws_iam_role": "assume_role_policy",
    "aws_iam_role_policy_attachment": "policy_arn role",
    "aws_kms_alias": "target_key_id",
    "aws_lambda_function": "function_name role",
    "aws_lb_listener": "load_balancer_arn",
    "aws_mwaa_environment": "dag_s3_path execution_role_arn name source_bucket_arn",
    "aws_rds_cluster": "engine",
    "aws_rds_cluster_instance": "cluster_identifier engine instance_class",
    "aws_route53_record": "name type zone_id",
    "aws_s3_bucket_policy": "bucket policy",
    "aws_sns_topic_subscription": "endpoint protocol topic_arn",
    "aws_sqs_queue": "",
    "aws_subnet": "vpc_id",
    "aws_wafv2_web_acl": "scope",
}


def block_at(block: Block, path: str) -> Block:
    for name in path.split("."):
        block = block["block_types"][name]["block"]
    return block


def test_version_and_size() -> None:
    assert SCHEMAS.version == "6.69.1"
    assert [len(SCHEMAS.names(kind)) for kind in ("resource", "data", "ephemeral")] == [1735, 685, 11]


@pytest.mark.parametrize("kind", REQUIRED)
def test_required_arguments(kind: str) -> None:
    attributes = SCHEMAS.block("resource", kind)["attributes"]

    assert {name for name, each in attributes.items() if each.get("required")} == set(REQUIRED[kind].split())


@pytest.mark.parametrize(
    ("kind", "name", "flags"),
    [
        ("aws_rds_cluster", "arn", {"computed"}),
        ("aws_rds_cluster", "kms_key_id", {"optional", "computed"}),
        ("aws_rds_cluster", "deletion_protection", {"optional"}),
        ("aws_rds_cluster", "master_password", {"optional", "sensitive"}),
        ("aws_rds_cluster", "master_password_wo", {"optional", "write_only", "sensitive"}),
        ("aws_s3_bucket", "tags_all", {"optional", "computed"}),
        ("aws_ssm_parameter", "value", {"optional", "computed", "sensitive"}),
    ],
)
def test_flags(kind: str, name: str, flags: set[str]) -> None:
    attribute = SCHEMAS.block("resource", kind)["attributes"][name]

    assert set(attribute) - {"type"} == flags


def test_blocks_and_attributes_written_as_blocks_differ() -> None:
    group = SCHEMAS.block("resource", "aws_security_group")
    cluster = SCHEMAS.block("resource", "aws_rds_cluster")

    assert group["attributes"]["ingress"]["type"][0] == "set"
    assert cluster["block_types"]["serverlessv2_scaling_configuration"]["max_items"] == 1
    assert group["block_types"]["timeouts"]["nesting_mode"] == "single"


def test_provider_block() -> None:
    provider = SCHEMAS.block("provider", "")

    assert provider["attributes"]["allowed_account_ids"]["type"] == ["set", "string"]
    assert set(provider["block_types"]) >= {"assume_role", "default_tags", "endpoints", "ignore_tags"}
    assert provider["block_types"]["default_tags"]["block"]["attributes"]["tags"]["type"] == ["map", "string"]


@pytest.mark.parametrize("path", ["and_statement", "not_statement", "rate_based_statement.scope_down_statement"])
def test_waf_statements_contain_one_another(path: str) -> None:
    rule = block_at(SCHEMAS.block("resource", "aws_wafv2_web_acl"), f"rule.statement.{path}")
    inner = rule if path.endswith("scope_down_statement") else block_at(rule, "statement")

    assert "byte_match_statement" in block_at(inner, "or_statement.statement.not_statement.statement")["block_types"]
    assert "or_statement" not in block_at(inner, "or_statement.statement.not_statement.statement")["block_types"]


def test_waf_rule_groups_have_no_managed_rules() -> None:
    statement = block_at(SCHEMAS.block("resource", "aws_wafv2_rule_group"), "rule.statement")
    rule = block_at(SCHEMAS.block("resource", "aws_wafv2_web_acl_rule"), "statement")

    assert "managed_rule_group_statement" not in statement["block_types"]
    assert "managed_rule_group_statement" in rule["block_types"]


@pytest.mark.parametrize("kind", ["resource", "data", "ephemeral"])
def test_every_type_is_what_core_takes(kind: str) -> None:
    """Core refuses types that it can't place in a nested block, and an attribute that nobody sets."""
    for name in SCHEMAS.names(kind):
        attributes = SCHEMAS.block(kind, name)["attributes"]
        assert all(each.keys() & {"required", "optional", "computed"} for each in attributes.values()), name
        assert '{"recursive":' not in json.dumps(SCHEMAS.block(kind, name)), name


def test_controls_that_are_listed_are_of_types_that_there_are() -> None:
    controls = tomllib.loads((Path(__file__).parents[3] / "scripts" / "fsbp_controls.toml").read_text("utf-8"))
    assert {type_ for _, types, *_ in controls.values() for type_ in types} <= {*SCHEMAS.names("resource")}
