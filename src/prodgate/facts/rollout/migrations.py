"""The migrations of a release: their SQL, their runs, a deliberate failure, the earlier build beside them, restores."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from ...aws.recording import revive, to_plain
from ...estimates import Estimate, exact_count
from ...quantities import Quantity
from .. import Fact
from ..e2e.pages import is_build
from ..live.databases import RESTORE_TEST
from ..live.ecs_services import list_own_containers, list_tasks_of_family
from ..load.measurements import describe_classes
from .deployments import Deployment
from .requests import find_first_move, require_stream
from .watched import Look, require_format

#: Rules of squawk, and one of ours, about statements that hold a lock for long, wait for one, or remove its time limit.
LOCKS: Final = frozenset(
    {
        "adding-field-with-default", "adding-foreign-key-constraint", "adding-not-nullable-field",
        "adding-serial-primary-key-field", "ban-alter-domain-with-add-constraint",
        "backfill-under-lock",
        "ban-concurrent-index-creation-in-transaction", "ban-create-domain-with-constraint", "ban-drop-database",
        "ban-duplicate-column-assignments", "ban-truncate-cascade", "ban-uncommitted-transaction",
        "changing-column-type", "constraint-missing-not-valid", "disallowed-unique-constraint", "prefer-repack",
        "require-concurrent-index-creation", "require-concurrent-index-deletion",
        "require-concurrent-partition-detach", "require-concurrent-reindex", "require-lock-timeout",
        "require-statement-timeout", "transaction-nesting",
    }
)  # fmt: skip
#: Rules about taste and types. All others are about losses for readers of a table.
STYLE: Final = frozenset(
    {
        "ban-char-field", "identifier-too-long", "prefer-bigint-over-int", "prefer-bigint-over-smallint",
        "prefer-identity", "prefer-robust-stmts", "prefer-text-field", "prefer-timestamp-tz", "prefer-timestamptz",
        "require-enum-value-ordering", "require-table-schema",
    }
)  # fmt: skip
#: squawk's rule for a statement that it does not understand.
SYNTAX: Final = "syntax-error"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MigrationFolder(Fact):
    """The migrations of a repository; ``subject`` is their folder, with the application where each has its own."""

    heads: tuple[str, ...]
    """The migrations without a successor."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MigrationChange(Fact):
    """The effect of a migration of this release; ``subject`` is its file, or the folder for a release without any."""

    id: str
    """Empty for a release without any."""
    locks: tuple[str, ...]
    """Statements that make others wait for as long as a table is large or a lock is held."""
    breaks: tuple[str, ...]
    """Its breaking changes for the build that serves before."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SchemaVersion(Fact):
    """The schema version of a database; ``subject`` is the table that states it, and its place."""

    pending: tuple[str, ...]
    """Migrations of the repository that have not run."""
    foreign: tuple[str, ...]
    """Migrations that have run, but are in no file of the repository."""
    failed: tuple[str, ...]
    """Migrations that began and failed."""


def folder_facts(value: Mapping[str, Any]) -> Iterator[MigrationFolder]:
    """Yield the facts about the folder of migrations, one for each application that has migrations of its own."""
    folder, heads = value["folder"], tuple(value["heads"])
    if not value.get("by_app"):  # evidence of 0.1.0 does not say it
        yield MigrationFolder(subject=folder, heads=heads)
        return
    for app in sorted({head.partition(".")[0] for head in heads}):
        own = tuple(head for head in heads if head.partition(".")[0] == app)
        yield MigrationFolder(subject=f"{folder}: {app}", heads=own)


def release_facts(value: Mapping[str, Any]) -> Iterator[MigrationChange]:
    """Yield the effect of each migration of a release."""
    folder = value["folder"]
    for one in value["migrations"]:
        subject = f"{folder}/{one['file']}"
        if one["fault"]:
            yield MigrationChange.unread(subject, f"it can't be rendered as SQL: {one['fault']}", id=one["id"])
        else:
            yield MigrationChange(subject=subject, id=one["id"], locks=_read_locks(one), breaks=_read_breaks(one))
    if not value["migrations"]:
        yield MigrationChange(subject=folder, id="", locks=(), breaks=())


def _read_locks(one: Mapping[str, Any]) -> tuple[str, ...]:
    known = [each for each in one["violations"] if each["rule"] in LOCKS]
    unread = [each for each in one["violations"] if each["rule"] == SYNTAX]
    if not known and unread:
        reason = f"squawk does not understand line {unread[0]['line']}: {unread[0]['statement']}"
        return Unread(reason)  # type: ignore[return-value]  # a Fact raises it when it is read
    return tuple(f"{each['rule']}: {each['statement']} ({each['message']})" for each in known)


def _read_breaks(one: Mapping[str, Any]) -> tuple[str, ...]:
    known = tuple(f"{_describe_step(each['step'])}: {each['because']}" for each in one["breakage"] if each["because"])
    if not known and one["breakage"]:
        first = one["breakage"][0]
        return Unread(f"{_describe_step(first['step'])}: {first['unknown']}")  # type: ignore[return-value]
    return known


def _describe_step(step: Mapping[str, Any]) -> str:
    name = f"{step['table']}.{step['column']}" if step["column"] else step["table"]
    return f"{step['kind']} {name} (line {step['line']}: {step['statement']})" if name else step["statement"]


def schema_facts(value: Mapping[str, Any]) -> Iterator[SchemaVersion]:
    """Yield the schema version of the database."""
    fields: dict[str, Sequence[str]] = {key: tuple(value[key]) for key in ("pending", "foreign", "failed")}
    yield SchemaVersion(subject=value["where"], **fields)  # type: ignore[arg-type]


# ── When the migrations of a release ran, their results, and the restore points

#: The stage in which readers' traffic moves, in CodeDeploy and in ECS.
_MOVES: Final = ("AllowTraffic", "PRODUCTION_TRAFFIC_SHIFT")
_KEPT: Final = ("taskArn", "createdAt", "startedAt", "stoppedAt", "stopCode", "stoppedReason", "lastStatus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A task that ran the migrations."""

    task: str
    began: datetime
    ended: datetime | None
    """None while it runs."""
    failure: str
    """Its failure; empty for one that succeeded, and for one that runs."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MigrationRuns(Fact):
    """The tasks that ran the migrations of a release; ``subject`` is their family."""

    runs: tuple[Run, ...]
    """Oldest first, at least one."""

    @property
    def began(self) -> datetime:
        """When the first of them began."""
        return self.runs[0].began

    @property
    def ended(self) -> datetime | None:
        """When all of them had ended; None while one runs."""
        ends = [run.ended for run in self.runs if run.ended]
        return max(ends) if len(ends) == len(self.runs) else None

    @property
    def told(self) -> str:
        """The outcome of each, in a line."""
        return "; ".join(map(_describe, self.runs))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrafficAfterMigration(Fact):
    """Whether readers reached a new build before its schema was there; ``subject`` is the service's ARN."""

    succeeded: bool
    """Whether every run of the migrations succeeded."""
    lead: timedelta
    """How long before traffic moved the migrations had ended; negative if it moved first."""


