"""Real core creates the resources of a root in an emulated account, through the rehearsal's provider and its
adapters."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from botocore import xform_name
from botocore.session import get_session

from prodgate.rehearsal.account import OriginalAccount, RehearsalAccount, apply_root, provision
from prodgate.rehearsal.adapters import ADAPTERS
from prodgate.rehearsal.adapters.registry import CALLS, Declared, call
from prodgate.rehearsal.emulator_process import ENDPOINT
from prodgate.rehearsal.provider.creator import Adapters, NotLoopback
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.provider.datasources import AWS_FUNCTIONS
from prodgate.terraform.provider.planning import CreationError, create_with
from prodgate.terraform.provider.schema import aws_schemas
from prodgate.terraform.provider.service import Service, Sidecar
from prodgate.terraform.provider.synthesis import Identities, Settings
from prodgate.terraform.provider.values import UNKNOWN, decode, empty_block, encode, is_unknown
from prodgate.terraform.provider.wire import CLASSES

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
    assert any(step.endswith(": 0 of 12 …") for step in steps)
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
def test_variable_files_decide_the_account_whatever_the_criteria_say(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "account" {}\nprovider "aws" {\n  region = "eu-west-1"\n  allowed_account_ids = [\n    var.account,\n'
        '  ]\n}\nresource "aws_sns_topic" "x" {\n  name = "x"\n}\n',
        "utf-8",
    )
    (tmp_path / "live.tfvars").write_text('account = "444455556666"\n', "utf-8")

    with provision(tmp_path, var_files=[tmp_path / "live.tfvars"], account="111122223333") as account:
        assert account.id == "444455556666"
        assert account.declared("aws_sns_topic")["aws_sns_topic.x"]["arn"] == "arn:aws:sns:eu-west-1:444455556666:x"


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.tf").write_text("locals {}\n")
    monkeypatch.setattr("prodgate.rehearsal.account.find_spec", lambda _name: None)
    with pytest.raises(TerraformError, match=r"pip install 'prod-gate\[core,rehearsal\]'"), provision(tmp_path):
        pass


# ── The rehearsal provider's handling of one resource


class Recorder:
    """Creates nothing, and records its requests."""

    def __init__(self, answer: Mapping[str, Any] | None) -> None:
        self.answer, self.declared = answer, {}

    def create(self, kind: str, declared: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        self.declared = dict(declared)
        return self.answer

    def read(self, kind: str, config: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        return None


def created(
    kind: str, answer: Mapping[str, Any] | None, config: Mapping[str, Any], **planned: Any
) -> tuple[dict[str, Any], Recorder]:
    block, recorder = aws_schemas().block("resource", kind), Recorder(answer)
    stated = empty_block(block) | dict(config)
    identity = Identities().identify(kind, stated, Settings())
    state, _ = create_with(
        recorder, kind, block, stated | planned, config=stated, settings=Settings(), identity=identity
    )
    return state, recorder


@pytest.mark.parametrize(
    ("kind", "name", "config", "begins"),
    [
        ("aws_sns_topic", "name", {}, "terraform-"),
        ("aws_lambda_permission", "statement_id", {}, "terraform-"),
        ("aws_lambda_permission", "statement_id", {"statement_id_prefix": "web-"}, "web-"),
        ("aws_key_pair", "key_name", {"key_name_prefix": "jump-"}, "jump-"),
    ],
)
def test_what_the_provider_names_has_a_name_before_aws_is_asked(
    kind: str, name: str, config: Mapping[str, str], begins: str
) -> None:
    state, recorder = created(kind, {"id": "x"}, config)
    assert recorder.declared[name] == state[name]
    assert state[name].startswith(begins)


def test_what_was_answered_fills_what_was_open_and_the_rest_is_closed() -> None:
    open_ = {"arn": UNKNOWN, "id": UNKNOWN, "owner": UNKNOWN}
    state, recorder = created("aws_sns_topic", {"arn": "arn:x", "id": "arn:x"}, {"name": "t"}, **open_)

    assert (state["arn"], state["name"], state["owner"]) == ("arn:x", "t", None)
    assert recorder.declared["arn"] is None


def test_what_is_declared_stays_as_declared() -> None:
    state, _ = created("aws_sns_topic", {"name": "other", "display_name": "shown"}, {"name": "t"})

    assert (state["name"], state["display_name"]) == ("t", None)


def test_numbers_and_flags_take_the_form_of_the_schema() -> None:
    state, _ = created(
        "aws_lambda_function", {"version": 3, "source_code_size": 10}, {"function_name": "f"}, version=None
    )

    assert (state["version"], state["source_code_size"]) == ("3", 10)


def test_an_attribute_that_the_type_has_not_is_the_adapters_mistake() -> None:
    with pytest.raises(CreationError, match="the adapter of aws_sns_topic returned 'arm'"):
        created("aws_sns_topic", {"arm": "x"}, {"name": "t"})


def test_a_value_that_is_only_written_reaches_the_adapter_and_not_the_state() -> None:
    config = {"secret_id": "s", "secret_string_wo": "hush", "secret_string_wo_version": 1}
    state, recorder = created("aws_secretsmanager_secret_version", {}, config, secret_string_wo=None)

    assert recorder.declared["secret_string_wo"] == "hush"
    assert state["secret_string_wo"] is None


def test_a_type_without_adapter_gets_an_identity_for_what_depends_on_it() -> None:
    state, _ = created("aws_sns_topic", None, {"name": "t"}, arn=UNKNOWN)

    assert state["arn"].endswith(":t")


def service(creator: Recorder) -> Service:
    return Service(aws_schemas(), AWS_FUNCTIONS, Sidecar(None), creator=creator)


def test_nothing_is_invented_before_creation() -> None:
    stated = empty_block(aws_schemas().block("resource", "aws_rds_cluster")) | {
        "cluster_identifier": "c",
        "engine": "aurora-mysql",
        "manage_master_user_password": True,
    }
    request = CLASSES["Plan"](
        type_name="aws_rds_cluster", prior_state=encode(None), proposed_new_state=encode(stated), config=encode(stated)
    )

    planned = decode(service(Recorder({})).plan_resource_change(request).planned_state)

    assert is_unknown(planned["arn"])
    assert is_unknown(planned["master_user_secret"][0]["secret_arn"])
    assert planned["port"] == 3306


@pytest.mark.parametrize("after", [{"name": "t", "display_name": "new"}, None], ids=["change", "removal"])
def test_what_exists_is_neither_changed_nor_removed(after: Mapping[str, Any] | None) -> None:
    block = aws_schemas().block("resource", "aws_sns_topic")
    prior = encode(empty_block(block) | {"name": "t"})
    planned = encode(None if after is None else empty_block(block) | dict(after))
    request = CLASSES["Apply"](type_name="aws_sns_topic", prior_state=prior, planned_state=planned, config=planned)

    answer = service(Recorder({})).apply_resource_change(request)

    assert "neither changed nor removed" in answer.diagnostics[0].detail
    assert decode(answer.new_state)["name"] == "t"


@pytest.mark.parametrize(
    "endpoint",
    ["https://sns.ap-northeast-1.amazonaws.com", "http://10.0.0.1:80", "http://localhost.example:1", "", "x"],
)
def test_only_this_machine_is_ever_created_in(endpoint: str) -> None:
    with pytest.raises(NotLoopback, match="is not on this machine"):
        Adapters(endpoint, {})


def test_the_process_refuses_another_machine(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "prodgate.rehearsal.provider", str(tmp_path / "s"), "--tree", str(tmp_path)]

    told = {**os.environ, ENDPOINT: "http://192.0.2.1:80"}
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert "'http://192.0.2.1:80': is not on this machine" in done.stderr


def test_an_adapter_that_is_wrong_is_named_with_its_line() -> None:
    def wrong(declared: Mapping[str, Any], aws: Any) -> Mapping[str, Any]:
        raise KeyError("nmae")

    adapters = Adapters("http://127.0.0.1:1", {"aws_sns_topic": wrong})

    with pytest.raises(
        CreationError, match=r"aws_sns_topic 't': KeyError: 'nmae' \(test_provisioning\.py:\d+, in wrong\)"
    ):
        adapters.create("aws_sns_topic", {"name": "t"}, Settings())


# ── The rows of the adapters, compared with AWS's own model of its calls


def members_of(shape: Any, seen: set[str]) -> Iterator[str]:
    """Yield the names of all members below a shape, however deep."""
    if shape is None or shape.name in seen:
        return
    seen.add(shape.name)
    for name, member in getattr(shape, "members", {}).items():
        yield name
        yield from members_of(member, seen)
    for inner in (getattr(shape, "member", None), getattr(shape, "value", None)):
        yield from members_of(inner, seen)


@pytest.mark.once
def test_each_member_that_a_row_states_is_one_of_its_call() -> None:
    models = {service: get_session().get_service_model(service) for service in {one.split(".")[0] for one, _ in CALLS}}
    for operation, stated in CALLS:
        model = models[operation.split(".")[0]]
        (name,) = [each for each in model.operation_names if xform_name(each) == operation.split(".")[1]]
        assert not set(stated) - set(members_of(model.operation_model(name).input_shape, set())), operation


class Nowhere:
    """Clients of an account that is never called."""

    account, region = "111122223333", "eu-west-1"

    def __call__(self, service: str, region: str = "") -> Any:
        return get_session().create_client(
            service, self.region, aws_access_key_id="x", aws_secret_access_key="x", endpoint_url="http://127.0.0.1:9"
        )


def test_an_argument_that_the_type_has_not_is_the_rows_mistake() -> None:
    with pytest.raises(KeyError, match="RoleName: there is no argument 'nmae' in name, account, region"):
        call("iam.create_role", {}, RoleName="nmae")({"name": "x"}, Nowhere())
    CALLS.pop()


class Heard(Nowhere):
    """Clients whose calls are recorded, checked against AWS's model, and answered with nothing."""

    def __init__(self) -> None:
        self.sent: dict[str, Any] = {}

    def __call__(self, service: str, region: str = "") -> Any:
        client = super().__call__(service, region)
        client.meta.events.register("before-call", lambda **_: (Mock(status_code=200), {}))
        client.meta.events.register("provide-client-params", lambda params, **_: self.sent.update(params))
        return client


