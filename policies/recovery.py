"""Data survives a mistake: kept long enough, and hard to delete."""

from prodgate import Criterion, Quantity, Resource, policy

from .buckets import receives_logs, versioning_status
from .tables import is_lock_table

#: Databases -> (argument that states the days of automated backups, days when it is not set).
RETENTION = {
    "aws_rds_cluster": ("backup_retention_period", 1),
    "aws_db_instance": ("backup_retention_period", 0),
    "aws_docdb_cluster": ("backup_retention_period", 1),
    "aws_neptune_cluster": ("backup_retention_period", 1),
    "aws_redshift_cluster": ("automated_snapshot_retention_period", 1),
    "aws_dynamodb_table": ("point_in_time_recovery.recovery_period_in_days", 35),
}
#: The days for which AWS keeps automated backups at most, of all of them; it refuses more.
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
#: Stores -> the argument with which a destroy takes everything in them along; unset means no.
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

    Unset means one day for Aurora, DocumentDB, Neptune and Redshift and none for an RDS instance or a DynamoDB table;
    the backups of a replica are those of its source, and a table of locks holds nothing to restore.
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
    """Databases, tables, load balancers, user pools and firewalls are protected against deletion."""
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
    """A destroy does not take the objects, images, recovery points or records in a store along."""
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
    """Deleting a database leaves a final snapshot. Unset means that one is made, and it needs a name."""
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
    """Buckets keep the versions of their objects. Those that only receive logs need not."""
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
    """A KMS key waits before it is deleted; with it every backup under it is lost. Unset means 30 days."""
    criterion.require(Quantity.days(key.number("deletion_window_in_days", 30)))
