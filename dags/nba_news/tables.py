"""The tables of the site that DAGs write. The site creates and migrates them; times are in UTC."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import DateTime, Integer, String, column, table

sources: Final = table("sources", column("key", String), column("home", String))
teams: Final = table("teams", column("code", String))
story_teams: Final = table("story_teams", column("story", Integer), column("team", String), column("place", Integer))
collections: Final = table(
    "collections",
    column("source", String),
    column("slot", DateTime(timezone=True)),
    column("finished_at", DateTime(timezone=True)),
    column("rows", Integer),
)
stories: Final = table(
    "stories",
    column("id", Integer),
    column("slug", String),
    column("source", String),
    column("external_id", String),
    column("category", String),
    column("published_at", DateTime(timezone=True)),
    column("collected_at", DateTime(timezone=True)),
    column("title_en", String),
    column("summary_en", String),
    column("body_en", String),
    column("title_ja", String),
    column("summary_ja", String),
    column("body_ja", String),
)


def utc(time: datetime) -> datetime:
    """Return a time from the database in UTC; SQLite drops the zone, and PostgreSQL uses the server's."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
