"""The commands of the other workflows, word for word (``stage.py``): DAGs are copied, and runs are shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.facts.static.workflows import Job
from prodgate.rehearsal.account import OriginalAccount
from tests.workflows.runner import ROOT, Machine, find_step, read_jobs
from tests.workflows.stage import Stage, staged

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("rehearsal")]

DAGS, GATE, NIGHTLY = (read_jobs(f"{name}.yml") for name in ("deploy-dags", "gate", "nightly"))
#: A file that a former version had, and one that the deploy may not touch.
OLD, FOREIGN = "dags/retired.py", "requirements.txt"


@pytest.fixture
def stage(production: OriginalAccount, aws: Path, tmp_path: Path) -> Iterator[Stage]:
    with staged(production, aws, tmp_path) as found:
        yield found


def keys(stage: Stage, bucket: str) -> set[str]:
    return {one["Key"] for one in stage.clients("s3").list_objects_v2(Bucket=bucket)["Contents"]}


def test_dags_are_copied_as_they_are_and_what_is_no_more_goes(stage: Stage) -> None:
    bucket = stage.release["dags_bucket_name"]
    stage.machine.variables["vars.DAGS_BUCKET"] = bucket
    for key in (OLD, FOREIGN):
        stage.clients("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    others = {key for key in keys(stage, bucket) if not key.startswith("dags/")}

    assert stage.run(DAGS, "test", "deploy") == {"test": 0, "deploy": 0}

    wanted = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "dags").rglob("*")
        if path.is_file() and not {"tests", "__pycache__"} & {*path.relative_to(ROOT / "dags").parts}
    }
    assert len(wanted) > 3
    assert keys(stage, bucket) == wanted | others
    for key in wanted:
        assert stage.clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == (ROOT / key).read_bytes()


def test_the_version_before_is_kept(stage: Stage) -> None:
    bucket = stage.release["dags_bucket_name"]
    stage.machine.variables["vars.DAGS_BUCKET"] = bucket
    stage.clients("s3").put_object(Bucket=bucket, Key=OLD, Body=b"x")
    assert stage.run(DAGS, "test", "deploy") == {"test": 0, "deploy": 0}
    kept = stage.clients("s3").list_object_versions(Bucket=bucket, Prefix=OLD)
    assert [one["IsLatest"] for one in kept["DeleteMarkers"]] == [True]
    assert len(kept["Versions"]) == 1


def test_dags_that_do_not_run_are_not_copied(stage: Stage) -> None:
    stage.gate_says(**{"tox -e dags": 1})
    assert stage.run(DAGS, "test", "deploy") == {"test": 1}
    assert not [one for one in stage.machine.commands if one.startswith("aws")]


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_pull_request_shows_the_verdict_whatever_it_is(stage: Stage, code: int) -> None:
    stage.gate_says(**{"tox -e prod-gate": code})
    assert stage.run(GATE, "tests", "gate") == {"tests": 0, "gate": code}
    said = ("## GO\n", "## NO-GO\n", "## INSUFFICIENT EVIDENCE\n")[code]
    assert stage.machine.summary(GATE["gate"]).startswith(said)
    assert (stage.machine.folder / "artifacts" / "gate-run").is_dir()


def test_a_night_looks_at_what_runs_and_shows_the_newest_run(stage: Stage) -> None:
    older = stage.machine.work(NIGHTLY["verify"]) / "runs" / "2026-11-26T120000Z-1"
    older.mkdir(parents=True)
    (older / "summary.md").write_text("the night before")
    (older.parent / "watches").mkdir()
    assert stage.run(NIGHTLY, "verify") == {"verify": 0}
    assert stage.machine.summary(NIGHTLY["verify"]).startswith("## GO\n")
    assert stage.machine.told(NIGHTLY["verify"], "env") == {"DEPLOYED_COMMIT": "1" * 40}


def test_a_night_without_a_target_rehearses_and_asks_nobody(stage: Stage) -> None:
    stage.machine.variables["vars.PRODGATE_TARGET"] = ""
    assert stage.run(NIGHTLY, "verify") == {"verify": 0}
    assert [one for one in stage.machine.commands if not one.startswith("pipx")] == []


def test_a_night_whatever_its_verdict_is_signed_archived_and_told(stage: Stage) -> None:
    stage.gate_says(**{"tox -e nightly": 1})
    assert stage.run(NIGHTLY, *NIGHTLY) == {"verify": 1, "sign": 0, "archive": 0, "notify": 0}
    (archived,) = [one for one in stage.machine.commands if "tox -e archive -- " in one]
    assert archived.endswith(" s3://evidence/nights --via aws://ap-northeast-1")


@pytest.mark.parametrize(
    ("absent", "left"), [("PRODGATE_SIGNER", "sign"), ("EVIDENCE_BUCKET", "archive"), ("NOTIFY_BY", "notify")]
)
def test_a_night_without_a_signer_a_bucket_or_a_webhook_leaves_that_out(stage: Stage, absent: str, left: str) -> None:
    stage.machine.variables[f"vars.{absent}"] = ""
    assert stage.run(NIGHTLY, *NIGHTLY) == dict.fromkeys({"verify", "sign", "archive", "notify"} - {left}, 0)


@pytest.mark.parametrize("jobs", [DAGS, GATE, NIGHTLY], ids=["deploy-dags", "gate", "nightly"])
def test_every_command_is_run_here(stage: Stage, jobs: dict[str, Job]) -> None:
    stage.machine.variables["vars.DAGS_BUCKET"] = stage.release["dags_bucket_name"]
    assert set(stage.run(jobs, *jobs).values()) == {0}
    known = {step.name for job in jobs.values() for step in job.steps if step.run}
    assert stage.machine.outcomes == dict.fromkeys(known, 0)


def test_no_workflow_is_left_out() -> None:
    files = {path.name for path in (ROOT / ".github" / "workflows").glob("*.y*ml")}
    # the reusable one is for others: test_for_others.py; what publishes: test_publish.py
    assert files == {"deploy.yml", "deploy-dags.yml", "gate.yml", "nightly.yml", "publish.yml", "reusable-gate.yml"}


@pytest.mark.parametrize(
    ("condition", "failed", "due"),
    [
        ("", False, True),
        ("", True, False),
        ("${{ vars.A != '' }}", False, True),
        ("${{ vars.A != '' }}", True, False),
        ("${{ vars.B != '' }}", False, False),
        ("failure() || cancelled()", False, False),
        ("failure() || cancelled()", True, True),
        ("always() && (needs.a.result == 'failure' || needs.a.outputs.no-go == 'true')", False, True),
        ("always() && needs.b.result == 'failure'", True, False),
        ("!cancelled() && hashFiles('*.back') != ''", True, False),
    ],
)
def test_conditions_are_those_of_github(tmp_path: Path, condition: str, failed: bool, due: bool) -> None:
    machine = Machine(tmp_path, {"vars.A": "a", "needs.a.outputs.no-go": "true"})
    assert machine.is_due(condition, GATE["gate"], failed=failed) is due


def test_a_condition_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NameError):
        Machine(tmp_path, {}).is_due("contains(vars.A, 'b')", GATE["gate"], failed=False)


def test_an_artifact_that_no_job_kept_is_not_there(stage: Stage) -> None:
    step = next(
        one for one in read_jobs("deploy.yml")["verify"].steps if one.inputs.get("name") == "runs-of-the-deploy"
    )
    assert stage.machine.download(step, NIGHTLY["verify"]) == 1
    assert find_step(GATE["gate"], "pipx run tox -e prod-gate").run
