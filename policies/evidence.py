"""Buckets that keep evidence and logs: locked, versioned, and protected from deletion by anybody."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial

from prodgate import Block, Configuration, Criterion, Quantity, Resource, allow_unknown, policy
from prodgate.semantics.policy_documents import Statement

# ── The purpose of a bucket, as other resources reveal it

#: Resources that deliver access logs into a bucket -> the argument that names the bucket.
ACCESS_LOGS = (
    ("aws_lb", "access_logs.bucket"),
    ("aws_lb", "connection_logs.bucket"),
    ("aws_alb", "access_logs.bucket"),
    ("aws_alb", "connection_logs.bucket"),
    ("aws_elb", "access_logs.bucket"),
)
#: Resources that deliver other logs into a bucket, each under a name of its own -> the argument that names the bucket.
OTHER_LOGS = (
    ("aws_flow_log", "log_destination"),
    ("aws_cloudfront_distribution", "logging_config.bucket"),
    ("aws_wafv2_web_acl_logging_configuration", "log_destination_configs"),
)
#: The group that an ACL grants what S3 needs, and the services that deliver access logs through a policy.
LOG_DELIVERY = "groups/s3/LogDelivery"
DELIVERERS = ("logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com")


def receives_access_logs(bucket: Resource) -> bool:
    """Whether load balancers or S3 itself deliver access logs to the bucket."""
    tree = bucket.configuration
    named = any(tree.naming(bucket, path, kind) for kind, path in ACCESS_LOGS)
    return named or bool(tree.naming(bucket, "target_bucket", "aws_s3_bucket_logging"))


def admits_access_logs(bucket: Resource) -> bool:
    """Whether its ACL or policy lets S3 or load balancers deliver access logs, which may be declared elsewhere."""
    acls = bucket.configuration.naming(bucket, "bucket", "aws_s3_bucket_acl")
    if any(one.known("acl") == "log-delivery-write" for one in (*acls, bucket)):
        return True
    grants = [grant for acl in acls for own in acl.blocks("access_control_policy") for grant in own.blocks("grant")]
    if any((grant.text("grantee.uri") or "").endswith(LOG_DELIVERY) for grant in grants):
        return True
    policies = bucket.configuration.naming(bucket, "bucket", "aws_s3_bucket_policy")
    statements = [each for one in policies for each in one.allow_statements("policy") if each.covers("s3:PutObject")]
    return any(who.name in DELIVERERS for statement in statements for who in statement.principals)


def receives_logs(bucket: Resource) -> bool:
    """Whether something delivers logs to the bucket that are never overwritten: access, flow or firewall logs."""
    return receives_access_logs(bucket) or any(_delivers(bucket, kind, path) for kind, path in OTHER_LOGS)


def receives_cloudfront_logs(bucket: Resource) -> bool:
    """Whether CloudFront delivers its standard logs to the bucket, for which an ACL alone is enough."""
    return bool(bucket.configuration.naming(bucket, "logging_config.bucket", "aws_cloudfront_distribution"))


def versioning_status(bucket: Resource) -> str:
    """Return ``Enabled``, ``Suspended`` or another stated value, from a resource or from a block of the bucket."""
    settings = bucket.configuration.naming(bucket, "bucket", "aws_s3_bucket_versioning")
    if settings:
        return settings[0].text("versioning_configuration.status") or "nothing stated"
    blocks: tuple[Block, ...] = ()
    with allow_unknown(because="a block that the bucket does not have is left to AWS, which keeps no versions"):
        blocks = bucket.blocks("versioning")
    return "Enabled" if any(block.flag("enabled") for block in blocks) else "not versioned"


def _delivers(bucket: Resource, kind: str, path: str) -> bool:
    """Whether a resource of the kind names the bucket, or a folder in it."""
    if bucket.configuration.naming(bucket, path, kind):
        return True
    arn = bucket.known("arn")
    return isinstance(arn, str) and arn in bucket.configuration.once(_FOLDERS[kind, path])


def _list_folders(configuration: Configuration, kind: str, path: str) -> set[str]:
    """Return the ARNs of buckets in which a resource of the kind names a folder."""
    named = [one.known(path) for one in configuration.of(kind)]
    return {target.partition("/")[0] for target in named if isinstance(target, str) and "/" in target}


#: Computed once for each kind of logs.
_FOLDERS = {(kind, path): partial(_list_folders, kind=kind, path=path) for kind, path in OTHER_LOGS}


LOCK = "aws_s3_bucket_object_lock_configuration"
MODES = ("COMPLIANCE", "GOVERNANCE")
DAYS_OF_A_YEAR = 365
#: Actions that delete evidence, or unlock runs that are archived later.
ENDING_OBJECTS = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention")
ENDING_LOCKS = ("s3:PutBucketObjectLockConfiguration",)


@policy(
    "PG_EVID_1",
    criterion="evidence-bucket",
    resources=("aws_s3_bucket",),
    remedy="Set an aws_s3_bucket_object_lock_configuration with a default_retention of mode COMPLIANCE or GOVERNANCE.",
)
def runs_are_archived_in_a_locked_bucket(bucket: Resource, criterion: Criterion) -> None:
    """The bucket that archives runs keeps versions and locks its objects, in a stated mode.

    In GOVERNANCE anybody who may bypass the lock, or rewrite the bucket's policy, can delete; in COMPLIANCE nobody can.
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
    """The policy of the bucket that archives runs denies everybody deletion, bypass and changes of the lock.

    IAM permissions of roles are declared elsewhere and change; no role of the account can override the bucket's policy.
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
    """The default lock of a bucket lasts for as long as an auditor may need its objects."""
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
    """Yield the unconditional statements of the bucket's policy that deny something to everybody."""
    stated = [*bucket.statements("policy")]
    for own in bucket.configuration.naming(bucket, "bucket", "aws_s3_bucket_policy"):
        stated += own.statements("policy")
    for one in stated:
        everybody = any(principal.is_anybody for principal in one.principals)
        if not one.allows and everybody and not one.conditions:
            yield one


def _is_refused(refusals: list[Statement], action: str, resource: str) -> bool:
    return any(
        any(takes_in(pattern, action.lower()) for pattern in one.actions)
        and any(takes_in(pattern.rpartition(":::")[2], resource) for pattern in one.resources)
        for one in refusals
    )


def takes_in(pattern: str, text: str) -> bool:
    """Whether a pattern matches a text, which may hold ``*``; ``?`` does not match that. IAM reads ``[`` literally."""
    return {"?", "["}.isdisjoint(pattern) and fnmatchcase(text, pattern)
