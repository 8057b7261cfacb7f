"""A real Airflow of each version: its DAGs, who asks it, and how long anybody waits."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from prodgate.airflow.direct import HttpTransport, Login
from prodgate.airflow.history import observe_history, recall_history
from prodgate.airflow.records import History
from prodgate.rehearsal.airflow.process import Airflow

VERSIONS = ["2.11.0", "3.0.6", "3.1.8", "3.2.2", "3.3.2"]
#: One that the clock runs, with a mapped task; two for people, of which one fails at its last task, and the other at
#: its first tries; and one that lets a run of that other begin anew.
DAGS = """
import pendulum
from airflow.decorators import dag, task
from airflow.utils.task_group import TaskGroup

try:
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
    from airflow.providers.standard.sensors.external_task import ExternalTaskMarker
    DATE = "logical_date"
except ImportError:
    from airflow.operators.trigger_dagrun import TriggerDagRunOperator
    from airflow.sensors.external_task import ExternalTaskMarker
    DATE = "execution_date"

BEGIN = pendulum.datetime(2024, 1, 1, tz="Asia/Tokyo")

@dag(schedule="0 */6 * * *", start_date=BEGIN, catchup=False)
def often():
    @task
    def collect(source):
        return source

    collect.expand(source=["a", "b"])

@dag(schedule=None, start_date=BEGIN, catchup=False)
def by_hand():
    @task
    def first():
        return 1

    @task
    def last(value):
        raise ValueError("on purpose")

    last(first())

@dag(schedule=None, start_date=BEGIN, catchup=False, max_active_runs=30, default_args={"retries": 1})
def handled():
    @task
    def first():
        return 1

    with TaskGroup("group"):
        @task
        def last(value, run_id=None, ti=None):
            if "untouched" not in run_id and ti.try_number < 3:
                raise ValueError("on purpose")

        last(first())

@dag(schedule=None, start_date=BEGIN, catchup=False)
def again():
    TriggerDagRunOperator(
        task_id="trigger", trigger_dag_id="handled", trigger_run_id="trigger_again", reset_dag_run=True,
        **{DATE: "{{ dag_run.conf['date'] }}"},
    )

@dag(schedule=None, start_date=BEGIN, catchup=False)
def upstream():
    ExternalTaskMarker(
        task_id="marker", external_dag_id="handled", external_task_id="group.last",
        **{DATE: "{{ dag_run.conf['date'] }}"},
    )

often()
by_hand()
handled()
again()
upstream()
"""
SERVED = ("often", "by_hand", "handled", "again", "upstream")
#: Seconds that a run of it may take on a busy machine.
PATIENCE = 240.0


def opened(airflow: Airflow, name: str, password: str) -> HttpTransport:
    # it may share a small machine with other tests, and its writers wait for each other
    return HttpTransport(airflow.url, Login(name, password), limit=120.0)


def seen(transport: HttpTransport, *dag_ids: str) -> History:
    """The record as read, through its evidence."""
    now = datetime.now(UTC)
    evidence = observe_history(
        transport, dag_ids or ("often", "by_hand", "renamed"), since=now - timedelta(hours=1), now=now
    )
    return recall_history(json.loads(json.dumps(evidence)))


def until(airflow: Airflow, true: Callable[[], bool], what: str) -> None:
    """Poll until it is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE:g} s"
        airflow.wait(0.5)
