"""Where a value is written, followed to the line that decides it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate.terraform.addresses import keys, split_module, without_indices
from prodgate.terraform.provenance import Provenance
from prodgate.terraform.sources import read_tree
from tests.prodgate.terraform.tree_files import TREES, Plant

SHOP = TREES / "shop"


@pytest.fixture(scope="module")
def shop() -> Provenance:
    return Provenance(read_tree(SHOP / "live", SHOP, {}), (), {})


def _lines(known: Provenance, base: Path, address: str, path: str) -> list[str]:
    """The text of the lines that are named for an argument."""
    origin = known.origin(address)
    assert origin is not None
    return [
        (base / place.file).read_text(encoding="utf-8").splitlines()[place.line - 1].strip()
        for place in origin.of(path)
    ]


FOLLOWED: Mapping[tuple[str, str], list[str]] = {
    ("aws_db_instance.orders", "instance_class"): ['instance_class          = "db.t4g.micro"'],
    ("aws_db_instance.orders", "backup_retention_period"): [
        "backup_retention_period = var.keep.backups",
        "backups = 7",
    ],
    ("aws_db_instance.orders", "password"): [
        "password                = var.password",
        'default   = "correct horse battery staple"',
    ],
    ("module.queue.aws_sqs_queue.orders", "message_retention_seconds"): [
        "message_retention_seconds = var.keep.messages",
        "keep       = var.keep",
        "keep = {",
    ],
    ('module.alarm["p95"].aws_cloudwatch_metric_alarm.this', "threshold"): [
        "threshold           = var.alarm.threshold",
        "alarm  = each.value",
        "for_each = local.alarms",
        "threshold = 0.2",
    ],
    ('module.alarm["errors"].aws_cloudwatch_metric_alarm.this', "threshold"): [
        "threshold           = var.alarm.threshold",
        "alarm  = each.value",
        "for_each = local.alarms",
        "threshold = 5",
    ],
    ("aws_security_group.web", "ingress"): [
        'dynamic "ingress" {',
        "for_each = var.open_ports",
        "default = [80, 443]",
    ],
    ("aws_security_group.web", "ingress.from_port"): [
        "from_port   = ingress.value",
        "for_each = var.open_ports",
        "default = [80, 443]",
    ],
    ("aws_security_group.web", "ingress.protocol"): ['protocol    = "tcp"'],
    ("aws_ssm_parameter.greeting[1]", "name"): [
        'name  = "/${var.shop}/greeting/${count.index}"',
        'default = "shop"',
    ],
    ("aws_iam_policy.publish", "policy"): [
        "policy = data.aws_iam_policy_document.publish.json",
        'data "aws_iam_policy_document" "publish" {',
        'actions   = ["kms:Decrypt"]',
        "resources = [aws_kms_key.shop.arn]",
    ],
    ("module.team.aws_iam_role_policy.publish", "policy"): [
        "policy = jsonencode({",
        'Version   = "2012-10-17"',
        'Statement = [{ Effect = "Allow", Action = "sns:Publish", Resource = var.topic_arn }]',
        "topic_arn = module.topic.arn",
        "value = aws_sns_topic.this.arn",
    ],
}


@pytest.mark.parametrize(("address", "path"), FOLLOWED)
def test_followed_to_the_deciding_line(shop: Provenance, address: str, path: str) -> None:
    assert _lines(shop, SHOP, address, path) == FOLLOWED[address, path]


def test_argument_that_is_not_written_leads_to_the_block(shop: Provenance) -> None:
    assert _lines(shop, SHOP, "aws_kms_key.shop", "deletion_window_in_days") == ['resource "aws_kms_key" "shop" {']


def test_resource_that_is_not_in_the_source(shop: Provenance) -> None:
    assert shop.origin("aws_kms_key.other") is None
    assert shop.origin("module.other.aws_kms_key.shop") is None


def _traced(tree: Path, *var_files: Path) -> Provenance:
    return Provenance(read_tree(tree, tree, {}), var_files, {})


SIZE = 'variable "size" {\n  default = 1\n}\nresource "aws_x" "y" {\n  size = var.size\n}\n'


def test_last_variable_file_wins(plant: Plant) -> None:
    files = {"terraform.tfvars": "size = 2\n", "b.auto.tfvars": "size = 4\n", "a.auto.tfvars": "size = 3\n"}
    tree = plant({"main.tf": SIZE, **files, "given/last.tfvars": "size = 5\n"})

    assert _lines(_traced(tree), tree, "aws_x.y", "size") == ["size = var.size", "size = 4"]
    given = _traced(tree, tree / "given" / "last.tfvars")
    assert _lines(given, tree, "aws_x.y", "size") == ["size = var.size", "size = 5"]


def test_variable_files_in_json(plant: Plant) -> None:
    tree = plant({"main.tf": SIZE, "terraform.tfvars.json": '{\n  "size": 2\n}\n'})

    assert _lines(_traced(tree), tree, "aws_x.y", "size") == ["size = var.size", '"size": 2']


def test_overriding_files_decide(plant: Plant) -> None:
    tree = plant({"main.tf": SIZE, "main_override.tf": 'resource "aws_x" "y" {\n  size = 9\n}\n'})

    assert _lines(_traced(tree), tree, "aws_x.y", "size") == ["size = 9"]


def test_repeated_blocks_share_a_path(plant: Plant) -> None:
    tree = plant({"main.tf": 'resource "aws_x" "y" {\n  rule {\n    a = 1\n  }\n  rule {\n    a = 2\n  }\n}\n'})

    assert _lines(_traced(tree), tree, "aws_x.y", "rule.a") == ["a = 1", "a = 2"]


def test_ring_of_local_values_ends(plant: Plant) -> None:
    tree = plant(
        {"main.tf": 'locals {\n  a = local.b\n  b = local.a\n}\nresource "aws_x" "y" {\n  size = local.a\n}\n'}
    )

    assert _lines(_traced(tree), tree, "aws_x.y", "size") == ["size = local.a", "a = local.b", "b = local.a"]


@pytest.mark.parametrize(
    ("address", "plain", "parts", "indices"),
    [
        ("aws_x.y", "aws_x.y", ("", "aws_x.y"), (None,)),
        ("aws_x.y[0]", "aws_x.y", ("", "aws_x.y"), ("0",)),
        ('data.aws_x.y["a.b"]', "data.aws_x.y", ("", "data.aws_x.y"), ("a.b",)),
        ('module.a["x]y"].module.b.aws_x.y', "module.a.module.b.aws_x.y", ("module.a.module.b", "aws_x.y"), ("x]y", None, None)),
        (r'module.a["q\"q"].aws_x.y[3]', "module.a.aws_x.y", ("module.a", "aws_x.y"), (r"q\"q", "3")),
    ],
)  # fmt: skip
def test_addresses_come_apart(
    address: str, plain: str, parts: tuple[str, str], indices: tuple[str | None, ...]
) -> None:
    assert without_indices(address) == plain
    assert split_module(plain) == parts
    assert keys(address) == indices
