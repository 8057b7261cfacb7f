"""The drill of rollbacks: what it refuses, what it deploys on a real account, and what it says of the builds."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.cli import main
from prodgate.criteria import UsageError
from prodgate.drills import rollback
from prodgate.drills.builds import BUILDS, deploy_build, make_app_spec, read_builds
from prodgate.drills.rollback import RollbackDrill, drill_rollback
from prodgate.layers.rollout.kinds import DRILL
from prodgate.sections.project import open_project
from prodgate.sections.targets import parse_target
from tests.suites.rollout.evidence import healthy
from tests.suites.rollout.harness import of

ROOT = Path(__file__).parents[3]
ARN = "arn:aws:ecs:ap-northeast-1:123456789012:service/news/api"
SERVICE = {
    "serviceArn": ARN,
    "serviceName": "api",
    "clusterArn": "arn:aws:ecs:ap-northeast-1:123456789012:cluster/news",
}
SPEC = json.dumps(
    {
        "version": 0.0,
        "Resources": [{"TargetService": {"Properties": {"TaskDefinition": "arn:old:7", "LoadBalancerInfo": {}}}}],
        "Hooks": [{"AfterAllowTestTraffic": "arn:hook"}],
    }
)
DEPLOYMENT = {
    "deploymentId": "d-1",
    "applicationName": "news",
    "deploymentGroupName": "api",
    "revision": {"appSpecContent": {"content": SPEC}},
}
NEWEST = {"service": SERVICE, "carrier": "CODE_DEPLOY", "deployment": DEPLOYMENT}


def stated(*builds: str) -> list[list[str]]:
    return [[build, "api", f"api:{build}"] for build in builds]


def test_the_last_app_spec_is_deployed_with_another_task_definition() -> None:
    changed = json.loads(make_app_spec(DEPLOYMENT, "api:9"))
    assert changed["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"] == "api:9"
    assert changed["Hooks"] == [{"AfterAllowTestTraffic": "arn:hook"}]
    yaml = {**DEPLOYMENT, "revision": {"appSpecContent": {"content": "- TaskDefinition: arn:old:7\n  x: 1\n"}}}
    assert make_app_spec(yaml, "api:9") == "- TaskDefinition: api:9\n  x: 1\n"


@pytest.mark.parametrize("content", ["", f"{SPEC}{SPEC}"])
def test_an_app_spec_that_names_none_or_two_is_refused(content: str) -> None:
    before = {**DEPLOYMENT, "revision": {"appSpecContent": {"content": content}}}
    with pytest.raises(UsageError, match=r"d-1: its AppSpec names [02] task definitions inline; deploy once"):
        make_app_spec(before, "api:9")


def test_each_service_is_deployed_by_what_deploys_it() -> None:
    clients = {"codedeploy": Mock(), "ecs": Mock()}
    clients["codedeploy"].create_deployment.return_value = {"deploymentId": "d-2"}
    other = {"serviceArn": f"{ARN}2", "serviceName": "web", "clusterArn": SERVICE["clusterArn"]}
    newest = [NEWEST, {"service": other, "carrier": "ECS", "deployment": {}}]
    assert deploy_build(lambda name, *_: clients[name], newest, {"api": "api:9", "web": "web:4"}) == {ARN: "d-2"}
    assert "api:9" in clients["codedeploy"].create_deployment.call_args.kwargs["revision"]["appSpecContent"]["content"]
    clients["ecs"].update_service.assert_called_once_with(
        cluster=SERVICE["clusterArn"], service="web", taskDefinition="web:4"
    )


@pytest.mark.parametrize(
    ("builds", "message"),
    [
        (
            stated(*BUILDS[:-1]),
            r"build green: has no task definition for api; register one, then add --build green api",
        ),
        ([["never-helthy", "api", "x"]], r"--build never-helthy: none is named so"),
        ([["green", "apo", "x"]], r"--build green apo: no service is named so"),
    ],
)
def test_a_build_that_is_missing_or_misnamed_is_refused(builds: list[list[str]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_builds(builds, ["api"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["rollback", "aws://prod@ap-northeast-1"], "--yes-deploy-bad-builds"),
        (["rollback", "rehearsal://", "aws://prod@ap-northeast-1"], "is not needed; write the target alone"),
        (["rollback", "--build", "green", "api", "api:9"], "--build is for real accounts"),
        (["alarm"], "drill alarm: whose? Write its name"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", *asked, "--criteria", str(ROOT / "criteria.toml")]) == 4
    assert message in capsys.readouterr().err


class Account:
    """Stands for a real account in which every deployment ends as it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.deployed: list[str] = []
        self.run = tmp_path
        record = of(healthy(), DRILL)
        self.watches = {one["build"]: one["watch"] for one in record["tried"]}
        monkeypatch.setattr(rollback, "open_scene", self.scene)
        monkeypatch.setattr(rollback, "read_newest_deployments", lambda _: [NEWEST])
        monkeypatch.setattr(rollback, "watch_own", self.watch)

    @contextmanager
    def scene(self, _: object) -> Iterator[Mock]:
        yield Mock(place="a test")

    def watch(self, _context: object, _scene: object, deploy: Any) -> Any:
        deploy()
        build = self.deployed[-1].rpartition(":")[2]
        if (record := self.watches.get(build)) is None:
            raise Unreadable("nobody could look")
        return record

    def client(self) -> Any:
        def create(**asked: Any) -> dict[str, str]:
            content = json.loads(asked["revision"]["appSpecContent"]["content"])
            self.deployed.append(content["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"])
            return {"deploymentId": "d-2"}

        return lambda *_: Mock(create_deployment=create)

    def drill(self) -> Any:
        return drill_rollback(
            RollbackDrill(
                given=argparse.Namespace(build=stated(*BUILDS), i_am_allowed_to_load=""),
                target=parse_target("aws://prod@ap-northeast-1"),
                project=open_project(ROOT / "criteria.toml"),
                begin=lambda: self.run,
                tell=lambda _: None,
                open_clients=self.client,
            )
        )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    return Account(monkeypatch, tmp_path)


def test_every_build_is_deployed_and_the_good_one_last(account: Account) -> None:
    outcome = account.drill()
    assert account.deployed == [f"api:{build}" for build in BUILDS]
    assert outcome.good
    assert outcome.kind == "rollback drill"
    assert [each["build"] for each in outcome.record["tried"]] == list(BUILDS)
    *ended, way_back = outcome.lines
    assert ended == [f"build {build}: ended as it had to" for build in BUILDS]
    assert way_back.startswith("build failing-in-public: the way back took 4 s (")


def test_a_bad_build_that_stays_is_said(account: Account) -> None:
    account.watches["never-healthy"] = account.watches["green"]
    outcome = account.drill()
    assert not outcome.good
    assert "succeeded, and had to be rolled back" in outcome.lines[0]


def test_a_build_that_nobody_could_watch_is_no_success(account: Account) -> None:
    account.watches["failing-hook"] = None
    outcome = account.drill()
    assert not outcome.good
    assert "nobody could look" in outcome.lines[1]
