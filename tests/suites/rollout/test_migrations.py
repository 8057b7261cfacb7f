"""Every check of suites/rollout/test_migrations.py: green on a sound release, and red, exactly it, on each change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from suites.rollout import test_migrations as suite

from prodgate.aws.plain_json import to_plain
from prodgate.checks import Check, registered_checks
from prodgate.layers.rollout.facts import facts_of
from prodgate.run.judging import judge
from prodgate.testing import Finding, Outcome, load_criteria

CRITERIA = load_criteria(Path(__file__).parents[3] / "criteria.toml").criteria
CHECKS: tuple[Check, ...] = tuple(each for each in registered_checks() if each.place.startswith(f"{suite.__name__}:"))
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SERVICES = ("api", "frontend")
#: Outcomes from the worst to the best; a criterion's is the worst of its findings.
WORST = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED)
Values = dict[str, list[dict[str, Any]]]


def after(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def deployment(service: str) -> dict[str, Any]:
    events = [("AfterAllowTestTraffic", 6, 7), ("AllowTraffic", 8, 9)]
    rows = [
        {"lifecycleEventName": name, "status": "Succeeded", "startTime": after(begun), "endTime": after(ended)}
        for name, begun, ended in events
    ]
    return {
        "asked": after(30),
        "service": {"serviceArn": f"arn:aws:ecs:eu-west-1:1:service/shop/{service}"},
        "carrier": "CODE_DEPLOY",
        "deployment": {
            "deploymentId": f"d-{service}",
            "status": "Succeeded",
            "createTime": after(5),
            "completeTime": after(20),
        },
        "targets": [{"ecsTarget": {"lifecycleEvents": rows}}],
        "rollback": None,
    }


def task(begun: float, ended: float | None, code: int | None = 0, name: str = "one") -> dict[str, Any]:
    times = {"createdAt": after(begun), "startedAt": after(begun)} | ({"stoppedAt": after(ended)} if ended else {})
    return {
        "taskArn": f"arn:aws:ecs:eu-west-1:1:task/shop/{name}",
        "containers": [{"name": "m", "exitCode": code}],
        **times,
    }


def snapshot(minutes: float, name: str = "before-42", status: str = "available") -> dict[str, Any]:
    return {"DBClusterSnapshotIdentifier": name, "SnapshotCreateTime": after(minutes), "Status": status}


def sound() -> Values:
    change = {"id": "0004", "file": "versions/a.py", "sql": "…", "fault": "", "violations": [], "breakage": []}
    times = {"EarliestRestorableTime": after(-60 * 24 * 35), "LatestRestorableTime": after(25)}
    return {
        "rollout-deployment": [to_plain(deployment(each)) for each in SERVICES],
        "migration-folder": [{"folder": "migrations", "heads": ["0004"], "revisions": []}],
        "migration-release": [{"folder": "migrations", "engines": ["Alembic"], "migrations": [change]}],
        "schema-version": [{"where": "alembic of env:DB", "rows": [], "pending": [], "foreign": [], "failed": []}],
        "migration-runs": [to_plain({"family": "shop-migration", "asked": after(30), "within": 7200.0, "tasks": [task(2, 3)]})],
        "database-restorable": [
            to_plain({"asked": after(30), "cluster": {"DBClusterArn": "arn:db", "DBClusterIdentifier": "db", **times}, "snapshots": [snapshot(-5)]})
        ],
    }  # fmt: skip


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
    return lambda values: values["migration-runs"][0].update(to_plain({"tasks": list(tasks)}))


def snapshots(*rows: dict[str, Any]) -> Callable[[Values], object]:
    return lambda values: values["database-restorable"][0].update(to_plain({"snapshots": list(rows)}))


def restorable(**times: datetime | None) -> Callable[[Values], object]:
    return lambda values: values["database-restorable"][0]["cluster"].update(to_plain(times))


def schema(**lists: Iterable[str]) -> Callable[[Values], object]:
    return lambda values: values["schema-version"][0].update(lists)


def without_stages(values: Values) -> None:
    for one in values["rollout-deployment"]:
        one["targets"] = []


RUNS = {"migration-ran", "during-migration-first"}
SABOTAGES = (
    Sabotage("two heads", lambda v: v["migration-folder"][0]["heads"].append("0005"), {"migration-single-head"}, says="0004, 0005"),
    Sabotage("an index that locks", violate("require-concurrent-index-creation"), {"migration-locks-bounded"}, says="Writes wait"),
    Sabotage("no lock_timeout", violate("require-lock-timeout"), {"migration-locks-bounded"}),
    Sabotage("SQL that squawk does not read", violate("syntax-error"), unsettles={"migration-locks-bounded"}, says="line 3"),
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
        lambda v: release(v).update(fault="line 9: AttributeError"),
        unsettles={"migration-locks-bounded", "migration-expands-first"},
        says="it can't be rendered as SQL: line 9: AttributeError",
    ),
    Sabotage("a migration that failed", runs(task(2, 3, code=1)), RUNS, says="m: exit code 1"),
    Sabotage("a migration without an exit code", runs(task(2, 3, code=None)), RUNS, says="m: no exit code"),
    Sabotage("a migration that was tried again", runs(task(1, 2, 1), task(2, 3, name="two")), RUNS),
    Sabotage("a migration that ran twice", runs(task(1, 2), task(2, 3, name="two")), {"migration-ran"}, says="one began"),
    Sabotage("a migration that runs still", runs(task(2, None)), {"migration-ran", "during-migration-first"}),
    Sabotage("traffic before the migration", runs(task(6, 12)), {"during-migration-first"}, says="-240 s after them"),
    Sabotage("a task that ECS has forgotten", runs(), unsettles={*RUNS, "migration-backup-first"}, says="forgets those that"),
    Sabotage("a task of the day before", runs(task(-1500, -1499)), unsettles={*RUNS, "migration-backup-first"}),
    Sabotage("a migration that is pending", schema(pending=["0004"]), {"migration-schema-at-head"}, says="0004"),
    Sabotage("a database of a newer build", schema(foreign=["0009"]), {"migration-schema-at-head"}, says="0009"),
    Sabotage("a migration that stopped half way", schema(failed=["3"]), {"migration-schema-at-head"}),
    Sabotage("no snapshot", snapshots(), {"migration-backup-first"}, says="a snapshot from before"),
    Sabotage("a snapshot that is not complete", snapshots(snapshot(-5, status="creating")), {"migration-backup-first"}),
    Sabotage("a snapshot from after the migration", snapshots(snapshot(4)), {"migration-backup-first"}),
    Sabotage("a snapshot of last night", snapshots(snapshot(-600)), {"migration-backup-first"}),
    Sabotage("backups that stopped", restorable(LatestRestorableTime=after(-90)), {"before-backup-checked"}),
    Sabotage("no backups", restorable(LatestRestorableTime=None), unsettles={"before-backup-checked"}, says="no restorable"),
    Sabotage(
        "backups that do not reach back", restorable(EarliestRestorableTime=after(10)), unsettles={"before-backup-checked"}
    ),
)  # fmt: skip


def test_a_sound_release_holds() -> None:
    assert set(outcomes(findings(sound())).values()) == {Outcome.SATISFIED}
    assert len(CHECKS) == 8


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
    without_stages(values)
    assert set(outcomes(findings(values)).values()) == {Outcome.SATISFIED}
    runs(task(4, 6))(values)
    found = findings(values)
    assert listed(found, Outcome.UNDETERMINED) == {"during-migration-first"}


def test_a_release_without_migrations_keeps_nobody_waiting() -> None:
    values = sound()
    values["migration-release"][0]["migrations"] = []
    found = findings(values)
    assert set(outcomes(found).values()) == {Outcome.SATISFIED}
    assert found["migration-locks-bounded"][0].observed == "no migration in this release"