def read_runs(account: Account, family: str) -> Mapping[str, Any]:
    """Return the tasks of a family that ECS still knows, as plain JSON values. Raises Unreadable.

    The exit code of an AWS container, such as an agent that is killed with its task, says nothing about a migration.
    """
    kept = [
        {name: task[name] for name in _KEPT if name in task} | {"containers": _list_codes(account, task)}
        for task in list_tasks_of_family(account, family)
    ]
    plain: Mapping[str, Any] = to_plain({"family": family, "asked": account.now, "tasks": kept})
    return plain


def _list_codes(account: Account, task: Mapping[str, Any]) -> list[dict[str, Any]]:
    own = list_own_containers(account, task)
    return [{"name": each["name"], "exitCode": each.get("exitCode")} for each in own]


def run_facts(value: Mapping[str, Any], deployments: Sequence[Deployment], within: timedelta) -> MigrationRuns:
    """Return the runs that belong to deployments: begun no longer than ``within`` before them. Raises Unreadable.

    ECS forgets a task about an hour after it has stopped.
    """
    answers = revive(value)
    first = min(each.began for each in deployments)
    last = max(each.ended or answers["asked"] for each in deployments)
    runs = sorted((read_run(task) for task in answers["tasks"]), key=lambda run: run.began)
    near = [run for run in runs if first - within <= run.began]
    # a later successful run is for the next release, unless nothing ran before; a failed one has stopped a release
    timely = any(run.began <= last for run in near)
    own = tuple(run for run in near if run.began <= last or run.failure or not timely)
    if not own:
        raise Unreadable(
            f"ECS knows no task of {answers['family']} from the time of the deployment, and forgets those that stopped "
            "after an hour; watch the next one: prodgate watch deploy --next"
        )
    return MigrationRuns(subject=answers["family"], runs=own)


