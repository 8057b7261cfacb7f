"""A month of DAG runs, as Airflow told CloudWatch of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ...quantities import Quantity
from ..scenario import Past, seeds


@seeds("airflow")
def put_dag_runs(section: Mapping[str, Any], past: Past) -> None:
    """Let each DAG have run on every day, and tasks have been tried again now and then."""
    took, delay = (float(Quantity.parse(section[key]).base) * 1000 for key in ("took", "delay"))
    for environment in past.created("aws_mwaa_environment").values():
        for day in range(section["days"]):
            time = past.now - timedelta(days=day, hours=12)
            for dag in section["dags"]:
                own = {"DAG": dag, "Environment": environment["name"]}
                took_and_delay = {"DAGDurationSuccess": took, "DAGScheduleDelay": delay}
                _put_metrics(
                    past, own, time, **{name: (value, "Milliseconds") for name, value in took_and_delay.items()}
                )
            tasks = {"DAG": "All", "Environment": environment["name"], "Task": "All"}
            failed = section["tasks_failed_in_the_month"] if day == 0 else 0
            counts = {"TaskInstanceSuccesses": section["tasks"], "TaskInstanceFailures": failed}
            _put_metrics(past, tasks, time, **{name: (float(count), "Count") for name, count in counts.items()})


def _put_metrics(past: Past, own: Mapping[str, str], time: datetime, **metrics: tuple[float, str]) -> None:
    """Let metrics have had values, each with its unit."""
    dimensions = [{"Name": name, "Value": named} for name, named in own.items()]
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": time, "Value": value, "Unit": unit}
        for name, (value, unit) in metrics.items()
    ]
    past.ask("cloudwatch", "PutMetricData", Namespace="AmazonMWAA", MetricData=data)
