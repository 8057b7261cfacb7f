"""The commands of the deploy workflow and of the others, word for word, against the rehearsal account
(``stage.py``)."""

import json
import os
import re
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prodgate.cli import _parser
from prodgate.facts.static.workflows import Job
from prodgate.rehearsal.account import OriginalAccount
from tests.workflows.runner import COMMIT, ROOT, Machine, find_step, first, read_jobs
from tests.workflows.stage import (
    BEFORE,
    COMPONENTS,
    DEPLOY,
    JOBS,
    OPEN_TO_MAIN,
    PROTECTED,
    Stage,
    deployed,
    done_at_aws,
    ids,
    prepare,
    staged,
)

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("rehearsal")]


@pytest.fixture(scope="module")
def released(production: OriginalAccount, aws: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """After a good release."""
    with staged(production, aws, tmp_path_factory.mktemp("released")) as found:
        before = {name: len(found.deployments(name)) for name in COMPONENTS}
        assert found.run(DEPLOY, *JOBS) == dict.fromkeys(JOBS[:-1], 0)
        assert {name: len(found.deployments(name)) for name in COMPONENTS} == {
            name: n + 1 for name, n in before.items()
        }
        yield found


@pytest.fixture(scope="module")
def taken_back(
    production: OriginalAccount, aws: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, dict[str, str]]]:
    """After a release that was verified and not good, with what ran before."""
    with staged(production, aws, tmp_path_factory.mktemp("taken-back")) as found:
        ran = {component: found.move_on(component) for component in COMPONENTS}
        found.gate_says(**{"tox -e post-deploy": 1})
        assert found.run(DEPLOY, *JOBS) == {**dict.fromkeys(JOBS, 0), "verify": 1}
        yield found, ran


def test_a_plan_is_shown_and_kept_as_text(released: Stage) -> None:
    assert "    # what would change" in released.machine.summary(DEPLOY["plan"])
    assert sorted(each.name for each in (released.machine.folder / "artifacts" / "plan").iterdir()) == [
        "reviewed.tfplan", "reviewed.txt",
    ]  # fmt: skip


def test_a_verdict_is_shown(released: Stage) -> None:
    assert released.machine.summary(DEPLOY["gate"]).startswith("## GO\n")


def test_results_of_tests_are_of_a_commit(released: Stage) -> None:
    kept = released.machine.work(DEPLOY["deploy"]) / "reports"
    assert sorted(each.name for each in kept.iterdir()) == ["commit", "tests.xml"]
    assert re.fullmatch(r"[0-9a-f]{40}\n", (kept / "commit").read_text())


def test_a_good_release_does_everything_in_its_order(released: Stage) -> None:
    done = released.machine.commands
    order = [
        "pipx run tox -e prod-gate -- aws://ap-northeast-1 --moment promotion",
        "pipx run tox -e sign -- runs/", "pipx run tox -e verify-run -- runs/",
        "terraform -chdir=terraform/environments/prod apply ", "aws rds create-db-cluster-snapshot",
        "aws rds wait", "pipx run tox -e pre-deploy -- aws://ap-northeast-1", "aws ecs run-task",
        "aws ecs wait tasks-stopped", "aws deploy create-deployment", "pipx run tox -e deploy-watch -- d-", "curl --fail",
        "pipx run tox -e prod-gate -- aws://ap-northeast-1 --moment during",
        "pipx run tox -e prod-gate -- aws://ap-northeast-1 --only live",
        "pipx run tox -e post-deploy -- aws://ap-northeast-1",
    ]  # fmt: skip
    assert [first(done, words) for words in order] == sorted(first(done, words) for words in order)


def test_migrations_are_counted_from_the_commit_that_runs(released: Stage) -> None:
    assert released.machine.told(DEPLOY["deploy"], "env") == {"DEPLOYED_COMMIT": COMMIT}


