"""What a bucket is for, as other resources say it."""

from __future__ import annotations

from prodgate import Resource

#: Resources that deliver access logs into a bucket -> the argument that names it.
ACCESS_LOGS = (
    ("aws_lb", "access_logs.bucket"),
    ("aws_lb", "connection_logs.bucket"),
    ("aws_elb", "access_logs.bucket"),
)


def receives_access_logs(bucket: Resource) -> bool:
    """Whether load balancers or S3 itself deliver access logs to the bucket."""
    tree = bucket.configuration
    named = any(tree.naming(bucket, path, kind) for kind, path in ACCESS_LOGS)
    return named or bool(tree.naming(bucket, "target_bucket", "aws_s3_bucket_logging"))
