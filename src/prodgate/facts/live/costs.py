"""Budgets and anomaly detection, stated as Terraform would, and what the month has cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import all_apart, apart, observes, reads
from .billed import CostResource, list_tagged
from .distributions import GLOBAL

reads("budgets", "DescribeBudgets", "DescribeNotificationsForBudget", "DescribeSubscribersForNotification")
reads("ce", "GetAnomalyMonitors", "GetAnomalySubscriptions")
reads("sns", "ListSubscriptionsByTopic", "ListTopics")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Budget(Fact):
    """A monthly budget of cost, and how much of it is used."""

    used: Quantity
    """Share of the limit that the month has cost so far."""
    forecast: Quantity | None
    """Share of the limit that the whole month is expected to cost; None while AWS gives no forecast."""


@observes(CostResource)
def observe_cost_watch(account: Account) -> Iterator[CostResource]:
    """Look at budgets, anomaly detection, who is notified, and the tags by which the bill is split."""
    yield from map(
        apart(CostResource, partial(_budget, account), "BudgetName", type="aws_budgets_budget"), _list_budgets(account)
    )
    yield from _list_anomaly_detection(account)
    yield from _list_topics(account)
    yield from list_tagged(account)


def _list_budgets(account: Account) -> tuple[Any, ...]:
    return account.list("budgets", "DescribeBudgets", "Budgets", region=GLOBAL, AccountId=account.id)


def _budget(account: Account, budget: Mapping[str, Any]) -> CostResource:
    name = budget["BudgetName"]
    named = {"AccountId": account.id, "BudgetName": name}
    found = account.list("budgets", "DescribeNotificationsForBudget", "Notifications", region=GLOBAL, **named)
    stated = {
        "name": name, "budget_type": budget["BudgetType"], "time_unit": budget["TimeUnit"],
        "limit_amount": budget.get("BudgetLimit", {}).get("Amount"), "planned_limit": [],
        "auto_adjust_data": [budget["AutoAdjustData"]] if "AutoAdjustData" in budget else [],
        "notification": [_notification(account, named, one) for one in found],
    }  # fmt: skip
    return CostResource(subject=_name_budget(account, budget), type="aws_budgets_budget", values=stated)


def _name_budget(account: Account, budget: Mapping[str, Any]) -> str:
    """Return its ARN, which no answer states: it is of the account, from whichever region it is looked at.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html
    """
    return f"arn:aws:budgets::{account.id}:budget/{budget['BudgetName']}"


def _notification(account: Account, budget: Mapping[str, str], notification: Mapping[str, Any]) -> dict[str, Any]:
    asked = {**budget, "Notification": notification}
    heard = account.list("budgets", "DescribeSubscribersForNotification", "Subscribers", region=GLOBAL, **asked)
    return {
        "notification_type": notification["NotificationType"],
        "comparison_operator": notification["ComparisonOperator"],
        "threshold": notification["Threshold"],
        "threshold_type": notification.get("ThresholdType", "PERCENTAGE"),
        "subscriber_email_addresses": [one["Address"] for one in heard if one["SubscriptionType"] == "EMAIL"],
        "subscriber_sns_topic_arns": [one["Address"] for one in heard if one["SubscriptionType"] == "SNS"],
    }


def _list_anomaly_detection(account: Account) -> Iterator[CostResource]:
    look = apart(CostResource, _monitor, "MonitorArn", "MonitorName", type=_MONITOR)
    yield from map(look, account.list("ce", "GetAnomalyMonitors", "AnomalyMonitors", region=GLOBAL))
    look = apart(CostResource, _subscription, "SubscriptionArn", "SubscriptionName", type=_SUBSCRIPTION)
    yield from map(look, account.list("ce", "GetAnomalySubscriptions", "AnomalySubscriptions", region=GLOBAL))


_MONITOR, _SUBSCRIPTION = "aws_ce_anomaly_monitor", "aws_ce_anomaly_subscription"


def _monitor(monitor: Mapping[str, Any]) -> CostResource:
    stated = {"arn": monitor["MonitorArn"], "name": monitor["MonitorName"]}
    return CostResource(subject=monitor["MonitorArn"], type=_MONITOR, values=stated)


def _subscription(subscription: Mapping[str, Any]) -> CostResource:
    heard = [
        {"type": one["Type"], "address": one["Address"]}
        for one in subscription["Subscribers"]
        if one.get("Status", "CONFIRMED") == "CONFIRMED"
    ]
    stated = {"monitor_arn_list": subscription["MonitorArnList"], "subscriber": heard}
    return CostResource(subject=subscription["SubscriptionArn"], type=_SUBSCRIPTION, values=stated)


def _list_topics(account: Account) -> Iterator[CostResource]:
    """Yield the topics, and who has confirmed a subscription to them."""
    look = all_apart(CostResource, partial(_topic, account), "TopicArn", types=_TOPIC)
    for found in map(look, account.list("sns", "ListTopics", "Topics")):
        yield from found


_TOPIC = ("aws_sns_topic", "aws_sns_topic_subscription")


def _topic(account: Account, topic: Mapping[str, Any]) -> Iterator[CostResource]:
    arn = topic["TopicArn"]
    yield CostResource(subject=arn, type="aws_sns_topic", values={"arn": arn})
    # not ListSubscriptions, which shows the caller's own only
    for one in account.list("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=arn):
        if one["SubscriptionArn"].startswith("arn:"):
            stated = {"topic_arn": one["TopicArn"], "protocol": one["Protocol"], "endpoint": one["Endpoint"]}
            yield CostResource(subject=one["SubscriptionArn"], type="aws_sns_topic_subscription", values=stated)


@observes(Budget)
def observe_budgets(account: Account) -> Iterator[Budget]:
    """Look at how much of each monthly cost budget is used, and forecast to be."""
    for found in map(all_apart(Budget, partial(_used, account), "BudgetName"), _list_budgets(account)):
        yield from found


def _used(account: Account, budget: Mapping[str, Any]) -> Iterator[Budget]:
    if budget["BudgetType"] != "COST" or budget["TimeUnit"] != "MONTHLY":
        return
    # the limit of this month, where each month has its own
    # https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
    if limit := Decimal(budget["BudgetLimit"]["Amount"]):
        spent = budget["CalculatedSpend"]
        forecast = spent.get("ForecastedSpend")
        yield Budget(
            subject=_name_budget(account, budget),
            used=_share(spent["ActualSpend"], limit),
            forecast=_share(forecast, limit) if forecast else None,
        )


def _share(spent: Mapping[str, str], limit: Decimal) -> Quantity:
    return Quantity.of(100 * Decimal(spent["Amount"]) / limit, "%")
