"""The job that signs, and the step with which a deploy begins, word for word, with the gate itself."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from prodgate import cli
from prodgate.criteria import PROMOTING, PROMOTION
from prodgate.evidence.archive import Place
from prodgate.sealing.bundles import make_bundle
from prodgate.signatures.keys import KeySigner
from tests.prodgate.sample_run import CRITERIA
from tests.prodgate.sealing.sealed import COMMIT, EVE, NIGHTLY, make_run, pem, seal
from tests.prodgate.sealing.test_seals import private
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
    variables["vars.PRODGATE_TARGET"] = "aws://prod@ap-northeast-1"
    machine = Machine(folder, variables, {"GITHUB_SHA": COMMIT})
    machine.install("pipx", PIPX)
    return machine


def put(machine: Machine, job: str, run: Path) -> None:
    """Lay the bundle of a run where the job has downloaded it to, and the criteria of the shop in the checkout."""
    work = machine.work(DEPLOY[job])
    (work / "runs").mkdir(exist_ok=True)
    (work / "runs" / f"{run.name}.tar").write_bytes(make_bundle(run, run.name))
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
        (NIGHTLY, {"moment": PROMOTION, "layers": sorted(PROMOTING)}, CRITERIA, 0),
        (NIGHTLY, {"rehearsal": True, "target": "rehearsal://"}, CRITERIA, 4),
        (NIGHTLY, {"target": "aws://staging@ap-northeast-1"}, CRITERIA, 4),
        (NIGHTLY, {"good": False}, CRITERIA, 4),
    ],
    ids=[
        "as it should be",
        "unsigned",
        "another key",
        "another commit",
        "files in no commit",
        "another system",
        "a part",
        "all that can be asked before a deployment",
        "a rehearsal",
        "another account",
        "NO-GO",
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
    put(machine, "deploy", run)
    assert begin_deploy(machine) == 4
    signed = f"runs/{run.name}.tar"
    shutil.copy(machine.work(DEPLOY["sign"]) / signed, machine.work(DEPLOY["deploy"]) / signed)
    assert begin_deploy(machine) == 0


@pytest.mark.parametrize("file", ["deploy.yml", "deploy-dags.yml", "nightly.yml"])
def test_without_a_key_sigstore_is_asked_where_that_is_said(tmp_path: Path, file: str) -> None:
    run, asked = "runs/2026-11-27T120000Z-2", read_jobs(file)["sign"]
    machine = Machine(tmp_path, {"secrets.PRODGATE_SIGNING_KEY": "", "needs.verify.outputs.run": run})
    machine.install("pipx")
    (machine.work(asked) / f"{run}.tar").parent.mkdir()
    (machine.work(asked) / f"{run}.tar").touch()
    for signer in ("keyless", "a public key"):
        machine.variables["vars.PRODGATE_SIGNER"] = signer
        assert machine.run_step(find_step(asked, "Stand for what the gate made"), asked) == 0
        (said,) = [one for one in machine.commands if "-e sign -- " in one]
        given = cli._parser().parse_args(["seal", *said.split(" -- ")[1].split()])
        assert (str(given.run).removesuffix(".tar"), given.keyless) == (run, signer == "keyless")
        (machine.folder / "commands.log").unlink()
    assert asked.permissions["id-token"] == "write"


def test_without_a_key_a_deploy_asks_for_the_signature_of_its_own_workflow(tmp_path: Path) -> None:
    reference = "nba-news/nba-news/.github/workflows/deploy.yml@refs/heads/main"
    machine = Machine(
        tmp_path,
        {"vars.PRODGATE_SIGNER": "keyless", "vars.PRODGATE_TARGET": "aws://eu-west-1"},
        {"GITHUB_SHA": COMMIT, "GITHUB_WORKFLOW_REF": reference, "GITHUB_REPOSITORY": "nba-news/nba-news"},
    )
    machine.install("pipx")
    (machine.work(DEPLOY["deploy"]) / "runs" / "2026-11-27T120000Z-2.tar").mkdir(parents=True)
    assert begin_deploy(machine) == 0
    given = cli._parser().parse_args(["verify", *machine.commands[-1].split(" -- ")[1].split()])
    assert given.repository == "https://github.com/nba-news/nba-news"
    assert (given.key, given.identity, given.fetch_root) == ([], f"https://github.com/{reference}", True)
    assert given.issuer == "https://token.actions.githubusercontent.com"
    assert (given.commit, given.promotes, given.target, given.max_age) == (COMMIT, True, "aws://eu-west-1", "24h")


@pytest.mark.parametrize(("signed", "archived"), [("success", True), ("skipped", True), ("failure", False)])
def test_a_night_that_could_not_be_signed_is_not_archived(tmp_path: Path, signed: str, archived: bool) -> None:
    archive = read_jobs("nightly.yml")["archive"]
    outcomes = {"needs.sign.result": signed, "needs.verify.outputs.run": "runs/2026-11-27T120000Z-2"}
    machine = Machine(tmp_path, {"vars.EVIDENCE_BUCKET": "evidence", **outcomes})
    assert machine.is_due(archive.condition, archive, failed=False) is archived
    assert {"verify", "sign"} <= set(archive.needs)


# ── The steps that tell of a run

GATE, NIGHT = read_jobs("deploy.yml")["gate"], read_jobs("nightly.yml")
#: ``pipx run tox -e export-run -- WORDS`` is ``prodgate export WORDS``, by the gate of this tree.
WRITE_PIPX = f"""
command=${{4%%-run}}; shift 5
exec "{sys.executable}" -m prodgate.cli "$command" "$@"
"""


@pytest.fixture
def telling(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, {"vars.EVIDENCE_BUCKET": "evidence", "vars.AWS_REGION": "ap-northeast-1"})
    made.variables["secrets.PRODGATE_WEBHOOK"] = "https://hooks.example.invalid/"
    made.install("pipx", WRITE_PIPX)
    return made


def test_a_deploy_writes_what_code_scanning_and_test_reports_read(telling: Machine, tmp_path: Path) -> None:
    run, work = make_run(tmp_path / "made", good=False), telling.work(GATE)
    shutil.copytree(run, work / "runs" / run.name)
    for name in ("Annotate the commit", "Write it as SARIF", "Write it as JUnit XML"):
        assert telling.run_step(find_step(GATE, name), GATE) == 0
    assert json.loads((work / "prod-gate.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert ElementTree.parse(work / "prod-gate.xml").getroot().tag == "testsuites"
    assert telling.upload(find_step(GATE, "Keep what others read"), GATE) == 0


def test_a_night_like_the_one_before_is_told_to_nobody(telling: Machine, tmp_path: Path) -> None:
    for _ in range(2):
        run = make_run(tmp_path / "made")
        shutil.copytree(run, telling.work(NIGHT["notify"]) / "runs" / run.name)
    newest = max(each.name for each in (telling.work(NIGHT["notify"]) / "runs").iterdir())
    telling.variables["needs.verify.outputs.run"] = f"runs/{newest}"
    assert telling.run_step(find_step(NIGHT["notify"], "Tell of a changed verdict"), NIGHT["notify"]) == 0


def test_the_bundle_of_the_night_is_archived_in_words_that_the_command_takes(telling: Machine) -> None:
    telling.install("pipx")
    telling.variables["needs.verify.outputs.run"] = "runs/2026-11-27T120000Z-2"
    assert telling.run_step(find_step(NIGHT["archive"], "Archive the run"), NIGHT["archive"]) == 0
    (said,) = telling.commands
    asked = cli._parser().parse_args(["archive", *said.split(" -- ")[1].split()])
    assert asked.run == Path("runs/2026-11-27T120000Z-2.tar")
    assert (asked.mode, Place.parse(asked.bucket)) == ("COMPLIANCE", Place(bucket="evidence", prefix="nights"))
