"""Recovery: data is kept long enough, hard to delete, and copied elsewhere."""

from fnmatch import fnmatchcase

from prodgate import Block, Criterion, Quantity, Resource, policy
from prodgate.semantics.aws_settings import longest_pause

from .evidence import receives_logs, versioning_status

# ── The purpose of a DynamoDB table


def is_lock_table(database: Resource) -> bool:
    """Whether Terraform's S3 backend keeps its locks in the table: no other table has this key."""
    return database.type == "aws_dynamodb_table" and database.text("hash_key") == "LockID"


#: Databases -> (argument that states the days of automated backups, days if unset).
RETENTION = {
    "aws_rds_cluster": ("backup_retention_period", 1),
    "aws_db_instance": ("backup_retention_period", 0),
    "aws_docdb_cluster": ("backup_retention_period", 1),
    "aws_neptune_cluster": ("backup_retention_period", 1),
    "aws_redshift_cluster": ("automated_snapshot_retention_period", 1),
    "aws_dynamodb_table": ("point_in_time_recovery.recovery_period_in_days", 35),
}
#: The longest time in days that AWS keeps automated backups of any of them; it refuses more.
LONGEST = 35
#: Resources -> the argument that protects them against deletion; unset means unprotected for all of them.
PROTECTION = {
    "aws_rds_cluster": "deletion_protection",
    "aws_db_instance": "deletion_protection",
    "aws_docdb_cluster": "deletion_protection",
    "aws_neptune_cluster": "deletion_protection",
    "aws_dynamodb_table": "deletion_protection_enabled",
    "aws_dynamodb_table_replica": "deletion_protection_enabled",
    "aws_dsql_cluster": "deletion_protection_enabled",
    "aws_lb": "enable_deletion_protection",
    "aws_alb": "enable_deletion_protection",
    "aws_cognito_user_pool": "deletion_protection",
    "aws_networkfirewall_firewall": "delete_protection",
}
SNAPSHOTS = ("aws_rds_cluster", "aws_db_instance", "aws_docdb_cluster", "aws_neptune_cluster", "aws_redshift_cluster")
#: Stores -> the argument that lets a destroy delete their contents; unset means no.
FORCE = {
    "aws_s3_bucket": "force_destroy",
    "aws_ecr_repository": "force_delete",
    "aws_backup_vault": "force_destroy",
    "aws_route53_zone": "force_destroy",
}
KEYS = ("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key")


@policy(
    "PG_REC_1",
    criterion="backup-retention",
    resources=tuple(RETENTION),
    population=0,
    remedy="Set backup_retention_period (for DynamoDB, point-in-time recovery) to the agreed number of days.",
)
def databases_keep_their_backups(database: Resource, criterion: Criterion) -> None:
    """Databases keep their automated backups for the agreed time.

    Unset means one day for Aurora, DocumentDB, Neptune and Redshift and none for an RDS instance or a DynamoDB table. A
    replica relies on the backups of its source, and a lock table holds nothing to restore.
    """
    name, default = RETENTION[database.type]
    if database.type == "aws_db_instance" and database.has("replicate_source_db"):
        raise criterion.not_applicable("a replica is restored from the backups of its source")
    if is_lock_table(database):
        raise criterion.not_applicable("a table of locks is made anew, empty")
    off = database.type == "aws_dynamodb_table" and not database.flag("point_in_time_recovery.enabled")
    days = 0 if off else database.number(name, default)
    criterion.hold(days <= LONGEST, expected=f"{name} = {LONGEST} at most, as AWS takes", observed=f"{days:g} days")
    criterion.require(Quantity.days(days))


@policy(
    "PG_REC_2",
    criterion="deletion-protection",
    resources=tuple(PROTECTION),
    population=0,
)
def production_cannot_be_deleted_by_a_slip(holder: Resource, criterion: Criterion) -> None:
    """Databases, tables, load balancers, user pools and firewalls are protected against accidental deletion."""
    name = PROTECTION[holder.type]
    if holder.type == "aws_db_instance" and holder.has("replicate_source_db"):
        raise criterion.not_applicable("a replica can be made anew")
    of_users = holder.type == "aws_cognito_user_pool"
    protected = holder.text(name) == "ACTIVE" if of_users else holder.flag(name)
    expected = f"{name} = ACTIVE" if of_users else f"{name} = true"
    criterion.hold(protected, expected=expected, observed="unprotected")


