"""What a bucket is for, as other resources say it."""

from __future__ import annotations

from functools import partial

from prodgate import Block, Configuration, Resource, allow_unknown

#: Resources that deliver access logs into a bucket -> the argument that names it.
ACCESS_LOGS = (
    ("aws_lb", "access_logs.bucket"),
    ("aws_lb", "connection_logs.bucket"),
    ("aws_alb", "access_logs.bucket"),
    ("aws_alb", "connection_logs.bucket"),
    ("aws_elb", "access_logs.bucket"),
)
#: Resources that deliver other logs into a bucket, each under a name of its own -> the argument that names it.
OTHER_LOGS = (
    ("aws_flow_log", "log_destination"),
    ("aws_cloudfront_distribution", "logging_config.bucket"),
    ("aws_wafv2_web_acl_logging_configuration", "log_destination_configs"),
)
#: The group to which an ACL gives what S3 needs, and the services that deliver access logs by a policy.
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
    """Whether something delivers logs to the bucket that are never written twice: of access, flows or a firewall."""
    return receives_access_logs(bucket) or any(_delivers(bucket, kind, path) for kind, path in OTHER_LOGS)


def receives_cloudfront_logs(bucket: Resource) -> bool:
    """Whether CloudFront delivers its standard logs to the bucket, which it can do by an ACL alone."""
    return bool(bucket.configuration.naming(bucket, "logging_config.bucket", "aws_cloudfront_distribution"))


def versioning_status(bucket: Resource) -> str:
    """Return ``Enabled``, ``Suspended`` or what is said instead, by a resource or by a block of the bucket."""
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


#: What is found out once for each kind of logs.
_FOLDERS = {(kind, path): partial(_list_folders, kind=kind, path=path) for kind, path in OTHER_LOGS}
