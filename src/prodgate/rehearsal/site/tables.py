"""The tables of the site. Times are in UTC; collectors upsert stories by (source, external_id)."""

from typing import Final

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: The sources of stories.
sources: Final = Table(
    "sources",
    METADATA,
    Column("key", String(40), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("home", String(300), nullable=False),
)

#: One row for each slot in which a source was read; a collection that never ran leaves none.
collections: Final = Table(
    "collections",
    METADATA,
    Column("source", ForeignKey("sources.key"), primary_key=True),
    Column("slot", DateTime(timezone=True), primary_key=True),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("rows", Integer, nullable=False),
)

teams: Final = Table(
    "teams",
    METADATA,
    Column("code", String(3), primary_key=True),
    Column("city_en", String(60), nullable=False),
    Column("name_en", String(60), nullable=False),
    Column("city_ja", String(60), nullable=False),
    Column("name_ja", String(60), nullable=False),
    Column("conference", String(4), nullable=False),
)

#: The Japanese texts may be missing: a source publishes in one language, and translations come later. So may the
#: minutes that a story takes to read.
stories: Final = Table(
    "stories",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("slug", String(160), nullable=False, unique=True),
    Column("source", ForeignKey("sources.key"), nullable=False),
    Column("external_id", String(120), nullable=False),
    Column("category", String(20), nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("collected_at", DateTime(timezone=True), nullable=False),
    Column("title_en", String(200), nullable=False),
    Column("summary_en", Text, nullable=False),
    Column("body_en", Text, nullable=False),
    Column("title_ja", String(200)),
    Column("summary_ja", Text),
    Column("body_ja", Text),
    Column("minutes", Integer),
    UniqueConstraint("source", "external_id"),
    Index(None, "published_at"),
    Index(None, "category", "published_at"),
)

#: The teams in a story.
story_teams: Final = Table(
    "story_teams",
    METADATA,
    Column("story", ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True),
    Column("team", ForeignKey("teams.code"), primary_key=True),
    Column("place", Integer, nullable=False),
    Index(None, "team", "story"),
)

readers: Final = Table(
    "readers",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("password", String(200), nullable=False),
    Column("team", ForeignKey("teams.code"), nullable=False),
    Column("joined_at", DateTime(timezone=True), nullable=False),
)

#: Applause for a story, by its sender's key.
applause: Final = Table(
    "applause",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("story", ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
    Column("given_at", DateTime(timezone=True), nullable=False),
)
