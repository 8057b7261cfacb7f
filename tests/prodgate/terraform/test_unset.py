"""What is null is judged as if it were left out, in whatever way it was said; what a stand-in decides is not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate import Configuration, Unresolved
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.inventions import read_inventions
from prodgate.terraform.plan import build_configuration
from prodgate.terraform.unset import PlannedConfiguration

ROOT = """
module "m" {
  source = "./m"
  asked  = data.aws_ebs_volume.v.encrypted
}
data "aws_ebs_volume" "v" {
  most_recent = true
}
resource "aws_db_instance" "decided" {
  instance_class          = "db.t3.micro"
  kms_key_id              = data.aws_ebs_volume.v.encrypted ? "key" : null
  backup_retention_period = aws_db_instance.other.port
}
resource "aws_db_instance" "asked" {
  instance_class = "db.t3.micro"
  kms_key_id     = aws_db_instance.other.replicas[0] == "replica" ? "key" : null
}
resource "aws_db_instance" "handed_on" {
  instance_class = "db.t3.micro"
  kms_key_id     = data.aws_ebs_volume.v.kms_key_id
}
resource "terraform_data" "nameless" {}
resource "aws_db_instance" "other" {
  instance_class = "db.t3.small"
}
"""
MODULE = """
variable "keep" {
  type    = number
  default = null
}
variable "rules" {
  default = []
}
variable "asked" {
  type    = bool
  default = null
}
resource "aws_db_instance" "handed_in" {
  instance_class = "db.t3.micro"
  kms_key_id     = var.asked == null ? null : "key"
}
resource "aws_db_instance" "plain" {
  instance_class          = "db.t3.micro"
  backup_retention_period = var.keep
  kms_key_id              = var.keep == null ? null : "key"
}
resource "aws_security_group" "closed" {
  dynamic "ingress" {
    for_each = var.rules
    content {
      from_port = 1
      to_port   = 2
      protocol  = "tcp"
    }
  }
}
"""


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    root = tmp_path_factory.mktemp("unset")
    (root / "m").mkdir()
    (root / "main.tf").write_text(ROOT, encoding="utf-8")
    (root / "m" / "main.tf").write_text(MODULE, encoding="utf-8")
    return evaluate(root)


def test_null_through_a_variable_is_not_set(evaluated: Configuration) -> None:
    plain = next(each for each in evaluated.of("aws_db_instance") if each.name == "plain")

    assert plain.number("backup_retention_period", 0) == 0
    assert plain.has("kms_key_id") is False


def test_dynamic_block_without_an_element_is_no_block(evaluated: Configuration) -> None:
    (group,) = evaluated.of("aws_security_group")

    assert group.blocks("ingress") == ()


@pytest.mark.parametrize("argument", ["kms_key_id", "backup_retention_period"])
def test_null_that_a_stand_in_or_aws_decides_is_not_known(evaluated: Configuration, argument: str) -> None:
    decided = next(each for each in evaluated.of("aws_db_instance") if each.name == "decided")

    with pytest.raises(Unresolved):
        decided.text(argument)


@pytest.mark.parametrize("name", ["decided", "asked", "handed_in"])
def test_what_a_condition_may_make_null_is_not_taken_for_set(evaluated: Configuration, name: str) -> None:
    resource = next(each for each in evaluated.of("aws_db_instance") if each.name == name)

    with pytest.raises(Unresolved):
        resource.has("kms_key_id")


def test_what_is_handed_on_from_one_source_is_set(evaluated: Configuration) -> None:
    assert next(each for each in evaluated.of("aws_db_instance") if each.name == "handed_on").has("kms_key_id")


def test_of_two_that_are_called_the_same_both_must_leave_it_out(tmp_path: Path) -> None:
    sidecar = tmp_path / "invented.jsonl"
    lines = [{"planned": "aws_x", "id": "twin", "unset": each} for each in (["a", "b"], ["b", "c"])]
    sidecar.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    assert read_inventions(sidecar).unset == {("aws_x", "twin"): {"b"}}


def plan(expressions: Mapping[str, Any], call: Mapping[str, Any], value: Any = None) -> dict[str, Any]:
    """A plan of a database in a module, which has a variable without a default."""
    resource = {"address": "aws_db_instance.it", "expressions": expressions}
    module = {"resources": [resource], "variables": {"keep": {}, "days": {"default": 7}}}
    unknown = {"address": "module.m.aws_db_instance.it", "change": {"after_unknown": {"backup_retention_period": True}}}
    planned = {
        "address": "module.m.aws_db_instance.it", "type": "aws_db_instance", "name": "it", "mode": "managed",
        "values": {"instance_class": "db.t3.micro"},
    }  # fmt: skip
    return {
        "planned_values": {"root_module": {"child_modules": [{"address": "module.m", "resources": [planned]}]}},
        "resource_changes": [{**unknown, "mode": "managed", "change": {**unknown["change"], "actions": ["create"]}}],
        "variables": {"root": {"value": value}},
        "configuration": {"root_module": {"module_calls": {"m": {"expressions": call, "module": module}}}},
    }  # fmt: skip


REFERENCE = {"references": ["var.keep"]}
NULL = {"kms_key_id": {"constant_value": None}}


@pytest.mark.parametrize(
    ("expressions", "call", "value", "unset"),
    [
        ({}, {}, None, True),
        ({"backup_retention_period": {"constant_value": None}}, {}, None, True),
        ({"backup_retention_period": REFERENCE}, {}, None, True),
        ({"backup_retention_period": REFERENCE}, {"keep": {"references": ["var.root"]}}, None, True),
        ({"backup_retention_period": REFERENCE}, {"keep": {"references": ["var.root"]}}, 3, False),
        ({"backup_retention_period": REFERENCE}, {"keep": {"references": ["aws_x.y.z", "aws_x.y"]}}, None, False),
        ({"backup_retention_period": {"references": ["var.days"]}}, {}, None, False),
        ({"backup_retention_period": {}}, {}, None, False),
    ],
)
def test_plan_says_itself_what_was_left_out(
    expressions: Mapping[str, Any], call: Mapping[str, Any], value: Any, unset: bool
) -> None:
    configuration = build_configuration(plan(expressions, call, value), root="plan.json", engine="none")
    (database,) = configuration.of("aws_db_instance")

    if unset:
        assert database.number("backup_retention_period", 0) == 0
    else:
        with pytest.raises(Unresolved):
            database.number("backup_retention_period", 0)


@pytest.mark.parametrize(
    ("written", "path", "left_out"),
    [
        ({"root_block_device": [{"volume_size": {}}]}, ("root_block_device", "kms_key_id"), True),
        ({"root_block_device": [{"kms_key_id": {}}]}, ("root_block_device", "kms_key_id"), False),
        ({"root_block_device": [{"kms_key_id": {}}, {}]}, ("root_block_device", "kms_key_id"), False),
        ({"root_block_device": [{"kms_key_id": {}}, NULL]}, ("root_block_device", "kms_key_id"), False),
        ({}, ("root_block_device", "kms_key_id"), False),  # it may be a dynamic block
        ({}, ("arn",), False),  # AWS alone sets it
    ],
)
def test_blocks_are_read_as_they_are_written(written: Mapping[str, Any], path: tuple[str, ...], left_out: bool) -> None:
    stated = {"address": "aws_instance.it", "expressions": written}
    known = PlannedConfiguration({"configuration": {"root_module": {"resources": [stated]}}})

    planned = {name: [{}] * len(blocks) for name, blocks in written.items()}

    assert known.leaves_out((), "aws_instance.it", "aws_instance", path, planned) is left_out


def test_block_beside_dynamic_ones_says_nothing_of_them() -> None:
    stated = {"address": "aws_instance.it", "expressions": {"ebs_block_device": [{"device_name": {}}]}}
    known = PlannedConfiguration({"configuration": {"root_module": {"resources": [stated]}}})
    argument = ("ebs_block_device", "encrypted")

    for planned, left_out in (([{}], True), ([{}, {}], False)):
        values = {"ebs_block_device": planned}
        assert known.leaves_out((), "aws_instance.it", "aws_instance", argument, values) is left_out
