"""Collects the news of every source, every six hours of Japanese time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pendulum

from nba_news import alerts, feeds, storage
from nba_news.airflows import dag, get_current_context, task
from nba_news.connection import transaction
from nba_news.slots import slot_of

#: Keys of the site's sources. Each has a task of its own, so that one failing source does not stop the others.
SOURCES = ("courtwire", "hoopdesk", "league")


class Incomplete(Exception):
    """A slot does not hold what its run should have stored."""


@dag(
    dag_id="nba_news_scraper",
    schedule="0 */6 * * *",
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
        "execution_timeout": timedelta(minutes=5),
        "on_failure_callback": alerts.task_failed,
    },
    tags=["nba-news"],
    doc_md=__doc__,
)
def nba_news_scraper() -> None:
    """Collect from each source, then verify what the slot holds."""

    @task
    def collect(source: str) -> dict[str, Any]:
        """Store the items of one source: all of them, or none if it fails half way."""
        slot = slot_of(get_current_context())
        with transaction() as connection:
            home = storage.find_home(connection, source)
        found = feeds.parse(feeds.fetch(home), datetime.now(UTC))
        with transaction() as connection:
            rows = storage.save(connection, source, slot, found.stories, datetime.now(UTC))
        return {"source": source, "items": len(found.stories), "new": rows, "skipped": found.skipped}

    @task
    def settle() -> None:
        """Raise Incomplete unless every source has its row, and the stories that the row counts are there."""
        slot = slot_of(get_current_context())
        with transaction() as connection:
            if gaps := list(storage.find_gaps(connection, slot, SOURCES)):
                raise Incomplete("; ".join(gaps))

    collect.expand(source=list(SOURCES)) >> settle()


nba_news_scraper()
