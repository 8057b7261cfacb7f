"""Real deployments that go wrong, behind a real proxy: each turns its criteria red, and a good one none."""

from pathlib import Path

import pytest

from prodgate.facts.rollout.drills import drill_facts
from prodgate.layers.rollout.kinds import WATCH
from prodgate.testing import Outcome
from tests.suites.judging import listed, outcomes, told

from .deploying import ELSEWHERE, SUITES, deployed
from .harness import judged_evidence, of

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("rollout")]

HEALTH = {"deployment-shifts-after-health", "during-health-checks"}
CUT = {"zero-downtime-deploy", "deployment-shifts-after-health"}


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
def test_a_fault_turns_its_criteria_red(fault: str, breaks: set[str], may: set[str], tmp_path: Path) -> None:
    """A fault breaks its criteria; how much else depends on how many requests met it."""
    found = judged_evidence(deployed(tmp_path, "green", *filter(None, [fault])), SUITES, ELSEWHERE)
    assert breaks <= listed(found, Outcome.NOT_SATISFIED) <= breaks | may, told(found)


def test_traffic_that_moves_early_is_never_taken_for_traffic_that_did_not(tmp_path: Path) -> None:
    """Where targets become healthy between the same two looks as traffic moves, nobody knows which came first."""
    found = outcomes(judged_evidence(deployed(tmp_path, "green", "early-shift"), SUITES, ELSEWHERE))
    assert found["deployment-shifts-after-health"] in (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)


def test_a_rollback_that_leaves_traffic_on_the_bad_build_is_seen(tmp_path: Path) -> None:
    record = of(deployed(tmp_path, "failing-hook", "leftover-group"), WATCH)
    drill = {"format": 1, "began": record["began"], "asked": record["began"]}
    tried = [{"build": "failing-hook", "expects": "rolled back", "watch": record}]
    release = next(drill_facts({**drill, "tried": tried}))
    assert release.ended == ""
    assert "shop-" in release.not_back
