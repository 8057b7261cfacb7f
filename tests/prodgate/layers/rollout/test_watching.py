"""A watch sees every phase of a deployment, which is followed by its id, as the newest or as the next, and a
deliberately failing migration is awaited."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from prodgate.aws.answers import Absent, Unreadable
from prodgate.cli import INSUFFICIENT, NO_GO, USAGE
from prodgate.commands import watching as command
from prodgate.evidence.runs import list_records
from prodgate.facts.rollout.drills import drill_facts, way_back_facts
from prodgate.facts.rollout.migrations import FailedMigration, failed_migration_facts, summarise_failure
from prodgate.facts.rollout.requests import RequestsAfterwards, WatchedRequests, request_facts
from prodgate.facts.rollout.watched import surroundings_facts, watched_facts
from prodgate.findings import NotObserved, Undetermined
from prodgate.layers.layer import LayerContext
from prodgate.layers.rollout import deployment, deployment as following, watching
from prodgate.layers.rollout.deployment import Wanted, follow, follow_failure, observe_failed_migration, summarise
from prodgate.layers.rollout.target import Scene
from prodgate.layers.rollout.watching import (
    FOLDER,
    MIGRATION,
    SETTLED,
    Watch,
    find_watches,
    make_plan,
    watch_deployment,
)
from prodgate.quantities import Bound, Quantity
from prodgate.sections.rollout import ROLLOUT
from tests.prodgate.conftest import Gate
from tests.prodgate.facts.rollout.answers import ecs_deployment, service
from tests.prodgate.facts.rollout.test_reading import ecs
from tests.prodgate.load.stream.server import OK, scripted_server
from tests.prodgate.samples import criterion
from tests.suites.rollout import evidence
from tests.suites.rollout.migrations import failed_migration as good_record

from .town import GOOD, LIMIT, TAKEN_BACK, TARGET, Phase, Town

SECTION = ROLLOUT.read(
    {"rate": "100 /s", "timeout": "60 s", "limit": "120 s", "poll": "0.01 s", "reads": ["/"], "write": "/w"}
)
ARN = service("api")["serviceArn"]


@pytest.fixture
def told() -> list[str]:
    return []


def watch(town: Town, folder: Path, look: Any, tell: Any = lambda _: None, **changes: Any) -> Watch:
    given = {"place": "a town", "watching": SECTION.watching, "plan": None, "silent": "nobody may", "afterwards": 50}
    return Watch(**{**given, "look": look, "folder": folder, "tell": tell, **changes})


def watched(town: Town, folder: Path, *phases: Phase, **changes: Any) -> Any:
    """Deploy in phases, and return the record of the watch."""
    with town.looking() as look:
        return watch_deployment(watch(town, folder, look, **changes), lambda: town.deploy(phases), {})


def followed(town: Town, folder: Path, limit: str = "0.5 s", poll: str = "0.05 s", **changes: Any) -> Any:
    """Follow the deployment that there is, and return the record of the watch."""
    limited = ROLLOUT.read({"limit": limit, "poll": poll}).watching
    ids = {} if changes.get("waits") else {ARN: "d-API00001"}
    with town.looking() as look:
        return watch_deployment(watch(town, folder, look, watching=limited, **changes), None, ids)


def seen(record: Any, key: str) -> Iterator[Any]:
    for sample in record["samples"]:
        yield sample["services"][ARN].get(key)


def test_a_good_deployment_is_watched_from_before_it_to_after_it(town: Town, tmp_path: Path, told: list[str]) -> None:
    with scripted_server(lambda _: OK) as server, town.looking() as look:
        plan = make_plan(SECTION, SECTION.watching, server.url, build_header="x-build", slow=0.2)
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
    """It is OK, since missing data are no reason to fire; and it would stay so whatever happened."""
    town.silent = True
    assert next(watched_facts(watched(town, tmp_path, *GOOD))).unready_alarms == ("shop-errors without data",)


def test_a_share_that_nothing_declares_is_seen(town: Town, tmp_path: Path) -> None:
    phases = (Phase("InProgress", healthy=(2, 2)), Phase("InProgress", 50, (2, 2)), *GOOD[3:])
    record = watched(town, tmp_path, *phases)
    assert next(watched_facts(record)).wrong_steps == "50 % went to the new tasks, declared: 10 %"


def test_it_does_not_end_before_the_old_targets_have_drained(town: Town, tmp_path: Path) -> None:
    record = watched(town, tmp_path, *GOOD)
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
        plan = make_plan(SECTION, SECTION.watching, server.url, build_header="", slow=0.2)
        record = watch_deployment(watch(town, tmp_path, look, plan=plan), lambda: town.deploy(TAKEN_BACK), {})
    tried = [{"build": "failing-in-public", "expects": "rolled back", "watch": record}]
    drill = {"format": 1, "began": record["began"], "asked": record["began"], "tried": tried}
    drilled, way = next(drill_facts(drill)), next(way_back_facts(drill))
    assert (drilled.ended, drilled.by_person, drilled.not_back, drilled.left, drilled.failed) == ("", "", "", "", "")
    assert (way.subject, way.took.samples > 0) == ("build failing-in-public", True)
    assert next(surroundings_facts(record, "x")).changed == ()


def test_one_that_was_begun_elsewhere_is_followed_by_its_id(town: Town, tmp_path: Path) -> None:
    town.made, town.phase = True, Phase("Succeeded", 100, (0, 2))
    record = followed(town, tmp_path, "120 s", "0.01 s")
    assert (record["why"], record["acted"]) == ("", "")
    (fact,) = watched_facts(record)
    with pytest.raises(NotObserved, match="never seen to move"):
        assert fact.moved_early


def test_one_that_never_ends_is_left_at_the_limit(town: Town, tmp_path: Path) -> None:
    town.made, town.phase = True, Phase("InProgress", 10, (2, 2))
    record = followed(town, tmp_path)
    assert (record["why"], record["ended"]) == ("it was watched for 0.5 s and was not over", "")


def test_one_of_two_that_never_begins_is_no_success_and_the_other_is_watched_whole(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "monotonic", lambda: town.looks / 20)  # however slow they are, the limit allows some
    town.services, town.made, town.phase = ("api", "web"), True, Phase("Succeeded", 100, (0, 2))
    record = followed(town, tmp_path, "1 s", "0.01 s", waits=True)
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
    assert all(sample["unread"][what] == "access denied" for sample in followed(town, tmp_path)["samples"])


def test_where_nothing_is_deployed_there_is_nothing_to_watch(town: Town, tmp_path: Path) -> None:
    with town.looking() as look, pytest.raises(Unreadable, match="no service stands behind a load balancer"):
        watch_deployment(watch(town, tmp_path, look), None, {"arn:aws:ecs:x:1:service/other": "d-1"})


def test_a_deployment_that_can_t_be_begun_says_why(town: Town, tmp_path: Path) -> None:
    def refuse() -> Any:
        raise Unreadable("no proxy")

    with town.looking() as look, pytest.raises(Unreadable, match="no proxy"):
        watch_deployment(watch(town, tmp_path, look), refuse, {})


@dataclass
class Deployer:
    """Stands for a rehearsal's deployer."""

    deployed: list[tuple[str, bool]] = field(default_factory=list)

    def deploy(self, build: str, between: Callable[[], None] | None) -> dict[str, Any]:
        self.deployed.append((build, between is not None))
        return {"deployments": {}}


