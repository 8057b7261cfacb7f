"""What comes out of real core for a tree that uses most of the language."""

import json
import shlex
from pathlib import Path

import pytest

from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import Given, evaluate, open_configurations
from prodgate.terraform.reading import UNKNOWN
from prodgate.terraform.resources import Configuration
from prodgate.terraform.runner import find_engine
from tests.prodgate.terraform.tree_files import TREES, Find, Plant


def test_every_instance_is_there(shop: Configuration) -> None:
    managed = sorted(resource.address for resource in shop.resources if resource.mode == "managed")

    assert managed == [
        "aws_db_instance.orders",
        "aws_iam_policy.publish",
        "aws_kms_key.shop",
        "aws_security_group.web",
        "aws_ssm_parameter.greeting[0]",
        "aws_ssm_parameter.greeting[1]",
        "aws_ssm_parameter.notice",
        'module.alarm["errors"].aws_cloudwatch_metric_alarm.this',
        'module.alarm["p95"].aws_cloudwatch_metric_alarm.this',
        "module.queue.aws_sqs_queue.orders",
        "module.queue.aws_sqs_queue_policy.orders",
        "module.team.aws_iam_role.team",
        "module.team.aws_iam_role_policy.publish",
        "module.topic.aws_sns_topic.this",
        "module.topic.aws_sns_topic_subscription.queue",
    ]
    assert shop.complete, shop.gaps


def test_root_is_named_from_where_the_user_stands(shop: Configuration) -> None:
    assert shop.root == "live"
    assert shop.engine.startswith("Terraform 1."), shop.engine


def test_defaults_of_optional_attributes_are_filled_in(in_shop: Find) -> None:
    assert in_shop("module.queue.aws_sqs_queue.orders").number("message_retention_seconds") == 345600
    assert in_shop('module.alarm["p95"].aws_cloudwatch_metric_alarm.this').number("evaluation_periods") == 1
    assert in_shop('module.alarm["errors"].aws_cloudwatch_metric_alarm.this').number("evaluation_periods") == 3


def test_dynamic_blocks_are_unrolled(in_shop: Find) -> None:
    ports = {int(rule.number("from_port")) for rule in in_shop("aws_security_group.web").blocks("ingress")}

    assert ports == {80, 443}


def test_files_and_templates_are_read_from_where_they_are(in_shop: Find) -> None:
    assert in_shop("aws_ssm_parameter.greeting[0]").text("value") == "Welcome to shop.\n"
    assert in_shop("aws_ssm_parameter.notice").text("value") == "No refunds."


def test_modules_in_a_ring_resolve_to_one_another(in_shop: Find) -> None:
    queue, topic, role = (
        in_shop("module.queue.aws_sqs_queue.orders"),
        in_shop("module.topic.aws_sns_topic.this"),
        in_shop("module.team.aws_iam_role.team"),
    )

    (grant,) = in_shop("module.queue.aws_sqs_queue_policy.orders").json("policy")["Statement"]
    assert grant["Principal"]["AWS"] == role.values["arn"]
    assert grant["Resource"] == queue.values["arn"]
    assert in_shop("module.topic.aws_sns_topic_subscription.queue").related("endpoint", "aws_sqs_queue") == (queue,)
    (publish,) = in_shop("module.team.aws_iam_role_policy.publish").json("policy")["Statement"]
    assert publish["Resource"] == topic.values["arn"]


def test_policy_documents_are_rendered_even_when_they_name_what_is_not_there_yet(in_shop: Find) -> None:
    key = in_shop("aws_kms_key.shop")

    (statement,) = in_shop("aws_iam_policy.publish").json("policy")["Statement"]

    assert statement["Resource"] == key.values["arn"]


def test_references_cross_modules(in_shop: Find) -> None:
    alarm = in_shop('module.alarm["p95"].aws_cloudwatch_metric_alarm.this')

    assert alarm.references["alarm_actions"] == ("module.topic.aws_sns_topic.this",)
    assert alarm.related("alarm_actions", "aws_sns_topic") == (in_shop("module.topic.aws_sns_topic.this"),)


def test_sensitive_arguments_are_marked(in_shop: Find) -> None:
    database = in_shop("aws_db_instance.orders")

    assert "password" in database.sensitive
    assert "backup_retention_period" not in database.sensitive


