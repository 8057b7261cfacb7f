"""A team's policies and their examples: a wrong one, a missing one and a module that is broken are told by ``prodgate test``."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.testing import evaluate

pytestmark = pytest.mark.once
CRITERIA = """
system = "shop"

[criteria.queue-retention]
statement = "Queues keep messages."
why = "A weekend must not lose orders."
require = ">= 4 d"
source = "X-2"
layers = ["static"]
"""
POLICY = '''
"""A policy of the shop."""
from prodgate import Criterion, Quantity, Resource, policy


@policy("NAME", criterion="queue-retention", resources=("aws_sqs_queue",), remedy="Keep them longer.")
def queues_keep_messages(queue: Resource, criterion: Criterion) -> None:
    """Queues keep their messages over a weekend."""
    criterion.require(Quantity.seconds(queue.number("message_retention_seconds", 345600)))
'''
GOOD = """
variable "days" {}

resource "aws_sqs_queue" "kept" {
  name = "kept"
}

resource "aws_sqs_queue" "lost" { # violates SHOP_1
  name                      = "lost"
  message_retention_seconds = 60
}

resource "aws_sqs_queue" "unknown" { # undetermined SHOP_1
  name                      = "unknown"
  message_retention_seconds = var.days
}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "policies" / "examples").mkdir(parents=True)
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(shop: Path, name: str, example: str | None, more: str = "") -> None:
    (shop / "policies" / f"{name.lower()}.py").write_text(POLICY.replace("NAME", name) + more)
    if example is not None:
        (shop / "policies" / "examples" / f"{name}.tf").write_text(example)


@pytest.mark.slow
def test_each_policy_is_held_to_its_example(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(shop, "SHOP_1", GOOD)
    assert main(["test"]) == 0
    assert capsys.readouterr().out == "SHOP_1: right\n1 of 1 right\n"
    write(shop, "SHOP_2", GOOD.replace("# violates SHOP_1", "").replace("SHOP_1", "SHOP_2"))
    write(shop, "SHOP_3", None)
    write(shop, "SHOP_4", GOOD, "from prodgate import Critreion\n")
    write(shop, "SHOP_5", GOOD)
    assert main(["test"]) == 1
    said = capsys.readouterr().out
    assert "SHOP_1: right\n" in said
    assert "SHOP_2: wrong\n    aws_sqs_queue.lost: marked satisfied, and is " in said
    assert "    shows no resource that violates it; mark one by # violates SHOP_2\n" in said
    assert "SHOP_3: wrong\n    has no example; write policies/examples/SHOP_3.tf with " in said
    assert "shop_4.py: wrong\n" in said
    assert "shop_4.py: can't be loaded: ImportError: cannot import name 'Critreion'" in said
    assert "SHOP_5: wrong\n    aws_sqs_queue.lost: is marked for SHOP_1; write SHOP_5\n" in said
    assert "1 of 5 right\n" in said


def test_a_project_without_policies_is_told_so(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test"]) == 4
    assert "policies: holds no policies of your own" in capsys.readouterr().err


def test_what_a_folder_declares_is_read_by_hand_too(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "kept" {\n  name = "kept"\n}\n')
    found = evaluate(tmp_path)
    assert found.complete
    assert [(resource.address, resource.text("name")) for resource in found.resources] == [
        ("aws_sqs_queue.kept", "kept")
    ]
