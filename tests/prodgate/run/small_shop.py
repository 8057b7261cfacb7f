"""A small project that declares a queue, and the gate as a user starts it there."""

import subprocess
import sys
from pathlib import Path

CRITERIA = """
system = "shop"

[terraform]
root = "infra"

[criteria.terraform-evaluates]
statement = { en = "Terraform evaluates the root.", ja = "評価できる。" }
why = "What can't be evaluated can't be judged."
source = "X-1"
layers = ["static"]

[criteria.queue-retention]
statement = { en = "Queues keep messages.", ja = "保持する。" }
why = "A weekend must not lose orders."
require = ">= 4 d"
source = "X-2"
layers = ["static"]
"""


POLICY = '''
"""Policies of the shop."""
import time
from pathlib import Path
from prodgate import Criterion, Quantity, Resource, policy


@policy("SHOP_1", criterion="queue-retention", resources=("aws_sqs_queue",), remedy="Keep them longer.")
def queues_keep_messages(queue: Resource, criterion: Criterion) -> None:
    """Queues keep their messages over a weekend."""
    criterion.require(Quantity.seconds(queue.number("message_retention_seconds", 345600)))
'''


TREE = """
resource "aws_sqs_queue" "orders" {
  name                      = "orders"
  message_retention_seconds = 1209600
}
"""


def gate(shop: Path, *arguments: str, ends: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Run the gate in a process, which must end with that exit code; None for any."""
    command = [sys.executable, "-m", "prodgate.cli", *arguments]
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=400, check=False)
    assert ends in (done.returncode, None), done.stdout + done.stderr
    return done


def only_run(shop: Path) -> Path:
    (found,) = (shop / "runs").iterdir()
    return found


def ask_people(shop: Path) -> None:
    """Let a criterion also require a record."""
    text = (shop / "criteria.toml").read_text("utf-8")
    asked = text.replace('X-1"\nlayers = ["static"]', 'X-1"\nlayers = ["static", "attested"]')
    (shop / "criteria.toml").write_text(asked, "utf-8")
