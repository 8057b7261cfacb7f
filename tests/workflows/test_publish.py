"""The workflow that publishes: only a commit that passed, built by a script, with a right of its own in each job."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from prodgate.facts.static.workflow_commands import list_kinds, list_kinds_of_action
from tests.workflows.runner import ROOT, Machine, find_step, read_jobs

PATH = ROOT / ".github" / "workflows" / "publish.yml"
JOBS = read_jobs("publish.yml")
STATED: Any = yaml.safe_load(PATH.read_text("utf-8"))
#: Answers how many runs of the gate have passed.
GH = 'echo "$PASSED"'


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, {"github.token": "t"}, {"GITHUB_REPOSITORY": "o/prod-gate", "GITHUB_SHA": "c" * 40})
    made.install("gh", GH)
    return made


@pytest.mark.parametrize(("passed", "code"), [("0", 1), ("1", 0), ("2", 0)])
def test_only_a_commit_that_the_gate_has_passed_on_main_goes_on(machine: Machine, passed: str, code: int) -> None:
    machine.environment["PASSED"] = passed
    assert machine.run(JOBS["passed"]) == code
    (asked,) = machine.commands
    options = dict(re.findall(r"--(\w+) (\S+)", asked))
    assert (options["commit"], options["branch"], options["event"]) == ("c" * 40, "main", "push")
    assert (options["workflow"], options["status"], options["repo"]) == ("gate.yml", "success", "o/prod-gate")


def test_without_an_answer_nothing_is_published(machine: Machine) -> None:
    machine.install("gh", "exit 4")
    assert machine.run(JOBS["passed"]) != 0


def test_what_is_published_is_built_by_the_script_for_the_tag(machine: Machine) -> None:
    machine.install("pipx", "mkdir -p dist build && touch dist/a.whl build/prod-gate.cdx.json")
    machine.environment["GITHUB_REF_NAME"] = "v0.1.0"
    assert machine.run(JOBS["build"]) == 0
    assert machine.commands == ["pipx run tox -e dist -- --tag v0.1.0"]
    assert "scripts/build_release.py {posargs}" in (ROOT / "tox.ini").read_text("utf-8").split("[testenv:dist]")[1]
    assert machine.run(JOBS["attest"]) == 0
    assert sorted(path.name for path in machine.work(JOBS["attest"]).rglob("*.[wj]*")) == [
        "a.whl",
        "prod-gate.cdx.json",
    ]
    assert machine.run(JOBS["publish"]) == 0
    assert [path.name for path in (machine.work(JOBS["publish"]) / "dist").iterdir()] == ["a.whl"]


def test_a_build_that_left_nothing_stops_it(machine: Machine) -> None:
    machine.install("pipx")
    machine.environment["GITHUB_REF_NAME"] = "v0.1.0"
    assert machine.run(JOBS["build"]) == 1


def test_it_begins_with_a_tag_and_each_job_waits_for_the_one_before() -> None:
    assert STATED[True] == {"push": {"tags": ["v*"]}}
    needs = {name: job.get("needs") for name, job in STATED["jobs"].items()}
    assert needs == {"passed": None, "build": "passed", "attest": "build", "publish": "attest"}
    assert not [
        step for job in JOBS.values() for step in job.steps if step.condition or "continue-on-error" in step.inputs
    ]
    assert not [name for name, job in STATED["jobs"].items() if "if" in job or "continue-on-error" in job]
    assert STATED["concurrency"]["cancel-in-progress"] is False


def test_each_job_has_what_it_needs_and_no_job_that_builds_may_write() -> None:
    assert STATED["permissions"] == {}
    assert {name: job["permissions"] for name, job in STATED["jobs"].items()} == {
        "passed": {"actions": "read"},
        "build": {"contents": "read"},
        "attest": {"attestations": "write", "id-token": "write"},
        "publish": {"id-token": "write"},
    }
    assert STATED["jobs"]["publish"]["environment"]["name"] == "pypi"
    assert "secrets." not in PATH.read_text("utf-8"), "PyPI trusts the workflow; there is no token to lose"
    assert not [step for name in ("attest", "publish") for step in JOBS[name].steps if step.run]


def test_what_is_attested_and_handed_over_is_what_was_built() -> None:
    built = find_step(JOBS["attest"], "Attest where it was built").inputs
    held = find_step(JOBS["attest"], "Attest what is in it").inputs
    assert built == {"subject-path": "dist/*"}
    assert held == {"subject-path": "dist/*", "sbom-path": "bill/prod-gate.cdx.json"}
    (handed,) = [step for step in JOBS["publish"].steps if step.uses.startswith("pypa/")]
    assert not handed.inputs, "nothing turns the attestations off, names a password or skips what is there"


def test_publishing_a_package_is_seen_through_and_changes_no_system() -> None:
    used = [step for job in JOBS.values() for step in job.steps if step.uses]
    assert {kind for step in used for kind in list_kinds_of_action(step.uses, step.inputs)} == set()
    assert list(list_kinds("tox -e dist -- --tag v0.1.0")) == []
