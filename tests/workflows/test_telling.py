"""The steps that write a run for others, archive it and tell of it, word for word, with the gate itself."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from prodgate import cli
from prodgate.evidence.archive import Place
from tests.prodgate.sealing.sealed import make_run
from tests.workflows.runner import Machine, find_step, read_jobs

pytestmark = pytest.mark.once

GATE, NIGHT = read_jobs("deploy.yml")["gate"], read_jobs("nightly.yml")
#: ``pipx run tox -e export-run -- WORDS`` is ``prodgate export WORDS``, by the gate of this tree.
PIPX = f"""
command=${{4%%-run}}; shift 5
exec "{sys.executable}" -m prodgate.cli "$command" "$@"
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, {"vars.EVIDENCE_BUCKET": "evidence", "vars.AWS_REGION": "ap-northeast-1"})
    made.variables["secrets.PRODGATE_WEBHOOK"] = "https://hooks.example.invalid/"
    made.install("pipx", PIPX)
    return made


def test_a_deploy_writes_what_code_scanning_and_test_reports_read(machine: Machine, tmp_path: Path) -> None:
    run, work = make_run(tmp_path / "made", good=False), machine.work(GATE)
    shutil.copytree(run, work / "runs" / run.name)
    for name in ("Annotate the commit", "Write it as SARIF", "Write it as JUnit XML"):
        assert machine.run_step(find_step(GATE, name), GATE) == 0
    assert json.loads((work / "prod-gate.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert ElementTree.parse(work / "prod-gate.xml").getroot().tag == "testsuites"
    assert machine.upload(find_step(GATE, "Keep what others read"), GATE) == 0


def test_a_night_like_the_one_before_is_told_to_nobody(machine: Machine, tmp_path: Path) -> None:
    for _ in range(2):
        run = make_run(tmp_path / "made")
        shutil.copytree(run, machine.work(NIGHT["notify"]) / "runs" / run.name)
    assert machine.run_step(find_step(NIGHT["notify"], "Tell of a changed verdict"), NIGHT["notify"]) == 0


def test_the_newest_night_is_archived_in_words_that_the_command_takes(machine: Machine) -> None:
    machine.install("pipx")
    for name in ("2026-11-26T120000Z-1", "2026-11-27T120000Z-2", "watches"):
        (machine.work(NIGHT["archive"]) / "runs" / name).mkdir(parents=True)
    assert machine.run_step(find_step(NIGHT["archive"], "Archive the run"), NIGHT["archive"]) == 0
    (said,) = machine.commands
    asked = cli._parser().parse_args(["archive", *said.split(" -- ")[1].split()])
    assert asked.run == Path("runs/2026-11-27T120000Z-2")
    assert (asked.mode, Place.parse(asked.bucket)) == ("COMPLIANCE", Place(bucket="evidence", prefix="nights"))
