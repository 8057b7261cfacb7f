"""Every check of suites/rollout/test_migrations.py: green on a sound release, and red, exactly it, on each change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from suites.rollout import test_migrations as suite

from prodgate.aws.plain_json import to_plain
from prodgate.checks import Check, registered_checks
from prodgate.layers.rollout.facts import facts_of
from prodgate.layers.rollout.kinds import DEPLOYMENT, WATCH
from prodgate.run.judging import judge
from prodgate.testing import Finding, Outcome, load_criteria
from tests.suites.rollout.evidence import CLOSED, SERVICES, at, good_samples, stored_deployment, stream, watch

CRITERIA = load_criteria(Path(__file__).parents[3] / "criteria.toml").criteria
CHECKS: tuple[Check, ...] = tuple(each for each in registered_checks() if each.place.startswith(f"{suite.__name__}:"))
#: Outcomes from the worst to the best; a criterion's is the worst of its findings.
WORST = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED)
HOUR = 3600
Values = dict[str, list[Any]]


def task(begun: float, ended: float | None, code: int | None = 0, name: str = "one") -> dict[str, Any]:
    """A task of the migration, in seconds after the beginning of the watch; the deployment begins at 2."""
    times = {"createdAt": at(begun), "startedAt": at(begun)} | ({"stoppedAt": at(ended)} if ended else {})
    containers = [{"name": "m", "exitCode": code}]
    return {"taskArn": f"arn:aws:ecs:eu-west-1:1:task/shop/{name}", "containers": containers, **times}


def snapshot(seconds: float, name: str = "before-42", status: str = "available") -> dict[str, Any]:
    return {"DBClusterSnapshotIdentifier": name, "SnapshotCreateTime": at(seconds), "Status": status}


def failed_migration() -> dict[str, Any]:
    """The record of a migration that failed as it had to."""
    samples = good_samples()
    return {
        "format": 1,
        "began": at(0).isoformat(),
        "ended": at(10).isoformat(),
        "asked": at(HOUR).isoformat(),
        "family": "shop-migration",
        "tasks": to_plain([task(3, 4, code=1)]),
        "started": dict.fromkeys(SERVICES, ""),
        "before": samples[0],
        "after": samples[0],
        "stream": stream(10),
        "silent": "",
    }


def old_journeys() -> dict[str, Any]:
    """Journeys on the old build, after the migration and before traffic moves."""
    journey = {
        "id": "e2e/journeys/test_accounts.py::test_sign_in[chromium]", "name": "A reader signs in.", "outcome": "passed",
        "again": "", "refused": [], "cookies": [], "evidence": [], "why": "", "mutates": True, "file": "e2e/x.py",
        "line": 3,
    }  # fmt: skip
    record = {"format": 1, "place": "the shop", "browser": {"name": "Chromium", "version": "1"}, "broken": []}
    told = {"began": at(4.5).isoformat(), "ended": at(10).isoformat(), "released": "", "builds": []}
    return {"place": "the shop", **told, "record": {**record, "journeys": [journey]}}


def sound() -> Values:
    change = {"id": "0004", "file": "versions/a.py", "sql": "…", "fault": "", "violations": [], "breakage": []}
    times = {"EarliestRestorableTime": at(-30 * 24 * HOUR), "LatestRestorableTime": at(CLOSED)}
    cluster = {"DBClusterArn": "arn:db", "DBClusterIdentifier": "db", **times}
    runs = {"family": "shop-migration", "asked": at(CLOSED), "within": 7200.0, "tasks": [task(3, 4)]}
    return {
        DEPLOYMENT: [stored_deployment(each) for each in SERVICES],
        WATCH: [watch(good_samples())],
        "migration-folder": [{"folder": "migrations", "heads": ["0004"], "revisions": []}],
        "migration-release": [{"folder": "migrations", "engines": ["Alembic"], "migrations": [change]}],
        "schema-version": [{"where": "alembic of env:DB", "rows": [], "pending": [], "foreign": [], "failed": []}],
        "migration-runs": [to_plain(runs)],
        "database-restorable": [to_plain({"asked": at(CLOSED), "cluster": cluster, "snapshots": [snapshot(-300)]})],
        "failed-migration": [failed_migration()],
        "rollout-old-build-journeys": [old_journeys()],
    }


def findings(values: Values, unreadable: dict[str, str] | None = None) -> dict[str, list[Finding]]:
    facts = facts_of([(kind, value) for kind, each in values.items() for value in each], unreadable or {})
    return {
        check.criterion: list(judge(check, CRITERIA[check.criterion], facts, layer="rollout", fixtures={}))
        for check in CHECKS
    }


def outcomes(found: dict[str, list[Finding]]) -> dict[str, Outcome]:
    return {id_: min((one.outcome for one in each), key=WORST.index) for id_, each in found.items()}


def listed(found: dict[str, list[Finding]], wanted: Outcome) -> set[str]:
    return {id_ for id_, outcome in outcomes(found).items() if outcome is wanted}


@dataclass(frozen=True)
class Sabotage:
    """Something that goes wrong with the migrations of a release, what it breaks, and what nobody can say any more."""

    name: str
    by: Callable[[Values], object]
    breaks: set[str] = field(default_factory=set)
    unsettles: set[str] = field(default_factory=set)
    says: str = ""

    def __str__(self) -> str:
        return self.name


def change(kind: str, **changes: Any) -> Callable[[Values], object]:
    return lambda values: values[kind][0].update(to_plain(changes))


def release(values: Values) -> dict[str, Any]:
    found: dict[str, Any] = values["migration-release"][0]["migrations"][0]
    return found


def violate(rule: str) -> Callable[[Values], object]:
    one = {"rule": rule, "line": 3, "statement": "CREATE INDEX i ON a (b);", "message": "Writes wait"}
    return lambda values: release(values)["violations"].append(one)


def breaking(because: str = "", unknown: str = "") -> Callable[[Values], object]:
    step = {"kind": "drops column", "table": "stories", "column": "title", "statement": "ALTER …", "line": 3}
    return lambda values: release(values)["breakage"].append({"step": step, "because": because, "unknown": unknown})


def runs(*tasks: dict[str, Any]) -> Callable[[Values], object]:
    return change("migration-runs", tasks=list(tasks))


def snapshots(*rows: dict[str, Any]) -> Callable[[Values], object]:
    return change("database-restorable", snapshots=list(rows))


def restorable(**times: datetime | None) -> Callable[[Values], object]:
    return lambda values: values["database-restorable"][0]["cluster"].update(to_plain(times))


def schema(**lists: Iterable[str]) -> Callable[[Values], object]:
    return change("schema-version", **lists)


def fail_in(second: int, kind: str = "failed-migration") -> Callable[[Values], object]:
    """Let three requests of a stream fail."""

    def fail(values: Values) -> None:
        sent = values[kind][0]["stream"]
        sent["seconds"][second]["failed"] = {"502": 3}
        about = {"method": "GET", "path": "/", "class": "502", "text": "", "reused": True}
        sent["failures"] += [{"number": 0, "at": second + share, **about} for share in (0.1, 0.2, 0.3)]

    return fail


def journeyed(**times: datetime) -> Callable[[Values], object]:
    told = {name: time.isoformat() for name, time in times.items()}
    return lambda values: values["rollout-old-build-journeys"][0].update(told)


def fail_journey(**changes: Any) -> Callable[[Values], object]:
    return lambda values: values["rollout-old-build-journeys"][0]["record"]["journeys"][0].update(changes)


def unstaged(*tasks: dict[str, Any]) -> Callable[[Values], object]:
    """Forget when the stages of each deployment were, and say when the migrations ran."""

    def forget(values: Values) -> None:
        for one in values[DEPLOYMENT]:
            one["targets"] = []
        runs(*tasks)(values)

    return forget


RAN = {"migration-ran", "during-migration-first"}
OLD = "migration-old-build-works"
SHOWN = "migration-failure-shown"
JOURNEYS = "migration-old-build-journeys"
SABOTAGES = (
    Sabotage("two heads", change("migration-folder", heads=["0004", "0005"]), {"migration-single-head"}),
    Sabotage("an index that locks", violate("require-concurrent-index-creation"), {"migration-locks-bounded"}),
    Sabotage("no lock_timeout", violate("require-lock-timeout"), {"migration-locks-bounded"}, says="Writes wait"),
    Sabotage("a backfill under a lock", violate("backfill-under-lock"), {"migration-locks-bounded"}),
    Sabotage("SQL that nobody reads", violate("syntax-error"), unsettles={"migration-locks-bounded"}, says="line 3"),
    Sabotage(
        "a column that the old build reads is dropped",
        breaking("the build before names it in app.py:3"),
        {"migration-expands-first"},
        says="drops column stories.title (line 3: ALTER …): the build before names it in app.py:3",
    ),
    Sabotage(
        "a column of which nobody knows who reads it",
        breaking(unknown="the history here is shallow"),
        unsettles={"migration-expands-first"},
        says="the history here is shallow",
    ),
    Sabotage(
        "a migration that can't be rendered",
        lambda values: release(values).update(fault="line 9: AttributeError"),
        unsettles={"migration-locks-bounded", "migration-expands-first"},
        says="it can't be rendered as SQL: line 9: AttributeError",
    ),
    Sabotage("a migration that failed", runs(task(3, 4, code=1)), RAN, says="m: exit code 1"),
    Sabotage("a migration without an exit code", runs(task(3, 4, code=None)), RAN, says="m: no exit code"),
    Sabotage("a migration that was tried again", runs(task(1, 2, 1), task(3, 4, name="two")), RAN),
    Sabotage("a migration that ran twice", runs(task(1, 2), task(3, 4, name="two")), {"migration-ran"}, says="one began"),
    Sabotage("a migration that runs still", runs(task(3, None)), RAN, {OLD, JOURNEYS}),
    Sabotage("traffic before the migration", runs(task(6, 24)), {"during-migration-first"}, {OLD, JOURNEYS}, says="-10 s after"),
    Sabotage("a task that ECS has forgotten", runs(), unsettles={*RAN, "migration-backup-first", OLD, JOURNEYS}, says="forgets those"),
    Sabotage("a task of the day before", runs(task(-86400, -86399)), unsettles={*RAN, "migration-backup-first", OLD, JOURNEYS}),
    Sabotage("a release that its migration has stopped", runs(task(3, 4), task(60, 61, 1, "two")), RAN, {OLD, JOURNEYS}, says="two"),
    Sabotage("a migration after all", runs(task(60, 61)), {"during-migration-first"}, {OLD, JOURNEYS}, says="-47 s after"),
    Sabotage("stages without times", unstaged(task(3, 4)), unsettles={"during-migration-first", JOURNEYS}, says="does not say when"),
    Sabotage("a migration that is pending", schema(pending=["0004"]), {"migration-schema-at-head"}, says="0004"),
    Sabotage("a database of a newer build", schema(foreign=["0009"]), {"migration-schema-at-head"}, says="0009"),
    Sabotage("a migration that stopped half way", schema(failed=["3"]), {"migration-schema-at-head"}),
    Sabotage("no snapshot", snapshots(), {"migration-backup-first"}, says="a snapshot from before"),
    Sabotage("a snapshot that is not complete", snapshots(snapshot(-5, status="creating")), {"migration-backup-first"}),
    Sabotage("a snapshot from after the migration", snapshots(snapshot(5)), {"migration-backup-first"}),
    Sabotage("an automated snapshot", snapshots({**snapshot(-5), "SnapshotType": "automated"}), {"migration-backup-first"}),
    Sabotage("a snapshot of last night", snapshots(snapshot(-9 * HOUR)), {"migration-backup-first"}),
    Sabotage("backups that stopped", restorable(LatestRestorableTime=at(-2 * HOUR)), {"before-backup-checked"}),
    Sabotage("no backups", restorable(LatestRestorableTime=None), unsettles={"before-backup-checked"}),
    Sabotage("backups since today", restorable(EarliestRestorableTime=at(10)), unsettles={"before-backup-checked"}),
    Sabotage("an old build that fails on the new schema", fail_in(7, WATCH), {OLD}, says="3 502"),
    Sabotage(
        "nobody watched", lambda values: values.pop(WATCH), unsettles={OLD}, says="it was not observed in that run"
    ),
    Sabotage("traffic that moved at once", runs(task(3, 10.5)), unsettles={OLD, JOURNEYS}, says="traffic had moved when"),
    Sabotage("an old build on which nobody can sign in", fail_journey(outcome="failed", why="no such field"), {JOURNEYS}),
    Sabotage("journeys before the migration", journeyed(began=at(1)), unsettles={JOURNEYS}, says="the migrations ended at"),
    Sabotage("journeys after the shift", journeyed(ended=at(30)), unsettles={JOURNEYS}, says="traffic had moved since"),
    Sabotage(
        "journeys on the build that is released",
        lambda values: values["rollout-old-build-journeys"][0].update(released="c0ffee1234", builds=["c0ffee1"]),
        unsettles={JOURNEYS},
        says="met build c0ffee1, which is the one that is released",
    ),
    Sabotage("a release that goes on", change("failed-migration", started={"api": "d-1"}), {SHOWN}, says="api: d-1"),
    Sabotage("a migration that can't fail", change("failed-migration", tasks=[task(3, 4)]), {SHOWN}, says="ended well"),
    Sabotage("another version that serves", change("failed-migration", after=good_samples()[-1]), {SHOWN}, says="serve api"),
    Sabotage("requests that fail meanwhile", fail_in(5), {SHOWN}, says="3 502"),
    Sabotage("a drill of last year", change("failed-migration", asked=at(100 * 24 * HOUR).isoformat()), {SHOWN}),
    Sabotage("a drill in which nothing ran", change("failed-migration", tasks=[]), unsettles={SHOWN}, says="drill again"),
    Sabotage("a drill without readers", change("failed-migration", stream=None, silent="no URL"), unsettles={SHOWN}),
    Sabotage("a drill of another version", change("failed-migration", format=9), unsettles={SHOWN}, says="in form 9"),
    Sabotage(
        "weights that could not be read",
        lambda values: values["failed-migration"][0]["after"]["unread"].update({"api: weights": "access was denied"}),
        unsettles={SHOWN},
        says="access was denied",
    ),
)  # fmt: skip


def test_a_sound_release_holds() -> None:
    assert set(outcomes(findings(sound())).values()) == {Outcome.SATISFIED}
    assert len(CHECKS) == 11


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_each_sabotage_turns_exactly_its_criteria(sabotage: Sabotage) -> None:
    values = deepcopy(sound())
    sabotage.by(values)
    found = findings(values)
    assert listed(found, Outcome.NOT_SATISFIED) == sabotage.breaks
    assert listed(found, Outcome.UNDETERMINED) == sabotage.unsettles
    told = " ".join(f"{one.expected} {one.observed} {one.reason}" for each in found.values() for one in each)
    assert sabotage.says in told


def test_every_check_is_seen_red() -> None:
    assert {id_ for each in SABOTAGES for id_ in each.breaks} == {check.criterion for check in CHECKS}


@pytest.mark.parametrize("kind", sorted(sound()))
def test_what_was_not_observed_is_undetermined(kind: str) -> None:
    values = sound()
    del values[kind]
    found = findings(values, {kind: "access was denied"})
    gone = [one for each in found.values() for one in each if one.outcome is Outcome.UNDETERMINED]
    assert gone
    assert all("access was denied" in one.reason for one in gone)


def test_when_traffic_moved_is_not_asked_where_the_deployment_began_after_the_migration() -> None:
    values = sound()
    unstaged(task(-3, -1))(values)
    journeyed(began=at(0), ended=at(1))(values)
    assert set(outcomes(findings(values)).values()) == {Outcome.SATISFIED}


def test_a_migration_that_ran_well_since_is_for_the_next_release() -> None:
    values = sound()
    runs(task(3, 4), task(60, 61, name="two"))(values)
    assert set(outcomes(findings(values)).values()) == {Outcome.SATISFIED}


def test_before_a_deployment_backups_are_judged_as_they_are_now() -> None:
    values = {kind: value for kind, value in sound().items() if kind == "database-restorable"}
    found = findings(values)
    assert listed(found, Outcome.SATISFIED) == {"before-backup-checked"}


def test_a_release_without_migrations_keeps_nobody_waiting() -> None:
    values = sound()
    values["migration-release"][0]["migrations"] = []
    found = findings(values)
    assert set(outcomes(found).values()) == {Outcome.SATISFIED}
    assert found["migration-locks-bounded"][0].observed == "no migration in this release"
