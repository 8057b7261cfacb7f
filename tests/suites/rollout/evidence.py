"""The evidence of a rollout in which everything held, by hand: two services, deployed blue/green by CodeDeploy.

Its answers of AWS have the shapes of botocore's models (``test_answers.py`` validates them).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from prodgate.aws.recording import to_plain
from prodgate.facts.rollout.deployments import WATCH_FORMAT
from prodgate.layers.rollout.kinds import DEPLOYED, DEPLOYMENT, DRILL, READERS, WATCH
from prodgate.load.record import STREAM_FORMAT

from .harness import Stored

BEGAN: Final = datetime(2026, 11, 24, 13, 0, 0, tzinfo=UTC)
SERVICES: Final = ("api", "web")
EVENTS: Final = (
    "BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic", "BeforeAllowTraffic",
    "AllowTraffic", "AfterAllowTraffic",
)  # fmt: skip
#: Seconds after the beginning of the watch: the deployment begins, traffic moves, it is over, and so is the watch.
ACTED, MOVED, ENDED, CLOSED = 2, 20, 40, 52
RATE = 100.0


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def arn(kind: str, rest: str) -> str:
    service = {"targetgroup": "elasticloadbalancing", "listener-rule": "elasticloadbalancing"}.get(kind, "ecs")
    return f"arn:aws:{service}:ap-northeast-1:123456789012:{kind}/{rest}"


def service_arn(name: str) -> str:
    return arn("service", f"shop/{name}")


def group(name: str, colour: str) -> str:
    return arn("targetgroup", f"shop-{name}-{colour}/0123456789abcdef")


def definition(name: str, version: int) -> str:
    return arn("task-definition", f"shop-{name}:{version}")


def app_spec(name: str, version: int) -> dict[str, Any]:
    content = (
        '{"version":0.0,"Resources":[{"TargetService":{"Type":"AWS::ECS::Service","Properties":{"TaskDefinition":"'
        + definition(name, version)
        + '"}}}]}'
    )
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content, "sha256": "0" * 64}}


def task_set(name: str, colour: str, weight: float, *, label: str) -> dict[str, Any]:
    return {
        "identifer": f"ecs-svc/{name}-{colour}",
        "desiredCount": 2,
        "pendingCount": 0,
        "runningCount": 2,
        "status": "PRIMARY" if weight else "ACTIVE",
        "trafficWeight": weight,
        "targetGroup": {"name": f"shop-{name}-{colour}"},
        "taskSetLabel": label,
    }


def deployment(name: str) -> dict[str, Any]:
    """CodeDeploy's description of a successful deployment."""
    events = [
        {
            "lifecycleEventName": event,
            "status": "Succeeded",
            "startTime": at(ACTED + 2 * number),
            "endTime": at(ACTED + 2 * number + 2),
        }
        for number, event in enumerate(EVENTS)
    ]
    target = {
        "deploymentId": f"d-{name.upper()}00001",
        "targetId": f"shop:{name}",
        "targetArn": service_arn(name),
        "lastUpdatedAt": at(ENDED),
        "lifecycleEvents": events,
        "status": "Succeeded",
        "taskSetsInfo": [
            task_set(name, "b", 0.0, label="Blue"),
            task_set(name, "g", 100.0, label="Green"),
        ],
    }
    return {
        "carrier": "CODE_DEPLOY",
        "deployment": {
            "applicationName": "shop",
            "deploymentGroupName": name,
            "deploymentId": f"d-{name.upper()}00001",
            "previousRevision": app_spec(name, 1),
            "revision": app_spec(name, 2),
            "status": "Succeeded",
            "createTime": at(ACTED),
            "startTime": at(ACTED),
            "completeTime": at(ENDED),
            "creator": "user",
            "computePlatform": "ECS",
        },
        "targets": [{"deploymentTargetType": "ECSTarget", "ecsTarget": target}],
        "rollback": None,
        "alarms": {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "shop-errors"}]},
    }


