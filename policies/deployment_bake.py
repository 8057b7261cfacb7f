"""Whether an alarm can still take a deployment back when it fires."""

from __future__ import annotations

from prodgate import Configuration, Criterion, Quantity, Resource, policy
from prodgate.semantics.cloudwatch import alarms_in_rule

from .alarms import ALARM, COMPOSITE
from .deployment import bake_time, rollback_alarms, shifts_traffic


@policy(
    "PG_DEP_10",
    criterion="deployment-bake-outlasts-alarms",
    resources=("aws_ecs_service",),
    population=0,
)
def alarms_fire_while_the_old_tasks_are_there(service: Resource, criterion: Criterion) -> None:
    """Every alarm that takes a deployment back can fire before the old tasks are gone.

    An alarm needs all of its evaluation periods, and a metric comes a minute or two late. One that needs longer than
    the old tasks stay is a rollback in name only.
    """
    if not shifts_traffic(service):
        raise criterion.not_applicable("no traffic moves from old tasks to new ones")
    stays, spans = bake_time(service), service.configuration.once(_spans)
    needs = [span for name in rollback_alarms(service) for span in spans.get(name, ())]
    if stays is None or not needs:
        raise criterion.not_applicable("no alarm takes it back, or the old tasks stay until somebody ends them")
    criterion.require(Quantity.seconds(stays.base - max(needs)))


def _spans(configuration: Configuration) -> dict[str, list[int]]:
    """Return the seconds of data that each alarm needs, by its name; a composite alarm needs what its parts need."""
    found = {alarm.text("alarm_name") or "": [_span(alarm)] for alarm in configuration.of(ALARM)}
    waiting = {
        one.text("alarm_name") or "": alarms_in_rule(one.text("alarm_rule") or "")
        for one in configuration.of(COMPOSITE)
    }
    for _ in range(len(waiting)):  # a composite alarm may be part of another one
        found |= {name: [span for part in parts for span in found.get(part, ())] for name, parts in waiting.items()}
    return found


def _span(alarm: Resource) -> int:
    metrics = [metric for query in alarm.blocks("metric_query") for metric in query.blocks("metric")]
    periods = [int(one.number("period", 0)) for one in metrics] or [int(alarm.number("period", 0))]
    return max(periods) * int(alarm.number("evaluation_periods", 1))
