"""The core that stays: one process for all commands, started anew after its end, and never left behind."""

import os
import signal
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from prodgate.terraform.core_session import CoreSession
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.hermetic import stand_in
from prodgate.terraform.runner import find_engine
from tests.prodgate.ending import ended
from tests.prodgate.terraform.tree_files import Plant

#: Stands in for the embedded core: a command says by which process it is run, ends that, or never ends.
STAND_IN = """
import json, os, sys, threading
for line in sys.stdin:
    asked = json.loads(line)
    with open(asked["stdout"], "w") as said:
        said.write(f"{os.getpid()} {asked['arguments'][0]}")
    if asked["arguments"][0] == "panic":
        sys.stderr.write("panic: no such thing")
        sys.stderr.flush()
        os.abort()
    if asked["arguments"][0] == "hang":
        threading.Event().wait()
    print(2, flush=True)
"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CoreSession]:
    program = tmp_path / "core.py"
    program.write_text(STAND_IN, encoding="utf-8")
    found = CoreSession((sys.executable, str(program)), dict(os.environ), tmp_path)
    yield found
    found.close()


def test_commands_are_run_by_one_process(session: CoreSession, tmp_path: Path) -> None:
    first, second = (session.run([each], cwd=tmp_path, limit=60) for each in ("init", "plan"))

    assert (first.code, second.code) == (2, 2)
    assert first.stdout.split()[0] == second.stdout.split()[0]
    assert second.stdout.split()[1] == "plan"


def test_core_that_ends_in_a_command_says_why_and_is_started_again(session: CoreSession, tmp_path: Path) -> None:
    before = session.run(["init"], cwd=tmp_path, limit=60)
    failed = session.run(["panic"], cwd=tmp_path, limit=60)
    after = session.run(["init"], cwd=tmp_path, limit=60)

    assert failed.code == -signal.SIGABRT
    assert "panic: no such thing" in failed.stderr
    assert (after.code, after.stdout != before.stdout) == (2, True)


def test_core_that_takes_too_long_is_ended(session: CoreSession, tmp_path: Path) -> None:
    core = int(session.run(["init"], cwd=tmp_path, limit=60).stdout.split()[0])

    with pytest.raises(TerraformError, match=r"^terraform hang did not finish within 0\.5 s; set PRODGATE_TERRAFORM_"):
        session.run(["hang"], cwd=tmp_path, limit=0.5)

    assert ended(core)


def test_embedded_core_changes_its_directory_with_each_command(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(f'output "o" {{ value = "{name}"', encoding="utf-8")
    found = CoreSession(find_engine({}).command, {"HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}, tmp_path)

    said = [found.run(["validate", "-json"], cwd=tmp_path / each, limit=60).stdout for each in ("a", "b")]
    found.close()

    assert ['value = \\"a\\"' in said[0], 'value = \\"b\\"' in said[1]] == [True, True]


def test_evaluation_leaves_no_core(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    start = CoreSession._start
    monkeypatch.setattr(
        CoreSession, "_start", lambda self: (process := start(self), started.append(process.child.pid))[0]
    )

    evaluate(plant({"main.tf": 'resource "aws_sns_topic" "t" {}\n'}))

    assert len(started) == 1
    assert ended(*started)


def test_schemas_are_asked_for_once(plant: Plant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "counting.py"
    asked = tmp_path / "asked"
    program.write_text(
        "import pathlib, runpy\n"
        "from prodgate.terraform.provider.service import Service\n"
        "answer = Service.get_provider_schema\n"
        "def count(self, request):\n"
        f"    with pathlib.Path({str(asked)!r}).open('a') as file:\n"
        "        file.write('aws ' if self.is_aws else '')\n"
        "    return answer(self, request)\n"
        "Service.get_provider_schema = count\n"
        "runpy.run_module('prodgate.terraform.provider', run_name='__main__')\n",
        encoding="utf-8",
    )
    counting = partial(stand_in, program=(sys.executable, "-P", str(program)))
    monkeypatch.setattr("prodgate.terraform.evaluate.stand_in", counting)
    aliases = "".join(f'provider "aws" {{\n  region = "eu-west-{n}"\n  alias = "r{n}"\n}}\n' for n in (1, 2))
    topics = "".join(f'resource "aws_sns_topic" "t{n}" {{\n  provider = aws.r{n}\n}}\n' for n in (1, 2))

    assert len(evaluate(plant({"main.tf": aliases + topics})).of("aws_sns_topic")) == 2
    assert asked.read_text("utf-8").split() == ["aws"]
