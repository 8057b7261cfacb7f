"""The bucket that runs of the gate are archived in: locked, and nobody's to delete from."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from prodgate import Block, Criterion, Quantity, Resource, allow_unknown, policy
from prodgate.semantics.policy_documents import Statement

from .buckets import versioning_status

LOCK = "aws_s3_bucket_object_lock_configuration"
MODES = ("COMPLIANCE", "GOVERNANCE")
DAYS_OF_A_YEAR = 365
#: What takes evidence away, or takes the lock from what is archived later.
ENDING_OBJECTS = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention")
ENDING_LOCKS = ("s3:PutBucketObjectLockConfiguration",)


@policy(
    "PG_EVID_1",
    criterion="evidence-bucket",
    resources=("aws_s3_bucket",),
    remedy="Set an aws_s3_bucket_object_lock_configuration with a default_retention of mode COMPLIANCE or GOVERNANCE.",
)
def runs_are_archived_in_a_locked_bucket(bucket: Resource, criterion: Criterion) -> None:
    """The bucket that runs are archived in keeps versions and locks what is put there, in a stated mode.

    In GOVERNANCE whoever may bypass the lock, or rewrite the bucket's policy, can delete; in COMPLIANCE nobody can.
    """
    _require_named(bucket, criterion)
    status = versioning_status(bucket)
    criterion.hold(status == "Enabled", expected="versions Enabled", observed=status)
    modes = [retention.text("mode") or "no mode" for retention in _list_retentions(bucket)]
    criterion.hold(
        bool(modes),
        expected="a default retention",
        observed="nothing is locked unless whoever writes asks",
        premise=True,
    )
    criterion.exclude([mode for mode in modes if mode not in MODES], expected=" or ".join(MODES))


@policy(
    "PG_EVID_2",
    criterion="evidence-bucket",
    resources=("aws_s3_bucket",),
    remedy=(
        "Deny s3:DeleteObject, s3:DeleteObjectVersion, s3:BypassGovernanceRetention and "
        "s3:PutBucketObjectLockConfiguration to everybody in the bucket's policy, on the bucket and all its objects, "
        "without a condition."
    ),
)
def nobody_deletes_from_the_archive(bucket: Resource, criterion: Criterion) -> None:
    """The policy of the bucket that runs are archived in refuses everybody who deletes, bypasses or changes the lock.

    What IAM allows a role is decided elsewhere and changes; what the bucket refuses, no role of the account can do.
    """
    _require_named(bucket, criterion)
    name, refusals = bucket.text("bucket") or "", list(_list_refusals(bucket))
    open_ = [action for action in ENDING_OBJECTS if not _is_refused(refusals, action, f"{name}/*")]
    open_ += [action for action in ENDING_LOCKS if not _is_refused(refusals, action, name)]
    criterion.exclude(open_, expected="refused to everybody", observed="not refused: {}")


@policy(
    "PG_EVID_3",
    criterion="lock-retention",
    resources=("aws_s3_bucket",),
    population=0,
    remedy="Set days or years of default_retention to at least that.",
)
def locked_objects_stay_for_the_stated_time(bucket: Resource, criterion: Criterion) -> None:
    """What a bucket locks by default stays locked for as long as an auditor may ask."""
    retentions = list(_list_retentions(bucket))
    if not retentions:
        raise criterion.not_applicable("locks nothing by default")
    for retention in retentions:
        years = retention.number("years", 0)
        days = DAYS_OF_A_YEAR * years if years else retention.number("days", 0)
        criterion.require(Quantity.of(days, "d"))


def _require_named(bucket: Resource, criterion: Criterion) -> None:
    """Raise NotApplicable for a bucket that the criterion does not name, and Unresolved for one that might be it."""
    names = criterion.bound.texts if criterion.bound else ()
    found = bucket.configuration.identified(names, "aws_s3_bucket")
    named = [one for one in found if _is_named(one, criterion)]
    if bucket not in named and (named or bucket.text("bucket") is not None):
        raise criterion.not_applicable("runs are archived elsewhere")
    criterion.require(bucket.text("bucket") or "a name that AWS chooses")


def _is_named(bucket: Resource, criterion: Criterion) -> bool:
    name = bucket.known("bucket")
    return isinstance(name, str) and criterion.bound is not None and criterion.bound.admits(name)


def _list_retentions(bucket: Resource) -> Iterator[Block]:
    """Yield the default retentions that are stated by a resource, or by a block of the bucket."""
    locks = [*bucket.configuration.naming(bucket, "bucket", LOCK)]
    inner: tuple[Block, ...] = ()
    with allow_unknown(because="a block that the bucket does not have is left to AWS, which locks nothing"):
        inner = bucket.blocks("object_lock_configuration")
    for lock in (*locks, *inner):
        for rule in lock.blocks("rule"):
            yield from rule.blocks("default_retention")


def _list_refusals(bucket: Resource) -> Iterator[Statement]:
    """Yield the statements of the bucket's policy that refuse something to everybody, whatever the circumstances."""
    stated = [*bucket.statements("policy")]
    for own in bucket.configuration.naming(bucket, "bucket", "aws_s3_bucket_policy"):
        stated += own.statements("policy")
    for one in stated:
        everybody = any(principal.is_anybody for principal in one.principals)
        if not one.allows and everybody and not one.conditions:
            yield one


def _is_refused(refusals: list[Statement], action: str, resource: str) -> bool:
    return any(
        any(_takes_in(pattern, action.lower()) for pattern in one.actions)
        and any(_takes_in(pattern.rpartition(":::")[2], resource) for pattern in one.resources)
        for one in refusals
    )


def _takes_in(pattern: str, text: str) -> bool:
    """Whether a pattern takes in a text, also one with an asterisk, which ``?`` does not; to IAM ``[`` is itself."""
    return {"?", "["}.isdisjoint(pattern) and fnmatchcase(text, pattern)
