"""Real core creates what a root declares in an emulated account."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.rehearsal.account import OriginalAccount, RehearsalAccount, apply_root, provision
from prodgate.terraform.diagnostics import TerraformError

ROOT = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
    archive = {
      source = "hashicorp/archive"
    }
    random = {
      source = "hashicorp/random"
    }
  }
}
variable "account" {
  default = "111122223333"
}
variable "suffix" {
  default = "x"
}
provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = [var.account]
  default_tags {
    tags = { team = "news" }
  }
}
data "aws_caller_identity" "current" {}
data "aws_availability_zones" "here" {}
data "archive_file" "code" {
  type        = "zip"
  output_path = "${path.root}/.terraform/code.zip"
  source {
    content  = "handler = print"
    filename = "main.py"
  }
}
resource "random_password" "secret" {
  length = 20
}
resource "aws_sqs_queue" "dead" {
  name = "dead-${var.suffix}"
}
resource "aws_sqs_queue" "jobs" {
  name           = "jobs"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
}
resource "aws_sns_topic" "alarms" {
  name = "alarms"
}
resource "aws_sns_topic" "elsewhere" {
  region = "us-east-1"
  name   = "elsewhere"
}
resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.url
  policy    = data.aws_iam_policy_document.jobs.json
}
data "aws_iam_policy_document" "jobs" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.jobs.arn]
    principals {
      type        = "AWS"
      identifiers = [data.aws_caller_identity.current.account_id]
    }
  }
}
resource "aws_s3_bucket" "code" {
  bucket_prefix = "code-"
}
resource "aws_s3_object" "code" {
  bucket = aws_s3_bucket.code.id
  key    = "code.zip"
  source = data.archive_file.code.output_path
}
# No adapter creates this; the topic's policy could name it all the same.
resource "aws_glacier_vault" "cold" {
  name = "cold"
}
resource "aws_sns_topic" "after_the_vault" {
  name         = "after"
  display_name = aws_glacier_vault.cold.arn
}
# AWS refuses such a name; what depends on the topic can't be created either.
resource "aws_sns_topic" "misnamed" {
  name = "not a name!"
}
resource "aws_sqs_queue" "dependent" {
  name   = "dependent"
  policy = aws_sns_topic.misnamed.arn
  provisioner "local-exec" {
    command = "touch ${path.root}/ran"
  }
}
output "zones" {
  value = data.aws_availability_zones.here.names
}
"""


@pytest.fixture(scope="module")
def steps() -> list[str]:
    return []


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("root")
    (place / "main.tf").write_text(ROOT, "utf-8")
    return place


@pytest.fixture(scope="module")
def original(root: Path, steps: list[str]) -> Iterator[OriginalAccount]:
    with apply_root(root, progress=steps.append) as original:
        yield original


@pytest.fixture(scope="module")
def account(original: OriginalAccount) -> RehearsalAccount:
    return original.account


def test_account_and_region_are_those_of_the_provider_block(account: RehearsalAccount) -> None:
    assert (account.id, account.region) == ("111122223333", "eu-central-1")
    assert account.clients("sts").get_caller_identity()["Account"] == "111122223333"


def test_references_are_resolved_with_what_the_account_answered(account: RehearsalAccount) -> None:
    url = account.clients("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    attributes = account.clients("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    dead = account.declared("aws_sqs_queue")["aws_sqs_queue.dead"]
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == dead["arn"]
    assert dead["arn"] == "arn:aws:sqs:eu-central-1:111122223333:dead-x"
    assert json.loads(attributes["Policy"])["Statement"][0]["Resource"] == attributes["QueueArn"]


def test_a_resource_is_created_in_its_own_region(account: RehearsalAccount) -> None:
    topics = account.clients("sns", "us-east-1").list_topics()["Topics"]

    assert [each["TopicArn"] for each in topics] == ["arn:aws:sns:us-east-1:111122223333:elsewhere"]


def test_default_tags_reach_the_account(account: RehearsalAccount) -> None:
    arn = account.declared("aws_sns_topic")["aws_sns_topic.alarms"]["arn"]

    assert account.clients("sns").list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "news"}]


