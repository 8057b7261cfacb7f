"""A database of the site for a pipeline that collects stories from given sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from . import tables
from .content.seed import last_slot, seed
from .database import migrate, open_database

#: How many stories are old enough to be deleted, and the age of the youngest of them.
OLD: Final = 12
DAYS: Final = 401


def prepare_database(url: str, homes: Mapping[str, str]) -> str:
    """Prepare the database at a URL: the site's stories, some beyond the retention, and the addresses of sources.

    Returns the URL. Raises UsageError when the site can't use it.
    """
    database = open_database(url)
    now = datetime.now(UTC)

    def fill(connection: Connection) -> None:
        if seed(connection, last_slot(now)):
            _add_aged_stories(connection, now)
        for key, home in homes.items():
            connection.execute(update(tables.sources).where(tables.sources.c.key == key).values(home=home))

    try:
        migrate(database, then=fill)
    finally:
        database.engine.dispose()
    return url


def _add_aged_stories(connection: Connection, now: datetime) -> None:
    """Add copies of the newest stories, as if they had been collected long ago, and the slots that they came in."""
    newest = connection.execute(select(tables.stories).order_by(tables.stories.c.id.desc()).limit(OLD)).mappings().all()
    aged = list(_age_stories([dict(each) for each in newest], last_slot(now)))
    connection.execute(insert(tables.stories), aged)
    for each in aged:
        row = {"source": each["source"], "slot": each["collected_at"], "finished_at": each["collected_at"], "rows": 1}
        connection.execute(insert(tables.collections), [row])


def _age_stories(stories: list[dict[str, Any]], slot: datetime) -> Iterator[dict[str, Any]]:
    for number, story in enumerate(stories):
        then = slot - timedelta(days=DAYS + number)
        del story["id"]
        times = {"published_at": then - timedelta(minutes=5), "collected_at": then}
        yield story | times | {"slug": f"{story['slug']}-long-ago", "external_id": f"old-{number}"}
