"""What a statement does to tables, as PostgreSQL means it."""

from __future__ import annotations

import pytest

from prodgate.migrations.statements import split_statements
from prodgate.migrations.steps import Kind, list_steps

CASES = [
    ("ALTER TABLE stories DROP COLUMN summary_ja", Kind.DROPS_COLUMN, "stories.summary_ja"),
    ("ALTER TABLE app.stories DROP COLUMN IF EXISTS summary_ja CASCADE", Kind.DROPS_COLUMN, "stories.summary_ja"),
    ("alter table only stories drop summary_ja", Kind.DROPS_COLUMN, "stories.summary_ja"),
    ('ALTER TABLE "Stories" DROP COLUMN "Kind"', Kind.DROPS_COLUMN, "Stories.Kind"),
    ("ALTER TABLE STORIES RENAME COLUMN A TO B", Kind.RENAMES_COLUMN, "stories.a"),
    ("ALTER TABLE stories RENAME a TO b", Kind.RENAMES_COLUMN, "stories.a"),
    ('ALTER TABLE stories RENAME "A" TO b', Kind.RENAMES_COLUMN, "stories.A"),
    ("ALTER TABLE stories RENAME TO news", Kind.RENAMES_TABLE, "stories"),
    ("ALTER VIEW v RENAME TO w", Kind.RENAMES_TABLE, "v"),
    ("ALTER TABLE stories ALTER COLUMN a TYPE BIGINT", Kind.CHANGES_TYPE, "stories.a"),
    ("ALTER TABLE stories ALTER a SET DATA TYPE BIGINT USING a::bigint", Kind.CHANGES_TYPE, "stories.a"),
    ("ALTER TABLE stories ALTER COLUMN a SET NOT NULL", Kind.REQUIRES_VALUE, "stories.a"),
    ("ALTER TABLE stories ALTER COLUMN a DROP NOT NULL", Kind.ALLOWS_NULL, "stories.a"),
    ("ALTER TABLE stories ADD COLUMN a INTEGER NOT NULL", Kind.ADDS_REQUIRED, "stories.a"),
    ("ALTER TABLE stories ADD a UUID PRIMARY KEY", Kind.ADDS_REQUIRED, "stories.a"),
    ("ALTER TABLE stories ADD COLUMN a INTEGER DEFAULT 3 NOT NULL", Kind.ADDS_COLUMN, "stories.a"),
    ("ALTER TABLE stories ADD COLUMN a BIGSERIAL PRIMARY KEY", Kind.ADDS_COLUMN, "stories.a"),
    ("ALTER TABLE stories ADD COLUMN a INT GENERATED ALWAYS AS (b) STORED NOT NULL", Kind.ADDS_COLUMN, "stories.a"),
    ("ALTER TABLE stories ADD COLUMN a VARCHAR(256) NULL", Kind.ADDS_COLUMN, "stories.a"),
    ("ALTER TABLE stories ADD a INTEGER", Kind.ADDS_COLUMN, "stories.a"),
    ("CREATE TABLE t (id INTEGER NOT NULL, PRIMARY KEY (id))", Kind.CREATES_TABLE, "t"),
    ("DROP TABLE IF EXISTS app.stories CASCADE", Kind.DROPS_TABLE, "stories"),
    ("DROP VIEW v", Kind.DROPS_TABLE, "v"),
    ("DROP MATERIALIZED VIEW v", Kind.DROPS_TABLE, "v"),
]
HARMLESS = [
    "BEGIN", "COMMIT", "SET LOCAL lock_timeout = '2s'", "UPDATE t SET a = 1 WHERE b IS NULL", "SELECT 1",
    "INSERT INTO t (a) VALUES (';')", "CREATE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i",
    "ALTER INDEX i RENAME TO j", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE t VALIDATE CONSTRAINT c", "ALTER TABLE t DROP CONSTRAINT c", "ALTER TABLE t RENAME CONSTRAINT a TO b",
    "ALTER TABLE t ALTER a SET DEFAULT 3", "ALTER TABLE t ALTER COLUMN a DROP DEFAULT", "COMMENT ON TABLE t IS 'x'",
    "CREATE TYPE mood AS ENUM ('a')", "ALTER TYPE mood ADD VALUE 'b'", "CREATE EXTENSION IF NOT EXISTS citext",
    "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DROP TABLE t; END $$ LANGUAGE plpgsql",
    "GRANT SELECT ON t TO r", "ALTER TABLE t ENABLE ROW LEVEL SECURITY", "ALTER TABLE t OWNER TO r",
]  # fmt: skip
UNCLEAR = [
    "DO $$ BEGIN ALTER TABLE t DROP COLUMN a; END $$", "DROP SCHEMA s CASCADE", "DROP TYPE mood", "DROP FUNCTION f(int)",
    "ALTER TABLE t SET SCHEMA old", "ALTER SCHEMA a RENAME TO b", "ALTER TYPE mood RENAME VALUE 'a' TO 'b'",
    "ALTER TABLE t DETACH PARTITION p", "ALTER TABLE t INHERIT p", "ALTER MATERIALIZED VIEW a RENAME TO b",
    "ALTER TABLE t DROP COLUMN a, VALIDATE CONSTRAINT c", "GARBAGE foo", "CALL migrate()", "EXECUTE 'DROP TABLE t'", "ALTER TABLE", "'", "CALL a();$$",
]  # fmt: skip


@pytest.mark.parametrize(("sql", "kind", "name"), CASES)
def test_a_step_is_read_with_what_it_is_done_to(sql: str, kind: Kind, name: str) -> None:
    (step,) = list_steps(f"{sql};\n")
    assert (step.kind, step.name, step.line) == (kind, name, 1)


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_takes_nothing_away_is_no_step(sql: str) -> None:
    assert list_steps(sql) == ()


@pytest.mark.parametrize("sql", UNCLEAR)
def test_what_may_do_anything_is_unclear(sql: str) -> None:
    assert {step.kind for step in list_steps(sql)} == {Kind.UNCLEAR}


def test_every_action_of_a_statement_counts_and_every_table() -> None:
    steps = list_steps("ALTER TABLE t ADD a INT, DROP b, ALTER c SET NOT NULL;\nDROP TABLE u, v;")
    assert [(step.kind, step.name) for step in steps] == [
        (Kind.ADDS_COLUMN, "t.a"),
        (Kind.DROPS_COLUMN, "t.b"),
        (Kind.REQUIRES_VALUE, "t.c"),
        (Kind.DROPS_TABLE, "u"),
        (Kind.DROPS_TABLE, "v"),
    ]


def test_statements_are_told_apart_by_semicolons_alone() -> None:
    sql = "BEGIN;\n\n-- not; here\nDO $$ BEGIN x; END $$;\nSELECT ';' AS \";\";\n/* ; */\nCOMMIT"
    assert list(split_statements(sql)) == [
        ("BEGIN", 1), ("DO $$ BEGIN x; END $$", 4), ("SELECT ';' AS \";\"", 5), ("COMMIT", 7),
    ]  # fmt: skip
