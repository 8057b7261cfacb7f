"""Stores stories by the id that their source gives them, and records which source was read in which slot.

All of it is idempotent: a second try, or a cleared run, changes nothing that is there already.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from nba_news.story import Story
from nba_news.tables import collections, sources, stories, story_teams, teams

#: The lengths of the site's columns.
TITLE: Final = 200
EXTERNAL_ID: Final = 120
SLUG: Final = 150


def find_home(connection: Connection, source: str) -> str:
    """Return the address of a source. Raises LookupError if the site does not know it."""
    home: str | None = connection.execute(select(sources.c.home).where(sources.c.key == source)).scalar()
    if home is None:
        raise LookupError(f"the site knows no source {source!r}")
    return home


def save(connection: Connection, source: str, slot: datetime, found: Iterable[Story], now: datetime) -> int:
    """Store stories, and record that their source was read; return how many of them are new in this slot."""
    known = {code for (code,) in connection.execute(select(teams.c.code))}
    for story in found:
        number = _save_story(connection, source, slot, story)
        _save_teams(connection, number, [code for code in story.teams if code in known])
    rows = count_first_seen(connection, source, slot)
    collected = {"source": source, "slot": slot, "finished_at": now, "rows": rows}
    _upsert(connection, collections, ("source", "slot"), collected, ("finished_at", "rows"))
    return rows


def count_first_seen(connection: Connection, source: str, slot: datetime) -> int:
    """Count the stories of a source that were new in a slot."""
    own = and_(stories.c.source == source, stories.c.collected_at == slot)
    return int(connection.execute(select(func.count()).select_from(stories).where(own)).scalar() or 0)


def find_gaps(connection: Connection, slot: datetime, asked: Iterable[str]) -> Iterator[str]:
    """Yield what a slot should hold but does not."""
    told = select(collections.c.source, collections.c.rows).where(collections.c.slot == slot)
    held = {row[0]: row[1] for row in connection.execute(told)}
    for source in asked:
        if source not in held:
            yield f"{source} left no row for {slot.isoformat()}"
        elif held[source] != (rows := count_first_seen(connection, source, slot)):
            yield f"{source} states {held[source]} stories for {slot.isoformat()}, and {rows} are there"


def _save_story(connection: Connection, source: str, slot: datetime, story: Story) -> int:
    """Insert a story, or update what its source changed; return its id."""
    identity = _shorten_identity(story.external_id)
    row = {
        "slug": slug(source, story),
        "source": source,
        "external_id": identity,
        "category": story.category,
        "published_at": story.published_at,
        "collected_at": slot,
        "title_en": _shorten_title(story.title),
        "summary_en": story.summary,
        "body_en": story.body,
        **{f"{part}_ja": _shorten_title(text) if part == "title" else text for part, text in story.japanese.items()},
    }
    # its slug and slot stay, and so does a translation that does not come from the source
    changing = tuple(name for name in row if name not in ("slug", "source", "external_id", "collected_at"))
    _upsert(connection, stories, ("source", "external_id"), row, changing)
    own = and_(stories.c.source == source, stories.c.external_id == identity)
    return int(connection.execute(select(stories.c.id).where(own)).scalar_one())


def _save_teams(connection: Connection, story: int, codes: Sequence[str]) -> None:
    if codes:
        connection.execute(delete(story_teams).where(story_teams.c.story == story))
        rows = [{"story": story, "team": code, "place": place} for place, code in enumerate(codes)]
        connection.execute(insert(story_teams), rows)


def _upsert(
    connection: Connection, table: Any, key: Sequence[str], row: dict[str, Any], changing: Sequence[str]
) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    written = dialect.insert(table).values(row)
    changed = {name: written.excluded[name] for name in changing}
    connection.execute(written.on_conflict_do_update(index_elements=list(key), set_=changed))


def slug(source: str, story: Story) -> str:
    """Return the slug of a story: its title for people, and a digest of its id to make it unique."""
    told = unicodedata.normalize("NFKD", story.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", told.replace("'", ""))[:SLUG].strip("-")
    return "-".join(filter(None, (words, _digest(f"{source}\n{story.external_id}")[:8])))


def _shorten_identity(identity: str) -> str:
    return identity if len(identity) <= EXTERNAL_ID else _digest(identity)


def _shorten_title(title: str) -> str:
    return title if len(title) <= TITLE else f"{title[: TITLE - 1]}…"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
