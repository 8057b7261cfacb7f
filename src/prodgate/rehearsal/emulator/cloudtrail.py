"""CloudTrail: whether what a trail logs arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .deliveries import why_refused
from .extension import UNREPORTED, Ledger, corrects


@corrects("cloudtrail", "GetTrailStatus", upstream=UNREPORTED)
def get_trail_status(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the status with S3's last error: a trail goes on logging while its bucket refuses what it logs.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
    """
    status = dict(ledger.moto())
    trails = ledger.ask("cloudtrail", "DescribeTrails")["trailList"]
    (bucket,) = {one["S3BucketName"] for one in trails if params["Name"] in (one["TrailARN"], one["Name"])}
    error = why_refused(ledger, bucket, "cloudtrail.amazonaws.com")
    return status | ({"LatestDeliveryError": error, "LatestDigestDeliveryError": error} if error else {})
