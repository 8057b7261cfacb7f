"""Which alarms may be on a resource, looked up once for all resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from prodgate import Configuration, Resource, Unknown

ALARM = "aws_cloudwatch_metric_alarm"


class AlarmIndex(NamedTuple):
    """Places of alarms among all of them: by the value of a dimension, of unclear dimensions, by what they read."""

    by_value: dict[str, list[int]]
    unclear: list[int]
    by_metric: dict[tuple[str, str], int]


def find_alarms_on(subject: Resource) -> tuple[Resource, ...]:
    """Return the alarms with a dimension that names the subject, or that is known later, in their order."""
    index = subject.configuration.once(_index_alarms)
    places = {place for name in subject.identities for place in index.by_value.get(name, ())}
    alarms = subject.configuration.of(ALARM)
    return tuple(alarms[place] for place in sorted(places.union(index.unclear)))


def find_alarms_reading(configuration: Configuration, namespace: str, metrics: Iterable[str]) -> tuple[Resource, ...]:
    """Return the first alarm on each of the metrics, whatever it is on, in their order."""
    index = configuration.once(_index_alarms)
    places = {index.by_metric[namespace, name] for name in metrics if (namespace, name) in index.by_metric}
    return tuple(configuration.of(ALARM)[place] for place in sorted(places))


@cache
def list_names(attribute: str, types: tuple[str, ...], *, doubted: bool) -> Callable[[Configuration], frozenset[str]]:
    """Return what lists, of a configuration, the values of an attribute of these types, for ``Configuration.once``.

    Where it is ``doubted``, one that is known later is a doubt of whoever asks.
    """
    return partial(_list_names, attribute=attribute, types=types, doubted=doubted)


def _list_names(configuration: Configuration, attribute: str, types: tuple[str, ...], doubted: bool) -> frozenset[str]:
    declared = configuration.of(*types)
    values = [(one.values if doubted else one.search()).get(attribute) for one in declared]
    return frozenset(value for value in values if isinstance(value, str))


def _index_alarms(configuration: Configuration) -> AlarmIndex:
    index = AlarmIndex({}, [], {})
    for place, alarm in enumerate(configuration.of(ALARM)):
        for source in _sources(alarm.search()):
            names = source.get("namespace"), source.get("metric_name")
            if all(type(name) is str for name in names):
                index.by_metric.setdefault((str(names[0]), str(names[1])), place)
            _add_dimensions(index, place, source.get("dimensions"))
    return index


def _add_dimensions(index: AlarmIndex, place: int, dimensions: Any) -> None:
    values = [*dimensions.values()] if isinstance(dimensions, Mapping) else [dimensions]
    for value in values:
        if isinstance(value, Unknown):
            index.unclear.append(place)
        elif isinstance(value, str):
            index.by_value.setdefault(value, []).append(place)


def _sources(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the alarm and the metrics of its queries; where those are known later, one of unknown dimensions."""
    yield values
    queries = values.get("metric_query")
    for query in queries if isinstance(queries, list | tuple) else [queries]:
        metrics = query.get("metric") if isinstance(query, Mapping) else query
        for metric in metrics if isinstance(metrics, list | tuple) else [metrics]:
            if isinstance(metric, Mapping):
                yield metric
            elif isinstance(metric, Unknown):
                yield {"dimensions": metric}