def test_what_the_configuration_leaves_open_is_unknown(in_shop: Find) -> None:
    orders = in_shop("aws_db_instance.orders").values

    assert (orders["latest_restorable_time"], orders["kms_key_id"]) == (UNKNOWN, None)


def test_failed_check_blocks_are_noted(shop: Configuration) -> None:
    note, account = shop.notes

    assert account.startswith("the account is not stated, and 123456789012 stands in for it in ")
    assert note.startswith("live/main.tf:132: Check block assertion failed; Backups are kept for 7 days only.")


def test_variable_file_wins_over_the_tfvars_that_are_read_anyway(tmp_path: Path) -> None:
    longer = tmp_path / "longer.tfvars"
    longer.write_text("keep = { backups = 35 }\n", encoding="utf-8")

    database = {each.address: each for each in evaluate(TREES / "shop", var_files=[longer]).resources}[
        "aws_db_instance.orders"
    ]

    assert database.number("backup_retention_period") == 35
    assert database.origin is not None
    assert [str(place).rpartition("/")[2] for place in database.origin.of("backup_retention_period")] == [
        "main.tf:126",
        "longer.tfvars:1",
    ]


def test_root_named_directly_finds_its_modules_outside() -> None:
    named = evaluate(TREES / "shop" / "live")

    origins = {each.address: each.origin for each in named.resources}
    queue = origins["module.queue.aws_sqs_queue.orders"]
    assert queue is not None
    assert str(queue.block) == "../parts/queue/main.tf:7"
    assert named.root == "live"


def test_root_reached_through_a_symbolic_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(TREES / "shop" / "live", target_is_directory=True)

    assert len(evaluate(link).of("aws_sqs_queue")) == 1


def test_several_roots_are_evaluated_each(plant: Plant) -> None:
    topic = 'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n'
    tree = plant(
        {
            "a/main.tf": topic,
            "b/main.tf": 'module "m" {\n  source = "../shared"\n}\n',
            "shared/main.tf": topic,
            ".terraform/modules/x/main.tf": topic,
        }
    )

    found = open_configurations(tree)

    assert [(each.root, len(each.resources)) for each in found] == [("a", 1), ("b", 1)]


def test_json_syntax_is_evaluated(plant: Plant) -> None:
    main = {"resource": {"aws_sns_topic": {"t": {"name": "t"}}}, "module": {"m": {"source": "./m"}}}
    tree = plant({"main.tf.json": json.dumps(main), "m/main.tf": 'resource "aws_sns_topic" "m" {\n  name = "m"\n}\n'})

    assert {each.address for each in evaluate(tree).resources} == {"aws_sns_topic.t", "module.m.aws_sns_topic.m"}


def test_modules_that_init_fetched_are_used(plant: Plant) -> None:
    modules = [
        {"Key": "", "Source": "", "Dir": "."},
        {
            "Key": "net",
            "Source": "registry.terraform.io/acme/net/aws",
            "Version": "1.2.0",
            "Dir": ".terraform/modules/net",
        },
    ]
    tree = plant(
        {
            "main.tf": 'module "net" {\n  source  = "acme/net/aws"\n  version = "~> 1.0"\n}\n',
            ".terraform/modules/modules.json": json.dumps({"Modules": modules}),
            ".terraform/modules/net/main.tf": 'resource "aws_vpc" "v" {\n  cidr_block = "10.0.0.0/16"\n}\n',
        }
    )

    (vpc,) = evaluate(tree).resources

    assert vpc.text("cidr_block") == "10.0.0.0/16"
    assert str(vpc.origin.block) == ".terraform/modules/net/main.tf:1"  # type: ignore[union-attr]


def test_other_version_of_terraform_is_noted_and_evaluated(plant: Plant) -> None:
    tree = plant({"main.tf": 'terraform {\n  required_version = "~> 1.3.0"\n}\nresource "aws_sns_topic" "t" {}\n'})

    evaluated = evaluate(tree)

    assert len(evaluated.resources) == 1
    assert evaluated.notes == ("main.tf:2: asks for another version of Terraform",)


@pytest.mark.parametrize("backend", ['backend "s3" {\n bucket = "b"\n key = "k"\n region = "eu-west-1"\n}',
                                     'cloud {\n organization = "o"\n workspaces {\n name = "w"\n }\n}'])  # fmt: skip
