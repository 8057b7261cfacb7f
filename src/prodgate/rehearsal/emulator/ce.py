"""Cost Explorer: anomaly detection, and the tags by which a bill is split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from .extension import Ledger, answers

Params = Mapping[str, Any]
Value = Mapping[str, Any]


@answers("ce", "CreateAnomalyMonitor")
def create_monitor(ledger: Ledger, params: Params) -> Value:
    """Create a monitor."""
    arn = f"arn:aws:ce::{ledger.account}:anomalymonitor/{uuid4()}"
    ledger.of("monitor")[arn] = {"MonitorArn": arn, **params["AnomalyMonitor"]}
    return {"MonitorArn": arn}


@answers("ce", "GetAnomalyMonitors")
def get_monitors(ledger: Ledger, params: Params) -> Value:
    """Return the monitors, or those that are named."""
    return {"AnomalyMonitors": _select(ledger, "monitor", params.get("MonitorArnList"))}


@answers("ce", "CreateAnomalySubscription")
def create_subscription(ledger: Ledger, params: Params) -> Value:
    """Say who hears of anomalies; addresses need no confirmation, as AWS asks none."""
    about = params["AnomalySubscription"]
    for monitor in about["MonitorArnList"]:
        ledger.find("monitor", monitor, "UnknownMonitorException", f"no monitor {monitor}")
    arn = f"arn:aws:ce::{ledger.account}:anomalysubscription/{uuid4()}"
    heard = [{"Status": "CONFIRMED", **one} for one in about["Subscribers"]]
    ledger.of("subscription")[arn] = {
        "SubscriptionArn": arn, "AccountId": ledger.account, **about, "Subscribers": heard
    }  # fmt: skip
    return {"SubscriptionArn": arn}


@answers("ce", "GetAnomalySubscriptions")
def get_subscriptions(ledger: Ledger, params: Params) -> Value:
    """Return the subscriptions, or those that are named."""
    return {"AnomalySubscriptions": _select(ledger, "subscription", params.get("SubscriptionArnList"))}


@answers("ce", "DeleteAnomalySubscription")
def delete_subscription(ledger: Ledger, params: Params) -> Value:
    """Remove a subscription."""
    arn = params["SubscriptionArn"]
    ledger.find("subscription", arn, "UnknownSubscriptionException", f"no subscription {arn}")
    del ledger.of("subscription")[arn]
    return {}


@answers("ce", "UpdateCostAllocationTagsStatus")
def update_allocation_tags(ledger: Ledger, params: Params) -> Value:
    """Switch tags on or off."""
    for one in params["CostAllocationTagsStatus"]:
        ledger.of("tag")[one["TagKey"]] = {**one, "Type": "UserDefined"}
    return {"Errors": []}


@answers("ce", "ListCostAllocationTags")
def list_allocation_tags(ledger: Ledger, params: Params) -> Value:
    """List the tags that were ever switched on or off."""
    wanted = params.get("Status")
    return {"CostAllocationTags": [one for one in ledger.of("tag").values() if wanted in (None, one["Status"])]}


def _select(ledger: Ledger, kind: str, arns: list[str] | None) -> list[Any]:
    return [about for arn, about in ledger.of(kind).items() if not arns or arn in arns]
