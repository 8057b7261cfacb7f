"""Alarms on what users feel, measured at the load balancer: response times and errors, against the objectives."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial

from prodgate import Configuration, Criterion, Quantity, Resource, policy
from prodgate.semantics.cloudwatch import BALANCER_ERRORS, TARGET_ERRORS, error_percent, is_error_share

from .alarms import ALARM, Reading, alarms_on, fires_above, point_at_nearest, readings, value

BALANCERS = ("aws_lb", "aws_alb")
LISTENERS = ("aws_lb_listener", "aws_alb_listener")
RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")
RESPONSE_TIME = ("AWS/ApplicationELB", "TargetResponseTime")


@policy(
    "PG_OBS_6",
    criterion="alarm-alb-response-time",
    resources=("aws_lb_target_group", "aws_alb_target_group"),
    population=0,
    remedy=(
        "Add an alarm on AWS/ApplicationELB TargetResponseTime with extended_statistic p95, for the load balancer "
        "or for this target group."
    ),
)
def target_groups_have_an_alarm_on_p95(group: Resource, criterion: Criterion) -> None:
    """The 95th percentile of response times has an alarm, for each target group or for its whole load balancer.

    After a blue/green deploy the other group takes the traffic: an alarm on one colour sleeps every second time. An
    average hides the slowest twentieth of the users.
    """
    if group.text("protocol", "HTTP") not in ("HTTP", "HTTPS"):
        raise criterion.not_applicable("not behind an application load balancer, which measures response times")
    slow = _tails(alarms_on(group, *RESPONSE_TIME))
    watched = [one for one in slow if one.mentions("TargetGroup", group)] or _whole_balancers(group)
    point_at_nearest(group, "TargetGroup", "AWS/ApplicationELB", "TargetResponseTime")
    criterion.hold(bool(watched), expected="an alarm on p95 of TargetResponseTime", observed="none")


@policy(
    "PG_OBS_7",
    criterion="alarm-threshold-follows-slo",
    resources=(ALARM,),
    population=0,
    remedy="Set threshold to the latency objective or less; TargetResponseTime is in seconds (200 ms is 0.2).",
)
def response_time_alarms_follow_the_objective(alarm: Resource, criterion: Criterion) -> None:
    """The alarm on the 95th percentile of response times fires at the latency objective or before.

    At a looser threshold the objective is missed all month and nobody is told. A threshold of 200 means 200 seconds.
    """
    read = [one for one in readings(alarm) if one.metric == "TargetResponseTime" and one.percentile == Decimal(95)]
    if not read or not fires_above(alarm):
        raise criterion.not_applicable("does not watch the 95th percentile of response times")
    if read[0].id:
        raise criterion.undetermined("compares an expression rather than the response time itself")
    criterion.require(Quantity.seconds(alarm.number("threshold")))


@policy(
    "PG_OBS_8",
    criterion="alarm-alb-5xx",
    resources=BALANCERS,
    population=0,
)
def balancers_have_an_alarm_on_error_rate(balancer: Resource, criterion: Criterion) -> None:
    """Each application load balancer has an alarm on the share of requests that it or its targets answer with 5xx.

    A count means nothing without the traffic. And when no target is left it is the load balancer that answers 503:
    an alarm on the targets' errors alone is silent exactly then.
    """
    if balancer.text("load_balancer_type", "application") != "application":
        raise criterion.not_applicable("not an application load balancer")
    read = _error_readings(balancer)
    shares = [one for one in read if one.id and _is_share(one.alarm)]
    missing = sorted({BALANCER_ERRORS, TARGET_ERRORS} - {one.metric for one in shares})
    point_at_nearest(balancer, "LoadBalancer", "AWS/ApplicationELB", *missing)
    for one in shares[:1]:
        one.alarm.has(
            "metric_query"
        )  # the share that leaves something out is nearer than any alarm on what it leaves out
    criterion.exclude([_say_missing(one, read) for one in missing], expected="an alarm on the share of 5xx")


@policy(
    "PG_OBS_9",
    criterion="alarm-error-threshold-follows-slo",
    resources=(ALARM,),
    population=0,
    remedy="Set threshold to the error objective or less, in the unit of the expression (0.1 when it is in percent).",
)
def error_rate_alarms_follow_the_objective(alarm: Resource, criterion: Criterion) -> None:
    """The alarm on the error rate fires at the error objective or before.

    The policy computes the expression to learn whether it is in percent or a share of one, so that 0.1 is never
    taken for a tenth of all requests.
    """
    errors = [one for one in readings(alarm) if one.metric in (BALANCER_ERRORS, TARGET_ERRORS) and one.id]
    if not errors or not fires_above(alarm) or not _is_share(alarm):
        raise criterion.not_applicable("does not watch an error rate")
    threshold = error_percent(alarm.number("threshold"), _metrics(alarm), partial(value, alarm))
    alarm.has("threshold")  # what is read last is where the finding points
    criterion.require(Quantity.of(threshold, "%"))


def _tails(found: Iterable[Reading]) -> list[Reading]:
    """Return the readings of a percentile that is at least the 95th."""
    return [one for one in found if (one.percentile or 0) >= Decimal(95) and fires_above(one.alarm)]


def _whole_balancers(group: Resource) -> list[Reading]:
    """Return the readings of whole load balancers, when the group's own is among them or there is only one."""
    balancers = group.configuration.of(*BALANCERS)
    forwarding = group.configuration.once(_map_listeners)
    listeners = dict.fromkeys(one for name in sorted(group.identities) for one in forwarding.get(name, ()))
    own = [balancer for listener in listeners for balancer in _balancers_of(listener)]
    candidates = own or (list(balancers) if len(balancers) == 1 else [])
    slow = [(one, balancer) for balancer in candidates for one in _tails(alarms_on(balancer, *RESPONSE_TIME))]
    return [one for one, balancer in slow if one.names(LoadBalancer=balancer)]


def _map_listeners(configuration: Configuration) -> dict[str | None, list[Resource]]:
    """Return the listeners and rules by the target groups that they forward to."""
    found: dict[str | None, list[Resource]] = {}
    for listener in configuration.of(*LISTENERS, *RULES):
        actions = listener.blocks("default_action" if listener.type in LISTENERS else "action")
        named = [action.text("target_group_arn") for action in actions]
        named += [one.text("arn") for a in actions for f in a.blocks("forward") for one in f.blocks("target_group")]
        for name in dict.fromkeys(named):
            found.setdefault(name, []).append(listener)
    return found


def _balancers_of(listener: Resource) -> tuple[Resource, ...]:
    if listener.type in LISTENERS:
        return listener.related("load_balancer_arn", *BALANCERS)
    return tuple(b for own in listener.related("listener_arn", *LISTENERS) for b in _balancers_of(own))


def _error_readings(balancer: Resource) -> list[Reading]:
    found = alarms_on(balancer, "AWS/ApplicationELB", BALANCER_ERRORS, TARGET_ERRORS)
    return [one for one in found if one.mentions("LoadBalancer", balancer) and fires_above(one.alarm)]


def _is_share(alarm: Resource) -> bool:
    return is_error_share(_metrics(alarm), partial(value, alarm))


def _metrics(alarm: Resource) -> set[str]:
    return {one.metric for one in readings(alarm)}


def _say_missing(metric: str, read: list[Reading]) -> str:
    """Say of a metric that no alarm takes as a share whether one takes it at all."""
    counted = any(one.metric == metric for one in read)
    return f"{metric} as a count alone" if counted else f"nothing on {metric}"
