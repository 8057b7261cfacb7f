"""CloudTrail: whether what a trail logs arrives, and the trails of an organization."""

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


@corrects("cloudtrail", "DescribeTrails", upstream=UNREPORTED)
def describe_trails(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return trails; as shadows also those that another account made for the organization, of which all here are.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
    """
    answer = ledger.moto()
    if params.get("includeShadowTrails", True):
        everywhere = (one for other in ledger.strangers() for one in other.backend.describe_trails(True))
        shadows = (one.description(include_region=True) for one in everywhere if one.is_org_trail)
        answer["trailList"] += [{key: value for key, value in one.items() if value is not None} for one in shadows]
    return answer
