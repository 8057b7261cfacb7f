"""Fills an empty database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from .. import tables
from ..passwords import hash_password
from . import read
from .stories import SLOT, write_stories

#: Who can sign in on a new site. This is a rehearsal: the password is no secret.
READER: Final = "reader@nba-news.example"
PASSWORD: Final = "full-court-press"  # noqa: S105


def last_slot(now: datetime) -> datetime:
    """Return the start of the collection slot that ``now`` is in."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    return start + (now - start) // SLOT * SLOT


def seed(connection: Connection, until: datetime) -> bool:
    """Fill an empty database with stories up to a time; return whether it was empty."""
    if connection.scalar(select(func.count()).select_from(tables.teams)):
        return False
    written_stories = list(write_stories(until))
    sources = read("stories.toml")["sources"]
    connection.execute(insert(tables.sources), [{"key": key} | dict(source) for key, source in sources.items()])
    connection.execute(insert(tables.teams), _team_rows())
    connection.execute(insert(tables.collections), _collection_rows(written_stories))
    stories = [story | {"id": number} for number, story in enumerate(reversed(written_stories), 1)]
    connection.execute(insert(tables.stories), [{k: v for k, v in each.items() if k != "teams"} for each in stories])
    connection.execute(
        insert(tables.story_teams),
        [{"story": each["id"], "team": code, "place": n} for each in stories for n, code in enumerate(each["teams"])],
    )
    _reset_sequence(connection)
    reader = {"email": READER, "password": hash_password(PASSWORD), "team": "lal", "joined_at": until}
    connection.execute(insert(tables.readers), [reader])
    return True


def _team_rows() -> list[dict[str, Any]]:
    names = ("city_en", "name_en", "city_ja", "name_ja", "conference")
    return [{"code": code} | dict(zip(names, row, strict=True)) for code, row in read("teams.toml").items()]


def _collection_rows(stories: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for every source and slot, even where the source had nothing new."""
    counted = Counter((each["source"], each["collected_at"]) for each in stories)
    slots = sorted({slot for _, slot in counted})
    return [
        {"source": source, "slot": slot, "finished_at": slot, "rows": counted[source, slot]}
        for slot in slots
        for source in read("stories.toml")["sources"]
    ]


def _reset_sequence(connection: Connection) -> None:
    """Let PostgreSQL's sequence continue after the ids given here."""
    if connection.dialect.name == "postgresql":
        last = select(func.max(tables.stories.c.id)).scalar_subquery()
        connection.execute(select(func.setval("stories_id_seq", last)))
