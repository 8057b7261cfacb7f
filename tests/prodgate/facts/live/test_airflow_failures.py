"""Failures of Airflow in versions that count failed tasks, and in those that do not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.facts.live.airflow_figures import observe_task_figures
from prodgate.facts.live.watching.alarm_coverage import observe_watched_airflow
from prodgate.semantics.airflow_versions import metrics

from .stated_account import ACCOUNT, REGION, account_answering

TASKS = {"Environment": "news", "DAG": "All", "Task": "All"}


def alarm(metric: str, statistic: str = "Sum", **dimensions: str) -> dict[str, Any]:
    return {
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{metric}-{dimensions['DAG']}",
        "AlarmName": f"{metric}-{dimensions['DAG']}",
        "Namespace": "AmazonMWAA",
        "MetricName": metric,
        "Statistic": statistic,
        "Period": 300,
        "EvaluationPeriods": 1,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1.0,
    }


def of_runs(*dags: str, statistic: str = "SampleCount") -> list[dict[str, Any]]:
    return [alarm("DAGDurationFailed", statistic, Environment="news", DAG=dag) for dag in dags]


def answers(version: str, *alarms: Mapping[str, Any], **counted: float) -> dict[str, Any]:
    """Answer as an account with one environment, whose two DAGs ran; ``counted`` is by metric."""

    def figures(parameters: Any) -> dict[str, Any]:
        asked = [
            (query["Id"], query["MetricStat"]["Metric"]["MetricName"]) for query in parameters["MetricDataQueries"]
        ]
        return {
            "MetricDataResults": [
                {
                    "Id": id_,
                    "StatusCode": "Complete",
                    "Timestamps": [datetime(2025, 12, 9, tzinfo=UTC)] if given else [],
                }
                | {"Values": [given] if given else []}
                for id_, metric in asked
                for given in [counted.get(metric, 0.0)]
            ]
        }

    ran = [[{"Name": "Environment", "Value": "news"}, {"Name": "DAG", "Value": dag}] for dag in ("cleanup", "scraper")]
    return {
        "ListEnvironments": {"Environments": ["news"]},
        "GetEnvironment": {"Environment": {"Arn": "arn:news", "Name": "news", "AirflowVersion": version}},
        "DescribeAlarms": {"MetricAlarms": list(alarms)},
        "ListMetrics": {"Metrics": [{"Dimensions": dimensions} for dimensions in ran]},
        "GetMetricData": figures,
    }


@pytest.mark.parametrize(
    ("version", "alarms", "noticed"),
    [
        ("2.11.0", [alarm("TaskInstanceFailures", **TASKS)], True),
        ("3.0.6", [alarm("TaskInstanceFailures", **TASKS)], False),
        ("3.1.5", [alarm("TaskInstanceFailures", **TASKS)], False),
        ("3.1.6", [alarm("TaskInstanceFailures", **TASKS)], True),
        ("3.0.6", of_runs("cleanup", "scraper"), True),
        ("3.0.6", of_runs("scraper"), False),
        ("3.0.6", of_runs("cleanup", "scraper", statistic="Maximum"), False),
        ("3.1.6", of_runs("cleanup", "scraper"), False),
        ("3.0.6", [], False),
    ],
)
def test_what_notices_failures_depends_on_the_version(version: str, alarms: list[Any], noticed: bool) -> None:
    with account_answering(answers(version, *alarms)) as account:
        (found,) = observe_watched_airflow(account)
    assert found.failures is noticed


@pytest.mark.parametrize(
    ("version", "counted", "ended", "failed"),
    [
        ("2.11.0", "tries of tasks", 100, "4 %"),
        ("3.0.6", "DAG runs", 20, "10 %"),
        ("3.1.5", "DAG runs", 20, "10 %"),
        ("3.1.6", "tries of tasks", 100, "4 %"),
    ],
)
def test_what_failed_is_counted_as_the_version_can(version: str, counted: str, ended: int, failed: str) -> None:
    told = {"TaskInstanceFailures": 4.0, "TaskInstanceSuccesses": 96.0}
    of_each_dag = {"DAGDurationFailed": 1.0, "DAGDurationSuccess": 9.0}
    with account_answering(answers(version, **told, **of_each_dag)) as account:
        (found,) = observe_task_figures(account)
    assert (found.counted, found.ended, str(found.failed), str(found.days)) == (counted, ended, failed, "1 d")


@pytest.mark.parametrize(
    ("metric", "without", "again"),
    [
        ("TaskInstanceSuccesses", "3.0.6", "3.1.0"),
        ("TaskInstanceFailures", "3.1.5", "3.1.6"),
        ("StartedTaskInstances", "3.1.7", "3.1.8"),
        ("DAGFileProcessingLastDuration", "3.1.8", "3.2.0"),
    ],
)
def test_what_airflow_3_lost_came_back(metric: str, without: str, again: str) -> None:
    told = metrics()[metric]
    assert [told.is_published(version) for version in ("2.11.0", without, again, "")] == [True, False, True, True]
    assert not metrics()["SLAMissed"].is_published("3.3.2")
