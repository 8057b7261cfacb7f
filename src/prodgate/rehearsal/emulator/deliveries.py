"""Whether a bucket takes what a service of AWS delivers into it."""

from __future__ import annotations

import json

from .extension import Ledger, Refused


def why_refused(ledger: Ledger, bucket: str, service: str) -> str:
    """Return S3's error code, or an empty string: the bucket must exist, and its policy must name the service."""
    try:
        policy = json.loads(ledger.ask("s3", "GetBucketPolicy", Bucket=bucket)["Policy"])
    except Refused as refused:
        return refused.code if refused.code == "NoSuchBucket" else "AccessDenied"
    allowed = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    return "" if any(service in json.dumps(one["Principal"]) for one in allowed) else "AccessDenied"