@pytest.mark.parametrize(
    ("build", "lags", "deployed"),
    [
        ("green", [0.1], [("green", True)]),
        ("green", [3.0, 0.1], [("green", True), ("green-before", False), ("green", False)]),
        ("never-healthy", [3.0, 3.0, 3.0, 0.1], [("never-healthy", True), *[("never-healthy", False)] * 2]),
    ],
)
def test_a_rehearsed_deployment_is_made_again_where_who_watched_was_late_whatever_became_of_it(
    build: str, lags: list[float], deployed: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = iter(lags)

    def watch_it(_watch: object, deploy: Callable[[], object], _ids: object) -> dict[str, Any]:
        deploy()
        return {"stream": {"lag": {"max": next(late)}, "plan": {"timeout": 5.0}}}

    monkeypatch.setattr(deployment, "watch_deployment", watch_it)
    monkeypatch.setattr(deployment, "make_watch", lambda *_given, **_named: None)
    deployer, noted = Deployer(), list[str]()
    scene: Any = SimpleNamespace(rollout=deployer)
    context: Any = SimpleNamespace(note=lambda _layer, text: noted.append(text))
    deployment.watch_build(context, scene, build, between=lambda: None)
    assert deployer.deployed == deployed
    again = f"{build} is deployed again (try 2 of 3): a request was sent 3.0 s late, at most 2.5 s keeps timeouts the"
    assert noted[:1] == [f"{again} site's own; watch again"] * (len(lags) > 1)


MOST, MANY = (6, 8, 10, 12), "8 of 12 s were set aside: 14 % was stolen; run it on a machine with less other work"


@pytest.mark.parametrize(
    ("sick", "late", "said", "disturbed"),
    [
        ((), 0.0, "", ""),
        ((6,), 0.0, "2 of 12 s were set aside: 14 % was stolen", ""),
        (MOST, 0.25, "", "8 of 12 s were disturbed: 14 % was stolen; as it was sent"),
        (MOST, 0.26, MANY, ""),
    ],
)
def test_requests_afterwards_count_while_this_machine_was_well(
    sick: tuple[int, ...], late: float, said: str, disturbed: str
) -> None:
    """Other seconds are left out; beyond half all count, at most, unless the requests were sent much too late."""
    cells = [{"second": at, "latency": {"9000" if at // 2 * 2 in sick else "100": 10}} for at in range(17)]
    windows = [
        {"second": at, "seconds": 2, "sick": {"steal": 0.14, "late": late} if at in sick else {}}
        for at in range(0, 16, 2)
    ]
    began = datetime(2026, 11, 26, 10, tzinfo=UTC)
    stream = {"format": 1, "began": began.timestamp(), "ended": began.timestamp() + 16, "due": 170, "unknown": 0}
    stream |= {"plan": {"url": "http://x", "timeout": 2.0, "rate": 10.0}, "lag": {"max": 9.0}, "failures": []}
    stream |= {"seconds": [{"failed": {}, **each} for each in cells], "windows": windows, "outages": []}
    stream |= {"disturbed": "14 % was stolen"}
    ended = (began + timedelta(seconds=4.5)).isoformat()
    record = {"format": 1, "ids": {}, "place": "a town", "silent": "", "why": "", "stream": stream, "samples": []}
    *_, afterwards = request_facts({**record, "ended": ended, "acted": ""})
    assert isinstance(afterwards, RequestsAfterwards)
    if "run it" in said:
        with pytest.raises(Undetermined, match=re.escape(said)):
            afterwards.sent  # noqa: B018  to ask is what counts
        return
    assert (afterwards.aside, afterwards.disturbed[: len(disturbed)]) == (said, disturbed)
    assert {took for second in afterwards.sent.latencies for took in second} == ({100, 9000} if disturbed else {100})
    asked = criterion("after-performance", bound=Bound.parse("< 200 ms"), confidence=Quantity.parse("95 %"))
    assert bool(afterwards.p95(asked).at_most) == bool(disturbed)


def test_a_deployment_is_watched_for_longer_where_this_machine_was_not_well(town: Town, tmp_path: Path) -> None:
    """The first second after it counts as disturbed: at most half of the time may be, and there is a minute."""

    class Sick(watching.Stream):
        def count_aside(self, since: float) -> float:
            return min(since, 1.0)

    with scripted_server(lambda _: OK) as server, town.looking() as look, pytest.MonkeyPatch.context() as patch:
        patch.setattr("prodgate.load.stream.process.Stream", Sick)
        plan = make_plan(SECTION, SECTION.watching, server.url, build_header="x-build", slow=0.2)
        record = watch_deployment(watch(town, tmp_path, look, plan=plan, silent=""), lambda: town.deploy(GOOD), {})
    ended = datetime.fromisoformat(record["ended"]).timestamp()
    assert record["stream"]["ended"] - ended > 5.95, "as long as the second that was lost, and a window under way"


# ── A deployment of a real account is followed by its id, as the newest or as the next, and its result is reported

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
SAMPLE = evidence.watch(evidence.good_samples())


@pytest.fixture
def context(context_in_town: Callable[[ModuleType, str], LayerContext]) -> LayerContext:
    return context_in_town(following, CRITERIA)


def follow_next(context: LayerContext, meanwhile: Callable[[], object], *services: str) -> Mapping[str, Any]:
    """Wait for the next deployment while something goes on."""
    with ThreadPoolExecutor(1) as thread:
        followed = thread.submit(follow, context, Wanted(next=True, services=services))
        meanwhile()
        return followed.result(LIMIT)


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
    record = follow_next(context, lambda: town.wait_for_looks(3) or town.deploy(GOOD))
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
    record = follow_next(context, lambda: town.deploy(TAKEN_BACK))
    assert (record["ids"], record["why"], summarise(record)["outcome"]) == ({ARN: "d-API00001"}, "", "bad")


def test_one_service_alone_is_waited_for_by_its_name(town: Town, context: LayerContext) -> None:
    town.services = ("api", "web")
    record = follow_next(context, lambda: town.wait_for_looks(3) or town.deploy(GOOD), "api")
    assert summarise(record)["outcome"] == "good"


def test_the_newest_of_one_service_is_followed_by_its_name(town: Town, context: LayerContext) -> None:
    town.services, town.released, town.phase = ("api", "web"), {"web"}, Phase(green=100, healthy=(0, 2))
    assert follow(context, Wanted(services=("web",)))["ids"] == {service("web")["serviceArn"]: "d-WEB00001"}
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


# ── A pipeline's deliberately failing migration is awaited, and the result of the release is kept

MIGRATIONS = """poll = "0.01 s"

[rollout.migrations]
tool = "alembic"
folder = "migrations"
database = "env:DATABASE"
task = "shop-migration"
"""
STATED = CRITERIA.replace('poll = "0.01 s"\n', MIGRATIONS)
CLUSTER = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/shop"
TASK = "arn:aws:ecs:ap-northeast-1:123456789012:task/shop/0123456789abcdef"


class Migrating:
    """ECS, in which tasks of the migration begin and end."""

    def __init__(self, town: Town) -> None:
        self.tasks: list[dict[str, Any]] = []
        services = town._answers()["ecs.ListServices"]
        town.others = {
            "ecs.ListTasks": lambda asked: {"taskArns": self.list_arns(asked["desiredStatus"])},
            "ecs.DescribeTasks": lambda asked: {"tasks": [t for t in self.tasks if t["taskArn"] in asked["tasks"]]},
            "ecs.ListServices": services,
        }

    def list_arns(self, status: str) -> list[str]:
        return [one["taskArn"] for one in self.tasks if ("stoppedAt" in one) is (status == "STOPPED")]

    def begin(self) -> None:
        now = datetime.now(UTC)
        self.tasks = [{"taskArn": TASK, "createdAt": now, "startedAt": now, "containers": [{"name": "m"}]}]

    def end(self, code: int) -> None:
        containers = [{"name": "m", "exitCode": code}]
        self.tasks = [{**self.tasks[0], "stoppedAt": datetime.now(UTC), "containers": containers}]


@pytest.fixture
def migrating(town: Town) -> Migrating:
    return Migrating(town)


@pytest.fixture
def failing_context(
    context_in_town: Callable[[ModuleType, str], LayerContext], monkeypatch: pytest.MonkeyPatch
) -> LayerContext:
    monkeypatch.setattr(deployment, "_SETTLED", 0.2)
    return context_in_town(deployment, STATED)


def follow_one(failing_context: LayerContext, town: Town, migrating: Migrating, code: int) -> Mapping[str, Any]:
    with ThreadPoolExecutor(1) as thread:
        followed = thread.submit(follow_failure, failing_context)
        town.wait_for_looks(2)
        migrating.begin()
        town.wait_for_looks(town.looks + 2)
        migrating.end(code)
        return followed.result(LIMIT)


def the_fact(record: Mapping[str, Any]) -> FailedMigration:
    (fact,) = failed_migration_facts({**record, "asked": record["ended"]})
    return fact


def test_a_failure_that_stops_the_release_is_on_record(
    failing_context: LayerContext, town: Town, migrating: Migrating
) -> None:
    record = json.loads(json.dumps(follow_one(failing_context, town, migrating, 1)))
    fact = the_fact(record)
    assert (fact.failure, fact.went_on, fact.changed) == ("m: exit code 1", "", "")
    told = summarise_failure(record)
    assert told["outcome"] == "unknown", "nobody may send requests here, so nobody knows whether the site answered"
    assert "says nothing of [load]" in told["lines"][-1]


def test_a_deployment_that_begins_all_the_same_is_seen(
    failing_context: LayerContext, town: Town, migrating: Migrating
) -> None:
    town.made = True
    record = follow_one(failing_context, town, migrating, 1)
    assert the_fact(record).went_on == "api: d-API00001"
    assert summarise_failure(record)["outcome"] == "bad"


def test_a_migration_that_ends_well_shows_nothing(
    failing_context: LayerContext, town: Town, migrating: Migrating
) -> None:
    record = follow_one(failing_context, town, migrating, 0)
    assert the_fact(record).failure == ""
    assert summarise_failure(record)["outcome"] == "bad"


def test_when_no_migration_comes_the_reason_says_so(
    failing_context: LayerContext, migrating: Migrating, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 1000, 3))
    monkeypatch.setattr(deployment, "monotonic", lambda: next(ticks))
    with pytest.raises(Unreadable, match="no task of shop-migration began and ended within 120 s"):
        follow_failure(failing_context)


def test_the_record_is_found_by_the_next_run_and_judged(failing_context: LayerContext, town: Town) -> None:
    with pytest.raises(
        Unreadable, match="let the pipeline run one that fails, and meanwhile: prodgate watch migration"
    ):
        next(observe_failed_migration(failing_context, Scene(place="", look=Any, url="", watching=Any), {}))


@pytest.mark.parametrize(
    ("changes", "code"),
    [({}, 0), ({"started": {"api": "d-1"}}, NO_GO), ({"tasks": []}, INSUFFICIENT)],
)
def test_the_command_keeps_the_record_and_says_what_became_of_it(
    changes: dict[str, Any],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gate: Gate,
) -> None:
    (tmp_path / "criteria.toml").write_text(STATED, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "follow_failure", lambda _: {**good_record(), **changes})
    assert "failure of the migration: " in gate("watch", "migration", TARGET, ends=code).out
    kept = partial(list_records, tmp_path / "runs" / FOLDER, kind=MIGRATION)
    assert [*kept(target=TARGET)] == [{**json.loads(json.dumps(good_record())), **changes}]
    assert [*kept(target="aws://other@eu-west-1")] == []


@pytest.mark.parametrize("more", ["--latest", "--next", "d-1"])
def test_what_is_not_to_be_chosen_is_a_usage_error(more: str, gate: Gate) -> None:
    assert (
        "watch migration: waits for the next one; name the target alone"
        in gate("watch", "migration", TARGET, more, ends=USAGE).err
    )


def test_a_watched_deployment_keeps_the_migration_that_ecs_forgets(
    town: Town, migrating: Migrating, tmp_path: Path
) -> None:
    migrating.begin()
    migrating.end(0)
    with town.looking() as look:
        given = watch(town, tmp_path, look, family="shop-migration")

        def deploy() -> Mapping[str, str]:
            migrating.tasks = []
            return town.deploy(GOOD)

        record = watch_deployment(given, deploy, {})
    assert [one["taskArn"] for one in record["migrations"]] == [TASK]


def test_what_ecs_has_forgotten_is_taken_from_the_watch(failing_context: LayerContext) -> None:
    scene = Scene(
        place="", look=Any, url="", watching=Any, watched={"migrations": [{"taskArn": "a"}, {"taskArn": "b"}]}
    )
    runs = deployment._with_watched(failing_context, scene, {"tasks": [{"taskArn": "b", "new": True}], "family": "f"})
    assert runs == {"tasks": [{"taskArn": "a"}, {"taskArn": "b", "new": True}], "family": "f"}
    scene.watched = None
    assert deployment._with_watched(failing_context, scene, {"tasks": []}) == {"tasks": []}
