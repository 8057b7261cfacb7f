"""The way back of the deploy workflow, word for word, from wherever a deploy stopped."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.workflows.deploying import BEFORE, COMPONENTS, DEPLOY, done_at_aws, prepare
from tests.workflows.runner import find_step
from tests.workflows.stage import Stage, deployed

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("rehearsal")]


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
