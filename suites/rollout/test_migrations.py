"""Did the migrations of the release run as they must, and does the previous build still work beside them?"""

from datetime import timedelta

from prodgate import Criterion, check
from prodgate.facts.rollout.checklists import JourneyOnNewSchema
from prodgate.facts.rollout.migrations import (
    FailedMigration,
    MigrationChange,
    MigrationFolder,
    MigrationRuns,
    OldBuildOnNewSchema,
    RestorablePoint,
    SchemaVersion,
    TrafficAfterMigration,
)

NOTHING = "no migration in this release"


@check(
    "migration-single-head",
    remedy="Merge the branches of the migrations (alembic merge heads, makemigrations --merge), and deploy that.",
)
def test_the_migrations_have_one_head(folder: MigrationFolder, criterion: Criterion) -> None:
    """Is there exactly one newest migration, so that every upgrade ends at the same schema?"""
    criterion.hold(len(folder.heads) == 1, expected="one head", observed=", ".join(folder.heads))


@check(
    "migration-locks-bounded",
    remedy="Rewrite the statement as squawk's page on its rule says, with lock_timeout and statement_timeout set.",
)
def test_migrations_keep_nobody_waiting(change: MigrationChange, criterion: Criterion) -> None:
    """Does no statement of this release hold a lock for as long as a table is large, or wait for one without limit?"""
    found = "; ".join(change.locks)
    criterion.hold(not found, expected="no such statement", observed=found, held=found or change.id or NOTHING)


@check(
    "migration-expands-first",
    remedy="Add what the new build needs in this release; drop, rename and narrow in a later one, once it is unread.",
)
def test_migrations_only_add_for_the_build_before(change: MigrationChange, criterion: Criterion) -> None:
    """Does the previous build find all tables and columns that it reads and writes unchanged?"""
    found = "; ".join(change.breaks)
    criterion.hold(not found, expected="only additions", observed=found, held=found or change.id or NOTHING)


@check("migration-ran", remedy="Read the log of the task, mend the migration, and deploy again.")
def test_the_migrations_ran_once(migrations: MigrationRuns, criterion: Criterion) -> None:
    """Did the migration task run once, and end without an error?"""
    told = migrations.told
    criterion.hold(len(migrations.runs) == 1, expected="one run", observed=told)
    criterion.hold(migrations.ended is not None, expected="an end", observed=told)
    criterion.hold(not migrations.runs[0].failure, expected="exit code 0", observed=told)


@check(
    "migration-schema-at-head",
    remedy="Run the migrations of the deployed commit on this database, and see that it is the one that the site uses.",
)
def test_the_schema_is_at_its_head(schema: SchemaVersion, criterion: Criterion) -> None:
    """Have all migrations of the repository run on the database, and no others?"""
    criterion.exclude(schema.failed, expected="no failed one")
    criterion.exclude(schema.pending, expected="nothing pending")
    criterion.exclude(schema.foreign, expected="nothing that no file is")


@check(
    "migration-backup-first",
    remedy="Take a snapshot of the cluster, and wait until it is available, before the migrations start.",
    measures="time",
)
def test_a_snapshot_was_there_before_the_migration(point: RestorablePoint, criterion: Criterion) -> None:
    """Is there a complete snapshot from right before the migrations?"""
    criterion.hold(
        bool(point.snapshot), expected="a snapshot from before", observed=point.snapshot or "none", held=point.snapshot
    )
    if point.snapshot_age is not None:
        criterion.require(point.snapshot_age)


@check(
    "before-backup-checked",
    remedy="Mend the automated backups of the cluster before the next release.",
    measures="time",
)
def test_the_database_could_go_back(point: RestorablePoint, criterion: Criterion) -> None:
    """Could the database be restored to a recent enough moment when the release began?"""
    criterion.require(point.age)


@check(
    "during-migration-first",
    remedy="Start the deployment after the task of the migrations has ended with exit code 0.",
)
def test_traffic_moved_after_the_migration(traffic: TrafficAfterMigration, criterion: Criterion) -> None:
    """Had the migrations succeeded when readers first reached the new build?"""
    criterion.hold(traffic.succeeded, expected="migrations that succeeded", observed=traffic.succeeded)
    early = traffic.lead < timedelta()
    criterion.hold(
        not early, expected="traffic after them", observed=f"{traffic.lead.total_seconds():+.0f} s after them"
    )


@check(
    "migration-failure-shown",
    remedy="Let the pipeline wait for the task of the migrations, and end with it when its exit code is not 0.",
    measures="time",
)
def test_a_failed_migration_stops_the_release(drill: FailedMigration, criterion: Criterion) -> None:
    """Did a migration that was made to fail stop the release, and did the old version keep serving?"""
    criterion.hold(
        bool(drill.failure),
        expected="a migration that fails",
        observed=drill.failure or "it ended well",
        held=drill.failure,
    )
    criterion.hold(not drill.went_on, expected="no deployment", observed=drill.went_on)
    criterion.hold(not drill.changed, expected="the old version", observed=f"others serve {drill.changed}")
    criterion.hold(not drill.unanswered, expected=f"{drill.requests:,} answers", observed=drill.unanswered)
    criterion.require(drill.age)


@check(
    "migration-old-build-works",
    remedy="Take the migration back, or mend it: the build before must find all that it reads and writes.",
    measures="count",
)
def test_the_build_before_works_on_the_new_schema(old: OldBuildOnNewSchema, criterion: Criterion) -> None:
    """Did the previous build answer every request from the end of the migrations until traffic moved?"""
    criterion.require(old.failed)


@check(
    "migration-old-build-journeys",
    remedy="Take the migration back, or let it leave what the build before reads and writes until that build is gone.",
)
def test_a_person_gets_on_with_the_build_before(journey: JourneyOnNewSchema, criterion: Criterion) -> None:
    """Could a person complete this journey on the previous build, on the new schema, before traffic moved?"""
    criterion.hold(journey.succeeded, expected="a journey that succeeds", observed=journey.told, held=journey.told)
