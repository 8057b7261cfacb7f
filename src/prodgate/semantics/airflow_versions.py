"""The metrics (on MWAA) and settings of each version of Airflow.

``airflow_metrics.json``: CloudWatch name -> [name in Airflow, fixed dimensions with * for any value, first version
without it, first version that has it again]; from the user guide of MWAA, and the versions from Airflow's own code: in
3.0 the scheduler no longer ran tasks, and what their runner counts came back later (apache/airflow#52254, #55322,
#59731, #62015, #60325). Until 3.1.6 a failed task is counted only where scheduler and executor disagree on it, which is
as good as never. ``airflow_settings.json``: written by scripts/airflow_settings.py.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = [
    "dag_concurrency", "is_suppressed", "metric_mistakes", "metrics", "parallelism", "parse_version",
    "setting_mistakes", "settings",
]  # fmt: skip

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that Airflow gives to MWAA, which publishes it in the namespace AmazonMWAA."""

    statsd: str
    """Its name inside Airflow, which the allow and block lists speak of; a prefix where ids follow."""
    dimensions: Mapping[str, str]
    """Dimensions besides Environment; ``*`` stands for any value."""
    until: tuple[int, ...] = ()
    """First version that does not have it any more."""
    again: tuple[int, ...] = ()
    """First version after that one that has it again."""

    def is_published(self, version: str) -> bool:
        """Whether a version of Airflow gives it to MWAA; one that is not stated is taken for the newest."""
        number = parse_version(version)
        return not (self.until and number >= self.until) or bool(self.again and number >= self.again)


@cache
def metrics() -> Mapping[str, Metric]:
    """Return the metrics by their name in CloudWatch."""
    return {
        name: Metric(statsd, dimensions, *map(parse_version, absent))
        for name, (statsd, dimensions, *absent) in _read("airflow_metrics.json").items()
    }


@cache
def settings(major: int = 0) -> frozenset[str]:
    """Return the settings that a major version reads, deprecated names that still work among them."""
    return frozenset(_read("airflow_settings.json")["known"].get(str(major), ()))


@cache
def replacements() -> Mapping[str, str]:
    """Return the newer name of each setting that was renamed."""
    return dict(_read("airflow_settings.json")["renamed"])


def parse_version(version: str) -> tuple[int, ...]:
    """Return ``2.11.0`` as (2, 11, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def metric_mistakes(name: str, stated: Mapping[str, str], versions: Iterable[str]) -> Iterator[str]:
    """Say why no environment of these versions ever publishes a metric under the dimensions ``stated``."""
    known = metrics().get(name)
    if known is None:
        near = difflib.get_close_matches(name, metrics(), n=1)
        yield f"{name} is not a metric of Airflow on MWAA" + (f"; did you mean {near[0]}?" if near else "")
        return
    for version in versions:
        if not known.is_published(version):
            again = f"; {'.'.join(map(str, known.again))} has it again" if known.again else ""
            yield f"{name} ended before Airflow {version}{again}"
    if stated.keys() != {"Environment", *known.dimensions}:
        yield f"{name} has the dimensions Environment, {', '.join(known.dimensions)}, not {', '.join(stated)}"
    for dimension, fixed in known.dimensions.items():
        if fixed != "*" and stated.get(dimension, fixed) != fixed:
            yield f"{name} has {dimension} = {fixed}, not {stated[dimension]}"


def setting_mistakes(options: Mapping[str, str], version: str) -> Iterator[str]:
    """Say what to write instead of each setting that this version does not read.

    Sections that providers and plugins own are not judged, and nothing is when the version is not known here.
    """
    known = settings(*parse_version(version)[:1])
    sections = {name.partition(".")[0] for name in known} - {"email", "smtp", "celery", "fab"}
    for name in options if known else ():
        if name not in known and (name.partition(".")[0] in sections or name in replacements()):
            near = [replacements()[name]] if name in replacements() else difflib.get_close_matches(name, known, n=1)
            yield f"{name} is not read" + (f"; write {near[0]}" if near else "")


def is_suppressed(name: str, options: Mapping[str, str]) -> bool:
    """Whether the settings keep Airflow from giving a metric, named as in CloudWatch, to MWAA.

    With an allow list, Airflow ignores the block list. Items are prefixes, and in Airflow 3 regular expressions.
    """
    statsd = metrics()[name].statsd if name in metrics() else name
    allow, block = (
        [item.strip().lower() for item in options.get(f"metrics.metrics_{kind}_list", "").split(",") if item.strip()]
        for kind in ("allow", "block")
    )
    matches = [item for item in allow or block if re.search(item, statsd) or item.startswith(statsd)]
    return not matches if allow else bool(matches)


def parallelism(options: Mapping[str, str]) -> str | None:
    """Return how many tasks one scheduler runs at a time; None if nobody states it, so that MWAA decides.

    MWAA's own values of this and of the next setting are far above Airflow's, and it states them nowhere.
    """
    return options.get("core.parallelism")


def dag_concurrency(options: Mapping[str, str], version: str) -> str | None:
    """Return how many tasks of one DAG run at a time, or None; Airflow 3 ignores the old name of the setting."""
    known = settings(*parse_version(version)[:1])
    names = ("core.max_active_tasks_per_dag", "core.dag_concurrency")
    return next((options[name] for name in names if name in options and name in known), None)


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_HERE / name).read_text("utf-8"))
    return found
