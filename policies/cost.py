"""Would somebody notice in time that the bill grows?"""

from decimal import Decimal

from prodgate import Block, Configuration, Criterion, Resource, policy

from .observability import TOPIC, admits, has_subscriber

BUDGET = ("aws_budgets_budget",)
BUDGETS = "budgets.amazonaws.com"
#: Tag keys, in lower case, that name the system and which environment of a resource.
SYSTEM_TAGS = {"system", "project", "application", "app", "service", "product"}
ENVIRONMENT_TAGS = {"environment", "env", "stage"}


@policy(
    "PG_COST_1",
    criterion="budget",
    resources=BUDGET,
    remedy='Declare an aws_budgets_budget with budget_type = "COST", time_unit = "MONTHLY" and a limit.',
    required=True,
)
def cost_has_a_monthly_budget(budget: Resource, criterion: Criterion) -> None:
    """Budgets of cost are monthly and state a limit.

    A yearly budget can be used up by August without notice.
    """
    if budget.text("budget_type") != "COST":
        raise criterion.not_applicable("not a budget of cost")
    limited = any(budget.has(name) for name in ("limit_amount", "planned_limit", "auto_adjust_data"))
    criterion.hold(limited, expected="a limit", observed="none")
    unit = budget.text("time_unit")
    criterion.hold(unit == "MONTHLY", expected="MONTHLY", observed=unit)


@policy(
    "PG_COST_2",
    criterion="budget-notification",
    resources=BUDGET,
    remedy=(
        "Add notifications on ACTUAL below 100 % and on FORECASTED at 100 % or below, each with an address or a "
        "topic that has a subscriber."
    ),
    required=True,
)
def budgets_notify_in_time(budget: Resource, criterion: Criterion) -> None:
    """Cost budgets notify somebody before they are used up, on actual and on forecast cost.

    Actual cost is some hours old: a notice at 100 % comes after the money is spent.
    """
    if budget.text("budget_type") != "COST":
        raise criterion.not_applicable("not a budget of cost")
    heard = [one for one in budget.blocks("notification") if _reaches_somebody(one, budget)]
    kinds = {one.text("notification_type") for one in heard if _is_in_time(one, budget)}
    missing = sorted({"ACTUAL", "FORECASTED"} - kinds)
    criterion.exclude(missing, expected="notices in time", observed="none that somebody reads on {} cost")


@policy(
    "PG_COST_3",
    criterion="cost-anomaly-detection",
    resources=("aws_ce_anomaly_monitor",),
    remedy=(
        "Declare an aws_ce_anomaly_subscription that names the monitor, with an address or a topic that has a "
        "subscriber."
    ),
    required=True,
)
def anomalies_reach_somebody(monitor: Resource, criterion: Criterion) -> None:
    """Every cost anomaly monitor has a subscription that reaches somebody.

    A budget reveals growth at the end of the month; an anomaly monitor reveals it within a day, if it has a subscriber.
    One of some tags or accounts sees a part of the costs, which only its owner can say is enough.
    """
    if not any(map(_watches_everything, monitor.configuration.of("aws_ce_anomaly_monitor"))):
        raise criterion.undetermined("no monitor watches every service or account")
    subscriptions = monitor.configuration.naming(monitor, "monitor_arn_list", "aws_ce_anomaly_subscription")
    heard = [one for subscription in subscriptions for one in subscription.blocks("subscriber")
             if one.text("type") == "EMAIL" or _has_subscriber(subscription, one.text("address") or "")]  # fmt: skip
    criterion.hold(monitor.has("name") and bool(heard), expected="somebody to tell", observed="nobody")


def _watches_everything(monitor: Resource) -> bool:
    dimension = monitor.text("monitor_dimension") if monitor.text("monitor_type") == "DIMENSIONAL" else None
    return dimension in ("SERVICE", "LINKED_ACCOUNT")


@policy(
    "PG_COST_4",
    criterion="cost-allocation-tags",
    resources=(),
    remedy=(
        "Set default_tags in the provider block: the system's name and the environment; and activate them as cost "
        "allocation tags (aws_ce_cost_allocation_tag)."
    ),
)
def resources_say_whose_they_are(configuration: Configuration, criterion: Criterion) -> None:
    """Every taggable resource carries tags for its system and environment.

    Cost Explorer can only split a bill by existing tags; nobody owns an untagged resource.
    """
    tagged = [one for one in configuration.resources if one.mode == "managed" and "tags_all" in one.values]
    if not tagged:
        raise criterion.not_applicable("declares nothing that can be tagged")
    bare = [one.address for one in tagged if not _says_whose(one)]
    criterion.exclude(bare, expected="tags of system and environment", observed="none on {}")


@policy(
    "PG_COST_5",
    criterion="budget-notice-arrives",
    resources=BUDGET,
    population=0,
    remedy="Compare with GREATER_THAN, and let the topic's policy allow budgets.amazonaws.com to sns:Publish.",
)
def notices_of_budgets_can_arrive(budget: Resource, criterion: Criterion) -> None:
    """A notice of a budget can be sent, and can arrive.

    Cost never equals a threshold exactly at the moment of the check. A topic accepts notices only if its policy lets
    Budgets publish; without a policy of its own it accepts only alarms.
    """
    notices = budget.blocks("notification")
    if not notices:
        raise criterion.not_applicable("notifies nobody")
    equal = [one for one in notices if one.text("comparison_operator") == "EQUAL_TO"]
    criterion.hold(not equal, expected="GREATER_THAN", observed="EQUAL_TO")
    named = {arn for one in notices for arn in one.texts("subscriber_sns_topic_arns")}
    topics = budget.configuration.identified(named, TOPIC)
    closed = [topic.address for topic in topics if not admits(topic, BUDGETS)]
    criterion.hold(not closed, expected="topics that Budgets may publish to", observed=f"closed: {', '.join(closed)}")


def _reaches_somebody(notification: Block, budget: Resource) -> bool:
    topics = notification.texts("subscriber_sns_topic_arns")
    mailed = bool(notification.texts("subscriber_email_addresses"))
    return mailed or any(_has_subscriber(budget, arn) for arn in topics)


def _has_subscriber(holder: Resource, arn: str) -> bool:
    return any(has_subscriber(topic) for topic in holder.configuration.of(TOPIC) if arn in topic.identities)


def _is_in_time(notification: Block, budget: Resource) -> bool:
    """Whether a notice comes before the budget is used up; a forecast may cover all of it."""
    if "GREATER" not in (notification.text("comparison_operator") or ""):
        return False
    threshold = notification.number("threshold")
    if notification.text("threshold_type") == "ABSOLUTE_VALUE":
        threshold = 100 * threshold / budget.number("limit_amount")
    full = Decimal(100)
    return threshold < full or (threshold == full and notification.text("notification_type") == "FORECASTED")


def _says_whose(resource: Resource) -> bool:
    keys = {key.lower().rpartition(":")[2] for key in resource.mapping("tags_all")}
    return bool(keys & SYSTEM_TAGS) and bool(keys & ENVIRONMENT_TAGS)
