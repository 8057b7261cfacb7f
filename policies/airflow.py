"""What each version of Airflow knows: its metrics on MWAA and its settings.

``airflow_metrics.json``: CloudWatch name -> [name in Airflow, fixed dimensions with * for any value, first version
without it]; from the user guide of MWAA. ``airflow_settings.json``: written by scripts/airflow_settings.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from prodgate import Resource

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


@cache
def metrics() -> Mapping[str, Metric]:
    """Return the metrics by their name in CloudWatch."""
    return {
        name: Metric(statsd, dimensions, numbers(until[0]) if until else ())
        for name, (statsd, dimensions, *until) in _read("airflow_metrics.json").items()
    }


@cache
def settings(major: int) -> frozenset[str]:
    """Return the settings that this major version reads, deprecated names that still work among them."""
    return frozenset(_read("airflow_settings.json")["known"].get(str(major), ()))


@cache
def renamed() -> Mapping[str, str]:
    """Return the newer name of each setting that was renamed."""
    return dict(_read("airflow_settings.json")["renamed"])


def numbers(version: str) -> tuple[int, ...]:
    """Return ``2.11.0`` as (2, 11, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def version_of(environment: Resource) -> tuple[int, ...]:
    """Return the Airflow version of an MWAA environment. Raises Unresolved when the environment does not say."""
    return numbers(environment.text("airflow_version") or "")


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_HERE / name).read_text("utf-8"))
    return found
