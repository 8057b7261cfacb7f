"""A watch sees every phase of a deployment, sends requests from before it to after it, and ends when it is cleaned up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.rollout.drills import drill_facts
from prodgate.facts.rollout.requests import RequestsAfterwards, WatchedRequests, request_facts
from prodgate.facts.rollout.surroundings import surroundings_facts
from prodgate.facts.rollout.watched import watched_facts
from prodgate.facts.rollout.way_back import way_back_facts
from prodgate.findings import NotObserved
from prodgate.layers.rollout import watching
from prodgate.layers.rollout.following import summarise
from prodgate.layers.rollout.watching import Watch, make_plan, watch_deployment
from prodgate.sections.rollout import parse_rollout_section
from tests.prodgate.facts.rollout.answers import service
from tests.prodgate.load.stream.server import OK, scripted_server

from .town import GOOD, TAKEN_BACK, Phase, Town

SECTION = parse_rollout_section(
    {"rate": "100 /s", "timeout": "60 s", "limit": "120 s", "poll": "0.01 s", "reads": ["/"], "write": "/w"}
)
ARN = service("api")["serviceArn"]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def town() -> Town:
    return Town()


def watch(town: Town, folder: Path, look: Any, tell: Any = lambda _: None, **changes: Any) -> Watch:
    given = {"place": "a town", "watching": SECTION.watching, "plan": None, "silent": "nobody may", "afterwards": 50}
    return Watch(**{**given, "look": look, "folder": folder, "tell": tell, **changes})


def seen(record: Any, key: str) -> Iterator[Any]:
    for sample in record["samples"]:
        yield sample["services"][ARN].get(key)


def test_a_good_deployment_is_watched_from_before_it_to_after_it(town: Town, tmp_path: Path, told: list[str]) -> None:
    with scripted_server(lambda _: OK) as server, town.looking() as look:
        plan = make_plan(SECTION, SECTION.watching, server.url, "x-build")
        given = watch(town, tmp_path, look, told.append, plan=plan, silent="")
        record = watch_deployment(given, lambda: town.deploy(GOOD) if server.reached(20) else {}, {})
    assert record["ids"] == {ARN: "d-API00001"}
    assert (record["why"], record["before"], record["acted"] > record["began"]) == ("", record["after"], True)
    (fact,) = watched_facts(record)
    assert (fact.weights_before, fact.weights_after, fact.moved_early, fact.unready_alarms) == ("", "", "", ())
    assert (int(fact.least_healthy.base), fact.wrong_steps) == (2, "")
    requests, afterwards = request_facts(record)
    assert isinstance(requests, WatchedRequests)
    assert isinstance(afterwards, RequestsAfterwards)
    assert (int(requests.failed.value.base), requests.failed.unfinished, requests.cut_off) == (0, "", "")
    assert len(server.asked) == record["stream"]["due"] > 20
    assert any("InProgress" in line and "g 10 % 2/2" in line for line in told)


def test_an_alarm_that_sees_nothing_is_seen(town: Town, tmp_path: Path) -> None:
    """It is OK, since missing data are no reason to fire; and so it would be whatever happened."""
    town.silent = True
    with town.looking() as look:
        record = watch_deployment(watch(town, tmp_path, look), lambda: town.deploy(GOOD), {})
    assert next(watched_facts(record)).unready_alarms == ("shop-errors without data",)


def test_a_share_that_nothing_declares_is_seen(town: Town, tmp_path: Path) -> None:
    phases = (Phase("InProgress", healthy=(2, 2)), Phase("InProgress", 50, (2, 2)), *GOOD[3:])
    with town.looking() as look:
        record = watch_deployment(watch(town, tmp_path, look), lambda: town.deploy(phases), {})
    assert next(watched_facts(record)).wrong_steps == "50 % went to the new tasks, declared: 10 %"


def test_it_does_not_end_before_the_old_targets_have_drained(town: Town, tmp_path: Path) -> None:
    with town.looking() as look:
        record = watch_deployment(watch(town, tmp_path, look), lambda: town.deploy(GOOD), {})
    draining = [
        at
        for at, targets in enumerate(seen(record, "targets"))
        if targets and any(s.get("draining") for s in targets.values())
    ]
    ended = next(at for at, sample in enumerate(record["samples"]) if sample["at"] == record["ended"])
    assert draining
    assert ended > max(draining)


def test_a_deployment_that_is_taken_back_is_watched_until_it_is_back(town: Town, tmp_path: Path) -> None:
    with scripted_server(lambda _: OK) as server, town.looking() as look:
        plan = make_plan(SECTION, SECTION.watching, server.url, "")
        given = watch(town, tmp_path, look, plan=plan)
        record = watch_deployment(given, lambda: town.deploy(TAKEN_BACK), {})
    tried = [{"build": "failing-in-public", "expects": "rolled back", "watch": record}]
    drill = {"format": 1, "began": record["began"], "asked": record["began"], "tried": tried}
    drilled, way = next(drill_facts(drill)), next(way_back_facts(drill))
    assert (drilled.ended, drilled.by_person, drilled.not_back, drilled.left, drilled.failed) == ("", "", "", "", "")
    assert (way.subject, way.took.samples > 0) == ("build failing-in-public", True)
    assert next(surroundings_facts(record, "x")).changed == ()


def test_one_that_was_begun_elsewhere_is_followed_by_its_id(town: Town, tmp_path: Path) -> None:
    town.made, town.phase = True, Phase("Succeeded", 100, (0, 2))
    with town.looking() as look:
        record = watch_deployment(watch(town, tmp_path, look), None, {ARN: "d-API00001"})
    assert (record["why"], record["acted"]) == ("", "")
    (fact,) = watched_facts(record)
    with pytest.raises(NotObserved, match="never seen to move"):
        assert fact.moved_early


def test_one_that_never_ends_is_left_at_the_limit(town: Town, tmp_path: Path) -> None:
    town.made, town.phase = True, Phase("InProgress", 10, (2, 2))
    limited = parse_rollout_section({"limit": "0.5 s", "poll": "0.05 s"}).watching
    with town.looking() as look:
        record = watch_deployment(watch(town, tmp_path, look, watching=limited), None, {ARN: "d-API00001"})
    assert (record["why"], record["ended"]) == ("it was watched for 0.5 s and was not over", "")


def test_one_of_two_that_never_begins_is_no_success_and_the_other_is_watched_whole(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "monotonic", lambda: town.looks / 20)  # however slow they are, the limit allows some
    town.services, town.made, town.phase = ("api", "web"), True, Phase("Succeeded", 100, (0, 2))
    limited = parse_rollout_section({"limit": "1 s", "poll": "0.01 s"}).watching
    with town.looking() as look:
        record = watch_deployment(watch(town, tmp_path, look, watching=limited, waits=True), None, {})
    assert (record["ids"], record["why"]) == ({ARN: "d-API00001"}, "")
    assert record["began"] < record["ended"] == record["samples"][0]["at"]
    outcome = summarise(record)
    assert outcome["outcome"] == "unknown"
    assert outcome["lines"][:2] == ["api: d-API00001 succeeded", "web: no deployment of it began while it was watched"]


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("elbv2.DescribeRules", "api: weights"),
        ("elbv2.DescribeTargetHealth", "api: targets"),
        ("codedeploy.GetDeployment", "api: deployment"),
        ("cloudwatch.DescribeAlarms", "alarms"),
    ],
)
def test_what_is_denied_stands_in_every_look(operation: str, what: str, town: Town, tmp_path: Path) -> None:
    town.made, town.phase, town.denied = True, Phase("Succeeded", 100, (0, 2)), operation
    limited = parse_rollout_section({"limit": "0.5 s", "poll": "0.05 s"}).watching
    with town.looking() as look:
        record = watch_deployment(watch(town, tmp_path, look, watching=limited), None, {ARN: "d-API00001"})
    assert all(sample["unread"][what] == "access denied" for sample in record["samples"])


def test_where_nothing_is_deployed_there_is_nothing_to_watch(town: Town, tmp_path: Path) -> None:
    with town.looking() as look, pytest.raises(Unreadable, match="no service stands behind a load balancer"):
        watch_deployment(watch(town, tmp_path, look), None, {"arn:aws:ecs:x:1:service/other": "d-1"})


def test_a_deployment_that_can_t_be_begun_says_why(town: Town, tmp_path: Path) -> None:
    def refuse() -> Any:
        raise Unreadable("no proxy")

    with town.looking() as look, pytest.raises(Unreadable, match="no proxy"):
        watch_deployment(watch(town, tmp_path, look), refuse, {})
