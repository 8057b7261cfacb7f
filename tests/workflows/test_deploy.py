"""The commands of the deploy workflow, word for word, against the rehearsal account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from prodgate.aws.clients import rehearsal_clients
from prodgate.cli import _parser
from prodgate.rehearsal.account import RehearsalAccount
from tests.workflows.runner import ROOT, Machine, first, read_jobs

#: What AWS adds to a task definition, and refuses when it is registered again.
ADDED = ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt")
pytestmark = [pytest.mark.once, pytest.mark.xdist_group("rehearsal")]

DEPLOY = read_jobs("deploy.yml")
VARIABLES = {
    "vars.AWS_REGION": "ap-northeast-1",
    "vars.PRODGATE_TARGET": "aws://ap-northeast-1",
    "vars.SITE_HOST": "www.nba-news.example",
    "github.token": "token",
    "env.ROOT": "terraform/environments/prod",
}
#: What GitHub says of an environment with reviewers.
PROTECTED = {"protection_rules": [{"type": "branch_policy"}, {"type": "required_reviewers", "reviewers": [{}]}]}
#: What it says of the deployments to it, the newest first.
DEPLOYED = {
    "data": {
        "repository": {
            "deployments": {
                "nodes": [
                    {"state": "IN_PROGRESS", "commitOid": "3" * 40},
                    {"state": "FAILURE", "commitOid": "2" * 40},
                    {"state": "ACTIVE", "commitOid": "1" * 40},
                    {"state": "INACTIVE", "commitOid": "0" * 40},
                ]
            }
        }
    }
}
ANSWERS = """case "$2" in graphql) echo '{deployments}' ;; *) echo '{rules}' ;; esac"""
ROLLBACK = ("Roll back the front end", "Roll back the back end")
#: Real core plans; what it would apply, the rehearsal account has; what it outputs, too.
TERRAFORM = """
case "$*" in
*" output -json release") cat "$RELEASE" ;;
*" show "*) echo "# what would change" ;;
*" plan -out=$RUNNER_TEMP/reviewed.tfplan") : > "$RUNNER_TEMP/reviewed.tfplan" ;;
*" apply $RUNNER_TEMP/reviewed.tfplan") test -e "$RUNNER_TEMP/reviewed.tfplan" ;;
*" init -lockfile=readonly") ;;
*) exit 64 ;;
esac
"""


class Stage:
    """A copy of the account, and a machine that reaches it."""

    def __init__(self, endpoint: str, account: RehearsalAccount, machine: Machine) -> None:
        self.endpoint = endpoint
        self.deployed_before: dict[str, int] = {}
        self.clients, self.machine = rehearsal_clients(endpoint, account.region), machine
        self.release: dict[str, Any] = account.applied.state["outputs"]["release"]["value"]

    def end_migrations(self, code: int | None) -> None:
        """Let each migration end with this code; None for one that never began."""
        answer = {"tasks": [{"containers": [{"name": "migration", "exitCode": code}]}]}
        canned = {"ecs wait tasks-stopped": {}, "ecs describe-tasks": answer}
        self.machine.environment["AWS_CANNED"] = json.dumps(canned)

    def conduct(self, **kinds: Any) -> None:
        """Let deployments be as the test says, rather than end at once."""
        told = {"service": "codedeploy", "region": "ap-northeast-1", "kinds": kinds}
        urlopen(Request(f"{self.endpoint}/_prodgate/conduct", json.dumps(told).encode()), timeout=10).close()

    def deployments(self, component: str) -> list[dict[str, Any]]:
        """What was deployed of a component, the oldest first."""
        deploy = self.clients("codedeploy")
        named = {"applicationName": "nba-news-prod", "deploymentGroupName": component}
        ids = deploy.list_deployments(**named)["deployments"]
        return [deploy.get_deployment(deploymentId=id)["deploymentInfo"] for id in reversed(ids)]

    def task_definition(self, component: str) -> str:
        """What the primary tasks of a component run."""
        named = {"cluster": self.release["cluster_name"], "services": [self.release["service_names"][component]]}
        (service,) = self.clients("ecs").describe_services(**named)["services"]
        (primary,) = [one for one in service["taskSets"] if one["status"] == "PRIMARY"]
        return str(primary["taskDefinition"])


def deployed(deployment: dict[str, Any]) -> str:
    """The task definition that a deployment names."""
    content = json.loads(deployment["revision"]["appSpecContent"]["content"])
    return str(content["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"])


@contextmanager
def staged(production: RehearsalAccount, work: Path) -> Iterator[Stage]:
    """A copy of the account, and a machine with the programs that the workflow calls."""
    release = work / "outputs.json"
    with production.branch() as endpoint:
        environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": production.region,
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "GITHUB_REPOSITORY": "nba-news/prod",
            "GITHUB_RUN_ID": "42",
            "GITHUB_RUN_ATTEMPT": "1",
            "RELEASE": str(release),
            "RUNNER_TEMP": str(work / "temporary"),
        }
        machine = Machine(work, VARIABLES, environment)
        (work / "temporary").mkdir()
        (work / "temporary" / "reviewed.tfplan").touch()  # fetched from the job that planned
        (work / "scripts").symlink_to(ROOT / "scripts")
        machine.install("aws", module="tests.workflows.aws_cli")
        machine.install("jq", module="tests.workflows.jq")
        machine.install("terraform", TERRAFORM)
        machine.install("pipx")
        machine.install("curl")
        machine.install("gh", ANSWERS.format(rules=json.dumps(PROTECTED), deployments=json.dumps(DEPLOYED)))
        found = Stage(endpoint, production, machine)
        found.end_migrations(0)
        release.write_text(json.dumps(found.release))
        yield found


@pytest.fixture
def stage(production: RehearsalAccount, tmp_path: Path) -> Iterator[Stage]:
    """Before a release."""
    with staged(production, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def released(production: RehearsalAccount, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """After a good release."""
    with staged(production, tmp_path_factory.mktemp("released")) as found:
        found.deployed_before = {name: len(found.deployments(name)) for name in ("api", "frontend")}
        assert found.machine.run(DEPLOY["deploy"]) == 0
        yield found


def test_a_plan_is_shown_and_kept_as_text(stage: Stage) -> None:
    assert stage.machine.run(DEPLOY["plan"]) == 0
    assert "    # what would change" in (stage.machine.work / "summary.md").read_text()
    assert (stage.machine.work / "temporary" / "reviewed.txt").exists()


def test_a_good_release_does_everything_in_its_order(released: Stage) -> None:
    done = released.machine.commands
    order = [
        "terraform -chdir=terraform/environments/prod apply ", "aws rds create-db-cluster-snapshot",
        "aws rds wait", "pipx run tox -e pre-deploy -- aws://ap-northeast-1", "aws ecs run-task",
        "aws ecs wait tasks-stopped", "aws deploy create-deployment", "pipx run tox -e deploy-watch -- d-", "curl --fail",
    ]  # fmt: skip
    assert [first(done, words) for words in order] == sorted(first(done, words) for words in order)
    before = released.deployed_before
    assert {name: len(released.deployments(name)) for name in before} == {name: n + 1 for name, n in before.items()}
    assert not set(ROLLBACK) & released.machine.outcomes.keys()
    assert (released.machine.work / "environment").read_text() == f"DEPLOYED_COMMIT={'1' * 40}\n"


def test_a_release_has_a_snapshot_of_before(released: Stage) -> None:
    snapshots = released.clients("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    name = f"{released.release['snapshot_before_release']}42-1"
    assert [one["Status"] for one in snapshots if one["DBClusterSnapshotIdentifier"] == name] == ["available"]


def test_what_is_deployed_is_what_terraform_declared(released: Stage, production: RehearsalAccount) -> None:
    tasks = production.declared("aws_ecs_task_definition").values()
    declared = {values["family"].rpartition("-")[2]: values["arn"] for values in tasks}
    for component in ("api", "frontend"):
        assert deployed(released.deployments(component)[-1]) == declared[component]


def test_what_is_watched_is_what_was_deployed(released: Stage) -> None:
    ids = [released.deployments(component)[-1]["deploymentId"] for component in ("api", "frontend")]
    told = "aws://ap-northeast-1 --i-am-allowed-to-load www.nba-news.example"
    watched = [f"pipx run tox -e deploy-watch -- {id} {told}" for id in ids]
    assert [one for one in released.machine.commands if "deploy-watch -- " in one] == watched


def test_a_migration_that_fails_ends_the_release_before_any_traffic_moves(stage: Stage) -> None:
    stage.end_migrations(1)
    assert stage.machine.run(DEPLOY["deploy"]) != 0
    assert not [one for one in stage.machine.commands if one.startswith("aws deploy create-deployment")]
    assert [stage.machine.outcomes[name] for name in ROLLBACK] == [0, 0]


def test_a_migration_that_never_began_has_not_succeeded(stage: Stage) -> None:
    stage.end_migrations(None)
    (stage.machine.work / "release.json").write_text(json.dumps(stage.release))
    (stage.machine.work / "migration-task").write_text("arn:aws:ecs:ap-northeast-1:123456789012:task/nba-news-prod/1")
    (step,) = [one for one in DEPLOY["deploy"].steps if one.name == "Did it succeed?"]
    assert stage.machine.run_step(step, DEPLOY["deploy"]) != 0


def test_what_is_not_known_before_ends_the_release_before_the_migration(stage: Stage) -> None:
    stage.machine.install("pipx", 'case "$*" in *"pre-deploy -- "*) exit 2 ;; esac')
    assert stage.machine.run(DEPLOY["deploy"]) == 2
    assert not [one for one in stage.machine.commands if one.startswith(("aws ecs run-task", "aws deploy create"))]


def test_nothing_is_applied_without_the_plan_that_was_shown(stage: Stage) -> None:
    (stage.machine.work / "temporary" / "reviewed.tfplan").unlink()
    assert stage.machine.run(DEPLOY["deploy"]) != 0
    assert not [one for one in stage.machine.commands if one.startswith("aws rds")]


@pytest.mark.parametrize(
    "rules", [[], [{"type": "wait_timer"}], [{"type": "required_reviewers", "reviewers": []}]], ids=str
)
def test_nothing_is_planned_where_nobody_would_have_to_approve(stage: Stage, rules: list[Any]) -> None:
    stage.machine.install("gh", f"echo '{json.dumps({'protection_rules': rules})}'")
    assert stage.machine.run(DEPLOY["plan"]) != 0
    assert not [one for one in stage.machine.commands if one.startswith("terraform")]


def test_a_release_that_is_not_good_goes_back_by_itself(stage: Stage) -> None:
    """Both components are out when no reader gets a page."""
    ran = {component: move_on(stage, component) for component in ("api", "frontend")}
    stage.machine.install("curl", "exit 22")
    assert stage.machine.run(DEPLOY["deploy"]) != 0

    assert [stage.machine.outcomes[name] for name in ROLLBACK] == [0, 0]
    for component, before in ran.items():
        assert [deployed(one) == before for one in stage.deployments(component)[-2:]] == [False, True]
        assert stage.task_definition(component) == before
        assert "back" in stage.deployments(component)[-1]["description"]


def test_a_back_end_that_is_watched_and_bad_goes_back_and_the_front_end_stays(stage: Stage) -> None:
    before, front = move_on(stage, "api"), len(stage.deployments("frontend"))
    stage.machine.install("pipx", 'case "$*" in *"deploy-watch -- d-"*) exit 1 ;; esac')
    assert stage.machine.run(DEPLOY["deploy"]) == 1
    assert stage.task_definition("api") == before
    assert len(stage.deployments("frontend")) == front


@pytest.mark.parametrize("failing", ["--moment during", "post-deploy"])
def test_both_checklists_are_asked_afterwards_whatever_the_first_says(stage: Stage, failing: str) -> None:
    stage.machine.install("pipx", f'case "$*" in *"{failing}"*) exit 2 ;; esac')
    assert stage.machine.run(DEPLOY["verify"]) == 2
    assert [one for one in stage.machine.commands if one.startswith("pipx")] == [
        "pipx run tox -e prod-gate -- aws://ap-northeast-1 --moment during",
        "pipx run tox -e post-deploy -- aws://ap-northeast-1",
    ]


def test_every_command_of_the_gate_that_tox_or_a_workflow_names_is_understood() -> None:
    """Its own parser takes what the environments of tox pass on."""
    given = {"prod-gate": "aws://r --moment during", "deploy-watch": "d-1 aws://r --i-am-allowed-to-load h"}
    settings = ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini")
    for name in ("prod-gate", "pre-deploy", "deploy-watch", "post-deploy"):
        command = settings[f"testenv:{name}"]["commands"].strip()
        words = re.sub(r"\{posargs[^}]*\}", given.get(name, "aws://r"), command).split()
        assert words[0] == "prodgate"
        _parser().parse_args(words[1:])


def move_on(stage: Stage, component: str) -> str:
    """Let a component run another revision than Terraform declares, as after a release; return it."""
    ecs = stage.clients("ecs")
    task = ecs.describe_task_definition(taskDefinition=stage.task_definition(component))["taskDefinition"]
    kept = {name: value for name, value in task.items() if name not in ADDED}
    made = str(ecs.register_task_definition(**kept)["taskDefinition"]["taskDefinitionArn"])
    input_ = json.loads(json.dumps(stage.release["deployments"][component]).replace(task["taskDefinitionArn"], made))
    stage.clients("codedeploy").create_deployment(**input_)
    return made


@pytest.mark.parametrize("status", ["InProgress", "Failed", "Stopped"])
def test_a_deployment_is_taken_back_by_what_it_has_come_to(stage: Stage, status: str) -> None:
    stage.conduct(conducted={"by": "a test"})
    id = stage.clients("codedeploy").create_deployment(**stage.release["deployments"]["api"])["deploymentId"]
    stage.conduct(deployment={id: {"status": status}})
    (stage.machine.work / "api.deployment").write_text(f"{id}\n")

    (step,) = [one for one in DEPLOY["deploy"].steps if one.name == "Roll back the back end"]
    assert stage.machine.run_step(step, DEPLOY["deploy"]) == 0

    last = stage.deployments("api")[-1]
    assert last["deploymentId"] == id
    assert (last.get("errorInformation", {}).get("code") == "MANUAL_STOP") is (status == "InProgress")


def test_the_command_line_of_the_tests_refuses_what_is_not_of_aws(stage: Stage) -> None:
    (step,) = [one for one in DEPLOY["deploy"].steps if one.name == "Back up the database"]
    wrong = replace(step, run=step.run.replace("--db-cluster-identifier", "--cluster"))
    (stage.machine.work / "release.json").write_text(json.dumps(stage.release))
    assert stage.machine.run_step(wrong, DEPLOY["deploy"]) == 252


def test_every_environment_of_tox_that_a_workflow_names_exists() -> None:
    known = set(re.findall(r"^\[testenv:([\w-]+)\]", (ROOT / "tox.ini").read_text("utf-8"), re.MULTILINE))
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        for names in re.findall(r"tox -e ([\w,-]+)", file.read_text("utf-8")):
            unknown = {name for name in names.split(",") if not re.fullmatch(r"py3\d+", name)} - known
            assert not unknown, file.name
