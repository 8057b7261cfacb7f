"""Every check of a rollout is seen red: one change to sound evidence breaks exactly the stated criteria."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from prodgate.layers.rollout.kinds import WATCH
from prodgate.testing import Outcome
from tests.suites.judging import Findings, Sabotage, listed, outcomes, told

from . import checklists, migrations
from .drill_sabotages import OF_A_DRILL
from .evidence import SERVICES, at, good_samples, healthy
from .harness import Stored, judged_evidence, of
from .spoiling import GONE, change_drill, change_writes, fail, fail_for_long, said_on_the_way
from .watch_sabotages import OF_A_DEPLOYMENT


@dataclass(frozen=True)
class Subject:
    """Suites, evidence by which they hold, and what can be wrong with it."""

    suites: tuple[str, ...]
    sound: Callable[[], Stored]
    sabotages: tuple[Sabotage[Stored], ...]

    def __str__(self) -> str:
        return self.suites[0]

    def judge(self, stored: Stored, unreadable: Mapping[str, str] | None = None) -> Findings:
        return judged_evidence(stored, self.suites, unreadable)


DEPLOYMENT = Subject(
    ("deployments", "services", "traffic", "requests", "rollback"), healthy, (*OF_A_DEPLOYMENT, *OF_A_DRILL)
)
CHECKLISTS = Subject(("before", "during", "after"), checklists.release, checklists.SABOTAGES)
MIGRATIONS = Subject(("migrations",), migrations.sound, migrations.SABOTAGES)
SUBJECTS = (DEPLOYMENT, CHECKLISTS, MIGRATIONS)


@pytest.mark.parametrize(("subject", "criteria"), [(DEPLOYMENT, 15), (CHECKLISTS, 11), (MIGRATIONS, 11)])
def test_everything_holds_where_nothing_is_wrong(subject: Subject, criteria: int) -> None:
    found = subject.judge(subject.sound())
    assert len(found) == len(listed(found, Outcome.SATISFIED)) == criteria, told(found)


@pytest.mark.parametrize(("subject", "sabotage"), [(one, each) for one in SUBJECTS for each in one.sabotages], ids=str)
def test_a_sabotage_breaks_its_criteria_and_no_other(subject: Subject, sabotage: Sabotage[Stored]) -> None:
    stored = subject.sound()
    sabotage.by(stored)
    found = subject.judge(stored)
    assert listed(found, Outcome.NOT_SATISFIED) == sabotage.breaks, told(found)
    assert listed(found, Outcome.UNDETERMINED) == sabotage.unsettles, told(found)
    assert sabotage.says in told(found)


@pytest.mark.parametrize("changes", [{"pauses": ["SUCCEEDED"]}, {"status": "Ready"}])
def test_a_person_may_let_a_good_build_go_on(changes: dict[str, Any]) -> None:
    stored = healthy()
    change_drill("green", said_on_the_way(good_samples(), **changes))(stored)
    assert not listed(DEPLOYMENT.judge(stored), Outcome.NOT_SATISFIED)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_check_is_seen_red(subject: Subject) -> None:
    assert set(subject.judge({})) == {id_ for each in subject.sabotages for id_ in each.breaks}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_without_evidence_all_is_undetermined(subject: Subject) -> None:
    assert set(outcomes(subject.judge({})).values()) == {Outcome.UNDETERMINED}


@pytest.mark.parametrize(("subject", "kind"), [(one, kind) for one in SUBJECTS for kind in one.sound()])
def test_what_nobody_observed_is_undetermined(subject: Subject, kind: str) -> None:
    stored = subject.sound()
    del stored[kind]
    found = subject.judge(stored, {kind: "access was denied"})
    lost = listed(found, Outcome.UNDETERMINED)
    assert lost
    assert all(any("access was denied" in one.reason for one in found[id_]) for id_ in lost)


def observed(change: Callable[[Stored], object], criterion: str) -> list[Any]:
    """The findings on a sabotaged deployment."""
    stored = healthy()
    change(stored)
    return [one.observed for one in DEPLOYMENT.judge(stored)[criterion]]


def test_the_finding_says_which_outage_would_have_been_seen() -> None:
    (said,) = observed(lambda stored: fail(of(stored, WATCH)["stream"], 15, "HTTP 502", 26), "zero-downtime-deploy")
    for each in (
        "26 HTTP 502",
        "one outage, of 260 ms",
        "an outage of 10 ms or longer would have been seen",
        "0.01% of the error budget (43.2 min in 30 d)",
    ):
        assert each in said


def test_the_finding_says_how_many_requests_failed_on_the_way_back() -> None:
    (said,) = observed(fail_for_long, "rollback-time-to-blue")
    assert said == "1908 s (100 % each end: 1428–1908 s, 2,100 requests; 3 of them failed)"


def test_the_finding_says_who_acknowledged_the_write_that_is_gone() -> None:
    said = observed(change_writes(lost=2, first=[GONE]), "acknowledged-writes-kept")
    first = "2 lost; the first acknowledged by build blue after 20.1 s; 40 were sent again when it was over"
    assert f"2 (577 writes; {first})" in said


def test_both_services_are_judged() -> None:
    assert len(DEPLOYMENT.judge(healthy())["services-healthy"]) == len(SERVICES)


def test_what_was_observed_after_the_last_deployment_counts_where_that_was_of_another_release() -> None:
    stored = checklists.release()
    for page in of(stored, "rollout-visit")["pages"]:
        page["build"] = "older"
    checklists.observe_at(stored, "rollout-load-test", checklists.NOW)
    found = outcomes(CHECKLISTS.judge(stored))
    assert found["before-performance-test"] is Outcome.SATISFIED
    assert found["after-user-access"] is Outcome.NOT_SATISFIED


def test_what_runs_is_not_scanned_for_a_release_that_is_not_deployed() -> None:
    stored = checklists.release()
    del stored["rollout-deployment"]
    of(stored, "rollout-image-scan")["declared"] = False
    assert outcomes(CHECKLISTS.judge(stored))["before-security-scan"] is Outcome.UNDETERMINED


def shift_unknown_after_migrations(stored: Stored) -> None:
    """The deployment begins when the migrations have ended, and says not when traffic moved."""
    migrations.unstaged(migrations.task(-3, -1))(stored)
    migrations.journeyed(began=at(0), ended=at(1))(stored)


@pytest.mark.parametrize(
    "change",
    [
        shift_unknown_after_migrations,
        migrations.runs(migrations.task(3, 4), migrations.task(60, 61, name="for the next release")),
        lambda stored: of(stored, "migration-release").update(migrations=[]),
    ],
)
def test_what_is_nothing_wrong_with_migrations_holds(change: Callable[[Stored], object]) -> None:
    stored = migrations.sound()
    change(stored)
    found = MIGRATIONS.judge(stored)
    assert set(outcomes(found).values()) == {Outcome.SATISFIED}, told(found)


def test_a_release_without_migrations_says_so() -> None:
    stored = migrations.sound()
    of(stored, "migration-release")["migrations"] = []
    (finding,) = MIGRATIONS.judge(stored)["migration-locks-bounded"]
    assert finding.observed == "no migration in this release"


def test_before_a_deployment_backups_are_judged_as_they_are_now() -> None:
    found = MIGRATIONS.judge({"database-restorable": migrations.sound()["database-restorable"]})
    assert listed(found, Outcome.SATISFIED) == {"before-backup-checked"}
