"""A deployment of a real account is followed by its id, as the newest or as the next, and what became of it is said."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Absent, Unreadable
from prodgate.layers.layer import LayerContext
from prodgate.layers.rollout import following
from prodgate.layers.rollout.following import Wanted, follow, summarise
from prodgate.layers.rollout.records import FOLDER, find_watches
from prodgate.layers.rollout.target import Scene
from prodgate.layers.rollout.watching import SETTLED
from prodgate.sections.rollout import parse_rollout_section
from tests.prodgate.facts.rollout.answers import ecs_deployment, service
from tests.prodgate.facts.rollout.test_reading import ecs
from tests.prodgate.layers.context import layer_context
from tests.suites.rollout import evidence

from .town import GOOD, LIMIT, TAKEN_BACK, Phase, Town

TARGET = "aws://prod@ap-northeast-1"
CRITERIA = """
system = "shop"

[rollout]
limit = "120 s"
poll = "0.01 s"

[criteria.service-deployments-completed]
statement = { en = "Completed.", ja = "完了。" }
why = "Half is deployed."
source = "X-1"
layers = ["rollout"]
"""
ARN = service("api")["serviceArn"]
SAMPLE = evidence.watch(evidence.good_samples())


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def context(tmp_path: Path, town: Town, monkeypatch: pytest.MonkeyPatch) -> LayerContext:
    @contextmanager
    def scene(_: Any) -> Iterator[Scene]:
        watching = parse_rollout_section({"limit": "120 s", "poll": "0.01 s"}).watching
        with town.looking() as look:
            yield Scene(place="a town", look=look, url="", watching=watching)

    monkeypatch.setattr(following, "open_scene", scene)
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    return layer_context(tmp_path, "rollout", TARGET)


def test_one_is_followed_by_its_id(town: Town, context: LayerContext) -> None:
    town.made, town.phase = True, Phase("Succeeded", 100, (0, 2))
    record = follow(context, Wanted(ids=("d-API00001",)))
    assert record["ids"] == {ARN: "d-API00001"}
    assert record["acted"] == evidence.at(evidence.ACTED).isoformat()
    assert summarise(record) == {
        "outcome": "good",
        "ids": {ARN: "d-API00001"},
        "lines": [
            "api: d-API00001 succeeded",
            f"requests: {context.stated.path}: says nothing of [load], so nobody knows who may be sent requests",
        ],
    }


def test_the_newest_is_followed(town: Town, context: LayerContext) -> None:
    town.made, town.phase = True, Phase("Failed", 0, (2, 0))
    assert follow(context, Wanted())["ids"] == {ARN: "d-API00001"}


def test_the_next_is_waited_for(town: Town, context: LayerContext) -> None:
    with ThreadPoolExecutor(1) as thread:
        followed = thread.submit(follow, context, Wanted(next=True))
        town.wait_for_looks(3)
        town.deploy(GOOD)
        record = followed.result(LIMIT)
    assert record["ids"] == {ARN: "d-API00001"}
    assert record["began"] <= record["acted"] < record["ended"]
    assert summarise(record)["outcome"] == "good"


def test_each_service_is_waited_for(town: Town, context: LayerContext) -> None:
    """The second begins long after the first is over, as where one is deployed after the other."""
    town.services = ("api", "web")
    with ThreadPoolExecutor(1) as thread:
        followed = thread.submit(follow, context, Wanted(next=True))
        town.deploy(GOOD)
        town.wait_for_looks(town.looks + 3 * SETTLED)
        assert not followed.done()
        town.released.add("web")
        record = followed.result(LIMIT)
    assert record["ids"] == {ARN: "d-API00001", service("web")["serviceArn"]: "d-WEB00001"}
    assert (summarise(record)["outcome"], record["why"]) == ("good", "")


def test_nothing_more_is_waited_for_once_one_has_failed(town: Town, context: LayerContext) -> None:
    town.services = ("api", "web")
    with ThreadPoolExecutor(1) as thread:
        followed = thread.submit(follow, context, Wanted(next=True))
        town.deploy(TAKEN_BACK)
        record = followed.result(LIMIT)
    assert (record["ids"], record["why"], summarise(record)["outcome"]) == ({ARN: "d-API00001"}, "", "bad")


def test_one_service_alone_is_waited_for_by_its_name(town: Town, context: LayerContext) -> None:
    town.services = ("api", "web")
    with ThreadPoolExecutor(1) as thread:
        followed = thread.submit(follow, context, Wanted(next=True, services=("api",)))
        town.wait_for_looks(3)
        town.deploy(GOOD)
        assert summarise(followed.result(LIMIT))["outcome"] == "good"


def test_the_newest_of_one_service_is_followed_by_its_name(town: Town, context: LayerContext) -> None:
    town.services, town.released, town.phase = ("api", "web"), {"web"}, Phase(green=100, healthy=(0, 2))
    record = follow(context, Wanted(services=("web",)))
    assert record["ids"] == {service("web")["serviceArn"]: "d-WEB00001"}
    with pytest.raises(Unreadable, match="api: no deployment in the last 90 days .*; or watch the others: --service"):
        follow(context, Wanted())
    with pytest.raises(Unreadable, match="--service shop: is behind no load balancer .*; these are: api, web"):
        follow(context, Wanted(services=("shop",)))


def test_two_deployments_of_one_service_are_no_watch(town: Town, context: LayerContext) -> None:
    town.made = True
    with pytest.raises(Unreadable, match="d-API00001 and d-OTHER: two of them are of one service"):
        follow(context, Wanted(ids=("d-API00001", "d-OTHER")))


def test_one_of_ecs_itself_is_followed_by_its_arn_as_the_newest_and_as_the_next(
    town: Town, context: LayerContext
) -> None:
    made = {**ecs_deployment("api"), "createdAt": datetime.now(UTC)}
    arn = made["serviceDeploymentArn"]
    town.phase = Phase(green=100, healthy=(0, 2))
    brief = {key: made[key] for key in ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "status")}
    town.others = ecs(**made) | {"ecs.ListServiceDeployments": {"serviceDeployments": [brief]}}
    for wanted in (Wanted(ids=(arn,)), Wanted(), Wanted(next=True)):
        record = follow(context, wanted)
        assert (record["ids"], summarise(record)["outcome"]) == ({ARN: arn}, "good")


def test_one_of_ecs_itself_that_rolled_back_is_bad(town: Town, context: LayerContext) -> None:
    made = ecs_deployment("api", "ROLLBACK_SUCCESSFUL")
    town.others = ecs(**made)
    assert summarise(follow(context, Wanted(ids=(made["serviceDeploymentArn"],))))["outcome"] == "bad"


def test_an_id_that_is_not_known_says_where_to_look(context: LayerContext, town: Town) -> None:
    town.denied, town.reason = "codedeploy.GetDeployment", Absent("DeploymentDoesNotExistException")
    with pytest.raises(Unreadable, match="d-NONE: AWS answers DeploymentDoesNotExistException; look it up"):
        follow(context, Wanted(ids=("d-NONE",)))


def test_a_deployment_of_another_region_is_none_of_ours(context: LayerContext, town: Town) -> None:
    town.phase, target = Phase("Succeeded"), evidence.deployment("web")["targets"][0]
    town.others = {"codedeploy.GetDeploymentTarget": {"deploymentTarget": target}}
    with pytest.raises(Unreadable, match="d-WEB00001: is of no ECS service in ap-northeast-1"):
        follow(context, Wanted(ids=("d-WEB00001",)))


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "good"),
        ({"samples": evidence.bad_samples(away=True)}, "bad"),
        ({"samples": []}, "unknown"),
        ({"why": "it was watched for 2 h and was not over"}, "unknown"),
        ({"ids": {}}, "unknown"),
        ({"stream": {**evidence.stream(), "unknown": 3}}, "unknown"),
    ],
)
def test_the_outcome_follows_from_the_record(changes: dict[str, Any], outcome: str) -> None:
    assert summarise({**SAMPLE, **changes})["outcome"] == outcome


def test_a_failed_request_is_a_bad_outcome() -> None:
    stream = evidence.stream()
    stream["seconds"][7]["failed"] = {"HTTP 502": 1}
    outcome = summarise({**SAMPLE, "stream": stream})
    assert outcome["outcome"] == "bad"
    assert "1 (3,800 requests; 1 HTTP 502" in outcome["lines"][-2]


@pytest.mark.parametrize(
    ("changes", "outcome", "said"),
    [
        ({}, "good", "writes: 0 (577 writes"),
        ({"lost": 1}, "bad", "writes that were acknowledged and not kept once: 1"),
        ({"unread": 2, "why": "HTTP 503"}, "unknown", "2 writes could not be read back: HTTP 503"),
        ({"acknowledged": 0}, "unknown", "writes: no write was acknowledged"),
    ],
)
def test_a_write_that_was_acknowledged_and_is_gone_is_a_bad_outcome(
    changes: dict[str, Any], outcome: str, said: str
) -> None:
    stream = evidence.stream()
    stream["writes"] |= changes
    told = summarise({**SAMPLE, "stream": stream})
    assert told["outcome"] == outcome
    assert said in told["lines"][-1]


def test_a_status_that_is_not_known_is_no_success() -> None:
    samples = evidence.good_samples()
    for sample in samples:
        for seen in sample["services"].values():
            seen.get("deployment", {}).update(status="Paused")
    outcome = summarise({**SAMPLE, "samples": samples})
    assert outcome["outcome"] == "unknown"
    assert "'Paused'" in outcome["lines"][0]


def test_nobody_watched_says_what_to_do_next_time(tmp_path: Path) -> None:
    found, why = find_watches(tmp_path / FOLDER, TARGET, {ARN: "d-API00001"})
    assert (found, why) == ([], f"nobody watched d-API00001; watch the next: prodgate watch deploy --next {TARGET}")
