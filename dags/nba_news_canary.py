"""Fails on request, to prove that retries, alerts and dead letters work. It does nothing else.

Trigger it with ``{"mode": "retry"}``, ``{"mode": "fail"}`` or ``{"mode": "kill"}``.
"""

import os
import signal
from datetime import timedelta

import pendulum

from nba_news import alerts
from nba_news.airflows import Param, dag, get_current_context, task


class RequestedFailure(Exception):
    """The requested failure."""


@dag(
    dag_id="nba_news_canary",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Tokyo"),
    catchup=False,
    max_active_runs=3,
    dagrun_timeout=timedelta(minutes=10),
    on_failure_callback=alerts.run_failed,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=1),  # somebody waits for the end of a drill
        "execution_timeout": timedelta(minutes=1),
        "on_failure_callback": alerts.task_failed,
    },
    params={"mode": Param("retry", type="string", enum=["retry", "fail", "kill"], description="How to fail")},
    tags=["nba-news", "drill"],
    doc_md=__doc__,
)
def nba_news_canary() -> None:
    """Act out one kind of failure."""

    @task
    def act() -> None:
        """Fail the first try, or every try, or be killed without warning, like a process that runs out of memory."""
        context = get_current_context()
        mode = context["params"]["mode"]
        if mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "fail" or context["ti"].try_number == 1:
            raise RequestedFailure(f"mode {mode}, try {context['ti'].try_number}")

    act()


nba_news_canary()