@policy(
    "PG_REC_3",
    criterion="deletion-protection",
    resources=tuple(FORCE),
    population=0,
    remedy="Drop it: a destroy then fails as long as something is stored.",
)
def stores_with_content_are_not_destroyed(store: Resource, criterion: Criterion) -> None:
    """A destroy does not delete the objects, images, recovery points or records in a store."""
    name = FORCE[store.type]
    criterion.hold(not store.flag(name), expected=f"{name} = false", observed=True)


@policy(
    "PG_REC_4",
    criterion="database-final-snapshot",
    resources=SNAPSHOTS,
    population=0,
    remedy="Set skip_final_snapshot = false and name final_snapshot_identifier.",
)
def deleted_databases_leave_a_snapshot(database: Resource, criterion: Criterion) -> None:
    """Deleting a database leaves a final snapshot. Unset means that AWS makes one, which needs a name."""
    if database.type == "aws_db_instance" and database.has("replicate_source_db"):
        raise criterion.not_applicable("a replica leaves no snapshot of its own")
    criterion.hold(
        not database.flag("skip_final_snapshot"), expected="skip_final_snapshot = false", observed=True, premise=True
    )
    named = database.has("final_snapshot_identifier")
    criterion.hold(named, expected="final_snapshot_identifier", observed="no name, so the deletion fails halfway")


@policy(
    "PG_REC_5",
    criterion="bucket-versioned",
    resources=("aws_s3_bucket",),
    population=0,
    remedy="Add aws_s3_bucket_versioning for the bucket with status = Enabled.",
)
def buckets_keep_versions(bucket: Resource, criterion: Criterion) -> None:
    """Buckets keep the versions of their objects. Buckets that only receive logs need not."""
    if receives_logs(bucket):
        raise criterion.not_applicable("receives logs, which nothing overwrites")
    status = versioning_status(bucket)
    criterion.hold(status == "Enabled", expected="status = Enabled", observed=status)


@policy(
    "PG_REC_6",
    criterion="kms-deletion-window",
    resources=KEYS,
    population=0,
    remedy="Set deletion_window_in_days = 30, or drop it.",
)
def deleted_keys_can_be_saved(key: Resource, criterion: Criterion) -> None:
    """A KMS key waits before it is deleted, because every backup under it is lost with it. Unset means 30 days."""
    criterion.require(Quantity.days(key.number("deletion_window_in_days", 30)))


# ── Backups that outlive the database: plans that select it, locked vaults, restore tests

DATABASES = ("aws_rds_cluster", "aws_db_instance", "aws_dynamodb_table", "aws_docdb_cluster", "aws_neptune_cluster",
             "aws_efs_file_system")  # fmt: skip


@policy(
    "PG_REC_7",
    criterion="backup-plan-selects-the-database",
    resources=DATABASES,
    population=0,
    remedy="Name the ARN in resources of an aws_backup_selection, or give the database the tags that one selects.",
)
def a_backup_plan_selects_every_database(database: Resource, criterion: Criterion) -> None:
    """A backup plan selects each database and file system, by its ARN or by its tags.

    A selection that matches nothing runs every night without an error and saves nothing.
    """
    if database.type == "aws_db_instance" and database.has("replicate_source_db"):
        raise criterion.not_applicable("a replica holds the data of its source")
    if is_lock_table(database):
        raise criterion.not_applicable("a table of locks is made anew, empty")
    tree = database.configuration
    chosen = [selection for selection in tree.of("aws_backup_selection") if _selects(selection, database)]
    database.has("tags")  # where the finding points
    criterion.hold(bool(chosen), expected="an aws_backup_selection that finds it", observed="none")
    planned = any(selection.related("plan_id", "aws_backup_plan") for selection in chosen)
    criterion.hold(planned, expected="a declared backup plan", observed=f"{chosen[0].address} belongs to none")


