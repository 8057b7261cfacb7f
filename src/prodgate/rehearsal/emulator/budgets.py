"""AWS Budgets: who is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import Ledger, Refused, answers

Params = Mapping[str, Any]
Value = Mapping[str, Any]


@answers("budgets", "CreateBudget")
def create_budget(ledger: Ledger, params: Params) -> Value:
    """Create a budget, and remember who is told, which moto forgets."""
    ledger.moto()
    for one in params.get("NotificationsWithSubscribers") or ():
        ledger.of("heard")[_key(params["Budget"]["BudgetName"], one["Notification"])] = list(one["Subscribers"])
    return {}


@answers("budgets", "CreateNotification")
def create_notification(ledger: Ledger, params: Params) -> Value:
    """Add a notification, and remember who is told."""
    ledger.moto()
    ledger.of("heard")[_key(params["BudgetName"], params["Notification"])] = list(params["Subscribers"])
    return {}


@answers("budgets", "DescribeBudgets")
def describe_budgets(ledger: Ledger, _params: Params) -> Value:
    """List the budgets with what the month has cost; to moto nothing ever costs anything."""
    spent = ledger.of("spent")
    return {"Budgets": [{**one, **spent.get(one["BudgetName"], {})} for one in ledger.moto()["Budgets"]]}


@answers("budgets", "DescribeSubscribersForNotification")
def describe_subscribers(ledger: Ledger, params: Params) -> Value:
    """List who is told."""
    return {"Subscribers": list(_find_subscribers(ledger, params))}


@answers("budgets", "DeleteSubscriber")
def delete_subscriber(ledger: Ledger, params: Params) -> Value:
    """Tell somebody no more."""
    _find_subscribers(ledger, params).remove(params["Subscriber"])
    return {}


def _find_subscribers(ledger: Ledger, params: Params) -> list[Any]:
    key = _key(params["BudgetName"], params["Notification"])
    if key not in ledger.of("heard"):
        raise Refused("NotFoundException", f"no such notification of {params['BudgetName']}")
    heard: list[Any] = ledger.of("heard")[key]
    return heard


def _key(budget: str, about: Mapping[str, Any]) -> str:
    threshold = float(about["Threshold"])
    parts = (budget, about["NotificationType"], about["ComparisonOperator"], about.get("ThresholdType", "PERCENTAGE"))
    return "/".join((*parts, f"{threshold:g}"))
