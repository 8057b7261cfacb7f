"""What CloudWatch alarms read, when they fire and whom they tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from prodgate import Block, Resource, allow_unknown
from prodgate.semantics import cloudwatch
from prodgate.semantics.cloudwatch import evaluate_nested, find_deciding_queries, parse_percentile

from .alarm_index import ALARM, find_alarms_on, find_alarms_reading, list_names

__all__ = ["ALARM", "COMPOSITE", "Reading", "alarms_on", "fires_above", "fires_below", "point_at_nearest", "readings"]

COMPOSITE = "aws_cloudwatch_composite_alarm"
#: Dimension -> the attribute of a resource that it holds, where that is not the name.
NAMED_BY = {
    "LoadBalancer": "arn_suffix",
    "TargetGroup": "arn_suffix",
    "DBClusterIdentifier": "cluster_identifier",
    "DBInstanceIdentifier": "identifier",
    "DistributionId": "id",
    "FunctionName": "function_name",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric that an alarm reads, by itself or inside an expression."""

    alarm: Resource
    source: Block
    """Where the metric is written: the alarm itself, or a metric of one of its queries."""
    id: str
    """Id of the query; empty for an alarm on a single metric."""
    namespace: str
    metric: str
    statistic: str
    """``Average``, ``Sum``, … or a percentile such as ``p95``."""

    @property
    def percentile(self) -> Decimal | None:
        """95 for ``p95``; None for any other statistic."""
        return parse_percentile(self.statistic)

    def dimensions(self) -> dict[str, str]:
        """Return the dimensions. Raises Unresolved when one is decided later."""
        return dict(self.source.mapping("dimensions"))

    def names(self, **wanted: Resource | str) -> bool:
        """Whether the metric is read with these dimensions and no others, each naming that resource or value.

        CloudWatch finds a metric by all of its dimensions: with one too many or too few there is no data, ever.
        """
        stated = self._known_dimensions()
        if stated is None:
            return self._refers_to(wanted)
        return stated.keys() == wanted.keys() and all(
            _names_value(stated[key], key, value) for key, value in wanted.items()
        )

    def mentions(self, dimension: str, resource: Resource) -> bool:
        """Whether one dimension names that resource, whatever the others are."""
        stated = self._known_dimensions()
        if stated is None:
            return self._refers_to({dimension: resource})
        return _names_value(stated.get(dimension, ""), dimension, resource)

    def mentions_any(self, dimension: str, *types: str) -> bool:
        """Whether one dimension names a declared resource of these types, whatever the others are."""
        stated, tree = self._known_dimensions(), self.alarm.configuration
        if stated is None:
            return bool(self.alarm.related(self._argument, *types))
        name, attribute = stated.get(dimension, ""), NAMED_BY.get(dimension, "name")
        # what none is known to be called may be the name of one that is only known later
        return any(name in tree.once(list_names(attribute, types, doubted=each)) for each in (False, True))

    def _known_dimensions(self) -> dict[str, str] | None:
        with allow_unknown(because="the configuration says which resource the dimension names"):
            return self.dimensions()
        return None

    def _refers_to(self, wanted: dict[str, Resource | str]) -> bool:
        """Fall back on what the configuration says the dimensions refer to; AWS gives some names only on creation."""
        resources = [value for value in wanted.values() if isinstance(value, Resource)]
        return all(resource in self.alarm.related(self._argument, resource.type) for resource in resources)

    @property
    def _argument(self) -> str:
        """The argument of the alarm that the dimensions are written in."""
        return self.source.path.split(".")[0] or "dimensions"


def _names_value(stated: str, dimension: str, wanted: Resource | str) -> bool:
    return stated == (wanted.values.get(NAMED_BY.get(dimension, "name")) if isinstance(wanted, Resource) else wanted)


def readings(alarm: Resource) -> tuple[Reading, ...]:
    """Return the metrics that decide the state of an alarm; none for an alarm on a query language."""
    if alarm.has("metric_name"):
        statistic = alarm.text("extended_statistic") or alarm.text("statistic") or ""
        names = (alarm.text("namespace") or "", alarm.text("metric_name") or "")
        return (Reading(alarm, alarm, "", *names, statistic),)
    found = []
    for query in _deciding_queries(alarm):
        for metric in query.blocks("metric"):
            names = (metric.text("namespace") or "", metric.text("metric_name") or "")
            found.append(Reading(alarm, metric, query.text("id") or "", *names, metric.text("stat") or ""))
    return tuple(found)


def expression(alarm: Resource) -> str:
    """Return the metric math whose result the alarm compares; nothing for an alarm on a single metric."""
    queries = alarm.blocks("metric_query")
    returned = [query for query in queries if query.flag("return_data")] or list(queries[:1])
    return (returned[0].text("expression") or returned[0].text("id") or "") if returned else ""


def value(alarm: Resource, numbers: Mapping[str, Decimal]) -> Decimal:
    """Compute what the alarm compares with its threshold, given a number for each metric by its name."""
    read = {reading.id: numbers[reading.metric] for reading in readings(alarm)}
    inner = {q.text("id") or "": q.text("expression") or "" for q in alarm.blocks("metric_query")}
    return evaluate_nested(expression(alarm), {id_: text for id_, text in inner.items() if text}, read)


def alarms_on(subject: Resource, namespace: str, *metrics: str) -> Iterator[Reading]:
    """Yield every reading of one of these metrics by an alarm that may be on the subject.

    May be: a dimension of it has a value by which the subject is known, or is known later.
    """
    for alarm in find_alarms_on(subject):
        yield from (one for one in readings(alarm) if one.namespace == namespace and one.metric in metrics)


def point_at_nearest(subject: Resource, dimension: str, namespace: str, *metrics: str) -> None:
    """Make the alarm that comes nearest to a wanted one the place of the finding that follows, else the subject.

    Nearest is an alarm on the subject with the same metric, or with nearly the same name: the one somebody meant.
    """
    read = [one for alarm in find_alarms_on(subject) for one in readings(alarm) if one.namespace == namespace]
    own = [one for one in read if one.mentions(dimension, subject)]
    others = () if own else find_alarms_reading(subject.configuration, namespace, metrics)
    same = [one for one in own or map_readings(others) if one.namespace == namespace and one.metric in metrics]
    close = [one for one in own for name in metrics if get_close_matches(one.metric, [name], cutoff=0.9)]
    subject.has(NAMED_BY.get(dimension, "name"))
    for one in [*same, *close][:1]:
        one.source.has("metric_name")


def map_readings(alarms: Iterable[Resource]) -> list[Reading]:
    """Return what some alarms read, in their order."""
    return [one for alarm in alarms for one in readings(alarm)]


def fires_above(alarm: Resource) -> bool:
    """Whether the alarm fires when its value is high."""
    return cloudwatch.fires_above(alarm.text("comparison_operator") or "")


def fires_below(alarm: Resource) -> bool:
    """Whether the alarm fires when its value is low."""
    return cloudwatch.fires_below(alarm.text("comparison_operator") or "")


def _deciding_queries(alarm: Resource) -> Iterator[Block]:
    """Yield the queries that the returned expression uses, directly or through another expression."""
    queries = {query.text("id") or "": query for query in alarm.blocks("metric_query")}
    inner = {id_: query.text("expression") or "" for id_, query in queries.items()}
    used = find_deciding_queries(expression(alarm), inner, queries) if queries else ()
    yield from (query for id_, query in queries.items() if id_ in used)