def stored_deployment(name: str) -> Any:
    service = {"serviceArn": service_arn(name), "serviceName": name, "clusterArn": arn("cluster", "shop")}
    return to_plain({"asked": at(CLOSED), "service": service, **deployment(name)})


def stored_service(name: str) -> dict[str, Any]:
    container = {"name": "app", "digest": "sha256:" + "b" * 64, "wanted": "sha256:" + "b" * 64, "same": True}
    tasks = [
        {"task": arn("task", f"shop/{number}"), "definition": definition(name, 2), "containers": [dict(container)]}
        for number in (1, 2)
    ]
    return {"service": service_arn(name), "desired": 2, "running": 2, "targets": {"healthy": 2}, "tasks": tasks}


def route(name: str) -> dict[str, Any]:
    return {
        "service": service_arn(name),
        "name": name,
        "cluster": arn("cluster", "shop"),
        "carrier": "CODE_DEPLOY",
        "groups": [group(name, "b"), group(name, "g")],
        "listeners": [arn("listener", "app/shop/1/2")],
        "rules": [],
        "alarms": ["shop-errors"],
        "steps": [10.0],
    }


def sample(seconds: float, *, green: float, status: str, stage: str, greens: int) -> dict[str, Any]:
    """One look: the share of green, what CodeDeploy says, and how many targets of green are healthy."""
    over = status in ("Succeeded", "Failed")
    services = {}
    for name in SERVICES:
        blue, new = group(name, "b"), group(name, "g")
        tasks = {"one": {"state": "PRIMARY", "definition": definition(name, 1), "wanted": 2, "running": 2}}
        if greens and not over:
            tasks["two"] = {"state": "ACTIVE", "definition": definition(name, 2), "wanted": 2, "running": 2}
        if status == "Succeeded":
            tasks = {"two": {"state": "PRIMARY", "definition": definition(name, 2), "wanted": 2, "running": 2}}
        services[service_arn(name)] = {
            "counts": {"desired": 2, "running": 2, "tasks": tasks},
            "weights": {arn("listener-rule", f"app/shop/1/2/{name}"): {blue: 100 - green, new: green}},
            "targets": {
                blue: {} if status == "Succeeded" else {"healthy": 2},
                new: {"healthy": greens} if greens else {},
            },
            **({"deployment": look_at_deployment(name, status, stage)} if status else {}),
        }
    alarms = {"shop-errors": {"state": "OK", "since": ""}}
    return {"at": at(seconds).isoformat(), "services": services, "alarms": alarms, "unread": {}}


def look_at_deployment(name: str, status: str, stage: str) -> dict[str, Any]:
    failed = status == "Failed"
    return {
        "id": f"d-{name.upper()}00001",
        "status": status,
        "stage": stage,
        "error": "ALARM_ACTIVE" if failed else "",
        "rollback": f"d-{name.upper()}00002" if failed else "",
        "rollback_status": "Succeeded" if failed else "",
    }


def good_samples() -> list[dict[str, Any]]:
    return [
        sample(0, green=0, status="", stage="", greens=0),
        sample(4, green=0, status="InProgress", stage="Install", greens=0),
        sample(10, green=0, status="InProgress", stage="AfterInstall", greens=2),
        sample(MOVED, green=10, status="InProgress", stage="AllowTraffic", greens=2),
        sample(24, green=100, status="InProgress", stage="AllowTraffic", greens=2),
        sample(ENDED, green=100, status="Succeeded", stage="", greens=2),
        sample(CLOSED, green=100, status="Succeeded", stage="", greens=2),
    ]


def bad_samples(*, away: bool) -> list[dict[str, Any]]:
    """Looks at a deployment that is taken back, before traffic moves or after."""
    moved = [sample(MOVED, green=10, status="InProgress", stage="AllowTraffic", greens=2)] if away else []
    return [
        sample(0, green=0, status="", stage="", greens=0),
        sample(4, green=0, status="InProgress", stage="Install", greens=0),
        *moved,
        sample(24, green=0, status="Failed", stage="", greens=0),
        sample(ENDED, green=0, status="Failed", stage="", greens=0),
    ]


