"""Budgets, cost anomaly detection and cost allocation tags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags

#: Where AWS keeps what belongs to an account and to no region.
HOME = "us-east-1"


@creates("aws_budgets_budget")
def budget(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a budget with its notifications."""
    name = declared["name"]
    limit = {"Amount": str(declared["limit_amount"]), "Unit": declared["limit_unit"]}
    aws("budgets", HOME).create_budget(
        AccountId=aws.account,
        Budget={
            "BudgetName": name, "BudgetType": declared["budget_type"], "TimeUnit": declared["time_unit"],
            "BudgetLimit": limit,
        },
        NotificationsWithSubscribers=[_notification(one) for one in declared["notification"] or ()],
    )  # fmt: skip
    arn = f"arn:aws:budgets::{aws.account}:budget/{name}"
    return {"id": f"{aws.account}:{name}", "arn": arn, "account_id": aws.account}


def _notification(declared: Mapping[str, Any]) -> dict[str, Any]:
    mailed = [("EMAIL", address) for address in declared["subscriber_email_addresses"] or ()]
    published = [("SNS", arn) for arn in declared["subscriber_sns_topic_arns"] or ()]
    return {
        "Notification": {
            "NotificationType": declared["notification_type"], "ComparisonOperator": declared["comparison_operator"],
            "Threshold": float(declared["threshold"]), "ThresholdType": declared["threshold_type"],
        },
        "Subscribers": [{"SubscriptionType": kind, "Address": address} for kind, address in mailed + published],
    }  # fmt: skip


@creates("aws_ce_anomaly_monitor")
def monitor(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let Cost Anomaly Detection watch the account."""
    wanted = omit_empty(MonitorDimension=declared["monitor_dimension"])
    if declared["monitor_specification"]:
        wanted["MonitorSpecification"] = json.loads(declared["monitor_specification"])
    about = {"MonitorName": declared["name"], "MonitorType": declared["monitor_type"], **wanted}
    arn = aws("ce", HOME).create_anomaly_monitor(AnomalyMonitor=about, ResourceTags=tags(declared))["MonitorArn"]
    return {"id": arn, "arn": arn}


@creates("aws_ce_anomaly_subscription")
def subscription(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say who is notified of anomalies."""
    heard = [{"Type": one["type"], "Address": one["address"]} for one in declared["subscriber"]]
    about = {
        "SubscriptionName": declared["name"], "Frequency": declared["frequency"], "Subscribers": heard,
        "MonitorArnList": list(declared["monitor_arn_list"]),
    }  # fmt: skip
    made = aws("ce", HOME).create_anomaly_subscription(AnomalySubscription=about, ResourceTags=tags(declared))
    return {"id": made["SubscriptionArn"], "arn": made["SubscriptionArn"], "account_id": aws.account}


@creates("aws_ce_cost_allocation_tag")
def allocation_tag(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Let the bill be split by a tag."""
    wanted = [{"TagKey": declared["tag_key"], "Status": declared["status"]}]
    aws("ce", HOME).update_cost_allocation_tags_status(CostAllocationTagsStatus=wanted)
    return {"id": declared["tag_key"], "type": "UserDefined"}
