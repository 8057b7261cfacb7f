"""Deletes stories and slot records older than the retention, every night in Japan."""

from datetime import UTC, datetime, timedelta

import pendulum

from nba_news import alerts, retention
from nba_news.airflows import dag, get_current_context, task
from nba_news.connection import transaction
from nba_news.slots import slot_of


class Incomplete(Exception):
    """Something is still older than the retention."""


@dag(
    dag_id="data_cleanup",
    schedule="0 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Tokyo"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    on_failure_callback=alerts.run_failed,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(minutes=15),
        "on_failure_callback": alerts.task_failed,
    },
    tags=["nba-news"],
    doc_md=__doc__,
)
def data_cleanup() -> None:
    """Delete stories, then the records of slots, then verify that all of it is gone."""

    def before() -> datetime:
        return retention.cutoff(slot_of(get_current_context()), datetime.now(UTC))

    @task
    def delete_stories() -> int:
        """Delete in batches, each committed, so that a retry continues where the last attempt ended."""
        return retention.delete_in_batches(transaction, retention.delete_stories, before())

    @task
    def delete_collections() -> int:
        """Delete the records of slots that were collected before the cutoff."""
        return retention.delete_in_batches(transaction, retention.delete_collections, before())

    @task
    def settle() -> None:
        """Raise Incomplete if anything is left."""
        with transaction() as connection:
            left = retention.count_remaining(connection, before())
        if any(left.values()):
            raise Incomplete(f"left over: {left}")

    delete_stories() >> delete_collections() >> settle()


data_cleanup()
