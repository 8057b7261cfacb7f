"""The small project under attack, and how an attack is carried out and judged."""

import json
import os
import re
import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .catalogue import Attack, find_setup
from .warm import Images

CRITERIA = """
system = "shop"

[terraform]
root = "infra"

[criteria.queue-retention]
statement = { en = "Queues keep messages.", ja = "保持する。" }
why = "A weekend must not lose orders."
require = ">= 4 d"
source = "X-1"
layers = ["static"]

[criteria.truth]
statement = { en = "The shop is ready.", ja = "準備ができている。" }
why = "It is not, unless somebody says so."
source = "X-2"
layers = ["static"]
"""
POLICY = '''"""Policies of the shop."""

from prodgate import Criterion, Quantity, Resource, policy


@policy("SHOP_1", criterion="queue-retention", resources=("aws_sqs_queue",), remedy="Keep them longer.")
def queues_keep_messages(queue: Resource, criterion: Criterion) -> None:
    """Queues keep their messages over a weekend."""
    criterion.require(Quantity.seconds(queue.number("message_retention_seconds", 345600)))
'''
#: Answers the same criterion as the check below, so that losing that check leaves no gap by itself.
READY = '''"""One part of the shop is ready."""

from prodgate import Criterion, Resource, policy


@policy("SHOP_2", criterion="truth", resources=("aws_sqs_queue",), remedy="Make it ready.")
def queues_have_a_name(queue: Resource, criterion: Criterion) -> None:
    """Queues have a name."""
    criterion.hold(bool(queue.text("name")), expected="a name", observed=queue.text("name"))
'''
TRUTH = '''"""Is the shop ready?"""

from prodgate import Criterion, check
from prodgate.facts.static import DeclaredRoot


@check("truth", remedy="Make it ready.")
def test_the_shop_is_ready(root: DeclaredRoot, criterion: Criterion) -> None:
    """Is the shop ready?"""
    criterion.hold(False, expected="ready", observed="not ready")
'''
TREE = """resource "aws_sqs_queue" "orders" {
  name                      = "orders"
  message_retention_seconds = 1209600
}
"""
BASE = {
    "criteria.toml": CRITERIA,
    "infra/main.tf": TREE,
    "policies/shop.py": POLICY,
    "policies/ready.py": READY,
    "suites/static/test_truth.py": TRUTH,
}
HEALTHY = BASE | {"suites/static/test_truth.py": TRUTH.replace("hold(False", "hold(True")}


class Project:
    """A folder with the shop in it; where images are given, the gate is run in copies of them."""

    def __init__(self, folder: Path, images: Images | None = None) -> None:
        self.folder = folder
        self.images = images
        self.env = take_environment()

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            if path.is_symlink():
                path.unlink()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", "surrogateescape")

    def gate(
        self, *arguments: str, wrap: tuple[str, ...] = (), limit: int = 120, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the gate as a user does: with a wrapper or an environment of its own, as a command."""
        if self.images and not (wrap or env):
            return self.images.run(arguments, self.folder, self.env, limit)
        command = [*wrap, sys.executable, "-m", "prodgate.cli", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.env | env, capture_output=True, stdin=subprocess.DEVNULL,
            text=True, errors="replace", timeout=limit, check=False,
        )  # fmt: skip

    def attack(self, attack: Attack) -> tuple[int, str]:
        """Do the attack, run the gate, and return its exit code and all of its output."""
        self.write(HEALTHY if attack.healthy else BASE)
        if setup := find_setup(attack.setup):
            setup(self.folder, self.gate)
        self.change(attack)
        if then := find_setup(attack.then):
            then(self.folder, self.gate)
        before = set(self.runs())
        arguments = [each.replace("{run}", str(max(before, default=""))) for each in attack.command]
        values = {"project": str(self.folder)}
        env = {name: string.Template(each).safe_substitute(self.env, **values) for name, each in attack.env.items()}
        done = self.gate(*arguments, wrap=tuple(attack.wrap), limit=attack.limit, **env)
        written = [text for run in self.runs() if run not in before for text in written_by(run)]
        return done.returncode, " ".join(" ".join([done.stdout, done.stderr, *written]).split())

    def change(self, attack: Attack) -> None:
        for name in attack.remove:
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.write({name: with_dates(text) for name, text in attack.files.items()})
        for name, more in attack.append.items():
            self.write({name: (self.folder / name).read_text("utf-8") + more})
        for name, (old, new) in attack.edits.items():
            text = (self.folder / name).read_text("utf-8")
            assert old in text, f"{name} does not hold {old!r}"
            self.write({name: text.replace(old, with_dates(new))})
        for name, target in attack.links.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).symlink_to(target)

    def take_back(self) -> None:
        """Remove everything, including files that the attack's code wrote, and make the shop ready."""
        for each in self.folder.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink()
        self.write(HEALTHY)

    def runs(self) -> list[Path]:
        """The runs of the project, oldest first."""
        return sorted((self.folder / "runs").iterdir()) if (self.folder / "runs").is_dir() else []


def take_environment() -> dict[str, str]:
    """Return the environment without variables that change the gate."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PRODGATE_", "PYTEST_"))}


def with_dates(text: str) -> str:
    """Replace ``@+30d@`` by the date thirty days from today, so that no entry rots."""
    today = datetime.now(UTC).date()
    return re.sub(r"@([+-]\d+)d@", lambda found: str(today + timedelta(days=int(found[1]))), text)


def written_by(run: Path) -> Iterator[str]:
    """Yield a run's texts for people, and every text of its journal."""
    for name in ("summary.md", "journal.jsonl"):
        text = (run / name).read_text("utf-8", "replace") if (run / name).is_file() else ""
        yield from (word for line in text.splitlines() for word in texts(line)) if name != "summary.md" else (text,)


def texts(line: str) -> Iterator[str]:
    """Yield the texts in a line of a journal, or the line itself if it is no JSON."""
    try:
        yield from strings(json.loads(line))
    except ValueError:
        yield line


def strings(value: Any) -> Iterator[str]:
    """Yield the texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def judge(attack: Attack, code: int, said: str) -> str:
    """Return the fault in the gate's answer to an attack, or nothing."""
    if code not in attack.exit:
        return f"ended with {code}, not with one of {list(attack.exit)}; it said: {said[:4000]}"
    if not re.search(attack.says, said):
        return f"ended with {code}, and never said {attack.says!r}; it said: {said[:4000]}"
    return ""