@pytest.mark.parametrize(
    ("known", "commit"),
    [
        ([("2", ["FAILURE", "SUCCESS"]), ("1", ["INACTIVE", "SUCCESS"])], "1"),  # the last was taken back
        ([("2", ["ERROR"]), ("1", ["SUCCESS"]), ("0", ["INACTIVE", "SUCCESS"])], "1"),
        ([("2", ["IN_PROGRESS"])], "applied"),
        ([], "applied"),
    ],
)
def test_what_was_taken_back_does_not_run(stage: Stage, known: Any, commit: str) -> None:
    stage.github_says(deployed=known)
    stage.machine.variables["vars.APPLIED_COMMIT"] = "applied"
    step = find_step(DEPLOY["deploy"], "Which commit runs now?")
    assert stage.machine.run_step(step, DEPLOY["deploy"]) == 0
    assert stage.machine.told(DEPLOY["deploy"], "env") == {"DEPLOYED_COMMIT": commit}


def test_where_nobody_knows_which_commit_runs_nothing_is_deployed(stage: Stage) -> None:
    stage.github_says(deployed=[])
    assert stage.run(DEPLOY, *JOBS) == {"tests": 0, "rehearse": 0, "gate": 1}
    assert not done_at_aws(stage)


@pytest.mark.slow
def test_a_release_has_a_snapshot_of_before(released: Stage) -> None:
    snapshots = released.clients("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    name = f"{released.release['snapshot_before_release']}42-1"
    assert [one["Status"] for one in snapshots if one["DBClusterSnapshotIdentifier"] == name] == ["available"]


def test_what_is_deployed_is_what_terraform_declared(released: Stage, production: OriginalAccount) -> None:
    tasks = production.account.declared("aws_ecs_task_definition").values()
    declared = {values["family"].rpartition("-")[2]: values["arn"] for values in tasks}
    for component in COMPONENTS:
        assert deployed(released.deployments(component)[-1]) == declared[component]


@pytest.mark.slow
def test_what_is_watched_is_what_was_deployed(released: Stage) -> None:
    told = "aws://ap-northeast-1 --i-am-allowed-to-load www.nba-news.example"
    watched = [f"pipx run tox -e deploy-watch -- {id} {told}" for id in ids(released)]
    assert [one for one in released.machine.commands if "deploy-watch -- " in one] == watched


def test_the_record_of_the_watch_reaches_the_verification(released: Stage) -> None:
    assert (released.machine.work(DEPLOY["verify"]) / "runs" / "watches" / "one" / "run.json").exists()


def test_a_migration_that_fails_ends_the_release_before_any_traffic_moves(stage: Stage) -> None:
    stage.migrations_end("1")
    assert stage.run(DEPLOY, *JOBS) == {**dict.fromkeys(BEFORE, 0), "deploy": 1, "roll-back": 0}
    assert not [one for one in done_at_aws(stage) if one.startswith("aws deploy")]


def test_a_migration_that_never_began_has_not_succeeded(stage: Stage) -> None:
    stage.migrations_end("never began")
    assert stage.run(DEPLOY, *JOBS)["deploy"] == 1
    assert stage.machine.outcomes["Did it succeed?"] == 1
    assert not [one for one in done_at_aws(stage) if one.startswith("aws deploy")]


@pytest.mark.slow
def test_what_is_not_known_before_ends_the_release_before_the_migration(stage: Stage) -> None:
    stage.gate_says(**{"pre-deploy -- ": 2})
    assert stage.run(DEPLOY, *JOBS)["deploy"] == 2
    assert not [one for one in done_at_aws(stage) if one.startswith(("aws ecs run-task", "aws deploy"))]


@pytest.mark.parametrize("failing", ["--junit-xml", "tox -e prod-gate", "--moment promotion"])
def test_nothing_is_planned_or_deployed_that_is_not_tested_or_not_go(stage: Stage, failing: str) -> None:
    stage.gate_says(**{failing: 2})
    assert "deploy" not in stage.run(DEPLOY, *JOBS)
    assert stage.machine.variables["needs.roll-back.result"] == "skipped"


@pytest.mark.parametrize("change", [Path.unlink, lambda plan: plan.write_text("another one")])
def test_nothing_is_applied_but_the_plan_that_was_shown(stage: Stage, change: Callable[[Path], object]) -> None:
    assert stage.run(DEPLOY, *BEFORE) == dict.fromkeys(BEFORE, 0)
    change(stage.machine.folder / "artifacts" / "plan" / "reviewed.tfplan")
    assert stage.run(DEPLOY, "deploy")["deploy"] != 0
    assert not [one for one in stage.machine.commands if " apply " in one or one.startswith("aws rds")]


@pytest.mark.parametrize(
    ("protected", "way_back"),
    [
        ({"protection_rules": []}, OPEN_TO_MAIN),
        ({"protection_rules": [{"type": "wait_timer"}]}, OPEN_TO_MAIN),
        ({"protection_rules": [{"type": "required_reviewers", "reviewers": []}]}, OPEN_TO_MAIN),
        (PROTECTED, {**OPEN_TO_MAIN, "deployment_branch_policy": None}),
        (PROTECTED, {**OPEN_TO_MAIN, **PROTECTED}),
        (PROTECTED, {**OPEN_TO_MAIN, "protection_rules": [{"type": "wait_timer"}]}),
    ],
)
def test_nothing_is_planned_where_an_environment_is_not_as_it_must(stage: Stage, protected: Any, way_back: Any) -> None:
    stage.github_says(production=protected, way_back=way_back)
    assert stage.machine.run(DEPLOY["plan"]) != 0
    assert not [one for one in stage.machine.commands if one.startswith("terraform")]


@pytest.mark.slow
def test_what_is_verified_and_bad_goes_back_by_itself(taken_back: tuple[Stage, dict[str, str]]) -> None:
    stage, ran = taken_back
    for component, before in ran.items():
        assert [deployed(one) == before for one in stage.deployments(component)[-2:]] == [False, True]
        assert stage.task_definition(component) == before
        assert "back" in stage.deployments(component)[-1]["description"]


def test_the_way_back_is_watched(taken_back: tuple[Stage, dict[str, str]]) -> None:
    stage, _ = taken_back
    *_, last = [one for one in stage.machine.commands if "deploy-watch" in one]
    assert last.startswith("pipx run tox -e deploy-watch -- aws://ap-northeast-1 ")
    assert set(last.split()[-2:]) == set(ids(stage))


@pytest.mark.slow
def test_a_commit_that_was_taken_back_is_said_not_to_run(taken_back: tuple[Stage, dict[str, str]]) -> None:
    stage, _ = taken_back
    said = "gh api --method POST repos/nba-news/prod/deployments/7/statuses -f state=failure -f description=taken back"
    assert said in stage.machine.commands


@pytest.mark.slow
def test_a_release_that_is_not_good_goes_back_by_itself(stage: Stage) -> None:
    """Both components are out when no reader gets a page."""
    ran = {component: stage.move_on(component) for component in COMPONENTS}
    stage.machine.install("curl", "exit 22")
    assert stage.run(DEPLOY, *JOBS) == {**dict.fromkeys(BEFORE, 0), "deploy": 22, "roll-back": 0}
    assert {component: stage.task_definition(component) for component in COMPONENTS} == ran


@pytest.mark.slow
def test_a_back_end_that_is_watched_and_bad_goes_back_and_the_front_end_stays(stage: Stage) -> None:
    before, front = stage.move_on("api"), len(stage.deployments("frontend"))
    stage.gate_says(**{"deploy-watch -- d-": 1})
    assert stage.run(DEPLOY, *JOBS)["roll-back"] == 0
    assert stage.task_definition("api") == before
    assert len(stage.deployments("frontend")) == front
    watches = [one for one in stage.machine.commands if "deploy-watch -- " in one]
    assert watches[-1] == f"pipx run tox -e deploy-watch -- aws://ap-northeast-1 {ids(stage)[0]}"


@pytest.mark.slow
def test_a_way_back_that_is_watched_and_bad_is_no_way_back(stage: Stage) -> None:
    stage.gate_says(**{"tox -e post-deploy": 1, "deploy-watch -- aws://": 1})
    assert stage.run(DEPLOY, *JOBS)["roll-back"] != 0
    assert not [one for one in stage.machine.commands if "state=failure" in one]


@pytest.mark.parametrize(
    ("failing", "code"), [("--moment during", 1), ("--only live", 1), ("post-deploy -- ", 1), ("post-deploy -- ", 2)]
)
def test_both_checklists_and_the_account_are_asked_afterwards_whatever_the_first_says(
    stage: Stage, failing: str, code: int
) -> None:
    (stage.machine.folder / "artifacts" / "runs-of-the-deploy").mkdir(parents=True)
    stage.gate_says(**{failing: code})
    assert stage.machine.run(DEPLOY["verify"]) == code
    assert [one for one in stage.machine.commands if "aws://" in one] == [
        "pipx run tox -e prod-gate -- aws://ap-northeast-1 --moment during",
        "pipx run tox -e prod-gate -- aws://ap-northeast-1 --only live",
        "pipx run tox -e post-deploy -- aws://ap-northeast-1",
    ]


def test_what_nobody_knows_yet_takes_nothing_back(stage: Stage) -> None:
    """CloudWatch counts some minutes late: the job fails, and a person asks again."""
    stage.gate_says(**{"tox -e post-deploy": 2})
    ended = stage.run(DEPLOY, *JOBS)
    assert (ended["verify"], "roll-back" in ended) == (2, False)
    assert "needs.verify.outputs.no-go" not in stage.machine.variables


def test_every_command_of_the_workflow_is_run_here(released: Stage, taken_back: tuple[Stage, dict[str, str]]) -> None:
    """In the releases above, each well."""
    known = {step.name for job in DEPLOY.values() for step in job.steps if step.run}
    outcomes = {**released.machine.outcomes, **taken_back[0].machine.outcomes}
    assert known - outcomes.keys() == set()
    assert {name: code for name, code in outcomes.items() if code} == {"Is all well afterwards?": 1}


def test_every_command_of_the_gate_that_tox_or_a_workflow_names_is_understood() -> None:
    """Its own parser takes what the environments of tox pass on."""
    watches = ("d-1 aws://r --i-am-allowed-to-load h", "aws://r d-1 d-2")
    given = {
        "prod-gate": ("aws://r --moment during", "aws://r --moment promotion", "aws://r --only live"),
        "deploy-watch": watches,
        "nightly": ("",),
    }
    settings = ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini")
    for name in (
        "prod-gate",
        "pre-deploy",
        "deploy-watch",
        "post-deploy",
        "nightly",
        "dags",
        "sign",
        "verify-run",
        "bundle-runs",
        "unbundle-runs",
    ):
        command = settings[f"testenv:{name}"]["commands"].strip()
        for said in given.get(name, ("aws://r",)):
            words = re.sub(r"\{posargs[^}]*\}", said, re.sub(r"\{env:[^}]*\}", "aws://r", command)).split()
            assert words[0] == "prodgate"
            _parser().parse_args(words[1:])


def test_every_environment_of_tox_that_a_workflow_names_exists() -> None:
    known = set(re.findall(r"^\[testenv:([\w-]+)\]", (ROOT / "tox.ini").read_text("utf-8"), re.MULTILINE))
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        for names in re.findall(r"tox -e ([\w,-]+)", file.read_text("utf-8")):
            unknown = {name for name in names.split(",") if not re.fullmatch(r"py3\d+", name)} - known
            assert not unknown, file.name


# ── The way back


def test_a_deploy_that_nobody_approved_has_nothing_to_take_back(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.machine.variables["needs.deploy.result"] = "failure"
    assert stage.run(DEPLOY, "roll-back") == {"roll-back": 0}
    assert not [one for one in stage.machine.commands if one.startswith(("pipx", "gh"))]
    assert not done_at_aws(stage)
    said = capfd.readouterr().out.splitlines()
    assert {f"{component}: nothing was deployed" for component in COMPONENTS} <= {*said}


@pytest.mark.slow
@pytest.mark.parametrize(
    "lost", ["Deploy the back end", "Watch the back end until the old tasks are gone", "Deploy the front end"]
)
def test_what_a_lost_machine_had_deployed_is_found_and_goes_back(stage: Stage, lost: str) -> None:
    """A machine that is lost after a step does nothing more, also not what is always done."""
    ran = {component: stage.move_on(component) for component in COMPONENTS}
    assert stage.run(DEPLOY, *BEFORE) == dict.fromkeys(BEFORE, 0)
    stage.conduct(conducted={"by": "a test"})
    steps = DEPLOY["deploy"].steps
    last = next(at for at, step in enumerate(steps) if step.name == lost)
    stage.machine.run(replace(DEPLOY["deploy"], steps=steps[: last + 1]))
    stage.machine.variables["needs.deploy.result"] = "failure"
    component = "frontend" if "front" in lost else "api"
    id = stage.deployments(component)[-1]["deploymentId"]
    stage.conduct(deployment={id: {"status": "InProgress", "rollbackInfo": {"rollbackDeploymentId": "d-BACK"}}})
    assert ran[component] != deployed(stage.deployments(component)[-1])

    stage.run(DEPLOY, "roll-back")

    assert f"aws deploy stop-deployment --deployment-id {id} --auto-rollback-enabled" in stage.machine.commands
    assert stage.deployments(component)[-1]["errorInformation"]["code"] == "MANUAL_STOP"
    assert (stage.machine.work(DEPLOY["roll-back"]) / f"{component}.back").read_text() == "d-BACK\n"


@pytest.mark.slow
def test_what_the_way_back_needs_is_kept_as_soon_as_something_is_deployed(stage: Stage) -> None:
    assert stage.run(DEPLOY, *BEFORE) == dict.fromkeys(BEFORE, 0)
    steps, done = DEPLOY["deploy"].steps, 0
    for component, watched in (("api", "Watch the back end"), ("frontend", "Watch the front end")):
        lost = next(at for at, step in enumerate(steps) if step.name.startswith(watched))
        assert stage.machine.run(replace(DEPLOY["deploy"], steps=steps[done:lost])) == 0
        done = lost
        kept = stage.machine.folder / "artifacts" / "release"
        id = stage.deployments(component)[-1]["deploymentId"]
        assert (kept / f"{component}.deployment").read_text() == f"{id}\n"
        assert {"release.json", f"{component}.before"} <= {each.name for each in kept.iterdir()}


@pytest.mark.parametrize(("status", "code"), [("InProgress", 1), ("Succeeded", 0)])
def test_what_somebody_else_deploys_is_left_to_a_person(
    stage: Stage, status: str, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.conduct(conducted={"by": "a test"})
    id = stage.clients("codedeploy").create_deployment(**stage.release["deployments"]["api"])["deploymentId"]
    stage.conduct(deployment={id: {"status": status}})
    step = find_step(DEPLOY["roll-back"], "Take the back end back")
    assert stage.machine.run_step(step, DEPLOY["roll-back"]) == code
    said = capfd.readouterr()
    assert (f"api: {id} is under way, and not by this run; see whose it is" in said.err) is bool(code)
    assert ("api: nothing was deployed" in said.out) is not code
    assert not [one for one in stage.machine.commands if "stop-deployment" in one]


def test_a_deployment_that_succeeded_and_of_which_nothing_was_kept_is_left_to_a_person(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = {**stage.release["deployments"]["api"], "description": "run 42"}
    id = stage.clients("codedeploy").create_deployment(**asked)["deploymentId"]
    step = find_step(DEPLOY["roll-back"], "Take the back end back")
    assert stage.machine.run_step(step, DEPLOY["roll-back"]) == 1
    assert f"api: {id} has succeeded, and nothing was kept of what ran before" in capfd.readouterr().err


def test_a_deploy_that_succeeded_and_of_which_nobody_knows_is_not_taken_back_in_silence(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.machine.variables.update({"needs.deploy.result": "success", "needs.verify.outputs.no-go": "true"})
    assert stage.run(DEPLOY, "roll-back") == {"roll-back": 1}
    said = capfd.readouterr()
    for component in COMPONENTS:
        assert f"{component}: the deploy succeeded, and AWS knows of no deployment by run 42" in said.err
    assert not [one for one in stage.machine.commands if one.startswith("gh")]


def test_a_way_back_that_can_not_ask_has_not_found_that_nothing_was_deployed(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.machine.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    stage.machine.environment["AWS_MAX_ATTEMPTS"] = "1"
    step = find_step(DEPLOY["roll-back"], "Take the back end back")
    assert stage.machine.run_step(step, DEPLOY["roll-back"]) == 1
    said = capfd.readouterr()
    assert "api: AWS does not say what was deployed; run this job again" in said.err
    assert "nothing was deployed" not in said.out


def test_the_way_back_asks_about_the_application_that_terraform_declares(stage: Stage) -> None:
    declared = {each["applicationName"] for each in stage.release["deployments"].values()}
    assert {DEPLOY["roll-back"].env["APPLICATION"]} == declared


@pytest.mark.parametrize("status", ["InProgress", "Failed", "Stopped"])
def test_a_deployment_is_taken_back_by_what_it_has_come_to(stage: Stage, status: str) -> None:
    stage.conduct(conducted={"by": "a test"})
    id = stage.clients("codedeploy").create_deployment(**stage.release["deployments"]["api"])["deploymentId"]
    stage.conduct(deployment={id: {"status": status, "rollbackInfo": {"rollbackDeploymentId": "d-BACK"}}})
    work = prepare(stage, api_deployment=f"{id}\n")

    step = find_step(DEPLOY["roll-back"], "Take the back end back")
    assert stage.machine.run_step(step, DEPLOY["roll-back"]) == 0

    last = stage.deployments("api")[-1]
    assert last["deploymentId"] == id
    assert (last.get("errorInformation", {}).get("code") == "MANUAL_STOP") is (status == "InProgress")
    assert (work / "api.back").read_text() == "d-BACK\n"


def test_a_deployment_that_nothing_takes_back_is_said(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    stage.conduct(conducted={"by": "a test"})
    id = stage.clients("codedeploy").create_deployment(**stage.release["deployments"]["api"])["deploymentId"]
    stage.conduct(deployment={id: {"status": "Failed"}})
    prepare(stage, api_deployment=id)
    step = find_step(DEPLOY["roll-back"], "Take the back end back")
    assert stage.machine.run_step(step, DEPLOY["roll-back"]) == 1
    assert f"api: nothing takes {id} back; see which version serves" in capfd.readouterr().err


def test_a_command_line_that_is_not_of_aws_is_refused(stage: Stage) -> None:
    step = find_step(DEPLOY["deploy"], "Back up the database")
    wrong = replace(step, run=step.run.replace("--db-cluster-identifier", "--cluster"))
    (stage.machine.work(DEPLOY["deploy"]) / "release.json").write_text(json.dumps(stage.release))
    assert stage.machine.run_step(wrong, DEPLOY["deploy"]) == 2


# ── The commands of the other workflows, word for word (``stage.py``): DAGs are copied, and runs are shown

DAGS, GATE, NIGHTLY = (read_jobs(f"{name}.yml") for name in ("deploy-dags", "gate", "nightly"))
#: The jobs of DAGs that are good.
COPIED = [name for name in DAGS if name != "take-back"]
#: A file that a former version had, and one that the deploy may not touch.
OLD, FOREIGN = "dags/retired.py", "requirements.txt"


def keys(stage: Stage, bucket: str) -> set[str]:
    return {one["Key"] for one in stage.clients("s3").list_objects_v2(Bucket=bucket)["Contents"]}


def test_dags_are_copied_as_they_are_and_what_is_no_more_goes(stage: Stage) -> None:
    bucket = stage.release["dags_bucket_name"]
    stage.machine.variables["vars.DAGS_BUCKET"] = bucket
    for key in (OLD, FOREIGN):
        stage.clients("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    others = {key for key in keys(stage, bucket) if not key.startswith("dags/")}

    assert stage.run(DAGS, *DAGS) == dict.fromkeys(COPIED, 0)

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
    assert stage.run(DAGS, *DAGS) == dict.fromkeys(COPIED, 0)
    kept = stage.clients("s3").list_object_versions(Bucket=bucket, Prefix=OLD)
    assert [one["IsLatest"] for one in kept["DeleteMarkers"]] == [True]
    assert len(kept["Versions"]) == 1


@pytest.mark.parametrize(
    ("failing", "job"),
    [("tox -e dags", "test"), ("--moment promotion", "gate"), ("tox -e sign -- ", "sign"), ("--promotes", "deploy")],
)
def test_dags_that_do_not_run_or_may_not_be_promoted_are_not_copied(stage: Stage, failing: str, job: str) -> None:
    stage.gate_says(**{failing: 1})
    assert {name for name, code in stage.run(DAGS, *DAGS).items() if code} == {job}
    assert not [one for one in stage.machine.commands if one.startswith("aws")]


@pytest.mark.parametrize(("code", "last"), [(1, {"take-back": 1}), (2, {"record": 0})])
def test_dags_with_which_the_account_is_no_go_are_not_said_to_run(
    stage: Stage, code: int, last: dict[str, int]
) -> None:
    stage.machine.variables["vars.DAGS_BUCKET"] = stage.release["dags_bucket_name"]
    stage.gate_says(**{"--only live": code})
    others = {name: code if name == "verify" else 0 for name in COPIED if name != "record"}
    assert stage.run(DAGS, *DAGS) == {**others, **last}


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_pull_request_shows_the_verdict_whatever_it_is(stage: Stage, code: int) -> None:
    stage.gate_says(**{"tox -e prod-gate": code})
    assert stage.run(GATE, "tests", "gate") == {"tests": 0, "gate": code}
    said = ("## GO\n", "## NO-GO\n", "## INSUFFICIENT EVIDENCE\n")[code]
    assert stage.machine.summary(GATE["gate"]).startswith(said)
    (kept,) = (stage.machine.folder / "artifacts" / "gate-run").iterdir()
    assert kept.suffix == ".tar"


def test_a_night_looks_at_what_runs_and_shows_the_newest_run(stage: Stage) -> None:
    older = stage.machine.work(NIGHTLY["verify"]) / "runs" / "2026-11-26T120000Z-1"
    older.mkdir(parents=True)
    (older / "summary.md").write_text("the night before")
    os.utime(older, (0, 0))
    (older.parent / "watches").mkdir()
    assert stage.run(NIGHTLY, "verify") == {"verify": 0}
    assert stage.machine.summary(NIGHTLY["verify"]).startswith("## GO\n")
    assert stage.machine.told(NIGHTLY["verify"], "env") == {"DEPLOYED_COMMIT": COMMIT}


def test_a_night_knows_which_dags_were_deployed_without_the_application(stage: Stage) -> None:
    assert stage.run(NIGHTLY, "verify") == {"verify": 0}
    (asked,) = [one for one in stage.machine.commands if "environments[]=" in one]
    assert asked.endswith(" -f environments[]=production -f environments[]=production-dags")
    assert "deploy" in DAGS["record"].needs
    assert DAGS["record"].environment == "production-dags"


def test_a_night_that_ends_before_it_makes_a_run_shows_signs_archives_and_tells_of_no_other(stage: Stage) -> None:
    older = stage.machine.work(NIGHTLY["verify"]) / "runs" / "2026-11-26T120000Z-1"
    older.mkdir(parents=True)
    (older / "summary.md").write_text("the night before")
    (older / "run.json").touch()
    os.utime(older, (0, 0))
    stage.machine.install("pipx", "case $* in *nightly*) exit 4 ;; esac")
    assert stage.run(NIGHTLY, *NIGHTLY) == {"verify": 4}
    assert stage.machine.summary(NIGHTLY["verify"]) == ""
    assert not (stage.machine.folder / "artifacts" / "nightly-run").exists()


@pytest.mark.parametrize("target", ["", "rehearsal://"])
def test_a_night_that_would_rehearse_is_refused(stage: Stage, target: str) -> None:
    stage.machine.variables["vars.PRODGATE_TARGET"] = target
    assert stage.run(NIGHTLY, *NIGHTLY) == {"verify": 1}
    assert stage.machine.commands == ["pipx run tox -e history"]


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
    ran = stage.run(jobs, *jobs)
    assert set(ran.values()) == {0}
    steps = [step for name in ran for step in jobs[name].steps if step.run]
    known = {step.name for step in steps if step.condition != "${{ failure() }}"}
    assert stage.machine.outcomes == dict.fromkeys(known, 0)


def test_no_workflow_is_left_out() -> None:
    files = {path.name for path in (ROOT / ".github" / "workflows").glob("*.y*ml")}
    # the reusable one is for others, as is what publishes: test_for_others.py; teeth.yml is one command
    assert files == {
        "deploy.yml", "deploy-dags.yml", "gate.yml", "nightly.yml", "publish.yml", "reusable-gate.yml", "teeth.yml",
    }  # fmt: skip


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