def read_run(task: Mapping[str, Any]) -> Run:
    """Return a run as ECS describes its task."""
    ended = task.get("stoppedAt")
    codes = {each["name"]: each["exitCode"] for each in task["containers"]}
    bad = [
        f"{name}: {'no exit code' if code is None else f'exit code {code}'}"
        for name, code in codes.items()
        if code != 0
    ]
    why = f" ({task['stoppedReason']})" if bad and task.get("stoppedReason") else ""
    return Run(
        task=task["taskArn"].rpartition("/")[2],
        began=task.get("startedAt") or task["createdAt"],
        ended=ended,
        failure=(", ".join(bad) or ("" if codes else "no container")) + why if ended else "",
    )


def traffic_facts(runs: MigrationRuns, deployments: Iterable[Deployment]) -> Iterator[TrafficAfterMigration]:
    """Yield for each deployment whether its traffic moved after the migrations."""
    succeeded = runs.ended is not None and not any(run.failure for run in runs.runs)
    for one in deployments:
        lead = _find_lead(runs, find_shift(one), one)
        yield TrafficAfterMigration(subject=one.subject, succeeded=succeeded, lead=lead)


def find_shift(deployment: Deployment) -> datetime | None:
    """Return when readers' traffic began to move, None if unknown."""
    return next((stage.began for stage in deployment.stages if stage.name in _MOVES and stage.began), None)


def _find_lead(runs: MigrationRuns, moved: datetime | None, deployment: Deployment) -> timedelta:
    """Return how long before traffic moved the migrations had ended. It moves no earlier than a deployment begins."""
    if runs.ended is None:
        return Unread("a migration runs still")  # type: ignore[return-value]  # a Fact raises it when it is read
    if moved is None and runs.ended > deployment.began:
        reason = f"{deployment.carrier} does not say when traffic moved; watch the deployment to see it"
        return Unread(reason)  # type: ignore[return-value]
    return (moved or deployment.began) - runs.ended


def _describe(run: Run) -> str:
    ended = f"ended {run.ended:%H:%M:%S}" if run.ended else "runs still"
    return f"{run.task} began {run.began:%Y-%m-%d %H:%M:%S}, {ended}, {run.failure or 'no failure'}"


# ── A migration that was made to fail: whether it stopped the release, and whether the old version kept serving

