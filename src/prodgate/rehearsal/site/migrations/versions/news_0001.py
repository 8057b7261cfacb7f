"""News: teams, sources, their collections, and stories."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of what is published."""
    _sources_and_teams()
    _stories()
    op.create_table(
        "story_teams",
        sa.Column("story", sa.Integer, sa.ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
        sa.Column("team", sa.String(3), sa.ForeignKey("teams.code"), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("story", "team"),
    )
    op.create_index("ix_story_teams_team_story", "story_teams", ["team", "story"])


def _sources_and_teams() -> None:
    op.create_table(
        "sources",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("home", sa.String(300), nullable=False),
    )
    op.create_table(
        "collections",
        sa.Column("source", sa.String(40), sa.ForeignKey("sources.key"), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("source", "slot"),
    )
    names = [sa.Column(name, sa.String(60), nullable=False) for name in ("city_en", "name_en", "city_ja", "name_ja")]
    op.create_table(
        "teams",
        sa.Column("code", sa.String(3), primary_key=True),
        *names,
        sa.Column("conference", sa.String(4), nullable=False),
    )


def _stories() -> None:
    op.create_table(
        "stories",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(160), nullable=False, unique=True),
        sa.Column("source", sa.String(40), sa.ForeignKey("sources.key"), nullable=False),
        sa.Column("external_id", sa.String(120), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title_en", sa.String(200), nullable=False),
        sa.Column("summary_en", sa.Text, nullable=False),
        sa.Column("body_en", sa.Text, nullable=False),
        sa.Column("title_ja", sa.String(200)),
        sa.Column("summary_ja", sa.Text),
        sa.Column("body_ja", sa.Text),
        sa.UniqueConstraint("source", "external_id"),
    )
    op.create_index("ix_stories_published_at", "stories", ["published_at"])
    op.create_index("ix_stories_category_published_at", "stories", ["category", "published_at"])


def downgrade() -> None:
    """Drop them again."""
    for name in ("story_teams", "stories", "teams", "collections", "sources"):
        op.drop_table(name)