def test_a_name_that_the_provider_makes_up_is_made_up(account: RehearsalAccount) -> None:
    (bucket,) = account.clients("s3").list_buckets()["Buckets"]

    assert bucket["Name"].startswith("code-")


def test_an_archive_is_packed_and_can_be_uploaded(account: RehearsalAccount, root: Path) -> None:
    bucket = account.declared("aws_s3_bucket")["aws_s3_bucket.code"]["bucket"]

    assert account.clients("s3").get_object(Bucket=bucket, Key="code.zip")["Body"].read().startswith(b"PK")
    assert sorted(each.name for each in root.iterdir()) == ["main.tf"]


@pytest.mark.slow
def test_what_is_drawn_is_there(account: RehearsalAccount) -> None:
    assert account.declared("random_password")["random_password.secret"]["result"]


def test_a_type_without_adapter_is_named_and_holds_nothing_up(account: RehearsalAccount) -> None:
    assert account.not_created == {"aws_glacier_vault": ("aws_glacier_vault.cold",)}
    assert "aws_sns_topic.after_the_vault" in account.declared("aws_sns_topic")


def test_a_resource_that_failed_is_named_with_what_aws_said(account: RehearsalAccount) -> None:
    failed, dependent = account.failed

    assert failed.address == "aws_sns_topic.misnamed"
    assert "aws_sns_topic 'not a name!'" in failed.detail
    assert "InvalidParameter" in failed.detail
    assert "aws_sqs_queue.dependent" not in account.declared("aws_sqs_queue")
    assert (dependent.address, dependent.detail) == (
        "aws_sqs_queue.dependent",
        "something that it depends on was not created",
    )


def test_the_next_plan_has_nothing_to_change_in_what_was_created(original: OriginalAccount) -> None:
    assert original.changes() == {"aws_sns_topic.misnamed": ["create"], "aws_sqs_queue.dependent": ["create"]}


def test_progress_counts_resources(account: RehearsalAccount, steps: list[str], root: Path) -> None:
    assert steps[0].startswith("rehearsal: applying ")
    assert any(step.endswith(": 0 of 12") for step in steps)
    assert all("root" in step for step in steps)


@pytest.mark.slow
def test_a_copy_is_another_account(original: OriginalAccount, account: RehearsalAccount) -> None:
    with original.copy() as copy:
        assert len(copy.clients("sns").list_topics()["Topics"]) == 2
        copy.clients("sns").delete_topic(TopicArn=copy.declared("aws_sns_topic")["aws_sns_topic.alarms"]["arn"])
    assert len(account.clients("sns").list_topics()["Topics"]) == 2


def test_a_root_that_core_refuses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sns_topic" "x" {\n  nam = "x"\n}\n', "utf-8")

    with pytest.raises(TerraformError, match=r"main\.tf:2: Unsupported argument"), provision(tmp_path):
        pass


@pytest.mark.slow
def test_variable_files_decide_the_account(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "account" {}\nprovider "aws" {\n  region = "eu-west-1"\n  allowed_account_ids = [\n    var.account,\n'
        '  ]\n}\nresource "aws_sns_topic" "x" {\n  name = "x"\n}\n',
        "utf-8",
    )
    (tmp_path / "live.tfvars").write_text('account = "444455556666"\n', "utf-8")

    with provision(tmp_path, var_files=[tmp_path / "live.tfvars"]) as account:
        assert account.id == "444455556666"
        assert account.declared("aws_sns_topic")["aws_sns_topic.x"]["arn"] == "arn:aws:sns:eu-west-1:444455556666:x"


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.tf").write_text("locals {}\n")
    monkeypatch.setattr("prodgate.rehearsal.account.find_spec", lambda _name: None)
    with pytest.raises(TerraformError, match=r"pip install 'prod-gate\[core,rehearsal\]'"), provision(tmp_path):
        pass
