"""Every check of a rollout is seen red: one change to good evidence breaks exactly the stated criteria."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.checks import Check
from prodgate.layers.rollout.kinds import DEPLOYED, DEPLOYMENT, DRILL, READERS, WATCH
from prodgate.sections.project import Project
from prodgate.testing import Outcome

from .evidence import (
    ENDED,
    MOVED,
    SERVICES,
    at,
    bad_samples,
    definition,
    good_samples,
    group,
    healthy,
    sample,
    service_arn,
    watch,
)
from .harness import Sabotage, Stored, judged_evidence, of, outcomes, project, rollout_checks

SUITES = ("deployments", "services", "traffic", "requests", "rollback")
REQUESTS = {"zero-downtime-deploy", "during-error-rate"}
#: What nobody knows when the requests of the watch prove nothing.
UNSOUND = REQUESTS | {"after-performance", "deployment-shifts-after-health", "acknowledged-writes-kept"}
#: A write that was acknowledged and is not there.
GONE: dict[str, Any] = {"number": 2006, "at": 20.06, "build": "blue", "times": 0}
#: What only somebody who watched can know.
WATCHED = {
    "zero-downtime-deploy", "during-error-rate", "after-performance", "deployment-shifts-after-health",
    "acknowledged-writes-kept", "during-health-checks", "deployment-live-weights", "rollback-alarms-have-data", "rollback-brings-all-back",
}  # fmt: skip


def fail(stream: dict[str, Any], second: int, kind: str, count: int = 1) -> None:
    """Let requests of one second fail."""
    cell = stream["seconds"][second]
    cell["latency"]["120"] -= count
    cell["failed"] = {kind: count}
    begin = {"number": second * 100, "at": second + 0.1, "method": "GET", "path": "/", "class": kind}
    stream["failures"] += [{**begin, "text": "", "reused": False}] * count
    stream["outages"].append({"began": second + 0.1, "ended": second + 0.1 + (count - 1) / 100, "failed": count})


def fail_all_through(stored: Stored) -> None:
    for second in range(5, 35):
        fail(of(stored, WATCH)["stream"], second, "HTTP 502", 5)


def change_watch(**changes: Any) -> Any:
    return lambda stored: of(stored, WATCH).update(changes)


def watch_late(stored: Stored) -> None:
    """Begin to watch when new targets are registered already."""
    record = of(stored, WATCH)
    record.update(acted=at(-10).isoformat(), samples=record["samples"][2:])


def change_writes(**changes: Any) -> Any:
    return lambda stored: of(stored, WATCH)["stream"]["writes"].update(changes)


def change_samples(samples: list[dict[str, Any]]) -> Any:
    return lambda stored: of(stored, WATCH).update(samples=samples)


def change_seen(number: int, **changes: Any) -> Any:
    """Change what one look saw of the first service."""
    return lambda stored: of(stored, WATCH)["samples"][number]["services"][service_arn("api")].update(changes)


def tried(stored: Stored, build: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in of(stored, DRILL)["tried"] if one["build"] == build)
    return found


def change_drill(build: str, samples: list[dict[str, Any]]) -> Any:
    return lambda stored: tried(stored, build)["watch"].update(samples=samples)


def weights(name: str, blue: float, green: float) -> dict[str, Any]:
    return {"rule": {group(name, "b"): blue, group(name, "g"): green}}


def early() -> list[dict[str, Any]]:
    """Green is registered, and gets traffic, before it is healthy."""
    samples = good_samples()
    samples[2] = sample(10, green=0, status="InProgress", stage="Install", greens=0)
    samples[3] = sample(MOVED, green=10, status="InProgress", stage="AllowTraffic", greens=1)
    return samples


def left_behind() -> list[dict[str, Any]]:
    samples = bad_samples(away=False)
    samples[-1]["services"][service_arn("api")]["targets"][group("api", "g")] = {"unused": 2}
    return samples


def other_version_runs() -> list[dict[str, Any]]:
    samples = bad_samples(away=False)
    tasks = {"two": {"state": "PRIMARY", "definition": definition("api", 2), "wanted": 2, "running": 2}}
    samples[-1]["services"][service_arn("api")]["counts"]["tasks"] = tasks
    return samples


def stopped_by_a_person() -> list[dict[str, Any]]:
    samples = bad_samples(away=False)
    samples[-1]["services"][service_arn("api")]["deployment"]["error"] = "MANUAL_STOP"
    return samples


def fail_for_long(stored: Stored) -> None:
    """Let readers meet failures 16 seconds before they are back, of two minutes each."""
    record = tried(stored, "failing-in-public")["watch"]
    record["speed"] = 120
    fail(record["stream"], 8, "HTTP 500", 3)


def slow_afterwards(stored: Stored) -> None:
    for cell in of(stored, WATCH)["stream"]["seconds"][ENDED:]:
        cell["latency"] = {"120": 60, "9000": 40}


SABOTAGES = (
    Sabotage(
        "the deployment of one service failed",
        {"service-deployments-completed"},
        lambda stored: of(stored, DEPLOYMENT)["deployment"].update(status="Failed"),
    ),
    Sabotage(
        "the last deployment is a rollback",
        {"service-deployments-completed"},
        lambda stored: of(stored, DEPLOYMENT)["deployment"].update(creator="codeDeployRollback"),
    ),
    Sabotage(
        "a status that is not known",
        set(),
        lambda stored: of(stored, DEPLOYMENT)["deployment"].update(status="Paused"),
        unsettles={"service-deployments-completed"},
    ),
    Sabotage(
        "a task is missing", {"services-healthy"}, lambda stored: of(stored, DEPLOYED).update(running=1)
    ),
    Sabotage(
        "a target is unhealthy",
        {"services-healthy"},
        lambda stored: of(stored, DEPLOYED).update(targets={"healthy": 1, "unhealthy": 1}),
    ),
    Sabotage(
        "the earlier version runs",
        {"services-on-intended-image"},
        lambda stored: of(stored, DEPLOYED)["tasks"][0].update(definition=definition("api", 1)),
    ),
    Sabotage(
        "a task runs another digest",
        {"services-on-intended-image"},
        lambda stored: of(stored, DEPLOYED)["tasks"][0]["containers"][0].update(digest="sha256:1", same=False),
    ),
    Sabotage(
        "an image without a digest",
        set(),
        lambda stored: of(stored, DEPLOYED)["tasks"][0]["containers"][0].update(wanted=""),
        unsettles={"services-on-intended-image"},
    ),
    Sabotage(
        "no task runs",
        {"services-healthy"},
        lambda stored: of(stored, DEPLOYED).update(tasks=[], running=0, targets={}),
        unsettles={"services-on-intended-image"},
    ),
    Sabotage("green gets traffic before it is ready", {"deployment-shifts-after-health"}, change_samples(early())),
    Sabotage(
        "one request of all fails",
        {"zero-downtime-deploy"},
        lambda stored: fail(of(stored, WATCH)["stream"], 15, "HTTP 502"),
    ),
    Sabotage(
        "a naive restart",  # one outage is one event, which no rate can be told from
        {"zero-downtime-deploy"},
        lambda stored: fail(of(stored, WATCH)["stream"], 15, "HTTP 502", 60),
        unsettles={"during-error-rate"},
    ),
    Sabotage(
        "requests fail all through the deployment",
        REQUESTS,
        fail_all_through,
    ),
    Sabotage(
        "blue is killed at the switch",
        {"zero-downtime-deploy", "deployment-shifts-after-health"},
        lambda stored: fail(of(stored, WATCH)["stream"], MOVED, "closed on a reused connection"),
    ),
    Sabotage(
        "too many requests without a connection left here",
        set(),
        lambda stored: fail(of(stored, WATCH)["stream"], 3, "no socket left here"),
        unsettles=UNSOUND,
    ),
    Sabotage(
        "requests were sent far too late",
        set(),
        lambda stored: of(stored, WATCH)["stream"].update(lag={"p99": 1.0, "max": 3.0}),
        unsettles=UNSOUND,
    ),
    Sabotage(
        "requests that nobody heard of again",
        set(),
        lambda stored: of(stored, WATCH)["stream"].update(unknown=1),
        unsettles=UNSOUND,
    ),
    Sabotage(
        "the watch began after the deployment",
        set(),
        watch_late,
        unsettles=REQUESTS,
    ),
    Sabotage(
        "nobody may send requests",
        set(),
        change_watch(stream=None, silent="nobody said that www.shop.example may be put under load"),
        unsettles=UNSOUND,
    ),
    Sabotage(
        "the watch came to its limit",
        set(),
        change_watch(why="it was watched for 2 h and was not over", ended=""),
        unsettles=REQUESTS | {"after-performance", "deployment-live-weights"},
    ),
    Sabotage("a write that was acknowledged is gone", {"acknowledged-writes-kept"}, change_writes(lost=1, first=[GONE])),
    Sabotage(
        "a write is there twice", {"acknowledged-writes-kept"}, change_writes(doubled=1, first=[{**GONE, "times": 2}])
    ),
    Sabotage(
        "a rollback loses a write",
        {"acknowledged-writes-kept"},
        lambda stored: tried(stored, "never-healthy")["watch"]["stream"]["writes"].update(lost=1, first=[GONE]),
    ),
    Sabotage(
        "a write that could not be read back",
        set(),
        change_writes(unread=1, why="answered 503"),
        unsettles={"acknowledged-writes-kept"},
    ),
    Sabotage("hardly any writes", set(), change_writes(acknowledged=12), unsettles={"acknowledged-writes-kept"}),
    Sabotage("no write at all", set(), change_writes(acknowledged=0), unsettles={"acknowledged-writes-kept"}),
    Sabotage(
        "nothing says how to read a write back",
        set(),
        lambda stored: of(stored, WATCH)["stream"].pop("writes"),
        unsettles={"acknowledged-writes-kept"},
    ),
    Sabotage("answers are slow when it is over", {"after-performance"}, slow_afterwards),
    Sabotage(
        "no healthy target for a moment",
        {"during-health-checks"},
        change_seen(5, targets={group("api", "b"): {"draining": 2}, group("api", "g"): {"initial": 2}}),
    ),
    Sabotage(
        "weights stay divided",
        {"deployment-live-weights"},
        change_seen(-1, weights=weights("api", 10, 90)),
    ),
    Sabotage(
        "half of the traffic moves at the first step",
        {"deployment-live-weights"},
        change_seen(3, weights=weights("api", 50, 50)),
    ),
    Sabotage(
        "nobody knows the declared steps",
        set(),
        lambda stored: [one.update(steps=None) for one in of(stored, WATCH)["routes"]],
        unsettles={"deployment-live-weights"},
    ),
    Sabotage(
        "an alarm that is OK since it sees nothing",
        {"rollback-alarms-have-data"},
        change_watch(silent_alarms={"shop-errors": ["shop-latency"]}),
    ),
    Sabotage(
        "nobody knows whether the alarms see anything",
        set(),
        change_watch(silent_alarms={"unreadable": "denied"}),
        unsettles={"rollback-alarms-have-data"},
    ),
    Sabotage(
        "an alarm without data",
        {"rollback-alarms-have-data"},
        lambda stored: [one["alarms"]["shop-errors"].update(state="INSUFFICIENT_DATA") for one in of(stored, WATCH)["samples"]],
    ),
    Sabotage(
        "an alarm that does not exist",
        {"rollback-alarms-have-data"},
        lambda stored: [one["alarms"].clear() for one in of(stored, WATCH)["samples"]],
    ),
    Sabotage(
        "alarms that may not be read",
        set(),
        lambda stored: [one["unread"].update(alarms="denied") for one in of(stored, WATCH)["samples"]],
        unsettles={"rollback-alarms-have-data"},
    ),
    Sabotage(
        "a health check is changed with the release",
        {"rollback-brings-all-back"},
        change_watch(after={**watch([])["after"], "target group shop-api-b": '{"HealthCheckPort":"9090"}'}),
    ),
    Sabotage(
        "a drill leaves a target group behind",
        {"rollback-brings-all-back"},
        lambda stored: tried(stored, "never-healthy")["watch"]["after"].update({"target group shop-api-x": "{}"}),
    ),
    Sabotage(
        "what lies beside may not be read",
        set(),
        change_watch(after={"unreadable": "denied"}),
        unsettles={"rollback-brings-all-back"},
    ),
    Sabotage(
        "a bad build is not taken back",
        {"deployment-rollback-shown"},
        change_drill("never-healthy", good_samples()),
        unsettles={"rollback-time-to-blue"},
    ),
    Sabotage(
        "a good build is taken back", {"deployment-rollback-shown"}, change_drill("green", bad_samples(away=True))
    ),
    Sabotage(
        "a rollback leaves targets behind", {"deployment-rollback-shown"}, change_drill("failing-hook", left_behind())
    ),
    Sabotage(
        "the bad version runs after the rollback",
        {"deployment-rollback-shown"},
        change_drill("failing-hook", other_version_runs()),
    ),
    Sabotage(
        "a person stopped it", {"deployment-rollback-shown"}, change_drill("failing-hook", stopped_by_a_person())
    ),
    Sabotage(
        "requests fail while no traffic goes to the bad build",
        {"deployment-rollback-shown"},
        lambda stored: fail(tried(stored, "never-healthy")["watch"]["stream"], 5, "HTTP 502"),
    ),
    Sabotage("the way back takes half an hour", {"rollback-time-to-blue"}, fail_for_long),
    Sabotage(
        "readers never reached the build that fails them",
        set(),
        change_drill("failing-in-public", bad_samples(away=False)),
        unsettles={"rollback-time-to-blue"},
    ),
    Sabotage(
        "traffic stays on the build that fails readers",
        {"deployment-rollback-shown"},
        change_drill("failing-in-public", bad_samples(away=True)[:3]),
        unsettles={"rollback-time-to-blue"},
    ),
    Sabotage(
        "a drill in which no requests were sent",
        set(),
        lambda stored: tried(stored, "failing-in-public")["watch"].update(stream=None, silent="nobody allowed any"),
        unsettles={"deployment-rollback-shown", "rollback-time-to-blue", "acknowledged-writes-kept"},
    ),
    Sabotage(
        "the drill was long ago",
        {"deployment-rollback-shown"},
        lambda stored: of(stored, DRILL).update(asked=at(91 * 86400).isoformat()),
    ),
    Sabotage(
        "one build was not tried",
        set(),
        lambda stored: of(stored, DRILL)["tried"].pop(0),
        unsettles={"deployment-rollback-shown"},
    ),
    Sabotage(
        "a build could not be deployed",
        set(),
        lambda stored: tried(stored, "failing-hook").update(unreadable="no proxy"),
        unsettles={"deployment-rollback-shown", "rollback-time-to-blue"},
    ),
    Sabotage(
        "a reader met an error",
        {"zero-downtime-in-production"},
        lambda stored: of(stored, READERS)["counts"].update(HTTPCode_ELB_5XX_Count=1),
    ),
    Sabotage(
        "hardly any readers",
        set(),
        lambda stored: of(stored, READERS)["counts"].update(RequestCount=12),
        unsettles={"zero-downtime-in-production"},
    ),
    Sabotage(
        "CloudWatch still counts",
        set(),
        lambda stored: of(stored, READERS).update(settled=False),
        unsettles={"zero-downtime-in-production"},
    ),
    Sabotage(
        "a record of another version",
        set(),
        change_watch(format=99),
        unsettles=WATCHED,
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def stated() -> Project:
    return project()


@pytest.fixture(scope="module")
def checks() -> tuple[Check, ...]:
    return rollout_checks(*SUITES)


def test_everything_holds_where_nothing_is_wrong(checks: tuple[Check, ...], stated: Project) -> None:
    found = judged_evidence(healthy(), checks, stated)
    wrong = {id_: [one for one in findings if one.outcome != Outcome.SATISFIED] for id_, findings in found.items()}
    assert {id_: some for id_, some in wrong.items() if some} == {}
    assert set(found) >= WATCHED


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_a_sabotage_breaks_its_criteria_and_no_other(
    sabotage: Sabotage, checks: tuple[Check, ...], stated: Project
) -> None:
    stored = healthy()
    sabotage.by(stored)
    found = outcomes(judged_evidence(stored, checks, stated))
    assert {id_ for id_, outcome in found.items() if outcome == Outcome.NOT_SATISFIED} == sabotage.breaks
    assert {id_ for id_, outcome in found.items() if outcome == Outcome.UNDETERMINED} == sabotage.unsettles


def test_every_check_is_seen_red(checks: tuple[Check, ...]) -> None:
    assert {check.criterion for check in checks} == set().union(*(each.breaks for each in SABOTAGES))


@pytest.mark.parametrize("kind", [DEPLOYMENT, DEPLOYED, WATCH, READERS, DRILL])
def test_what_nobody_observed_is_undetermined(kind: str, checks: tuple[Check, ...], stated: Project) -> None:
    stored = [(each, value) for each, value in healthy() if each != kind]
    found = judged_evidence(stored, checks, stated, {kind: "denied"})
    lost = {id_ for id_, outcome in outcomes(found).items() if outcome == Outcome.UNDETERMINED}
    assert lost
    assert all(any("denied" in one.reason for one in found[id_]) for id_ in lost)


def test_the_finding_says_which_outage_would_have_been_seen(checks: tuple[Check, ...], stated: Project) -> None:
    stored = healthy()
    fail(of(stored, WATCH)["stream"], 15, "HTTP 502", 26)
    (finding,) = judged_evidence(stored, checks, stated)["zero-downtime-deploy"]
    assert "26 HTTP 502" in finding.observed
    assert "one outage, of 260 ms" in finding.observed
    assert "an outage of 10 ms or longer would have been seen" in finding.observed
    assert "0.01% of the error budget (43.2 min in 30 d)" in finding.observed


def test_the_finding_says_how_many_requests_failed_on_the_way_back(checks: tuple[Check, ...], stated: Project) -> None:
    stored = healthy()
    fail_for_long(stored)
    (finding,) = judged_evidence(stored, checks, stated)["rollback-time-to-blue"]
    assert finding.observed == "1908 s (100 % each end: 1428–1908 s, 2,100 requests; 3 of them failed)"


def test_the_finding_says_who_acknowledged_the_write_that_is_gone(checks: tuple[Check, ...], stated: Project) -> None:
    stored = healthy()
    change_writes(lost=2, first=[GONE])(stored)
    said = [one.observed for one in judged_evidence(stored, checks, stated)["acknowledged-writes-kept"]]
    assert (
        "2 (577 writes; 2 lost; the first acknowledged by build blue after 20.1 s; 40 were sent again when it was over)"
        in said
    )


def test_both_services_are_judged(checks: tuple[Check, ...], stated: Project) -> None:
    found = judged_evidence(healthy(), checks, stated)
    assert len(found["services-healthy"]) == len(SERVICES)
