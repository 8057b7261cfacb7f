"""The job that signs, and the step with which a deploy begins, word for word, with the gate itself."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from prodgate import cli
from prodgate.signatures.keys import KeySigner
from tests.prodgate.sample_run import CRITERIA
from tests.prodgate.sealing.sealed import COMMIT, EVE, NIGHTLY, make_run, pem, seal
from tests.prodgate.sealing.test_signers import private
from tests.workflows.runner import Machine, find_step, read_jobs

pytestmark = pytest.mark.once

DEPLOY = read_jobs("deploy.yml")
#: What an environment of tox runs, by the gate of this tree: ``pipx run tox -e sign -- WORDS``.
PIPX = f"""
name=$4; shift 4
case "$1" in --notest) exit 0 ;; esac
shift
case "$name" in sign) command=seal ;; verify-run) command=verify ;; *) exit 64 ;; esac
exec "{sys.executable}" -m prodgate.cli "$command" "$@"
"""


def make_machine(folder: Path) -> Machine:
    variables = {"vars.PRODGATE_SIGNER": pem(NIGHTLY), "secrets.PRODGATE_SIGNING_KEY": private(NIGHTLY)}
    machine = Machine(folder, variables, {"GITHUB_SHA": COMMIT})
    machine.install("pipx", PIPX)
    return machine


def put(machine: Machine, job: str, run: Path) -> None:
    """Lay a run where the job has downloaded it to, and the criteria of the shop in the checkout."""
    work = machine.work(DEPLOY[job])
    (work / "runs").mkdir(exist_ok=True)
    shutil.copytree(run, work / "runs" / run.name)
    (work / "criteria.toml").write_text(CRITERIA, "utf-8")


def begin_deploy(machine: Machine) -> int:
    (step,) = [one for one in DEPLOY["deploy"].steps if "verify-run" in one.run]
    return machine.run_step(step, DEPLOY["deploy"])


@pytest.mark.parametrize(
    ("signer", "about", "criteria", "code"),
    [
        (NIGHTLY, {}, CRITERIA, 0),
        (None, {}, CRITERIA, 4),
        (EVE, {}, CRITERIA, 4),
        (NIGHTLY, {"commit": "e" * 40}, CRITERIA, 4),
        (NIGHTLY, {"commit": f"{COMMIT}+changes"}, CRITERIA, 4),
        (NIGHTLY, {"system": "bank"}, CRITERIA.replace('"shop"', '"bank"'), 4),
        (NIGHTLY, {"layers": ["static"]}, CRITERIA.replace('["static"]', '["static", "live"]'), 4),
    ],
    ids=[
        "as it should be",
        "unsigned",
        "another key",
        "another commit",
        "files in no commit",
        "another system",
        "a part",
    ],
)
def test_a_deploy_begins_only_with_the_signed_run_of_its_commit(
    tmp_path: Path, signer: KeySigner | None, about: dict[str, Any], criteria: str, code: int
) -> None:
    machine = make_machine(tmp_path / "machine")
    run = make_run(tmp_path, criteria, **about)
    seal(run, signer)
    put(machine, "deploy", run)
    assert begin_deploy(machine) == code


def test_two_runs_are_none(tmp_path: Path) -> None:
    machine = make_machine(tmp_path / "machine")
    for _ in range(2):
        run = make_run(tmp_path)
        seal(run)
        put(machine, "deploy", run)
    assert begin_deploy(machine) == 4


def test_the_job_that_signs_makes_what_the_deploy_accepts(tmp_path: Path) -> None:
    machine = make_machine(tmp_path / "machine")
    run = make_run(tmp_path)
    seal(run, None)
    put(machine, "sign", run)
    sign = [one for one in DEPLOY["sign"].steps if one.run]
    assert [machine.run_step(one, DEPLOY["sign"]) for one in sign] == [0] * len(sign)
    put(machine, "deploy", machine.work(DEPLOY["sign"]) / "runs" / run.name)
    assert begin_deploy(machine) == 0


@pytest.mark.parametrize(("file", "job", "run"), [("deploy.yml", "sign", "*"), ("nightly.yml", "sign", "newest")])
def test_without_a_key_sigstore_is_asked_where_that_is_said(tmp_path: Path, file: str, job: str, run: str) -> None:
    machine, asked = Machine(tmp_path, {"secrets.PRODGATE_SIGNING_KEY": ""}), read_jobs(file)[job]
    machine.install("pipx")
    for name in ("2026-11-26T120000Z-1", "2026-11-27T120000Z-2")[run == "*" :]:
        (machine.work(asked) / "runs" / name).mkdir(parents=True)
    for signer in ("keyless", "a public key"):
        machine.variables["vars.PRODGATE_SIGNER"] = signer
        assert machine.run_step(find_step(asked, "Stand for what the gate made"), asked) == 0
        given = cli._parser().parse_args(["seal", *machine.commands[-1].split(" -- ")[1].split()])
        assert (given.run, given.keyless) == (Path("runs/2026-11-27T120000Z-2"), signer == "keyless")
    assert asked.permissions["id-token"] == "write"


def test_without_a_key_a_deploy_asks_for_the_signature_of_its_own_workflow(tmp_path: Path) -> None:
    reference = "nba-news/nba-news/.github/workflows/deploy.yml@refs/heads/main"
    machine = Machine(
        tmp_path,
        {"vars.PRODGATE_SIGNER": "keyless"},
        {"GITHUB_SHA": COMMIT, "GITHUB_WORKFLOW_REF": reference, "GITHUB_REPOSITORY": "nba-news/nba-news"},
    )
    machine.install("pipx")
    (machine.work(DEPLOY["deploy"]) / "runs" / "2026-11-27T120000Z-2").mkdir(parents=True)
    assert begin_deploy(machine) == 0
    given = cli._parser().parse_args(["verify", *machine.commands[-1].split(" -- ")[1].split()])
    assert given.repository == "https://github.com/nba-news/nba-news"
    assert (given.key, given.identity, given.fetch_root) == ([], f"https://github.com/{reference}", True)
    assert given.issuer == "https://token.actions.githubusercontent.com"
    assert (given.commit, given.whole, given.max_age) == (COMMIT, True, "24h")


@pytest.mark.parametrize(("signed", "archived"), [("success", True), ("skipped", True), ("failure", False)])
def test_a_night_that_could_not_be_signed_is_not_archived(tmp_path: Path, signed: str, archived: bool) -> None:
    archive = read_jobs("nightly.yml")["archive"]
    machine = Machine(tmp_path, {"vars.EVIDENCE_BUCKET": "evidence", "needs.sign.result": signed})
    assert machine.is_due(archive.condition, archive, failed=False) is archived
    assert {"verify", "sign"} <= set(archive.needs)