def declare(block: Declared, stated: Any) -> dict[str, Any]:
    """Return every argument and block of a type, None except for stated ones."""
    known = dict.fromkeys((*block["attributes"], *block["block_types"])) | stated
    for name, nested in block["block_types"].items():
        known[name] = [declare(nested["block"], each) for each in known[name] or ()]
    return known


@pytest.mark.parametrize(
    ("kind", "stated", "member", "sent"),
    [
        (
            "aws_backup_selection",
            {
                "name": "n", "iam_role_arn": "r", "plan_id": "p",
                "condition": [
                    {"string_equals": [{"key": "aws:ResourceTag/a", "value": "1"}]},
                    {"string_equals": [{"key": "aws:ResourceTag/b", "value": "2"}], "string_not_like": [{"key": "c", "value": "3"}]},
                ],
            },
            ("BackupSelection", "Conditions"),
            {
                "StringEquals": [
                    {"ConditionKey": "aws:ResourceTag/a", "ConditionValue": "1"},
                    {"ConditionKey": "aws:ResourceTag/b", "ConditionValue": "2"},
                ],
                "StringNotLike": [{"ConditionKey": "c", "ConditionValue": "3"}],
            },
        ),
        (
            "aws_cloudfront_distribution",
            {
                "enabled": True, "connection_function_association": [{"id": "f"}], "restrictions": [{"geo_restriction": []}],
                "origin": [{"origin_id": "o", "domain_name": "d"}],
                "default_cache_behavior": [
                    {"target_origin_id": "o", "viewer_protocol_policy": "https-only", "allowed_methods": ["GET"], "cached_methods": ["GET"]}
                ],
            },
            ("DistributionConfigWithTags", "DistributionConfig", "ConnectionFunctionAssociation"),
            {"Id": "f"},
        ),
        (
            "aws_wafv2_web_acl",
            {
                "name": "n", "scope": "REGIONAL", "default_action": [{"allow": [{}]}],
                "visibility_config": [{"cloudwatch_metrics_enabled": True, "sampled_requests_enabled": True, "metric_name": "m"}],
                "association_config": [{"request_body": [{"cloudfront": [{"default_size_inspection_limit": "KB_64"}]}]}],
            },
            ("AssociationConfig",),
            {"RequestBody": {"CLOUDFRONT": {"DefaultSizeInspectionLimit": "KB_64"}}},
        ),
        (
            "aws_wafv2_web_acl",
            {
                "name": "n", "scope": "REGIONAL", "default_action": [{"allow": [{}]}],
                "visibility_config": [{"cloudwatch_metrics_enabled": True, "sampled_requests_enabled": True, "metric_name": "m"}],
                "custom_response_body": [{"key": "no", "content": "Go away", "content_type": "TEXT_PLAIN"}],
            },
            ("CustomResponseBodies",),
            {"no": {"Content": "Go away", "ContentType": "TEXT_PLAIN"}},
        ),
    ],
    ids=["blocks that add up", "a name in two blocks", "a map of limits", "a map of bodies"],
)  # fmt: skip
def test_what_is_declared_is_sent(kind: str, stated: Declared, member: tuple[str, ...], sent: object) -> None:
    aws = Heard()
    with suppress(KeyError):  # nothing was answered
        ADAPTERS[kind](declare(aws_schemas().block("resource", kind), stated), aws)
    found: Any = aws.sent
    for name in member:
        found = found[name]
    assert found == sent