def _selects(selection: Resource, database: Resource) -> bool:
    """Whether a selection matches the database: named or tagged, not excluded, and within every condition."""
    named = database in selection.related("resources", database.type) or _is_listed(selection, "resources", database)
    tags = database.mapping("tags_all") or database.mapping("tags")
    tagged = any(tags.get(tag.text("key") or "") == tag.text("value") for tag in selection.blocks("selection_tag"))
    excluded = selection.has("not_resources") and _is_listed(selection, "not_resources", database)
    return (named or tagged) and not excluded and all(_holds(one, tags) for one in selection.blocks("condition"))


def _is_listed(selection: Resource, name: str, database: Resource) -> bool:
    patterns = [one for one in selection.texts(name) if one == "*" or "*" in one or one.startswith("arn:")]
    if not patterns or "*" in patterns:
        return bool(patterns)
    arn = database.text("arn") or ""
    return any(fnmatchcase(arn, pattern) for pattern in patterns)


def _holds(condition: Block, tags: object) -> bool:
    own = {f"aws:ResourceTag/{key}": value for key, value in dict(tags).items()}  # type: ignore[call-overload]
    like = [
        fnmatchcase(own.get(t.text("key") or "", ""), t.text("value") or "") for t in condition.blocks("string_like")
    ]
    equal = [own.get(test.text("key") or "") == test.text("value") for test in condition.blocks("string_equals")]
    unlike = [
        not fnmatchcase(own.get(test.text("key") or "", ""), test.text("value") or "")
        for kind in ("string_not_equals", "string_not_like")
        for test in condition.blocks(kind)
    ]
    return all(like + equal + unlike)


@policy(
    "PG_REC_8",
    criterion="backup-retention",
    resources=("aws_backup_plan",),
    population=0,
    remedy="Set delete_after in the lifecycle of a daily rule to the agreed number of days or more.",
)
def backup_plans_keep_what_they_save(plan: Resource, criterion: Criterion) -> None:
    """Backup plans keep the recovery points of some daily rule for the agreed time. Unset means for ever.

    A weekly or monthly rule may keep its points for years, but does not bring back last Tuesday.
    """
    rules = [rule for rule in plan.blocks("rule") if rule.has("schedule")]
    if not rules:
        raise criterion.undetermined("no rule has a schedule, so AWS chooses one")
    daily = [rule for rule in rules if longest_pause(rule.text("schedule") or "") == 1]
    criterion.hold(bool(daily), expected="a rule that runs every day", observed="none", premise=True)
    limits = [rule.number("lifecycle.delete_after", 0) for rule in daily]
    if 0 not in limits:
        criterion.require(Quantity.days(max(limits)))


@policy(
    "PG_REC_9",
    criterion="backup-plan-selects-the-database",
    resources=("aws_backup_vault",),
    population=0,
    remedy="Add aws_backup_vault_lock_configuration for the vault with min_retention_days and changeable_for_days.",
)
def vaults_are_locked(vault: Resource, criterion: Criterion) -> None:
    """Each backup vault is locked, so that nobody can delete its recovery points early.

    Without changeable_for_days the lock is in governance mode: an administrator of backups can remove it.
    """
    locks = vault.configuration.naming(vault, "backup_vault_name", "aws_backup_vault_lock_configuration")
    criterion.hold(bool(locks), expected="aws_backup_vault_lock_configuration", observed="no lock", premise=True)
    least = locks[0].number("min_retention_days", 0)
    criterion.hold(least >= 1, expected="min_retention_days", observed="a lock that keeps nothing")
    final = locks[0].number("changeable_for_days", 0) > 0
    criterion.hold(final, expected="changeable_for_days", observed="a lock that can be removed at any time")


@policy(
    "PG_REC_10",
    criterion="restore-testing",
    resources=("aws_backup_restore_testing_plan",),
    required=True,
    remedy="Declare aws_backup_restore_testing_plan with a selection of the kind of each database.",
)
def restores_are_tried(plan: Resource, criterion: Criterion) -> None:
    """A restore testing plan restores each kind of database that is declared."""
    vaults = plan.has("recovery_point_selection.include_vaults")
    criterion.hold(vaults, expected="vaults to restore from", observed="none")
    tree = plan.configuration
    selections = tree.naming(plan, "restore_testing_plan_name", "aws_backup_restore_testing_selection")
    tried = {selection.text("protected_resource_type") for selection in selections if _finds_something(selection)}
    missing = {_kind(database) for database in tree.of(*DATABASES[:2])} - tried
    plan.text("name")  # where the finding points
    criterion.hold(bool(tried), expected="a selection", observed="no selection, so nothing is restored", premise=True)
    criterion.exclude(sorted(missing), expected="every kind of database", observed="never restores {}")


