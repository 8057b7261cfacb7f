"""A month of DAG runs, as Airflow told CloudWatch of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import product
from typing import Any

from ...semantics.airflow_versions import metrics
from ..scenario import Past, parse_duration, seeds


@seeds("airflow")
def put_dag_runs(section: Mapping[str, Any], past: Past) -> None:
    """Let each DAG have run on every day, and tasks have been tried again now and then, where Airflow counts tries."""
    took = {
        "DAGDurationSuccess": parse_duration(section["took"]),
        "DAGScheduleDelay": parse_duration(section["delay"]),
    }
    for environment in past.resources_of("aws_mwaa_environment").values():
        own = {"Environment": environment["name"]}
        for day in range(section["days"]):
            time = past.now - timedelta(days=day, hours=12)
            for dag, (name, duration) in product(section["dags"], took.items()):
                value = duration / timedelta(milliseconds=1)
                past.report(f"AmazonMWAA {name}", {"DAG": dag, **own}, time, Value=value, Unit="Milliseconds")
            failed = section["tasks_failed_in_the_month"] if day == 0 else 0
            counts = {"TaskInstanceSuccesses": section["tasks"], "TaskInstanceFailures": failed}
            for name, count in counts.items():
                if metrics()[name].is_published(environment["airflow_version"]):
                    tasks = {"DAG": "All", **own, "Task": "All"}
                    past.report(f"AmazonMWAA {name}", tasks, time, Value=float(count), Unit="Count")
