"""A build that is deployed for real in a small account, under requests, and the evidence of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prodgate.aws.answers import Unreadable
from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.facts.observers import Account
from prodgate.facts.rollout.deployed import read_deployed
from prodgate.facts.rollout.reading import read_newest_deployments
from prodgate.facts.rollout.routes import read_routes
from prodgate.layers.rollout.kinds import DEPLOYED, DEPLOYMENT, DRILL, READERS, WATCH
from prodgate.layers.rollout.watching import Watch, make_plan, watch_deployment
from prodgate.rehearsal.account import provision
from prodgate.rehearsal.rollout.stage import running_rollout
from prodgate.sections.rollout import RolloutSection, parse_rollout_section
from tests.prodgate.rehearsal.rollout.staged import SHOP

SECTION = parse_rollout_section(
    {
        "rate": "180 /s", "timeout": "5 s", "limit": "2 min", "poll": "0.25 s",
        "reads": ["/", "/api/stories", "/teams"], "write": "/api/stories/latest/applause",
        "written": "/api/applause/{key}",
    }
)  # fmt: skip
SPEED = 120
#: Suites that judge this evidence, and what it holds nothing of.
SUITES = ("deployments", "services", "traffic", "requests")
ELSEWHERE = {READERS: "not asked here", DRILL: "not asked here"}


def _refuse(_: str) -> Any:
    raise Unreadable("nothing is declared here")


@contextmanager
def looking(rollout: Any) -> Iterator[Any]:
    made = rollout.account
    clients = rehearsal_clients(made.endpoint, made.region, reads=True)
    with ThreadPoolExecutor(8, thread_name_prefix="calls") as pool:

        def look() -> Account:
            return Account(
                id=made.id, region=made.region, now=datetime.now(UTC), calls=LiveCalls(clients), pool=pool,
                declared=_refuse, files=_refuse,
            )  # fmt: skip

        yield look


def deployed(
    folder: Path, build: str, *faults: str, section: RolloutSection = SECTION, speed: float = SPEED
) -> list[tuple[str, Any]]:
    """Deploy a build for real, and return the evidence of it."""
    quiet: Any = lambda _: None  # noqa: E731
    with (
        running_rollout(provision(SHOP), folder, speed=speed, progress=quiet, faults=faults) as rollout,
        looking(rollout) as look,
    ):
        plan = make_plan(section, section.watching, rollout.url, "x-build")
        watch = Watch(
            place="a shop", look=look, watching=section.watching, plan=plan, folder=folder, tell=quiet, speed=speed
        )

        def deploy() -> Mapping[str, str]:
            found: Mapping[str, str] = rollout.deploy(build)["deployments"]
            return found

        record = watch_deployment(watch, deploy, {})
        account = look()
        return [
            (WATCH, record),
            *((DEPLOYMENT, answers) for answers in read_newest_deployments(account)),
            *((DEPLOYED, found) for found in read_deployed(account, read_routes(account))),
        ]
