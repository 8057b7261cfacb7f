"""A release with migrations of which everything holds, and what can be wrong with it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from prodgate.aws.recording import to_plain
from prodgate.layers.rollout.kinds import DEPLOYMENT, WATCH
from tests.suites.judging import Sabotage

from .evidence import CLOSED, SERVICES, at, good_samples, journeys, stored_deployment, stream, watch
from .harness import Stored, change

HOUR = 3600


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
    told = {"began": at(4.5).isoformat(), "ended": at(10).isoformat(), "released": "", "builds": []}
    return {"place": "the shop", **told, "record": journeys("the shop")}


def sound() -> Stored:
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


def release(values: Stored) -> dict[str, Any]:
    return values["migration-release"][0]["migrations"][0]


def violate(rule: str) -> Callable[[Stored], object]:
    one = {"rule": rule, "line": 3, "statement": "CREATE INDEX i ON a (b);", "message": "Writes wait"}
    return lambda values: release(values)["violations"].append(one)


def breaking(because: str = "", unknown: str = "") -> Callable[[Stored], object]:
    step = {"kind": "drops column", "table": "stories", "column": "title", "statement": "ALTER …", "line": 3}
    return lambda values: release(values)["breakage"].append({"step": step, "because": because, "unknown": unknown})


def runs(*tasks: dict[str, Any]) -> Callable[[Stored], object]:
    return change("migration-runs", tasks=list(tasks))


def snapshots(*rows: dict[str, Any]) -> Callable[[Stored], object]:
    return change("database-restorable", snapshots=list(rows))


def restorable(**times: datetime | None) -> Callable[[Stored], object]:
    return lambda values: values["database-restorable"][0]["cluster"].update(to_plain(times))


def schema(**lists: Iterable[str]) -> Callable[[Stored], object]:
    return change("schema-version", **lists)


def fail_in(second: int, kind: str = "failed-migration") -> Callable[[Stored], object]:
    """Let three requests of a stream fail."""

    def fail(values: Stored) -> None:
        sent = values[kind][0]["stream"]
        sent["seconds"][second]["failed"] = {"502": 3}
        about = {"method": "GET", "path": "/", "class": "502", "text": "", "reused": True}
        sent["failures"] += [{"number": 0, "at": second + share, **about} for share in (0.1, 0.2, 0.3)]

    return fail


def journeyed(**times: datetime) -> Callable[[Stored], object]:
    told = {name: time.isoformat() for name, time in times.items()}
    return lambda values: values["rollout-old-build-journeys"][0].update(told)


def fail_journey(**changes: Any) -> Callable[[Stored], object]:
    return lambda values: values["rollout-old-build-journeys"][0]["record"]["journeys"][0].update(changes)


def unstaged(*tasks: dict[str, Any]) -> Callable[[Stored], object]:
    """Forget when the stages of each deployment were, and say when the migrations ran."""

    def forget(values: Stored) -> None:
        for one in values[DEPLOYMENT]:
            one["targets"] = []
        runs(*tasks)(values)

    return forget


RAN = {"migration-ran", "during-migration-first"}
OLD = "migration-old-build-works"
SHOWN = "migration-failure-shown"
JOURNEYS = "migration-old-build-journeys"
SABOTAGES: tuple[Sabotage[Stored], ...] = (
    Sabotage("two heads", {"migration-single-head"}, change("migration-folder", heads=["0004", "0005"])),
    Sabotage("an index that locks", {"migration-locks-bounded"}, violate("require-concurrent-index-creation")),
    Sabotage("no lock_timeout", {"migration-locks-bounded"}, violate("require-lock-timeout"), says="Writes wait"),
    Sabotage("a backfill under a lock", {"migration-locks-bounded"}, violate("backfill-under-lock")),
    Sabotage("SQL that nobody reads", set(), violate("syntax-error"), {"migration-locks-bounded"}, says="line 3"),
    Sabotage(
        "a column that the old build reads is dropped", {"migration-expands-first"},
        breaking("the build before names it in app.py:3"),
        says="drops column stories.title (line 3: ALTER …): the build before names it in app.py:3",
    ),
    Sabotage(
        "a column of which nobody knows who reads it", set(),
        breaking(unknown="the history here is shallow"),
        {"migration-expands-first"},
        says="the history here is shallow",
    ),
    Sabotage(
        "a migration that can't be rendered", set(),
        lambda values: release(values).update(fault="line 9: AttributeError"),
        {"migration-locks-bounded", "migration-expands-first"},
        says="it can't be rendered as SQL: line 9: AttributeError",
    ),
    Sabotage("a migration that failed", RAN, runs(task(3, 4, code=1)), says="m: exit code 1"),
    Sabotage("a migration without an exit code", RAN, runs(task(3, 4, code=None)), says="m: no exit code"),
    Sabotage("a migration that was tried again", RAN, runs(task(1, 2, 1), task(3, 4, name="two"))),
    Sabotage("a migration that ran twice", {"migration-ran"}, runs(task(1, 2), task(3, 4, name="two")), says="one began"),
    Sabotage("a migration that runs still", RAN, runs(task(3, None)), {OLD, JOURNEYS}),
    Sabotage("traffic before the migration", {"during-migration-first"}, runs(task(6, 24)), {OLD, JOURNEYS}, says="-10 s after"),
    Sabotage("a task that ECS has forgotten", set(), runs(), {*RAN, "migration-backup-first", OLD, JOURNEYS}, says="forgets those"),
    Sabotage("a task of the day before", set(), runs(task(-86400, -86399)), {*RAN, "migration-backup-first", OLD, JOURNEYS}),
    Sabotage("a release that its migration has stopped", RAN, runs(task(3, 4), task(60, 61, 1, "two")), {OLD, JOURNEYS}, says="two"),
    Sabotage("a migration after all", {"during-migration-first"}, runs(task(60, 61)), {OLD, JOURNEYS}, says="-47 s after"),
    Sabotage("stages without times", set(), unstaged(task(3, 4)), {"during-migration-first", JOURNEYS}, says="does not say when"),
    Sabotage("a migration that is pending", {"migration-schema-at-head"}, schema(pending=["0004"]), says="0004"),
    Sabotage("a database of a newer build", {"migration-schema-at-head"}, schema(foreign=["0009"]), says="0009"),
    Sabotage("a migration that stopped half way", {"migration-schema-at-head"}, schema(failed=["3"])),
    Sabotage("no snapshot", {"migration-backup-first"}, snapshots(), says="a snapshot from before"),
    Sabotage("a snapshot that is not complete", {"migration-backup-first"}, snapshots(snapshot(-5, status="creating"))),
    Sabotage("a snapshot from after the migration", {"migration-backup-first"}, snapshots(snapshot(5))),
    Sabotage("an automated snapshot", {"migration-backup-first"}, snapshots({**snapshot(-5), "SnapshotType": "automated"})),
    Sabotage("a snapshot of last night", {"migration-backup-first"}, snapshots(snapshot(-9 * HOUR))),
    Sabotage("backups that stopped", {"before-backup-checked"}, restorable(LatestRestorableTime=at(-2 * HOUR))),
    Sabotage("no backups", set(), restorable(LatestRestorableTime=None), {"before-backup-checked"}),
    Sabotage("backups since today", set(), restorable(EarliestRestorableTime=at(10)), {"before-backup-checked"}),
    Sabotage("an old build that fails on the new schema", {OLD}, fail_in(7, WATCH), says="3 502"),
    Sabotage("nobody watched", set(), lambda values: values.pop(WATCH), {OLD}, says="it was not observed in that run"),
    Sabotage("traffic that moved at once", set(), runs(task(3, 10.5)), {OLD, JOURNEYS}, says="traffic had moved when"),
    Sabotage("an old build on which nobody can sign in", {JOURNEYS}, fail_journey(outcome="failed", why="no such field")),
    Sabotage("journeys before the migration", set(), journeyed(began=at(1)), {JOURNEYS}, says="the migrations ended at"),
    Sabotage("journeys after the shift", set(), journeyed(ended=at(30)), {JOURNEYS}, says="traffic had moved since"),
    Sabotage(
        "journeys on the build that is released", set(),
        lambda values: values["rollout-old-build-journeys"][0].update(released="c0ffee1234", builds=["c0ffee1"]),
        {JOURNEYS},
        says="met build c0ffee1, which is the one that is released",
    ),
    Sabotage("a release that goes on", {SHOWN}, change("failed-migration", started={"api": "d-1"}), says="api: d-1"),
    Sabotage("a migration that can't fail", {SHOWN}, change("failed-migration", tasks=[task(3, 4)]), says="ended well"),
    Sabotage("another version that serves", {SHOWN}, change("failed-migration", after=good_samples()[-1]), says="serve api"),
    Sabotage("requests that fail meanwhile", {SHOWN}, fail_in(5), says="3 502"),
    Sabotage("a drill of last year", {SHOWN}, change("failed-migration", asked=at(100 * 24 * HOUR).isoformat())),
    Sabotage("a drill in which nothing ran", set(), change("failed-migration", tasks=[]), {SHOWN}, says="drill again"),
    Sabotage("a drill without readers", set(), change("failed-migration", stream=None, silent="no URL"), {SHOWN}),
    Sabotage("a drill of another version", set(), change("failed-migration", format=9), {SHOWN}, says="in form 9"),
    Sabotage(
        "weights that could not be read", set(),
        lambda values: values["failed-migration"][0]["after"]["unread"].update({"api: weights": "access was denied"}),
        {SHOWN},
        says="access was denied",
    ),
)  # fmt: skip
