"""Application Auto Scaling: its activities, which moto lacks because nothing in it scales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .extension import Ledger, answers

ACTIVITIES: Final = "activity"


@answers("application-autoscaling", "DescribeScalingActivities")
def describe_scaling_activities(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was scaled, newest first."""
    found = [
        one
        for one in ledger.of(ACTIVITIES).values()
        if one["ServiceNamespace"] == params["ServiceNamespace"]
        and params.get("ResourceId") in (None, "", one["ResourceId"])
    ]
    return {"ScalingActivities": sorted(found, key=lambda one: one["StartTime"], reverse=True)}