def test_backends_are_never_asked(plant: Plant, backend: str) -> None:
    tree = plant({"main.tf": f'terraform {{\n{backend}\n}}\nresource "aws_sns_topic" "t" {{}}\n'})

    assert len(evaluate(tree).resources) == 1


def test_provisioners_never_run(plant: Plant, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    provisioner = f'provisioner "local-exec" {{\n    command = "touch {mark}"\n  }}'
    tree = plant({"main.tf": f'resource "aws_sns_topic" "t" {{\n  name = "t"\n  {provisioner}\n}}\n'})

    assert len(evaluate(tree).resources) == 1
    assert not mark.exists()


def test_other_providers_have_stand_ins(plant: Plant) -> None:
    main = """
        resource "random_id" "suffix" {
          byte_length = 4
        }
        resource "null_resource" "n" {
          triggers = { suffix = random_id.suffix.hex }
        }
        data "archive_file" "code" {
          type        = "zip"
          source_dir  = "${path.module}/code"
          output_path = "${path.module}/code.zip"
        }
        resource "aws_lambda_function" "f" {
          function_name = "f-${random_id.suffix.hex}"
          role          = "arn:aws:iam::123456789012:role/f"
          filename      = data.archive_file.code.output_path
        }
    """
    tree = plant({"main.tf": main, "code/f.py": "\n"})

    found = {each.address: each for each in evaluate(tree).resources}

    assert set(found) == {"random_id.suffix", "null_resource.n", "data.archive_file.code", "aws_lambda_function.f"}
    assert found["aws_lambda_function.f"].text("function_name") == f"f-{found['random_id.suffix'].text('hex')}"
    assert not (tree / "code.zip").exists()


def test_core_whose_init_knows_no_json(plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core = " ".join(map(shlex.quote, find_engine({}).command))
    older = tmp_path / "terraform"
    older.write_text(
        '#!/bin/sh\nif [ "$1 $2" = "init -json" ]; then\n'
        f'  echo "flag provided but not defined: -json" >&2; exit 1\nfi\nexec {core} "$@"\n',
        encoding="utf-8",
    )
    older.chmod(0o755)
    monkeypatch.setenv("PRODGATE_TERRAFORM", str(older))

    assert len(evaluate(plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n'})).resources) == 1


def test_condition_that_a_stand_in_value_breaks_is_a_gap(plant: Plant) -> None:
    condition = 'postcondition {\n      condition     = self.arn == "arn:aws:sns:eu-west-1:1:mine"\n'
    lifecycle = f'lifecycle {{\n    {condition}      error_message = "not mine"\n    }}\n  }}'
    tree = plant({"main.tf": f'resource "aws_sns_topic" "t" {{\n  name = "t"\n  {lifecycle}\n}}\n'})

    evaluated = evaluate(tree)

    (gap,) = evaluated.gaps
    assert len(evaluated.resources) == 1
    assert gap.reason.startswith("resource postcondition failed: not mine")
    assert str(gap.position) == "main.tf:5"


def test_what_depends_on_the_workspace_is_a_gap(plant: Plant) -> None:
    queue = 'resource "aws_sqs_queue" "more" {\n  count = terraform.workspace == "prod" ? 1 : 0\n}\n'

    (gap,) = evaluate(plant({"main.tf": queue})).gaps

    assert (gap.subject, str(gap.position)) == ("terraform.workspace", "main.tf:2")
    assert "judge a plan.json of it, or check --workspace NAME" in gap.reason


def test_workspace_is_stated(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_WORKSPACE", "dev")
    queue = (
        'resource "aws_sqs_queue" "q" {\n  count = { prod = 2 }[terraform.workspace]\n  name = terraform.workspace\n}\n'
    )
    root = plant({"main.tf": queue})

    (found,) = open_configurations(root, given=Given(workspace="prod"))

    assert found.complete
    assert [each.text("name") for each in found.of("aws_sqs_queue")] == ["prod", "prod"]
    with pytest.raises(TerraformError, match="main.tf:2: Invalid index; .* in production with --workspace"):
        evaluate(root)
    with pytest.raises(TerraformError, match="'../x' is no name of a workspace"):
        Given(workspace="../x").check()


def test_progress_is_told(plant: Plant) -> None:
    steps: list[str] = []

    evaluate(plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n'}), progress=steps.append)

    assert steps == ["initialising", "planning", "reading the plan"]