def _finds_something(selection: Resource) -> bool:
    return selection.has("protected_resource_arns") or selection.has("protected_resource_conditions")


def _kind(database: Resource) -> str:
    engine = database.text("engine") or ""
    return "Aurora" if database.type == "aws_rds_cluster" and engine.startswith("aurora") else "RDS"


@policy(
    "PG_REC_11",
    criterion="backup-plan-selects-the-database",
    resources=("aws_backup_plan",),
    population=0,
    remedy="Add a copy_action to a scheduled rule, with a locked vault in another region as its destination.",
)
def backups_leave_the_region(plan: Resource, criterion: Criterion) -> None:
    """Each backup plan copies to a vault in another region, so that a copy survives the loss of this one.

    A vault that this configuration does not declare is judged only by the region in its ARN.
    """
    copies = [copy for rule in plan.blocks("rule") for copy in rule.blocks("copy_action")]
    criterion.hold(bool(copies), expected="copy_action", observed="no copy", premise=True)
    homes = {vault.find_region() for vault in plan.configuration.of("aws_backup_vault") if _is_used(vault, plan)}
    regions = {_region(copy.text("destination_vault_arn") or "") for copy in copies}
    if not homes:
        raise criterion.undetermined("the vaults that the plan saves to are declared elsewhere")
    named = ", ".join(sorted(regions))
    criterion.hold(bool(regions - homes), expected="another region", observed=named, held=named)


@policy(
    "PG_REC_13",
    criterion="recovery-point-age",
    resources=("aws_backup_plan",),
    population=0,
    remedy="Let a rule that saves, and one that copies, run at least that often.",
)
def plans_save_and_copy_often(plan: Resource, criterion: Criterion) -> None:
    """A backup plan saves as often as agreed, and where it makes copies, one of its rules copies as often.

    A copy that is made once a month loses a month with the region, however often the other rules save.
    """
    rules = plan.blocks("rule")
    copying = [rule for rule in rules if rule.has("copy_action")]
    pauses = [[longest_pause(each.text("schedule") or "") for each in some if each.has("schedule")]
              for some in (rules, copying or rules)]  # fmt: skip
    if not all(pauses):
        raise criterion.undetermined("no rule has a schedule, so AWS chooses one")
    criterion.require(Quantity.days(max(map(min, pauses))))


@policy(
    "PG_REC_14",
    criterion="restore-test-recent",
    resources=("aws_backup_restore_testing_plan",),
    required=True,
    remedy="Set schedule_expression to at least that often.",
)
def restores_are_tried_often(plan: Resource, criterion: Criterion) -> None:
    """A restore testing plan runs as often as agreed."""
    criterion.require(Quantity.days(longest_pause(plan.text("schedule_expression") or "")))


def _is_used(vault: Resource, plan: Resource) -> bool:
    return any(rule.text("target_vault_name") == vault.text("name") for rule in plan.blocks("rule"))


def _region(arn: str) -> str:
    return (arn.split(":") + [""] * 4)[3]


# ── Access points of shared file systems: each confined to a folder, as a user of its own


@policy(
    "PG_RUN_5",
    criterion="file-shares-confined",
    resources=("aws_efs_access_point",),
    population=0,
    remedy="Give it a root_directory with a path and creation_info, and a posix_user with the uid and gid to act as.",
)
def access_points_are_confined(point: Resource, criterion: Criterion) -> None:
    """An access point has a folder of its own and acts as a user of its own.

    Unset means the root of the file system, and whatever user the client claims to be.
    """
    path = next((one.text("path") for one in point.blocks("root_directory")), None) or "/"
    criterion.hold(path.strip("/") != "", expected="root_directory.path of its own", observed=path, held=path)
    criterion.hold(bool(point.blocks("posix_user")), expected="posix_user", observed="any user that the client names")
