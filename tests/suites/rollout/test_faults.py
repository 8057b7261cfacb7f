"""Real deployments that go wrong, behind a real proxy: each turns its criteria red, and a good one none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.checks import Check
from prodgate.facts.observers import Account
from prodgate.facts.rollout.deployed import read_deployed
from prodgate.facts.rollout.drills import drill_facts
from prodgate.facts.rollout.reading import read_newest_deployments
from prodgate.facts.rollout.routes import read_routes
from prodgate.layers.rollout.kinds import DEPLOYED, DEPLOYMENT, DRILL, READERS, WATCH
from prodgate.layers.rollout.watching import Watch, make_plan, watch_deployment
from prodgate.rehearsal.rollout.stage import running_rollout
from prodgate.sections.project import Project
from prodgate.sections.rollout import parse_rollout_section
from prodgate.testing import Outcome
from tests.prodgate.rehearsal.rollout.staged import SHOP

from .harness import judged_evidence, outcomes, project, rollout_checks

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("rollout")]

SECTION = parse_rollout_section(
    {
        "rate": "180 /s", "timeout": "5 s", "limit": "2 min", "poll": "0.25 s",
        "reads": ["/", "/api/stories", "/teams"], "write": "/api/stories/latest/applause",
        "written": "/api/applause/{key}",
    }
)  # fmt: skip
SPEED = 120
SUITES = ("deployments", "services", "traffic", "requests")
ELSEWHERE = {READERS: "not asked here", DRILL: "not asked here"}
HEALTH = {"deployment-shifts-after-health", "during-health-checks"}
CUT = {"zero-downtime-deploy", "deployment-shifts-after-health"}


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


def deployed(folder: Path, build: str, *faults: str) -> list[tuple[str, Any]]:
    """Deploy a build for real, and return the evidence of it."""
    quiet: Any = lambda _: None  # noqa: E731
    with running_rollout(SHOP, folder, speed=SPEED, progress=quiet, faults=faults) as rollout, looking(rollout) as look:
        plan = make_plan(SECTION, SECTION.watching, rollout.url, "x-build")
        watch = Watch(
            place="a shop", look=look, watching=SECTION.watching, plan=plan, folder=folder, tell=quiet, speed=SPEED
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


@pytest.fixture(scope="module")
def judging() -> tuple[tuple[Check, ...], Project]:
    return rollout_checks(*SUITES), project()


@pytest.mark.parametrize(
    ("fault", "breaks", "may"),
    [
        ("", set(), set()),
        ("naive-restart", {"zero-downtime-deploy", *HEALTH}, {"during-error-rate"}),
        ("kill-at-switch", CUT, {"during-error-rate"}),
        ("early-shift", {"zero-downtime-deploy"}, {"during-error-rate", "deployment-live-weights", *HEALTH}),
        ("slow-drain", CUT, {"during-error-rate", "after-performance"}),  # its requests take a second
        ("strange-weights", {"deployment-live-weights"}, {"zero-downtime-deploy", "during-error-rate"}),
        ("wrong-weights", {"deployment-live-weights"}, set()),
        ("wrong-health-path", {"service-deployments-completed"}, set()),
        ("lost-writes", {"acknowledged-writes-kept"}, set()),
        ("silent-alarms", {"rollback-alarms-have-data"}, set()),
    ],
)
def test_a_fault_turns_its_criteria_red(
    fault: str, breaks: set[str], may: set[str], tmp_path: Path, judging: tuple[tuple[Check, ...], Project]
) -> None:
    """A fault breaks its criteria; how much else depends on how many requests met it."""
    found = judged_evidence(deployed(tmp_path, "green", *filter(None, [fault])), *judging, ELSEWHERE)
    wrong = {id_ for id_, outcome in outcomes(found).items() if outcome == Outcome.NOT_SATISFIED}
    said = [f"{one.outcome} {one.criterion}: {one.observed} {one.reason}" for each in found.values() for one in each]
    assert breaks <= wrong <= breaks | may, "\n".join(said)


def test_traffic_that_moves_early_is_never_taken_for_traffic_that_did_not(
    tmp_path: Path, judging: tuple[tuple[Check, ...], Project]
) -> None:
    """Where targets become healthy between the same two looks as traffic moves, nobody knows which came first."""
    found = outcomes(judged_evidence(deployed(tmp_path, "green", "early-shift"), *judging, ELSEWHERE))
    assert found["deployment-shifts-after-health"] in (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)


def test_a_rollback_that_leaves_traffic_on_the_bad_build_is_seen(tmp_path: Path) -> None:
    stored = deployed(tmp_path, "failing-hook", "leftover-group")
    record = next(value for kind, value in stored if kind == WATCH)
    drill = {"format": 1, "began": record["began"], "asked": record["began"]}
    tried = [{"build": "failing-hook", "expects": "rolled back", "watch": record}]
    release = next(drill_facts({**drill, "tried": tried}))
    assert release.ended == ""
    assert "shop-" in release.not_back
