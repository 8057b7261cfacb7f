"""What the keys in provider blocks come from."""

from pathlib import Path

import pytest

from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.provenance import Provenance
from prodgate.terraform.provider_blocks import find_provider_blocks
from prodgate.terraform.serialization import from_json, to_json
from prodgate.terraform.sources import read_tree
from tests.prodgate.terraform.tree_files import Plant

WRITTEN, HANDED_IN = "is written out", "is handed in when it runs"
ROOT = """
variable "none" {}
variable "empty" { default = null }
variable "default" { default = "hunter2hunter2" }
variable "assigned" {}
variable "both" { default = "" }
locals {
  key   = var.default
  keys  = { ours = var.none, theirs = "hunter2hunter2" }
  round = local.round
}
module "m" {
  source = "./m"
  key    = %s
}
provider "%s" {
  token  = %s
  region = "eu-west-1"
}
"""
MODULE = 'variable "key" {}\noutput "key" { value = var.key }\n'


def explain(root: Path, value: str, *, handed: str = "null", environment: dict[str, str] | None = None) -> object:
    (root / "m").mkdir(exist_ok=True)
    (root / "m" / "main.tf").write_text(MODULE)
    (root / "main.tf").write_text(ROOT % (handed, "github", value))
    (root / "terraform.tfvars").write_text('assigned = "hunter2hunter2"\n')
    known = Provenance(read_tree(root, root, {}), (), environment or {})
    (block,) = find_provider_blocks({}, known)
    assert (block.address, [*block.search()]) == ("provider.github", ["token"])
    found = block.search()["token"]
    return "unknown" if isinstance(found, Unknown) else found


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ('"hunter2hunter2"', WRITTEN),
        ("var.default", WRITTEN),
        ("local.key", WRITTEN),
        ("var.assigned", WRITTEN),
        ("local.keys.theirs", WRITTEN),
        ("local.keys.ours", HANDED_IN),
        ('var.none != "" ? var.none : "${var.default}"', WRITTEN),
        ("var.none", HANDED_IN),
        ("var.empty", HANDED_IN),
        ("var.both", HANDED_IN),
        ("null", HANDED_IN),
        ("local.round", HANDED_IN),
        ("data.aws_eks_cluster_auth.this.token", HANDED_IN),
        ("ephemeral.aws_secretsmanager_secret_version.this.secret_string", HANDED_IN),
        ("aws_iam_access_key.ci.secret", "is made by aws_iam_access_key.ci"),
        ("module.elsewhere.key", "unknown"),
    ],
)
def test_a_key_is_told_by_what_it_comes_from(tmp_path: Path, value: str, source: str) -> None:
    assert explain(tmp_path, value) == source


@pytest.mark.parametrize(
    ("handed", "source"), [('"hunter2hunter2"', WRITTEN), ("var.none", HANDED_IN), ("var.default", WRITTEN)]
)
def test_what_a_module_gives_out_is_what_it_was_handed(tmp_path: Path, handed: str, source: str) -> None:
    assert explain(tmp_path, "module.m.key", handed=handed) == source


def test_a_default_that_the_environment_replaces_is_not_the_key(tmp_path: Path) -> None:
    assert explain(tmp_path, "var.default", environment={"TF_VAR_default": "x"}) == HANDED_IN


@pytest.mark.parametrize(("url", "blocks"), [("http://localhost:4566", 0), ("http://localstack:4566", 0),
                                             ("https://s3.localhost.localstack.cloud", 0), ("https://s3.example.com", 1)])  # fmt: skip
def test_keys_of_an_emulator_open_nothing(tmp_path: Path, url: str, blocks: int) -> None:
    (tmp_path / "main.tf").write_text(
        f'provider "aws" {{\n  secret_key = "hunter2hunter2"\n  endpoints {{\n    s3 = "{url}"\n  }}\n}}\n'
    )
    known = Provenance(read_tree(tmp_path, tmp_path, {}), (), {})
    assert len([*find_provider_blocks({}, known)]) == blocks


def planned(value: object, *, module: str = "", given: object = "hunter2hunter2") -> object:
    stated = {"name": "aws", "alias": "a", "module_address": module, "expressions": {"secret_key": value}}
    variables = {"default": {"default": "hunter2hunter2"}, "none": {}}
    plan = {
        "variables": {"default": {"value": given}, "none": {"value": "hunter3"}},
        "configuration": {"provider_config": {"aws.a": stated}, "root_module": {"variables": variables}},
    }
    (block,) = find_provider_blocks(plan, None)
    assert block.address == (f"{module}." if module else "") + "provider.aws.a"
    found = block.search()["secret_key"]
    return "unknown" if isinstance(found, Unknown) else found


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ({"constant_value": "hunter2hunter2"}, WRITTEN),
        ({"references": ["var.default"]}, WRITTEN),
        ({"references": ["var.none"]}, HANDED_IN),
        ({"references": ["local.key"]}, "unknown"),
        ({"references": ["aws_iam_access_key.k.secret", "aws_iam_access_key.k"]}, "is made by aws_iam_access_key.k"),
        ({}, "unknown"),
    ],
)
def test_a_plan_says_it_as_well(value: object, source: str) -> None:
    assert planned(value) == source


def test_a_plan_does_not_say_what_a_module_is_handed() -> None:
    assert planned({"references": ["var.default"]}, module="module.m") == "unknown"


def test_what_is_given_in_the_place_of_a_default_is_handed_in() -> None:
    assert planned({"references": ["var.default"]}, given="another") == HANDED_IN


def test_each_resource_knows_the_block_that_makes_it(plant: Plant) -> None:
    files = {
        "main.tf": """provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
resource "aws_sqs_queue" "here" {}
module "m" {
  source    = "./m"
  providers = { aws = aws.us }
}
""",
        "m/main.tf": 'resource "aws_sqs_queue" "there" {}\n',
    }
    found = from_json(to_json(evaluate(plant(files))))
    assert {each.name: each.provider for each in found.of("aws_sqs_queue")} == {"here": "aws", "there": "aws.us"}
