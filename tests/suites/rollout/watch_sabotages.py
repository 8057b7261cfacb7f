"""Faults of a deployment, as AWS and a watch saw it, and the criteria that they break."""

from prodgate.layers.rollout.kinds import DEPLOYED, DEPLOYMENT, WATCH
from tests.suites.judging import Sabotage

from .evidence import MOVED, definition, group, watch
from .harness import Stored, change, of
from .spoiling import (
    GONE,
    REQUESTS,
    UNSOUND,
    change_seen,
    change_writes,
    early,
    fail,
    fail_all_through,
    slow_afterwards,
    tried,
    watch_late,
    weights,
)

OF_A_DEPLOYMENT: tuple[Sabotage[Stored], ...] = (
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
    Sabotage("green gets traffic before it is ready", {"deployment-shifts-after-health"}, change(WATCH, samples=early())),
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
        unsettles=UNSOUND - {"acknowledged-writes-kept"},
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
        change(WATCH, stream=None, silent="nobody said that www.shop.example may be put under load"),
        unsettles=UNSOUND,
    ),
    Sabotage(
        "the watch came to its limit",
        set(),
        change(WATCH, why="it was watched for 2 h and was not over", ended=""),
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
        change(WATCH, silent_alarms={"shop-errors": ["shop-latency"]}),
    ),
    Sabotage(
        "nobody knows whether the alarms see anything",
        set(),
        change(WATCH, silent_alarms={"unreadable": "denied"}),
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
        change(WATCH, after={**watch([])["after"], "target group shop-api-b": '{"HealthCheckPort":"9090"}'}),
    ),
    Sabotage(
        "a drill leaves a target group behind",
        {"rollback-brings-all-back"},
        lambda stored: tried(stored, "never-healthy")["watch"]["after"].update({"target group shop-api-x": "{}"}),
    ),
    Sabotage(
        "what lies beside may not be read",
        set(),
        change(WATCH, after={"unreadable": "denied"}),
        unsettles={"rollback-brings-all-back"},
    ),
)  # fmt: skip
