"""Ways to change good evidence of a rollout."""

from typing import Any

from prodgate.layers.rollout.kinds import DRILL, WATCH

from .evidence import ENDED, MOVED, at, bad_samples, definition, good_samples, group, sample, service_arn
from .harness import Stored, of

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


def watch_late(stored: Stored) -> None:
    """Begin to watch when new targets are registered already."""
    record = of(stored, WATCH)
    record.update(acted=at(-10).isoformat(), samples=record["samples"][2:])


def change_writes(**changes: Any) -> Any:
    return lambda stored: of(stored, WATCH)["stream"]["writes"].update(changes)


def change_seen(number: int, **changes: Any) -> Any:
    """Change what one look saw of the first service."""
    return lambda stored: of(stored, WATCH)["samples"][number]["services"][service_arn("api")].update(changes)


def tried(stored: Stored, build: str) -> dict[str, Any]:
    return next(one for one in of(stored, DRILL)["tried"] if one["build"] == build)


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


def said_on_the_way(samples: list[dict[str, Any]], **changes: object) -> list[dict[str, Any]]:
    """Return the samples of a build, one of which says this of its deployment, before traffic moves."""
    samples[1]["services"][service_arn("api")]["deployment"].update(changes)
    return samples


def fail_for_long(stored: Stored) -> None:
    """Let readers meet failures 16 seconds before they are back, of two minutes each."""
    record = tried(stored, "failing-in-public")["watch"]
    record["speed"] = 120
    fail(record["stream"], 8, "HTTP 500", 3)


def slow_afterwards(stored: Stored) -> None:
    for cell in of(stored, WATCH)["stream"]["seconds"][ENDED:]:
        cell["latency"] = {"120": 60, "9000": 40}
