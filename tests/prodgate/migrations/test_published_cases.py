"""What strong_migrations' README calls unsafe and safe for PostgreSQL, as the SQL that Rails makes of it: do we agree?

It has 19 unsafe operations besides those of MySQL, of Ruby and of taste. Where we differ, DIFFERENT says how.
"""

from __future__ import annotations

import pytest

from prodgate.facts.rollout.migrations import LOCKS
from prodgate.migrations.backfills import find_backfills
from prodgate.migrations.breaking import find_breakage, find_misread
from prodgate.migrations.linting import lint
from prodgate.migrations.steps import list_steps

BOUNDS = "SET lock_timeout = '10s';\nSET statement_timeout = '1h';\n"

UNSAFE = {
    "removing a column": "ALTER TABLE users DROP COLUMN some_column",
    "changing the type of a column": "ALTER TABLE users ALTER COLUMN some_column TYPE integer",
    "renaming a column": "ALTER TABLE users RENAME COLUMN some_column TO new_name",
    "renaming a table": "ALTER TABLE users RENAME TO customers",
    "creating a table with the force option": "DROP TABLE IF EXISTS users CASCADE; CREATE TABLE users (id bigint)",
    "adding an auto-incrementing column": "ALTER TABLE cities_users ADD COLUMN id bigserial PRIMARY KEY",
    "adding a stored generated column": "ALTER TABLE users ADD COLUMN c varchar GENERATED ALWAYS AS (a) STORED",
    "adding a foreign key": "ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (order_id) REFERENCES orders (id)",
    "adding a check constraint": "ALTER TABLE users ADD CONSTRAINT price_check CHECK (price > 0)",
    "backfilling data": "BEGIN; ALTER TABLE users ADD COLUMN c text; UPDATE users SET c = 'default_value'; COMMIT",
    "adding an index non-concurrently": "CREATE INDEX i ON users (some_column)",
    "adding a reference": "ALTER TABLE users ADD city_id bigint; CREATE INDEX i ON users (city_id)",
    "adding a unique constraint": "ALTER TABLE users ADD CONSTRAINT u UNIQUE (some_column)",
    "adding an exclusion constraint": "ALTER TABLE users ADD CONSTRAINT e EXCLUDE USING gist (number WITH =)",
    "adding a json column": "ALTER TABLE users ADD COLUMN properties json",
    "adding a column with a volatile default value": "ALTER TABLE users ADD COLUMN c uuid DEFAULT gen_random_uuid()",
    "setting NOT NULL on an existing column": "ALTER TABLE users ALTER COLUMN some_column SET NOT NULL",
    "renaming an enum value": "ALTER TYPE some_type RENAME VALUE 'old' TO 'new'",
    "renaming a schema": "ALTER SCHEMA old RENAME TO new",
}
SAFE = {
    "creating a table": "CREATE TABLE users (id bigint PRIMARY KEY)",
    "adding a nullable column": "ALTER TABLE users ADD COLUMN c text",
    "adding a column with a constant default": "ALTER TABLE users ADD COLUMN c text DEFAULT 'x' NOT NULL",
    "adding a foreign key without validating it": (
        "ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (order_id) REFERENCES orders (id) NOT VALID"
    ),
    "validating a constraint": "ALTER TABLE users VALIDATE CONSTRAINT f",
    "adding a check constraint without validating it": "ALTER TABLE users ADD CONSTRAINT c CHECK (price > 0) NOT VALID",
    "backfilling data by itself": "UPDATE users SET c = 'default_value' WHERE id BETWEEN 1 AND 1000",
    "adding an index concurrently": "CREATE INDEX CONCURRENTLY i ON users (some_column)",
    "a unique constraint by an index": "ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX i",
    "adding a jsonb column": "ALTER TABLE users ADD COLUMN properties jsonb",
    "a default that comes afterwards": "ALTER TABLE users ALTER COLUMN c SET DEFAULT gen_random_uuid()",
    "NOT NULL after a check that was validated": (
        "ALTER TABLE users ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT c; "
        "ALTER TABLE users ALTER COLUMN a SET NOT NULL"
    ),
    "a longer text": "ALTER TABLE users ALTER COLUMN name TYPE varchar(200)",
    "removing an index concurrently": "DROP INDEX CONCURRENTLY i",
}
#: It says unsafe and we do not, or the other way round, and why.
DIFFERENT = {
    "adding a json column": "json has no equality, which breaks SELECT DISTINCT: about what is written next, not this",
    "a longer text": "what the type was is not in the statement; a waiver says so",
}


def judge(sql: str) -> list[str]:
    """What is wrong with SQL, for a build before that names everything."""
    whole = f"{BOUNDS}{sql};\n"
    steps, violations = list_steps(whole), (*lint({"a": whole}).violations["a"], *find_backfills(whole))
    broken = (*find_breakage(steps, (), lambda _: ("app.py:1",)), *find_misread(steps, violations))
    return [one.rule for one in violations if one.rule in LOCKS] + [one.because or one.unknown for one in broken]


@pytest.mark.parametrize("name", UNSAFE)
def test_what_is_unsafe_is_not_let_through(name: str) -> None:
    assert bool(judge(UNSAFE[name])) is (name not in DIFFERENT)


@pytest.mark.parametrize("name", SAFE)
def test_what_is_safe_is_let_through(name: str) -> None:
    assert (judge(SAFE[name]) == []) is (name not in DIFFERENT)


def test_we_differ_in_few() -> None:
    assert len(DIFFERENT) == 2
    assert set(DIFFERENT) <= {*UNSAFE, *SAFE}
