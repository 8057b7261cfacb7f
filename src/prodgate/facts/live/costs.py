"""Budgets and anomaly detection, stated as Terraform would, and the cost of the month."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread
from ...quantities import Quantity
from .. import Fact
from ..observers import all_apart, apart, observes, observes_each
from .databases import observe_databases
from .distributions import GLOBAL
from .load_balancers import list_balancers
from .queues import list_queues

# ── Resources on the bill, and the tags by which it is split


#: Resources that AWS creates and tags itself, such as the secret with the password of a database.
_OF_AWS: Final = re.compile(r":secret:[a-z]+!")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CostResource(Fact):
    """A watcher of the bill or a resource on it, as Terraform would state it."""

    type: str
    values: Mapping[str, Any]


def list_tagged(account: Account) -> Iterator[CostResource]:
    """Yield the resources that have or could have tags, with those of their tags that can split a bill.

    GetResources returns resources that are or were tagged, and none that never was; and a tag splits no bill before the
    payer of the account has activated it.
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """
    listed = account.list("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList")
    tagged = {row["ResourceARN"]: row for row in listed if "ResourceARN" in row}
    look = apart(CostResource, partial(_tagged, account.attempt(_list_active, account)), type=_TAGGED)
    named = {*tagged, *filter(None, _list_taggable(account))}
    yield from map(look, [(arn, tagged.get(arn)) for arn in sorted(named) if not _OF_AWS.search(arn)])
    for _ in range(len(listed) - len(tagged)):
        yield CostResource.unread(
            "a tagged resource without ResourceARN",
            "resourcegroupstaggingapi GetResources does not state its ResourceARN",
            type=_TAGGED,
        )


_TAGGED: Final = "tagged"


def _tagged(active: frozenset[str] | Unread, row: tuple[str, Mapping[str, Any] | None]) -> CostResource:
    arn, listed = row
    own = {} if listed is None else {tag["Key"]: tag.get("Value", "") for tag in listed["Tags"]}
    split = active if isinstance(active, Unread) else {key: own[key] for key in own if key in active}
    return CostResource(subject=arn, type=_TAGGED, values={"tags_all": split})


def _list_active(account: Account) -> frozenset[str]:
    """Return the activated keys. Raises Unreadable, as in an account that another one pays for."""
    found = account.list("ce", "ListCostAllocationTags", "CostAllocationTags", region=GLOBAL, Status="Active")
    return frozenset(one["TagKey"] for one in found)


def _list_taggable(account: Account) -> Iterator[str]:
    """Yield the most expensive of the resources that other observers list in this region, whether ever tagged or not.

    A resource without an ARN in AWS's response is yielded by its name: it has no known tags.

    Repositories are left out: AWS makes one for each image that a pull-through cache fetches, without tags.
    """
    yield from (one.subject for one in account.once(observe_databases))
    yield from (one.get("LoadBalancerArn") or one.get("LoadBalancerName", "") for one in list_balancers(account))
    yield from (one["QueueArn"] for one in list_queues(account) if "QueueArn" in one)
    yield from (one.get("TopicArn", "") for one in account.list("sns", "ListTopics", "Topics"))
    secrets = account.list("secretsmanager", "ListSecrets", "SecretList")
    yield from (one.get("ARN") or one.get("Name", "") for one in secrets)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Budget(Fact):
    """A monthly cost budget, and how much of it is used."""

    used: Quantity
    """Share of the limit used this month so far."""
    forecast: Quantity | None
    """Share of the limit forecast for the whole month; None while AWS gives no forecast."""


@observes(CostResource)
def observe_cost_watch(account: Account) -> Iterator[CostResource]:
    """Observe budgets, anomaly detection, their subscribers, and the tags by which the bill is split."""
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
    """Return its ARN, which no response states: it belongs to the account, from any region.

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
    yield from map(
        apart(CostResource, _monitor, "MonitorArn", "MonitorName", type=_MONITOR),
        account.list("ce", "GetAnomalyMonitors", "AnomalyMonitors", region=GLOBAL),
    )
    yield from map(
        apart(CostResource, _subscription, "SubscriptionArn", "SubscriptionName", type=_SUBSCRIPTION),
        account.list("ce", "GetAnomalySubscriptions", "AnomalySubscriptions", region=GLOBAL),
    )


_MONITOR, _SUBSCRIPTION = "aws_ce_anomaly_monitor", "aws_ce_anomaly_subscription"


def _monitor(monitor: Mapping[str, Any]) -> CostResource:
    stated = {"arn": monitor["MonitorArn"], "name": monitor["MonitorName"], "monitor_type": monitor["MonitorType"]}
    values = {**stated, "monitor_dimension": monitor.get("MonitorDimension")}
    return CostResource(subject=monitor["MonitorArn"], type=_MONITOR, values=values)


def _subscription(subscription: Mapping[str, Any]) -> CostResource:
    heard = [
        {"type": one["Type"], "address": one["Address"]}
        for one in subscription["Subscribers"]
        if one.get("Status", "CONFIRMED") == "CONFIRMED"
    ]
    stated = {"monitor_arn_list": subscription["MonitorArnList"], "subscriber": heard}
    return CostResource(subject=subscription["SubscriptionArn"], type=_SUBSCRIPTION, values=stated)


def _list_topics(account: Account) -> Iterator[CostResource]:
    look = all_apart(CostResource, partial(_topic, account), "TopicArn", types=_TOPIC)
    for found in map(look, account.list("sns", "ListTopics", "Topics")):
        yield from found


_TOPIC = ("aws_sns_topic", "aws_sns_topic_subscription")


def _topic(account: Account, topic: Mapping[str, Any]) -> Iterator[CostResource]:
    arn = topic["TopicArn"]
    yield CostResource(subject=arn, type="aws_sns_topic", values={"arn": arn})
    # not ListSubscriptions, which shows only the caller's own
    for one in account.list("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=arn):
        if one["SubscriptionArn"].startswith("arn:"):
            stated = {"topic_arn": one["TopicArn"], "protocol": one["Protocol"], "endpoint": one["Endpoint"]}
            yield CostResource(subject=one["SubscriptionArn"], type="aws_sns_topic_subscription", values=stated)


@observes_each(Budget, _list_budgets, "BudgetName")
def observe_budgets(account: Account, budget: Mapping[str, Any]) -> Iterator[Budget]:
    """Observe the used and forecast share of each monthly cost budget."""
    if budget["BudgetType"] != "COST" or budget["TimeUnit"] != "MONTHLY":
        return
    # the limit of this month, if each month has its own
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
