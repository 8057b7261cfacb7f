"""Measures the static layer beside Checkov alone, on the same tree and machine, and prints ratios with their targets.

Run from the root: python benchmarks/static.py [--runs N]. It judges nothing: the exit code is 0 whatever was measured.
Each command runs N times in turns, and the medians are compared, so that a busy machine slows down all alike. Processor
seconds, which hardly depend on other load, stand beside.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from prodgate.engines.checkov_findings import INDEPENDENT, NOT_SILENCED
from prodgate.engines.environments import ensure_python
from prodgate.sections.includes import read_files

REPOSITORY = Path(__file__).resolve().parents[1]
ROOT = "terraform/environments/prod"
ALONE = "Checkov alone"
WITHOUT = "static layer without Checkov"
WITH = "static layer with Checkov"
JUDGE = "prodgate judge RUN"
HELP = "prodgate --help"
SMALL, LARGE = 100, 1000
#: The comparisons: (measured, peer, most times as long).
RATIOS = ((WITHOUT, ALONE, 1.5), (WITH, ALONE, 2.0), (f"{LARGE} resources", f"{SMALL} resources", 3.0))
#: The commands with an absolute limit, in seconds.
LIMITS = ((JUDGE, 2.0), (HELP, 0.3))
#: Five resources of a service as teams declare them, with references and a policy document.
SERVICE = """
resource "aws_kms_key" "s{n}" {{
  description         = "service {n}"
  enable_key_rotation = true
}}

resource "aws_sqs_queue" "s{n}" {{
  name              = "service-{n}"
  kms_master_key_id = aws_kms_key.s{n}.arn
}}

resource "aws_cloudwatch_log_group" "s{n}" {{
  name              = "/service/{n}"
  kms_key_id        = aws_kms_key.s{n}.arn
  retention_in_days = var.retention
}}

resource "aws_iam_role" "s{n}" {{
  name = "service-{n}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = {{ Service = "ecs-tasks.amazonaws.com" }}
    }}]
  }})
}}

