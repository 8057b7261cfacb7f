"""Real core's result for a tree that uses most of the language."""

import hashlib
import json
import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from prodgate.semantics.unresolved import Unknown, Unresolved
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import Given, evaluate, open_configurations
from prodgate.terraform.resources import UNKNOWN, Configuration
from prodgate.terraform.runner import find_engine, prepare_environment
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


QUEUE, ALARM = "module.queue.aws_sqs_queue.orders", 'module.alarm["%s"].aws_cloudwatch_metric_alarm.this'


@pytest.mark.parametrize(
    ("address", "argument", "value"),
    [
        (QUEUE, "message_retention_seconds", 345600),  # defaults of optional attributes are filled in
        (ALARM % "p95", "evaluation_periods", 1),
        (ALARM % "errors", "evaluation_periods", 3),
        ("aws_ssm_parameter.greeting[0]", "value", "Welcome to shop.\n"),  # templates and files are read
        ("aws_ssm_parameter.notice", "value", "No refunds."),
        ("aws_db_instance.orders", "latest_restorable_time", UNKNOWN),  # what is left open is unknown
        ("aws_db_instance.orders", "kms_key_id", None),
    ],
)
def test_values_are_what_core_makes_of_them(in_shop: Find, address: str, argument: str, value: object) -> None:
    assert in_shop(address).values[argument] == value


def test_dynamic_blocks_are_unrolled(in_shop: Find) -> None:
    ports = {int(rule.number("from_port")) for rule in in_shop("aws_security_group.web").blocks("ingress")}

    assert ports == {80, 443}


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
    assert [str(place).rpartition("/")[2] for place in database.origin.of("backup_retention_period")] == [
        "main.tf:126",
        "longer.tfvars:1",
    ]


def test_root_named_directly_finds_its_modules_outside() -> None:
    named = evaluate(TREES / "shop" / "live")

    origins = {each.address: each.origin for each in named.resources}
    queue = origins["module.queue.aws_sqs_queue.orders"]
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
    core = " ".join(map(shlex.quote, find_engine({}).start(Path(tempfile.gettempdir()), 60)))
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
    gaps = {gap.subject: gap.reason for gap in evaluate(root).gaps}
    assert gaps.keys() == {"terraform.workspace", "aws_sqs_queue.q"}
    assert gaps["aws_sqs_queue.q"].endswith("in production with --workspace")
    with pytest.raises(TerraformError, match="'../x' is no name of a workspace"):
        Given(workspace="../x").check()


