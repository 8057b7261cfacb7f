"""How long stories are kept, and how older ones are deleted: in batches, so that readers never wait."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.engine import Connection

from nba_news.tables import collections, stories, story_teams

RETENTION: Final = timedelta(days=400)
#: Stories, or slots, that one transaction deletes.
BATCH: Final = 500


def cutoff(slot: datetime, now: datetime) -> datetime:
    """Return the time before which everything is deleted; a slot in the future deletes no more than one of now."""
    return min(slot, now) - RETENTION


def delete_in_batches(
    transaction: Callable[[], AbstractContextManager[Connection]],
    delete_batch: Callable[[Connection, datetime], int],
    before: datetime,
) -> int:
    """Delete in batches, each in its own transaction, until none is left; return how many were deleted."""
    total, count = 0, 1
    while count:
        with transaction() as connection:
            count = delete_batch(connection, before)
        total += count
    return total


def delete_stories(connection: Connection, before: datetime) -> int:
    """Delete one batch of stories, the oldest first; return how many."""
    oldest = select(stories.c.id).where(stories.c.published_at < before).order_by(stories.c.published_at).limit(BATCH)
    numbers = [number for (number,) in connection.execute(oldest)]
    if numbers:
        connection.execute(delete(story_teams).where(story_teams.c.story.in_(numbers)))
        connection.execute(delete(stories).where(stories.c.id.in_(numbers)))
    return len(numbers)


def delete_collections(connection: Connection, before: datetime) -> int:
    """Delete the records of one batch of slots, the oldest first; return how many slots."""
    oldest = select(collections.c.slot).where(collections.c.slot < before).distinct().order_by(collections.c.slot)
    slots = [slot for (slot,) in connection.execute(oldest.limit(BATCH))]
    if slots:
        connection.execute(delete(collections).where(collections.c.slot.in_(slots)))
    return len(slots)


def count_remaining(connection: Connection, before: datetime) -> dict[str, int]:
    """Count the remaining older rows, by table."""
    counted: dict[Any, Any] = {stories: stories.c.published_at < before, collections: collections.c.slot < before}
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table).where(old)).scalar() or 0)
        for table, old in counted.items()
    }
