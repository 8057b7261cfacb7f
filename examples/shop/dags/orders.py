"""Closes the day: what was ordered, packed and paid is written down, once a night."""

import logging
from datetime import timedelta

import pendulum
from airflow.sdk import dag, task


def tell_the_team(context: dict) -> None:
    """Say which task failed where the team reads it."""
    logging.getLogger(__name__).error("failed: %s", context["task_instance"].task_id)


@dag(
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=5),
        "execution_timeout": timedelta(minutes=20),
        "on_failure_callback": tell_the_team,
    },
)
def close_the_day() -> None:
    """Count the orders of the day, and write the books."""

    @task
    def count() -> int:
        return sum(range(10))

    @task
    def write(orders: int) -> None:
        logging.getLogger(__name__).info("%d orders", orders)

    write(count())


close_the_day()
