"""What is wrong in a configuration is refused by core, with its own words and the right line."""

from pathlib import Path

import pytest

from tests.prodgate.terraform.provider.playground import PROVIDER, playground

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
