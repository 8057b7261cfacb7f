"""Backups that outlive the database: plans that select it, locked vaults, restores that are tried."""

from fnmatch import fnmatchcase

from prodgate import Block, Criterion, Quantity, Resource, policy
from prodgate.semantics.schedules import runs_daily

from .tables import is_lock_table

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

    A selection that finds nothing runs every night without an error and saves nothing.
    """
    if database.type == "aws_db_instance" and database.has("replicate_source_db"):
        raise criterion.not_applicable("a replica holds the data of its source")
    if is_lock_table(database):
        raise criterion.not_applicable("a table of locks is made anew, empty")
    tree = database.configuration
    chosen = [selection for selection in tree.of("aws_backup_selection") if _selects(selection, database)]
    database.has("tags")  # the place of the finding
    criterion.hold(bool(chosen), expected="an aws_backup_selection that finds it", observed="none")
    planned = any(selection.related("plan_id", "aws_backup_plan") for selection in chosen)
    criterion.hold(planned, expected="a declared backup plan", observed=f"{chosen[0].address} belongs to none")


def _selects(selection: Resource, database: Resource) -> bool:
    """Whether a selection finds the database: named or tagged, not excluded, and within every condition."""
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

    A rule that runs weekly or monthly may keep its points for years; it does not give back last Tuesday.
    """
    rules = [rule for rule in plan.blocks("rule") if rule.has("schedule")]
    if not rules:
        raise criterion.undetermined("no rule has a schedule, so AWS chooses one")
    daily = [rule for rule in rules if runs_daily(rule.text("schedule") or "")]
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
    """Each backup vault is locked, so that nobody can delete what it keeps before its time.

    Without changeable_for_days the lock is in governance mode: whoever administers backups can take it off.
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
    plan.text("name")  # the place of the finding
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
    """Each backup plan copies to a vault in another region, where the loss of this one does not reach.

    A vault that this configuration does not declare is judged by the region in its ARN only.
    """
    copies = [copy for rule in plan.blocks("rule") for copy in rule.blocks("copy_action")]
    criterion.hold(bool(copies), expected="copy_action", observed="no copy", premise=True)
    homes = {vault.find_region() for vault in plan.configuration.of("aws_backup_vault") if _is_used(vault, plan)}
    regions = {_region(copy.text("destination_vault_arn") or "") for copy in copies}
    if not homes:
        raise criterion.undetermined("the vaults that the plan saves to are declared elsewhere")
    named = ", ".join(sorted(regions))
    criterion.hold(bool(regions - homes), expected="another region", observed=named, held=named)


def _is_used(vault: Resource, plan: Resource) -> bool:
    return any(rule.text("target_vault_name") == vault.text("name") for rule in plan.blocks("rule"))


def _region(arn: str) -> str:
    return (arn.split(":") + [""] * 4)[3]
