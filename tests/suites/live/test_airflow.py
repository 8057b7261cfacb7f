"""Ways to set Airflow wrongly, to feed it wrongly, or to lose its failures, and the checks that see it."""

import io
import json
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import pytest

from prodgate.testing import Outcome

from .harness import Aws, Observed, Sabotage, Stage

NAME = "nba-news-prod"
DAGS, DATA = "nba-news-prod-dags-123456789012", "nba-news-prod-pipeline-data-123456789012"


def updated(**changes: Any) -> Callable[[Aws], None]:
    return lambda aws: aws("mwaa").update_environment(Name=NAME, **changes)


def set_to(**options: str) -> Callable[[Aws], None]:
    """Return what changes the environment's options, named with ``__`` for the dot."""

    def change(aws: Aws) -> None:
        mwaa = aws("mwaa")
        held = mwaa.get_environment(Name=NAME)["Environment"]["AirflowConfigurationOptions"]
        stated = {name.replace("__", "."): value for name, value in options.items()}
        mwaa.update_environment(Name=NAME, AirflowConfigurationOptions={**held, **stated})

    return change


def without_startup_script(aws: Aws) -> None:
    version = aws("mwaa").get_environment(Name=NAME)["Environment"]["StartupScriptS3ObjectVersion"]
    aws("s3").delete_object(Bucket=DAGS, Key="startup.sh", VersionId=version)


def without_dead_letters(aws: Aws) -> None:
    iam = aws("iam")
    role = aws("mwaa").get_environment(Name=NAME)["Environment"]["ExecutionRoleArn"].rpartition("/")[2]
    document = iam.get_role_policy(RoleName=role, PolicyName="dags")["PolicyDocument"]
    kept = [one for one in document["Statement"] if one["Sid"] != "WriteDeadLetters"]
    text = json.dumps({**document, "Statement": kept})
    iam.put_role_policy(RoleName=role, PolicyName="dags", PolicyDocument=text)


def queue_set(name: str, **attributes: str) -> Callable[[Aws], None]:
    def change(aws: Aws) -> None:
        sqs = aws("sqs")
        sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], Attributes=attributes)

    return change


def fail_a_run(aws: Aws) -> None:
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName="nba-news-prod-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody='{"dag_id": "nba_news_scraper"}')


def collect_nothing(aws: Aws) -> None:
    """Take away what the last two slots left."""
    s3 = aws("s3")
    held = s3.list_objects_v2(Bucket=DATA, Prefix="nba_news_scraper/")["Contents"]
    for one in sorted(held, key=lambda one: one["LastModified"])[-2:]:
        s3.delete_object(Bucket=DATA, Key=one["Key"])


SABOTAGES = (
    Sabotage("a smaller Airflow", breaks={"mwaa-class"}, by=updated(EnvironmentClass="mw1.small")),
    Sabotage("more idle workers", breaks={"mwaa-min-workers"}, by=updated(MinWorkers=2)),
    Sabotage("fewer workers", breaks={"mwaa-max-workers"}, by=updated(MaxWorkers=3)),
    Sabotage("a public web server", breaks={"mwaa-webserver-private"}, by=updated(WebserverAccessMode="PUBLIC_ONLY")),
    Sabotage(
        "an update that failed",
        breaks={"mwaa-environment-available"},
        by=updated(RequirementsS3ObjectVersion="nosuchversion"),
    ),
    Sabotage(
        "a log of Airflow that is off",
        breaks={"mwaa-logs"},
        by=updated(LoggingConfiguration={"WorkerLogs": {"Enabled": False, "LogLevel": "INFO"}}),
    ),
    Sabotage("more tasks at a time", breaks={"mwaa-parallelism"}, by=set_to(core__parallelism="32")),
    Sabotage(
        "more tasks of a DAG at a time",
        breaks={"mwaa-dag-concurrency"},
        by=set_to(core__max_active_tasks_per_dag="16"),
    ),
    Sabotage(
        "the old name of a setting",
        breaks={"mwaa-settings-known-to-version"},
        by=set_to(core__dag_concurrency="8"),
    ),
    Sabotage(
        "a metric that an alarm waits for and a setting blocks",
        breaks={"mwaa-metrics-published"},
        by=set_to(metrics__metrics_block_list="scheduler_heartbeat"),
    ),
    Sabotage(
        "a DAG bucket that forgets",
        breaks={"dag-bucket-versioned", "bucket-versioned"},
        by=lambda aws: aws("s3").put_bucket_versioning(Bucket=DAGS, VersioningConfiguration={"Status": "Suspended"}),
    ),
    Sabotage(
        "a startup script that is gone",
        breaks={"dag-artifacts-declared"},
        by=without_startup_script,
        unsettles={"environment-name", "log-level", "environment-addresses"},
    ),
    Sabotage("a role that can't leave dead letters", breaks={"dead-letter-queue"}, by=without_dead_letters),
    Sabotage(
        "a retry queue that tries for ever",
        breaks={"dead-letter-queue"},
        by=queue_set("nba-news-prod-retry", RedrivePolicy=""),
    ),
    Sabotage(
        "dead letters that are kept for four days",
        breaks={"dead-letter-retention"},
        by=queue_set("nba-news-prod-dead-letters", MessageRetentionPeriod="345600"),
    ),
    Sabotage("a run that failed for good", breaks={"dead-letter-queue-empty"}, by=fail_a_run),
    Sabotage("two slots without data", breaks={"data-fresh"}, by=collect_nothing),
)


@pytest.mark.slow
def test_the_dags_in_the_bucket_are_those_of_the_repository(healthy: Observed) -> None:
    found = healthy.findings["dag-bucket-same-as-repository"]
    assert {one.outcome for one in found} == {Outcome.SATISFIED}, [one.observed for one in found]


@pytest.mark.slow
def test_dags_that_did_not_come_from_the_repository_are_seen(stage: Stage) -> None:
    def by_hand(aws: Aws) -> None:
        put(aws, "dags/nba_news/slots.py", b"edited")
        put(aws, "dags/extra.py", b"new")
        aws("s3").delete_object(Bucket=DAGS, Key="dags/data_cleanup.py")

    with stage.sabotaged(Sabotage("", breaks=set(), by=by_hand)) as endpoint:
        after = stage.observed(endpoint)
    said = " ".join(str(one.observed) for one in after.findings["dag-bucket-same-as-repository"])
    assert "data_cleanup.py is missing in the bucket" in said
    assert "extra.py is not in the repository" in said
    assert "nba_news/slots.py differs from the repository's" in said
    assert after.outcomes["dag-bucket-same-as-repository"] is Outcome.NOT_SATISFIED


@pytest.mark.slow
def test_a_plugin_that_was_made_by_hand_is_seen(stage: Stage) -> None:
    def by_hand(aws: Aws) -> None:
        text = io.BytesIO()
        with ZipFile(text, "w") as archive:
            archive.writestr("nba_news.py", "edited")
        version = put(aws, "plugins.zip", text.getvalue())
        aws("mwaa").update_environment(Name=NAME, PluginsS3ObjectVersion=version)

    with stage.sabotaged(Sabotage("", breaks=set(), by=by_hand)) as endpoint:
        after = stage.observed(endpoint)
    said = [one.observed for one in after.findings["dag-bucket-same-as-repository"]]
    assert any("nba_news.py differs" in text for text in said)
    assert after.outcomes["dag-bucket-same-as-repository"] is Outcome.NOT_SATISFIED


def put(aws: Aws, key: str, body: bytes) -> str:
    return str(aws("s3").put_object(Bucket=DAGS, Key=key, Body=body)["VersionId"])
