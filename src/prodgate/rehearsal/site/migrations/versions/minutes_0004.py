"""How many minutes a story takes to read. Only adds: builds that don't know it still work beside those that do."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column, or give up if a lock on the table can't be had at once."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '2s'")
        op.execute("SET LOCAL statement_timeout = '30s'")
    op.add_column("stories", sa.Column("minutes", sa.Integer))


def downgrade() -> None:
    """Drop it again."""
    op.drop_column("stories", "minutes")