def test_progress_is_told(plant: Plant) -> None:
    steps: list[str] = []

    evaluate(plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n'}), progress=steps.append)

    assert steps == ["initialising", "planning", "reading the plan"]


# Configurations that can't be evaluated, each refused with the file and line to go to.

TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n'

REFUSED: Mapping[str, tuple[Mapping[str, str], str]] = {
    "syntax error": (
        {"main.tf": 'resource "aws_sns_topic" "t" {\n'},
        "main.tf:1: Unclosed configuration block; There is no closing brace",
    ),
    "resource without labels": ({"main.tf": "resource {\n}\n"}, "main.tf:1: Missing type for resource; "),
    "module without a label": ({"main.tf": "module {\n}\n"}, "main.tf:1: Missing name for module; "),
    "provider without a label": ({"main.tf": "provider {\n}\n"}, "main.tf:1: Missing name for provider; "),
    "module that calls itself": (
        {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/main.tf": 'module "again" {\n  source = "../m"\n}\n'},
        "m/main.tf:1: module 'again' calls itself",
    ),
    "file in whose place the gate would put its own": (
        {"main.tf": TOPIC, "zzzz_prodgate.tf": 'resource "aws_sns_topic" "t" {\n  name = "u"\n}\n'},
        "zzzz_prodgate.tf:1: zzzz_prodgate.tf has a name that the gate needs for itself; rename",
    ),
    "such a file of OpenTofu, in a module": (
        {"main.tf": 'module "m" {\n  source = "./m"\n}\n', "m/zzzz_prodgate.tofu": TOPIC},
        "m/zzzz_prodgate.tofu:1: m/zzzz_prodgate.tofu has a name that the gate needs for itself; rename the file",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_file_and_line(name: str, plant: Plant) -> None:
    files, expected = REFUSED[name]

    with pytest.raises(TerraformError) as refused:
        evaluate(plant(files))

    assert str(refused.value).startswith(expected), str(refused.value)
    assert "prodgate_reference" not in str(refused.value)


# Configurations that core refuses for one part: the part is a gap, and the topic beside it is judged.

LEFT_OUT: Mapping[str, tuple[Mapping[str, str], str]] = {
    "argument that no schema has": (
        {"main.tf": 'resource "aws_sns_topic" "u" {\n  nam = "t"\n}\n' + TOPIC},
        "main.tf:2: aws_sns_topic.u.nam: unsupported argument: An argument named",
    ),
    "block that no schema has, in a module": (
        {
            "prod/main.tf": 'module "m" {\n  source = "../modules/m"\n}\n' + TOPIC,
            "modules/m/main.tf": 'resource "aws_lb" "u" {\n  subnets = []\n  speed {\n    most = 1\n  }\n}\n',
        },
        "modules/m/main.tf:3: aws_lb.u.speed: unsupported block type: Blocks of type",
    ),
    "type that no schema has": (
        {"main.tf": 'resource "aws_sns_topik" "u" {\n}\n' + TOPIC},
        "main.tf:1: aws_sns_topik.u: invalid resource type:",
    ),
    "required argument that is left out": (
        {"main.tf": 'resource "aws_sqs_queue_policy" "p" {\n  policy = "{}"\n}\n' + TOPIC},
        'main.tf:1: aws_sqs_queue_policy.p: missing required argument: The argument "queue_url" is required',
    ),
    "local module that is not there": (
        {"main.tf": '\nmodule "m" {\n  source = "./nowhere"\n}\n' + TOPIC},
        "main.tf:2: module.m: could not be read, so nothing is known of what it makes: its source './nowhere' holds no",
    ),
    "variable that its own validation refuses": (
        {
            "main.tf": 'variable "n" {\n  default = 1\n  validation {\n    condition     = var.n > 1\n'
            '    error_message = "Too few."\n  }\n}\n' + TOPIC
        },
        "main.tf:1: a condition: invalid value for variable: Too few.",
    ),
    "resource that is not declared": (
        {"main.tf": 'resource "aws_sns_topic" "u" {\n  name = aws_sns_topic.v.name\n}\n' + TOPIC},
        "main.tf:2: aws_sns_topic.v: is declared nowhere",
    ),
    "output that shows what a newer provider hides": (
        {
            "main.tf": 'resource "aws_iam_user_login_profile" "p" {\n  user = "u"\n}\n'
            'output "key" {\n  value = aws_iam_user_login_profile.p.encrypted_password\n}\n' + TOPIC
        },
        "main.tf:4: output.key: output refers to sensitive values: To reduce the risk",
    ),
    "variable that is not declared": (
        {"main.tf": TOPIC + 'output "o" {\n  value = var.nowhere\n}\n'},
        "main.tf:5: var.nowhere: is declared nowhere",
    ),
    "attribute that is not there, named in a data source": (
        {
            "main.tf": TOPIC + 'data "aws_iam_policy_document" "d" {\n  statement {\n'
            "    resources = [aws_sns_topic.t.arnn]\n  }\n}\n"
        },
        "main.tf:6: data.aws_iam_policy_document.d: unsupported attribute: This object does not have an attribute",
    ),
    "number that depends on a variable without a value": (
        {"main.tf": 'variable "n" {}\nresource "aws_sns_topic" "u" {\n  count = var.n\n}\n' + TOPIC},
        "main.tf:2: aws_sns_topic.u: how many there are is decided by var.n, which has no value",
    ),
    "number of instances of which another number is made": (
        {
            "main.tf": 'variable "n" {}\nresource "aws_sqs_queue" "q" {\n  for_each = var.n\n  name = each.key\n}\n'
            'resource "aws_sns_topic" "u" {\n  count = length(aws_sqs_queue.q)\n}\n' + TOPIC
        },
        "main.tf:6: aws_sns_topic.u: how many there are is decided by ",
    ),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_part_that_core_refuses_is_a_gap_and_the_rest_is_judged(name: str, plant: Plant) -> None:
    files, expected = LEFT_OUT[name]
    found = evaluate(plant(files))

    assert any(f"{gap.position}: {gap.subject}: {gap.reason}".startswith(expected) for gap in found.gaps), found.gaps
    assert "aws_sns_topic.t" in {each.address for each in found.resources}
    assert "prodgate_" not in str([*found.gaps, *found.notes, *(each.values for each in found.resources)])


#: A provider that nobody stands in for is handed to a module, with and without a block of its own.
HANDED: Final = """
provider "aws" {}
provider "elasticstack" {
  alias = "logging"
}
data "aws_nat_gateways" "all" {}
data "aws_nat_gateway" "one" {
  count = length(data.aws_nat_gateways.all.ids)
  id    = tolist(data.aws_nat_gateways.all.ids)[count.index]
}
locals {
  second = data.aws_nat_gateway.one[1].id
}
resource "aws_sns_topic" "t" {
  name         = "t"
  display_name = local.second
}
module "one" {
  source    = "./one"
  providers = { google = google, aws = aws, elasticstack = elasticstack.logging }
}
"""
INNER: Final = """
terraform {
  required_providers {
    google       = { source = "hashicorp/google" }
    elasticstack = { source = "elastic/elasticstack" }
  }
}
resource "google_storage_bucket" "b" {
  name = "b"
}
resource "aws_sns_topic" "inner" {
  name = "inner"
}
"""


def test_a_module_that_is_handed_unknown_providers_is_judged_as_far_as_it_can_be(plant: Plant) -> None:
    found = evaluate(plant({"main.tf": HANDED, "one/main.tf": INNER}))
    resources = {each.address: each for each in found.resources}

    assert resources["module.one.aws_sns_topic.inner"].text("name") == "inner"
    with pytest.raises(Unresolved):
        resources["aws_sns_topic.t"].text("display_name")
    assert {gap.subject for gap in found.gaps} == {"module.one.google_storage_bucket.b", "data.aws_nat_gateway.one"}


#: What a first command meets: values that nobody gave it, files that are made later, a caller that adds providers.
UNSTATED: Mapping[str, str] = {
    "main.tf": """
variable "size" {
  type = number
}
variable "names" {}
variable "kept" {
  default = "short"
}
variable "login" {
  default = ""
}
locals {
  people = jsondecode(file("build/people.json"))
}
resource "aws_sns_topic" "t" {
  name = "t"
  tags = { Size = var.size }
}
resource "aws_sqs_queue" "q" {
  for_each                  = toset(var.names)
  provider                  = aws.of_the_caller
  name                      = each.key
  kms_master_key_id         = ""
  message_retention_seconds = 60
}
resource "aws_iam_user" "u" {
  for_each = { for one in local.people : one.name => one }
  name     = each.value.name
  path     = "/${regex("[a-z]+", var.login)}/"
}
resource "aws_sqs_queue_policy" "p" {
  queue_url = aws_sqs_queue.q["a"].id
  policy    = filebase64("build/policy.json")
}
""",
    "secrets.auto.tfvars": "\0GITCRYPT\0\1",
}


def test_what_nobody_states_is_unknown_and_said_in_a_line_for_each_cause(plant: Plant) -> None:
    found = evaluate(plant(UNSTATED), var_files=[plant({"stated.tfvars": 'kept = "long"\n'}) / "stated.tfvars"])
    resources = {each.address: each for each in found.resources}
    queue, user = resources['aws_sqs_queue.q["(unknown)"]'], resources['aws_iam_user.u["(unknown)"]']

    assert queue.number("message_retention_seconds") == 60
    assert isinstance(resources["aws_sns_topic.t"].search()["tags"]["Size"], Unknown)
    for unknown, argument in (
        (queue, "name"), (user, "name"), (user, "path"), (resources["aws_sqs_queue_policy.p"], "policy"),
    ):  # fmt: skip
        with pytest.raises(Unresolved, match="is decided"):
            unknown.text(argument)
    assert {gap.subject for gap in found.gaps} == {"aws_sqs_queue.q", "aws_iam_user.u"}
    encrypted = "may be set in secrets.auto.tfvars, which is encrypted, so what depends on it is unknown; state it"
    assert f"var.size (number), var.names, var.login: {encrypted} with --var NAME=VALUE" in found.notes[0]
    assert "kept" not in found.notes[0]


@pytest.mark.parametrize(
    ("files", "path", "said"),
    [
        ({"notes.txt": ""}, ".", r"holds no Terraform files \(\*\.tf\); name a Terraform root"),
        ({"main.tf": TOPIC}, "nowhere", "nowhere: there is no such file or directory"),
        ({"a/main.tf": TOPIC, "b/main.tf": TOPIC}, ".", "holds 2 roots: a, b; name one of them"),
    ],
)
def test_what_is_not_one_root_is_refused(files: Mapping[str, str], path: str, said: str, plant: Plant) -> None:
    with pytest.raises(TerraformError, match=said):
        evaluate(plant(files) / path)


@pytest.mark.parametrize("said", ["costs ${", "%{ x"])
def test_json_that_core_alone_understands_is_a_gap(plant: Plant, said: str) -> None:
    """In what core takes for a text, such as a description, no template needs to end."""
    text = json.dumps({"variable": {"v": {"default": 1, "description": said}}})
    (gap,) = evaluate(plant({"main.tf": TOPIC, "more.tf.json": text})).gaps

    assert (gap.subject, str(gap.position)) == ("more.tf.json", "more.tf.json:1")


def test_variable_file_that_is_not_there(plant: Plant) -> None:
    with pytest.raises(TerraformError, match=r"prod\.tfvars: there is no such variable file"):
        evaluate(plant({"main.tf": TOPIC}), var_files=[Path("prod.tfvars")])


# The user's directory, credentials and network are left alone.


def _fingerprint(tree: Path) -> Mapping[str, tuple[str, int]]:
    """Digest and time of change of everything below a directory; a directory's time changes with its entries."""
    return {
        str(each.relative_to(tree)): (
            hashlib.sha256(each.read_bytes()).hexdigest() if each.is_file() else "directory",
            each.stat().st_mtime_ns,
        )
        for each in (tree, *sorted(tree.rglob("*")))
    }


def test_nothing_is_written_into_the_tree() -> None:
    before = _fingerprint(TREES / "shop")

    evaluate(TREES / "shop")

    assert ".terraform.lock.hcl" in {Path(name).name for name in before}
    assert _fingerprint(TREES / "shop") == before


def test_nothing_is_written_when_core_refuses(plant: Plant) -> None:
    tree = plant({"main.tf": 'resource "aws_sns_topic" "t" {', "terraform.tfstate": '{"version": 4}'})
    before = _fingerprint(tree)

    with pytest.raises(Exception, match="Unclosed configuration block"):
        evaluate(tree)

    assert _fingerprint(tree) == before


def test_scratch_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    evaluate(TREES / "shop")

    assert list(tmp_path.iterdir()) == []


def test_state_of_the_real_infrastructure_is_not_read(plant: Plant) -> None:
    instance = {"schema_version": 0, "attributes": {"id": "t", "name": "old"}}
    resource = {
        "mode": "managed",
        "type": "aws_sns_topic",
        "name": "old",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [instance],
    }
    state = {"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "resources": [resource]}
    tree = plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n', "terraform.tfstate": json.dumps(state)})

    assert [each.address for each in evaluate(tree).resources] == ["aws_sns_topic.t"]


def test_variables_in_the_environment_count(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_name", "from the environment")
    tree = plant(
        {"main.tf": 'variable "name" {\n  default = "d"\n}\nresource "aws_sns_topic" "t" {\n  name = var.name\n}\n'}
    )

    (topic,) = evaluate(tree).resources

    assert topic.text("name") == "from the environment"
    assert [str(each) for each in topic.origin.of("name")] == ["main.tf:5"]


def test_credentials_and_arguments_stay_out(tmp_path: Path) -> None:
    user = {
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_PROFILE": "prod",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        "HOME": "/home/somebody",
        "HTTPS_PROXY": "http://proxy.corp:3128",
        "PATH": "/usr/bin",
        "TF_CLI_ARGS_plan": "-target=x",
        "TF_TOKEN_app_terraform_io": "secret",
        "TF_VAR_size": "3",
        "TF_WORKSPACE": "prod",
    }

    found = prepare_environment(user, tmp_path)

    assert {name for name in found if found[name] == user.get(name)} == {"PATH", "TF_VAR_size"}
    assert not {name for name in found if name.startswith("TF_CLI_ARGS") or name.startswith("TF_TOKEN")}
    assert found["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert all(Path(found[name]).is_relative_to(tmp_path) for name in ("HOME", "TF_DATA_DIR", "TF_CLI_CONFIG_FILE"))


@pytest.mark.parametrize("more", ["", 'backend "s3" {\n bucket = "b"\n key = "k"\n region = "eu-west-1"\n}',
                                  'cloud {\n organization = "o"\n workspaces {\n name = "w"\n }\n}'])  # fmt: skip
def test_hostile_environment_and_backends_change_nothing(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-no-such-option")
    monkeypatch.setenv("TF_WORKSPACE", "nowhere")
    monkeypatch.setenv("TF_LOG", "TRACE")
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    assert (
        len(evaluate(plant({"main.tf": f'terraform {{\n{more}\n}}\nresource "aws_sns_topic" "t" {{}}\n'})).resources)
        == 1
    )
