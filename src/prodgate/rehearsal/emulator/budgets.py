"""AWS Budgets: who hears of a budget, and what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import Ledger, Refused, answers, corrects

Params = Mapping[str, Any]
Value = Mapping[str, Any]


@corrects("budgets", "DescribeBudgets", upstream="since getmoto/moto#4619")
def describe_budgets(ledger: Ledger, _params: Params) -> Value:
    """List the budgets with what the month has cost; to moto nothing ever costs anything."""
    spent = ledger.of("spent")
    return {"Budgets": [{**one, **spent.get(one["BudgetName"], {})} for one in ledger.moto()["Budgets"]]}


@answers("budgets", "DescribeSubscribersForNotification")
def describe_subscribers(ledger: Ledger, params: Params) -> Value:
    """List the subscribers of a notification, which moto keeps and has no operation for."""
    return {"Subscribers": list(_find_subscribers(ledger, params))}


@answers("budgets", "DeleteSubscriber")
def delete_subscriber(ledger: Ledger, params: Params) -> Value:
    """Remove a subscriber from a notification."""
    _find_subscribers(ledger, params).remove(params["Subscriber"])
    return {}


def _find_subscribers(ledger: Ledger, params: Params) -> list[Any]:
    budget, wanted = ledger.backend.budgets[params["AccountId"]].get(params["BudgetName"]), _key(params["Notification"])
    for notification in budget.notifications if budget else ():
        if _key(notification.details) == wanted:
            subscribers: list[Any] = notification.subscribers
            return subscribers
    raise Refused("NotFoundException", f"no such notification of {params['BudgetName']}")


def _key(details: Mapping[str, Any]) -> tuple[Any, ...]:
    stated = (details[name] for name in ("NotificationType", "ComparisonOperator"))
    return *stated, details.get("ThresholdType", "PERCENTAGE"), float(details["Threshold"])