resource "aws_iam_role_policy" "s{n}" {{
  name = "queue"
  role = aws_iam_role.s{n}.id
  policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.s{n}.arn }}]
  }})
}}
"""
HEADER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

variable "retention" {
  type    = number
  default = 400
}
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """The duration of one command, in seconds."""

    wall: float
    processor: float


def main() -> int:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="how often each is run (default: 5)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="prodgate-benchmark-") as place:
        commands = prepare(Path(place))
        taken: dict[str, list[Timing]] = {name: [] for name in commands}
        for turn in range(1, given.runs + 1):
            for name, command in commands.items():
                taken[name].append(measure(command(), Path(place)))
                print(f"{turn}/{given.runs} {name}: {taken[name][-1].wall:.2f} s", file=sys.stderr, flush=True)
    print(render({name: take_medians(each) for name, each in taken.items()}))
    return 0


def prepare(place: Path) -> Mapping[str, Callable[[], Sequence[str]]]:
    """Lay the projects out below ``place``; return the measured commands, by name, in the order of a turn."""
    text = inline_criteria(REPOSITORY / "criteria.toml")
    ours = make_project(place / "ours", text)
    shutil.copytree(REPOSITORY / "terraform", ours / "terraform")
    (ours / "without.toml").write_text(drop_checkov_criteria(text), "utf-8")
    checkov = str(ensure_python("checkov", print).with_name("checkov"))
    scan = ("-d", str(ours / ROOT), "--framework", "terraform", "--skip-download")
    commands: dict[str, Callable[[], Sequence[str]]] = {
        ALONE: lambda: (checkov, *scan),
        WITHOUT: partial(gate_command, "run", ours / "without.toml", place / "runs-without"),
        WITH: partial(gate_command, "run", ours / "criteria.toml", place / "runs"),
        JUDGE: lambda: gate_command("judge", ours / "criteria.toml", place / "judged", max((place / "runs").iterdir())),
        HELP: lambda: (prodgate_program(), "--help"),
    }
    for count in (SMALL, LARGE):
        criteria = generate_project(place / f"generated-{count}", count, drop_checkov_criteria(text))
        commands[f"{count} resources"] = partial(gate_command, "run", criteria, place / "runs-generated")
    return commands


def make_project(folder: Path, criteria: str) -> Path:
    """Make a project with the criteria, waivers and workflows of this repository, and return its folder."""
    folder.mkdir()
    (folder / "criteria.toml").write_text(criteria, "utf-8")
    shutil.copy(REPOSITORY / "waivers.toml", folder)
    shutil.copytree(REPOSITORY / ".github", folder / ".github")
    return folder


def generate_project(folder: Path, count: int, criteria: str) -> Path:
    """Make a project whose root declares ``count`` resources in files of 50, and return its criteria file."""
    root = make_project(folder, criteria) / ROOT
    root.mkdir(parents=True)
    (root / "versions.tf").write_text(HEADER, "utf-8")
    for first in range(0, count // 5, 10):
        (root / f"services_{first}.tf").write_text("".join(SERVICE.format(n=n) for n in range(first, first + 10)))
    return folder / "criteria.toml"


def inline_criteria(path: Path) -> str:
    """Return a criteria file with the text of each file that it includes instead of their names."""
    text, included = read_files(path)
    return "\n".join([re.sub(r"^include = \[.*?^\]$", "", text, flags=re.M | re.S), *included.values()])


def drop_checkov_criteria(criteria: str) -> str:
    """Return criteria without those that make the static layer ask Checkov."""
    return re.sub(rf"^\[criteria\.(?:{INDEPENDENT}|{NOT_SILENCED})\]\n(?:(?!\[).*\n)*", "", criteria, flags=re.M)


def prodgate_program() -> str:
    """Return the command of the environment that this runs in."""
    return str(Path(sys.executable).with_name("prodgate"))


def gate_command(name: str, criteria: Path, runs: Path, *arguments: Path) -> Sequence[str]:
    """Return a command of the gate; without arguments it judges the static layer of a rehearsal."""
    scope = tuple(map(str, arguments)) or ("rehearsal://", "--only", "static")
    return (prodgate_program(), name, *scope, "--criteria", str(criteria), "--runs", str(runs))


def measure(command: Sequence[str], place: Path) -> Timing:
    """Run a command, all its processes included. Raises CalledProcessError when it ends without an answer."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, start = read_processor_seconds(), time.perf_counter()
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, check=False)
    taken = Timing(time.perf_counter() - start, read_processor_seconds() - before)
    if done.returncode not in (0, 1, 2):  # a verdict, or Checkov's findings
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return taken


def read_processor_seconds() -> float:
    """Return the processor seconds of all processes that this one has waited for, and of theirs."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def take_medians(taken: Sequence[Timing]) -> Timing:
    """Return the medians."""
    return Timing(median(each.wall for each in taken), median(each.processor for each in taken))


def render(medians: Mapping[str, Timing]) -> str:
    """Return the medians, then their meaning."""
    lines = [f"{'median':32}{'wall':>9}{'processor':>12}"]
    lines += [f"{name:32}{each.wall:7.2f} s{each.processor:10.2f} s" for name, each in medians.items()]
    lines += ["", f"{'compared':48}{'wall':>8}{'processor':>11}   target"]
    for name, peer, most in RATIOS:
        one, other = medians[name], medians[peer]
        times = f"{one.wall / other.wall:7.2f} x{one.processor / other.processor:9.2f} x   {most:g} x or less"
        lines.append(f"{f'{name} / {peer}':48}{times}")
    for name, limit in LIMITS:
        lines.append(f"{name:48}{medians[name].wall:7.2f} s{medians[name].processor:9.2f} s   {limit:g} s or less")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