def stream(seconds: int = CLOSED) -> dict[str, Any]:
    """Requests that all succeeded within 20 ms."""
    count = int(RATE)
    cells = [
        {"second": n, "latency": {"120": count - 5, "200": 5}, "failed": {}, "builds": {"green": count}}
        for n in range(seconds)
    ]
    plan = {"url": "https://www.shop.example", "rate": RATE, "timeout": 5.0, "limit": 900.0, "reads": ["/"]}
    return {
        "format": STREAM_FORMAT,
        "plan": {**plan, "write": "/w", "keys": "k", "build_header": "x-build"},
        "began": BEGAN.timestamp(),
        "ended": at(seconds).timestamp(),
        "why": "",
        "due": count * seconds,
        "unknown": 0,
        "kinds": {},
        "lag": {"p99": 0.002, "max": 0.01},
        "seconds": cells,
        "failures": [],
        "outages": [],
        "writes": {
            "acknowledged": 577,
            "again": 40,
            "lost": 0,
            "doubled": 0,
            "unread": 0,
            "why": "",
            "first": [],
        },
    }


def surroundings() -> dict[str, str]:
    return {"service api": '{"desiredCount":2}', "target group shop-api-b": '{"HealthCheckPort":"8080"}'}


def watch(samples: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": WATCH_FORMAT,
        "place": "a test",
        "began": BEGAN.isoformat(),
        "acted": at(ACTED).isoformat(),
        "ended": at(ENDED).isoformat(),
        "why": "",
        "poll": 2.0,
        "speed": 1,
        "budget": {"seconds": 2592.0, "words": "43.2 min in 30 d"},
        "routes": [route(name) for name in SERVICES],
        "ids": {service_arn(name): f"d-{name.upper()}00001" for name in SERVICES},
        "samples": samples,
        "stream": stream(),
        "silent": "",
        "before": surroundings(),
        "after": surroundings(),
        "silent_alarms": {"shop-errors": []},
    }


def drill() -> dict[str, Any]:
    tried: list[Mapping[str, Any]] = [
        {"build": "never-healthy", "expects": "rolled back", "watch": watch(bad_samples(away=False))},
        {"build": "failing-hook", "expects": "rolled back", "watch": watch(bad_samples(away=False))},
        {"build": "failing-in-public", "expects": "rolled back", "watch": watch(bad_samples(away=True))},
        {"build": "green", "expects": "succeeded", "watch": watch(good_samples())},
    ]
    return {"format": 1, "began": BEGAN.isoformat(), "tried": tried, "asked": at(3600).isoformat()}


def drilled(build: str) -> dict[str, Any]:
    """The record of the watch of a build of the drill."""
    return dict(next(one["watch"] for one in drill()["tried"] if one["build"] == build))


def readers() -> dict[str, Any]:
    counts = {
        "RequestCount": 40_000,
        "HTTPCode_ELB_5XX_Count": 0,
        "HTTPCode_Target_5XX_Count": 0,
        "TargetConnectionErrorCount": 0,
        "RejectedConnectionCount": 0,
    }
    return {"balancer": arn("loadbalancer", "app/shop/1"), "counts": counts, "settled": True}


def journeys(place: str) -> dict[str, Any]:
    """The record of a journey that succeeded."""
    journey = {
        "id": "e2e/journeys/test_accounts.py::test_sign_in[chromium]", "name": "A reader signs in.", "outcome": "passed",
        "again": "", "refused": [], "cookies": [], "evidence": [], "why": "", "mutates": True, "file": "e2e/x.py",
        "line": 3,
    }  # fmt: skip
    browser = {"name": "Chromium", "version": "1"}
    return {"format": 1, "place": place, "browser": browser, "journeys": [journey], "broken": []}


def healthy() -> Stored:
    """The evidence of a rollout in which everything held."""
    return {
        DEPLOYMENT: [stored_deployment(name) for name in SERVICES],
        DEPLOYED: [stored_service(name) for name in SERVICES],
        WATCH: [watch(good_samples())],
        READERS: [readers()],
        DRILL: [drill()],
    }
