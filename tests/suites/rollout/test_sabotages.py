"""Every check of a rollout is seen red: one change to good evidence breaks exactly the stated criteria."""

from __future__ import annotations

import pytest

from prodgate.checks import Check
from prodgate.layers.rollout.kinds import DEPLOYED, DEPLOYMENT, DRILL, READERS, WATCH
from prodgate.sections.project import Project
from prodgate.testing import Outcome

from .drill_sabotages import OF_A_DRILL
from .evidence import SERVICES, healthy
from .harness import Sabotage, judged_evidence, of, outcomes, project, rollout_checks
from .spoiling import GONE, WATCHED, change_writes, fail, fail_for_long
from .watch_sabotages import OF_A_DEPLOYMENT

SUITES = ("deployments", "services", "traffic", "requests", "rollback")
SABOTAGES = (*OF_A_DEPLOYMENT, *OF_A_DRILL)


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
