"""Files in the bucket beside files of the repository, and failures that a version of Airflow counts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.facts.live.airflow import AirflowFiles, list_dags, observe_airflow_files, observe_task_figures
from prodgate.facts.live.alarms import observe_watched_airflow
from prodgate.findings import Undetermined
from prodgate.semantics.airflow_versions import metrics

from .stated_account import ACCOUNT, REGION, see

ARN = "arn:aws:airflow:ap-northeast-1:123456789012:environment/news"
ENVIRONMENT = {
    "Arn": ARN,
    "Name": "news",
    "SourceBucketArn": "arn:aws:s3:::dags",
    "DagS3Path": "dags",
    "RequirementsS3Path": "requirements.txt",
    "RequirementsS3ObjectVersion": "1",
    "PluginsS3Path": "plugins.zip",
    "PluginsS3ObjectVersion": "2",
}
REPOSITORY = {
    "dags": {"scraper.py": "s", "parts/pages.py": "p", "tests/test_scraper.py": "t"},
    "terraform": {"prod/airflow/requirements.txt": "r", "prod/airflow/plugins/news.py": "n", "prod/main.tf": "m"},
}
HELD = {
    "dags/scraper.py": {"Sha256": "s"},
    "dags/parts/pages.py": {"Sha256": "p"},
    "requirements.txt": {"Sha256": "r"},
    "plugins.zip": {"Sha256": "z", "Files": {"news.py": "n"}},
}


def seen(held: Mapping[str, Any], repository: Mapping[str, Mapping[str, str]] = REPOSITORY) -> AirflowFiles:
    """Return the observation of an environment with these files in its bucket."""
    answers = {
        "ListEnvironments": {"Environments": ["news"]},
        "GetEnvironment": {"Environment": ENVIRONMENT},
        "GetBucketVersioning": {"Status": "Enabled"},
        "ListObjectsV2": lambda asked: {"Contents": [{"Key": key} for key in held if key.startswith(asked["Prefix"])]},
        "GetObject": lambda asked: {"Body": held[asked["Key"]]} if asked["Key"] in held else None,
    }
    (files,) = see(observe_airflow_files, answers, files=repository)
    return files


def test_the_same_files_are_the_same() -> None:
    files = seen(HELD)
    assert (files.subject, files.versioning) == (ARN, "Enabled")
    assert (files.unnamed, files.absent, files.strange_dags, files.strange_packages) == ((), (), (), ())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dags/scraper.py": {"Sha256": "edited"}}, "scraper.py differs from the repository's"),
        ({"dags/by_hand.py": {"Sha256": "x"}}, "by_hand.py is not in the repository"),
        ({"dags/parts/pages.py": None}, "parts/pages.py is missing in the bucket"),
    ],
)
def test_a_strange_dag_is_named(change: dict[str, Any], said: str) -> None:
    held = {key: value for key, value in {**HELD, **change}.items() if value}
    files = seen(held)
    assert files.strange_dags == (said,)
    assert files.strange_packages == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"requirements.txt": {"Sha256": "x"}}, "requirements.txt: requirements.txt differs from the repository's"),
        ({"requirements.txt": None}, "requirements.txt: requirements.txt differs from the repository's"),
        (
            {"plugins.zip": {"Sha256": "z", "Files": {"news.py": "x"}}},
            "plugins.zip: news.py differs from the repository's",
        ),
        (
            {"plugins.zip": {"Sha256": "z", "Files": {"news.py": "n", "evil.py": "e"}}},
            "plugins.zip: evil.py is not in the repository",
        ),
        ({"plugins.zip": {"Sha256": "z"}}, "plugins.zip: plugins.zip is not in the repository"),
    ],
)
def test_a_strange_package_is_named(change: dict[str, Any], said: str) -> None:
    held = {key: value for key, value in {**HELD, **change}.items() if value}
    files = seen(held)
    assert files.strange_packages == (said,)
    assert files.strange_dags == ()


def test_a_plugin_that_is_left_out_is_missing() -> None:
    more = {**REPOSITORY["terraform"], "prod/airflow/plugins/more.py": "o"}
    files = seen(HELD, {**REPOSITORY, "terraform": more})
    assert files.strange_packages == ("plugins.zip: more.py is missing in the bucket",)


def test_a_version_that_the_bucket_does_not_hold_is_absent() -> None:
    files = seen({key: value for key, value in HELD.items() if key != "plugins.zip"})
    assert files.absent == ("plugins.zip in version 2",)


def test_a_project_without_dags_has_nothing_to_compare_with() -> None:
    files = seen(HELD, {"terraform": REPOSITORY["terraform"]})
    with pytest.raises(Undetermined, match="no dags/ folder"):
        _ = files.strange_dags
    assert files.strange_packages == ()


# ── Failures of Airflow in versions that count failed tasks, and in those that do not

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
    (found,) = see(observe_watched_airflow, answers(version, *alarms))
    assert found.failures is noticed


def test_a_dag_of_which_every_run_fails_is_one() -> None:
    ran = {"DAGDurationFailed": "scraper", "DAGDurationSuccess": "cleanup", "DAGScheduleDelay": "new"}

    def metrics(asked: Mapping[str, str]) -> dict[str, Any]:
        named = {"Environment": "news", "DAG": ran[asked["MetricName"]]}
        return {"Metrics": [{"Dimensions": [{"Name": name, "Value": value} for name, value in named.items()]}]}

    given = answers("3.0.6", *of_runs("cleanup", "new")) | {"ListMetrics": metrics}
    assert see(list_dags, given, "news") == ["cleanup", "new", "scraper"]
    (found,) = see(observe_watched_airflow, given)
    assert not found.failures


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
    (found,) = see(observe_task_figures, answers(version, **told, **of_each_dag))
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