#: Version of the records of this drill.
FORMAT: Final = 1
#: A description of each field for people.
_TITLES: Final = {
    "failure": "failure of the migration",
    "went_on": "deployments that began all the same",
    "changed": "services that changed",
    "unanswered": "requests that failed",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FailedMigration(Fact):
    """A release whose migration was made to fail; ``subject`` is the family of the task that ran it."""

    age: Quantity
    """How long ago that was."""
    failure: str
    """The result of the migration; empty if it did not fail."""
    went_on: str
    """The deployments that began nevertheless; empty if the release stopped."""
    changed: str
    """Services that serve differently than before; empty if the old version still serves unchanged."""
    requests: int
    """Requests sent from before the migration to after it."""
    unanswered: str
    """The ones that failed; empty if none did."""


def failed_migration_facts(value: Mapping[str, Any]) -> Iterator[FailedMigration]:
    """Yield the facts in a drill's record; it was ``asked`` for at that time. Raises Unreadable."""
    if value.get("format") != FORMAT:
        raise Unreadable(f"the drill was recorded in form {value.get('format')!r}, this version reads {FORMAT}")
    began, asked = (datetime.fromisoformat(value[key]) for key in ("began", "asked"))
    yield FailedMigration(
        subject=value["family"],
        age=Quantity.between(began, asked),
        failure=_find_failure(value, began),
        went_on=", ".join(f"{service.rpartition('/')[2]}: {id_}" for service, id_ in value["started"].items() if id_),
        changed=_find_change(value["before"], value["after"]),
        **_count_requests(value),
    )


def _find_failure(value: Mapping[str, Any], began: datetime) -> Any:
    """Return the result of the only migration that ran meanwhile."""
    runs = [run for run in map(read_run, revive(value["tasks"])) if run.began >= began]
    if len(runs) != 1 or runs[0].ended is None:
        told = (
            ", ".join(f"{run.task} ({run.failure or ('ended well' if run.ended else 'runs still')})" for run in runs)
            or "none"
        )
        return Unread(f"one migration had to run and end meanwhile, and these did: {told}; drill again")
    return runs[0].failure


def _find_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> Any:
    """Return the services with other weights or other primary tasks than before."""
    unread = {**before["unread"], **after["unread"]}
    if blind := [why for what, why in unread.items() if what.endswith((": weights", ": counts"))]:
        return Unread(blind[0])
    if not before["services"]:
        return Unread("no service stands behind a load balancer")
    pairs = {name: (Look.of(before, name), Look.of(after, name)) for name in before["services"]}
    changed = (name for name, (was, now) in pairs.items() if (was.weights, was.primary) != (now.weights, now.primary))
    return ", ".join(name.rpartition("/")[2] for name in changed)


def _count_requests(value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        stream = require_stream(value)
    except Unreadable as error:
        return dict.fromkeys(("requests", "unanswered"), Unread(error.reason))
    failed = sum((Counter(second["failed"]) for second in stream["seconds"]), Counter[str]())
    return {"requests": stream["due"], "unanswered": describe_classes(failed)}


def summarise_failure(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result in a record: ``outcome`` is good, bad or unknown, ``lines`` say why."""
    lines: list[str] = []
    outcome = "good"
    for fact in failed_migration_facts({**value, "asked": value["ended"]}):
        for name, wanted in (("failure", True), ("went_on", False), ("changed", False), ("unanswered", False)):
            seen = fact.peek(name)
            unread = isinstance(seen, Unread)
            lines.append(f"{_TITLES[name]}: {seen.reason if unread else seen or 'none'}")
            if unread or bool(seen) is not wanted:
                outcome = "unknown" if unread and outcome != "bad" else "bad" if not unread else outcome
    return {"outcome": outcome, "lines": lines}


# ── The previous build on the schema after a release's migrations: readers' experience until traffic moved


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OldBuildOnNewSchema(Fact):
    """Requests due between the end of the migrations and the shift of traffic; ``subject`` names the target."""

    failed: Estimate


def judge_old_build(record: Mapping[str, Any], runs: MigrationRuns) -> OldBuildOnNewSchema:
    """Return the facts in a watch's record about the previous build. Raises Unreadable if it shows nothing."""
    require_format(record)
    stream = require_stream(record)
    first, end = _find_span(record, runs)
    failed = Counter(one["class"] for one in stream["failures"] if first <= one["at"] < end)
    sent = max(failed.total(), int((end - first) * stream["plan"]["rate"]))
    return OldBuildOnNewSchema(
        subject=f"{stream['plan']['url']} from the migration to the shift",
        failed=exact_count(failed.total(), samples=sent, detail=describe_classes(failed)),
    )


def _find_span(record: Mapping[str, Any], runs: MigrationRuns) -> tuple[float, float]:
    """Return the seconds of the stream from the end of the migrations to the last sample before traffic moved."""
    began, moved = record["stream"]["began"], find_first_move(record)
    if moved is None:
        raise Unreadable("traffic was never seen to move; watch the deployment from its beginning")
    if runs.ended is None:
        raise Unreadable("a migration runs still")
    first, end = max(0.0, runs.ended.timestamp() - began), moved - began
    if end <= first:
        raise Unreadable(
            "traffic had moved when the migrations had ended, so that the build before never had their schema"
        )
    return first, end


# ── Journeys on the previous build after the schema was migrated and before traffic moved


def latest_end(deployments: Sequence[Deployment]) -> datetime:
    """Return until when the previous build had all of the traffic; a deployment moves none before it begins."""
    return min(find_shift(one) or one.began for one in deployments)


def why_not_old_build(value: Mapping[str, Any], runs: MigrationRuns, deployments: Sequence[Deployment]) -> str:
    """Return why journeys were not on the previous build, between the migrations and the shift; empty if they were.

    The name of that build does not matter if nothing else ran.
    """
    began, ended = (datetime.fromisoformat(value[key]) for key in ("began", "ended"))
    if runs.ended is None:
        return "a migration runs still"
    if began < runs.ended:
        return (
            f"the journeys began at {began:%H:%M:%S}, and the migrations ended at {runs.ended:%Y-%m-%d %H:%M:%S} UTC; "
            "carry them out between the migrations and the shift: prodgate run TARGET --only e2e"
        )
    shift = latest_end(deployments)
    if ended > shift:
        return f"the journeys ended at {ended:%H:%M:%S}, when traffic had moved since {shift:%Y-%m-%d %H:%M:%S} UTC"
    if new := [build for build in value.get("builds", ()) if value["released"] and is_build(build, value["released"])]:
        return f"the journeys met build {new[0]}, which is the one that is released"
    return ""


# ── The restore point of a database when a release began: its snapshots, and its latest restorable time


_OF_SNAPSHOT: Final = (
    "DBClusterSnapshotIdentifier", "DBSnapshotIdentifier", "DbiResourceId", "SnapshotCreateTime", "Status",
    "SnapshotType",
)  # fmt: skip
#: Status of the automated backups of an instance that exists; those of a deleted one are retained.
_ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RestorablePoint(Fact):
    """The restorable point of a database when a release began; ``subject`` is its ARN."""

    age: Quantity
    """How long before the release its newest restorable moment was."""
    snapshot: str
    """Name of the newest snapshot from before the migrations; empty if there is none."""
    snapshot_age: Quantity | None
    """How long before the migrations it was taken."""


def read_restorable(account: Account, name: str) -> Mapping[str, Any]:
    """Return a database and its snapshots as plain JSON values; ``name`` may be empty if there is only one.

    A database is a cluster, or a stand-alone instance. Raises Unreadable.
    """
    clusters = account.list("rds", "DescribeDBClusters", "DBClusters")
    instances = account.list("rds", "DescribeDBInstances", "DBInstances")
    alone = [row for row in instances if not row.get("DBClusterIdentifier")]
    row = _find_database([*clusters, *alone], name)
    read = _read_cluster if "DBClusterIdentifier" in row else _read_instance
    plain: Mapping[str, Any] = to_plain({"asked": account.now, **read(account, row)})
    return plain


def _read_cluster(account: Account, row: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = {"DBClusterIdentifier": row["DBClusterIdentifier"]}
    snapshots = account.list("rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots", **asked)
    return {
        "cluster": _keep(
            row, ("DBClusterArn", "DBClusterIdentifier", "EarliestRestorableTime", "LatestRestorableTime")
        ),
        "snapshots": [_keep(one, _OF_SNAPSHOT) for one in snapshots],
    }


def _read_instance(account: Account, row: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = {"DBInstanceIdentifier": row["DBInstanceIdentifier"]}
    snapshots = account.list("rds", "DescribeDBSnapshots", "DBSnapshots", **asked)
    backups = account.list("rds", "DescribeDBInstanceAutomatedBackups", "DBInstanceAutomatedBackups", **asked)
    return {
        "instance": _keep(row, ("DBInstanceArn", "DBInstanceIdentifier", "DbiResourceId", "LatestRestorableTime")),
        "snapshots": [_keep(one, _OF_SNAPSHOT) for one in snapshots],
        "automated": [_keep(one, ("DbiResourceId", "RestoreWindow", "Status")) for one in backups],
    }


def _keep(row: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    return {name: row[name] for name in names if name in row}


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("DBClusterIdentifier") or row["DBInstanceIdentifier"])


def _find_database(rows: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    own = [row for row in rows if RESTORE_TEST not in {tag["Key"] for tag in row.get("TagList", ())}]
    found = [row for row in own if name in ("", _name(row))]
    if len(found) == 1:
        return found[0]
    there = ", ".join(sorted(map(_name, own))) or "none"
    raise Unreadable(
        f"the account holds these databases: {there}; write [rollout.migrations] cluster = the migrated one, a cluster "
        "or an instance"
    )


def restorable_facts(
    value: Mapping[str, Any], deployments: Sequence[Deployment], runs: MigrationRuns | str
) -> Iterator[RestorablePoint]:
    """Yield the database's restore point. ``runs`` may be the reason why they are unknown."""
    answers = revive(value)
    database, snapshots = _merge(answers)
    began = min((each.began for each in deployments), default=answers["asked"])
    start = runs if isinstance(runs, str) else runs.began
    taken = None if isinstance(start, str) else _find_newest(snapshots, start)
    unknown: Any = Unread(start) if isinstance(start, str) else None
    yield RestorablePoint(
        subject=database["arn"],
        age=_find_age(database, began if isinstance(start, str) else min(began, start)),
        snapshot=unknown
        or (str(taken.get("DBClusterSnapshotIdentifier") or taken["DBSnapshotIdentifier"]) if taken else ""),
        snapshot_age=unknown or (Quantity.between(taken["SnapshotCreateTime"], runs.began) if taken else None),  # type: ignore[union-attr]
    )


def _merge(answers: Mapping[str, Any]) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """Return ``{"arn", "earliest", "latest"}`` of a cluster or an instance, and its snapshots.

    An instance that took the name of a deleted one does not have its snapshots.
    """
    if "cluster" in answers:
        row = answers["cluster"]
        times = {"earliest": row.get("EarliestRestorableTime"), "latest": row.get("LatestRestorableTime")}
        return {"arn": row["DBClusterArn"], **times}, answers["snapshots"]
    row = answers["instance"]
    own = [one for one in answers["automated"] if one.get("DbiResourceId") == row["DbiResourceId"]]
    window: Mapping[str, Any] = next((one.get("RestoreWindow", {}) for one in own if one.get("Status") == _ACTIVE), {})
    times = {
        "earliest": window.get("EarliestTime"),
        "latest": row.get("LatestRestorableTime") or window.get("LatestTime"),
    }
    kept = [one for one in answers["snapshots"] if one.get("DbiResourceId") == row["DbiResourceId"]]
    return {"arn": row["DBInstanceArn"], **times}, kept


def _find_newest(snapshots: Sequence[Mapping[str, Any]], before: datetime) -> Mapping[str, Any] | None:
    """Return the newest complete manual snapshot from before a time.

    An automated one that happens to be as new shows no intention, and disappears after its retention.
    """
    taken = [one for one in snapshots if one.get("SnapshotType") != "automated" and one.get("SnapshotCreateTime")]
    earlier = [one for one in taken if one.get("Status") == "available" and one["SnapshotCreateTime"] < before]
    return max(earlier, key=lambda one: one["SnapshotCreateTime"], default=None)


def _find_age(database: Mapping[str, Any], began: datetime) -> Any:
    """Return the minimum age of the database's restore point at a release.

    Today every second from the earliest to the latest restorable time can be restored, so the release's own second is
    among them, unless it began later or is no longer kept.
    """
    earliest, latest = database["earliest"], database["latest"]
    if earliest is None or latest is None:
        return Unread("RDS names no restorable time of it")
    if earliest > began:
        return Unread(f"backups reach back to {earliest:%Y-%m-%d %H:%M} only, and the release began before")
    return Quantity.between(latest, began)
