"""Handles tasks and runs that failed for good: alerts people, and leaves a dead letter that names the run to repeat.

A killed task calls nobody. That is why the dead letter belongs to the run: Airflow itself calls back for a failed run,
once, in another process. Messages hold names and types of errors but never their text, which may quote a URL with a
password.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from nba_news.slots import slot_of

#: Environment variables that say where messages go.
QUEUE: Final = "DEAD_LETTER_QUEUE_URL"
TOPIC: Final = "FAILURE_TOPIC_ARN"

_log = logging.getLogger(__name__)


class AlertError(Exception):
    """An alert could not be sent. Airflow logs that and counts it in its metric ``dag.callback_exceptions``."""


def task_failed(context: Mapping[str, Any]) -> None:
    """Alert people to a task that failed in its last try. Raises AlertError if that is impossible."""
    told, error = context["ti"], context.get("exception")
    if error is None and told.try_number <= (getattr(told, "max_tries", None) or 0):
        # Airflow 3's scheduler also calls this for a try that it lost and will repeat
        _log.warning("%s: try %s was lost, and more follow", told.task_id, told.try_number)
        return
    index = getattr(told, "map_index", -1)
    _send(
        {
            "kind": "task-failed",
            **_describe_run(context),
            "tasks": [told.task_id],
            "map_index": None if index in (None, -1) else index,
            "try": told.try_number,
            "error": type(error).__name__ if isinstance(error, BaseException) else "unknown",
        },
        _to_topic,
    )


def run_failed(context: Mapping[str, Any]) -> None:
    """Send a dead letter for a failed run, and alert people. Raises AlertError unless both succeed."""
    reason = context.get("reason") or "unknown"
    _send(
        {"kind": "dag-run-failed", **_describe_run(context), "tasks": _list_failed_tasks(context), "error": reason},
        _to_queue,
        _to_topic,
    )


def _describe_run(context: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the run; Airflow gives only its id if its tasks are gone."""
    known = context.get("dag_run") is not None
    return {
        "dag_id": context["dag"].dag_id,
        "run_id": context["dag_run"].run_id if known else context["run_id"],
        "slot": slot_of(context).isoformat() if known else None,
        "at": datetime.now(UTC).isoformat(),
    }


def _list_failed_tasks(context: Mapping[str, Any]) -> list[str]:
    """Return the tasks that failed; all of the DAG's in Airflow 3, which does not say here which failed."""
    instances = getattr(context.get("dag_run"), "get_task_instances", None)
    if instances is None:
        return sorted(task.task_id for task in context["dag"].tasks)
    return sorted({each.task_id for each in instances(state=["failed", "upstream_failed"])})


def _send(message: Mapping[str, Any], *ways: Callable[[Mapping[str, Any]], None]) -> None:
    """Send a message through every channel, even if one of them fails."""
    closed = []
    for way in ways:
        try:
            way(message)
        except Exception as error:  # noqa: BLE001  the other way must be tried, whatever this is
            closed.append(f"{way.__name__.lstrip('_')}: {type(error).__name__}")
            _log.exception("%s: the failure of %s could not be told", message["dag_id"], message["run_id"])
    if closed:
        raise AlertError(f"{message['dag_id']} {message['run_id']}: {', '.join(closed)}")


def _to_queue(message: Mapping[str, Any]) -> None:
    names = {name: {"DataType": "String", "StringValue": message[name]} for name in ("dag_id", "run_id")}
    _client("sqs").send_message(QueueUrl=os.environ[QUEUE], MessageBody=json.dumps(message), MessageAttributes=names)


def _to_topic(message: Mapping[str, Any]) -> None:
    subject = f"{message['dag_id']}: {message['kind']}"[:100]
    _client("sns").publish(TopicArn=os.environ[TOPIC], Subject=subject, Message=json.dumps(message, indent=2))


def _client(service: str) -> Any:
    """Return an AWS client; endpoint, region and credentials come from the environment."""
    import boto3  # noqa: PLC0415  takes a third of a second, too long for a file that is parsed every few seconds
    from botocore.config import Config  # noqa: PLC0415

    patient = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})
    return boto3.client(service, config=patient)
