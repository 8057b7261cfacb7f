"""The commands of the deploy workflow, word for word, against the rehearsal account (``stage.py``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from prodgate.cli import _parser
from prodgate.rehearsal.account import OriginalAccount
from tests.workflows.deploying import BEFORE, COMPONENTS, DEPLOY, JOBS, done_at_aws, ids
from tests.workflows.runner import ROOT, find_step, first
from tests.workflows.stage import OPEN_TO_MAIN, PROTECTED, Stage, deployed, staged

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
        "pipx run tox -e sign -- runs/", "pipx run tox -e verify-run -- runs/",
        "terraform -chdir=terraform/environments/prod apply ", "aws rds create-db-cluster-snapshot",
        "aws rds wait", "pipx run tox -e pre-deploy -- aws://ap-northeast-1", "aws ecs run-task",
        "aws ecs wait tasks-stopped", "aws deploy create-deployment", "pipx run tox -e deploy-watch -- d-", "curl --fail",
        "pipx run tox -e prod-gate -- aws://ap-northeast-1 --moment during",
        "pipx run tox -e post-deploy -- aws://ap-northeast-1",
    ]  # fmt: skip
    assert [first(done, words) for words in order] == sorted(first(done, words) for words in order)


def test_migrations_are_counted_from_the_commit_that_runs(released: Stage) -> None:
    assert released.machine.told(DEPLOY["deploy"], "env") == {"DEPLOYED_COMMIT": "1" * 40}


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
    assert stage.run(DEPLOY, *JOBS)["deploy"] == 1
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


@pytest.mark.parametrize("failing", ["--junit-xml", "tox -e prod-gate"])
def test_nothing_is_planned_or_deployed_that_is_not_tested_or_not_go(stage: Stage, failing: str) -> None:
    stage.gate_says(**{failing: 2})
    assert "deploy" not in stage.run(DEPLOY, *JOBS)
    assert stage.machine.variables["needs.roll-back.result"] == "skipped"


def test_nothing_is_applied_without_the_plan_that_was_shown(stage: Stage) -> None:
    assert stage.run(DEPLOY, *BEFORE) == dict.fromkeys(BEFORE, 0)
    (stage.machine.folder / "artifacts" / "plan" / "reviewed.tfplan").unlink()
    assert stage.run(DEPLOY, "deploy")["deploy"] != 0
    assert not [one for one in stage.machine.commands if one.startswith("aws rds")]


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
    *_, last = [one for one in stage.machine.commands if one.startswith("pipx")]
    assert last.startswith("pipx run tox -e deploy-watch -- aws://ap-northeast-1 ")
    assert set(last.split()[-2:]) == set(ids(stage))


@pytest.mark.slow
def test_a_commit_that_was_taken_back_is_said_not_to_run(taken_back: tuple[Stage, dict[str, str]]) -> None:
    stage, _ = taken_back
    said = "gh api --method POST repos/nba-news/prod/deployments/7/statuses -f state=failure -f description=taken back"
    assert stage.machine.commands[-1] == said


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
    assert stage.machine.commands[-1] == f"pipx run tox -e deploy-watch -- aws://ap-northeast-1 {ids(stage)[0]}"


@pytest.mark.slow
def test_a_way_back_that_is_watched_and_bad_is_no_way_back(stage: Stage) -> None:
    stage.gate_says(**{"tox -e post-deploy": 1, "deploy-watch -- aws://": 1})
    assert stage.run(DEPLOY, *JOBS)["roll-back"] != 0
    assert not [one for one in stage.machine.commands if "state=failure" in one]


@pytest.mark.parametrize(("failing", "code"), [("--moment during", 1), ("post-deploy -- ", 1), ("post-deploy -- ", 2)])
def test_both_checklists_are_asked_afterwards_whatever_the_first_says(stage: Stage, failing: str, code: int) -> None:
    (stage.machine.folder / "artifacts" / "runs-of-the-deploy").mkdir(parents=True)
    stage.gate_says(**{failing: code})
    assert stage.machine.run(DEPLOY["verify"]) == code
    assert [one for one in stage.machine.commands if one.startswith("pipx")] == [
        "pipx run tox -e prod-gate -- aws://ap-northeast-1 --moment during",
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
    given = {"prod-gate": ("aws://r --moment during",), "deploy-watch": watches, "nightly": ("",)}
    settings = ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini")
    for name in ("prod-gate", "pre-deploy", "deploy-watch", "post-deploy", "nightly", "dags", "sign", "verify-run"):
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
