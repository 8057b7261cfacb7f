"""squawk at its seam: what it says of SQL, that nobody silences it, and that every rule it has is sorted."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.rollout.migrations import LOCKS, STYLE, SYNTAX
from prodgate.migrations import linting
from prodgate.migrations.backfills import RULE
from prodgate.migrations.linting import find_squawk, lint

BOUNDED = "BEGIN;\nSET LOCAL lock_timeout = '2s';\nSET LOCAL statement_timeout = '30s';\n"


def rules(sql: str) -> set[str]:
    return {one.rule for one in lint({"a": sql}).violations["a"]} - STYLE


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("ALTER TABLE stories ADD COLUMN minutes INTEGER;", "require-lock-timeout"),
        (BOUNDED + "CREATE INDEX i ON stories (slug);", "require-concurrent-index-creation"),
        (BOUNDED + "CREATE INDEX CONCURRENTLY i ON stories (slug);", "ban-concurrent-index-creation-in-transaction"),
        (BOUNDED + "ALTER TABLE stories ALTER COLUMN minutes SET NOT NULL;", "adding-not-nullable-field"),
        (BOUNDED + "ALTER TABLE stories ALTER COLUMN minutes TYPE BIGINT;", "changing-column-type"),
        (BOUNDED + "ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES d (e);", "adding-foreign-key-constraint"),
        (BOUNDED + "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0);", "constraint-missing-not-valid"),
        (BOUNDED + "ALTER TABLE a ADD COLUMN b UUID DEFAULT gen_random_uuid();", "adding-field-with-default"),
        (BOUNDED + "ALTER TABLE a ADD CONSTRAINT c UNIQUE (b);", "disallowed-unique-constraint"),
    ],
)
def test_what_keeps_others_waiting_is_seen(sql: str, rule: str) -> None:
    found = rules(f"{sql}\nCOMMIT;\n" if sql.startswith("BEGIN") else sql)
    assert rule in found & LOCKS


@pytest.mark.parametrize(
    "sql",
    [
        BOUNDED + "ALTER TABLE stories ADD COLUMN minutes INTEGER;\nCOMMIT;",
        BOUNDED + "CREATE TABLE applause (key TEXT PRIMARY KEY);\nCREATE INDEX i ON applause (key);\nCOMMIT;",
        "SET lock_timeout = '2s';\nSET statement_timeout = '9s';\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b);",
        BOUNDED + "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;\nCOMMIT;",
    ],
)
def test_what_keeps_nobody_waiting_passes(sql: str) -> None:
    assert rules(sql) & LOCKS == set()


def test_a_violation_is_told_with_its_line_in_its_own_text() -> None:
    found = lint({"good": BOUNDED + "COMMIT;", "bad": BOUNDED + "\nDROP INDEX i;\nCOMMIT;\n"})
    assert found.violations["good"] == ()
    (one,) = (each for each in found.violations["bad"] if each.rule not in STYLE)
    assert (one.rule, one.line, one.statement) == ("require-concurrent-index-deletion", 5, "DROP INDEX i;")
    assert "CONCURRENTLY" in one.message
    assert found.version == "2.70.0"


@pytest.mark.parametrize("comment", ["-- squawk-ignore-file\n", "-- squawk-ignore ban-drop-column\n"])
def test_a_comment_does_not_silence_it(comment: str) -> None:
    assert "ban-drop-column" in rules(f"{comment}ALTER TABLE a DROP COLUMN b;")


def test_settings_of_a_team_do_not_silence_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".squawk.toml").write_text('excluded_rules = ["ban-drop-column"]\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    assert "ban-drop-column" in rules("ALTER TABLE a DROP COLUMN b;")


def test_what_it_does_not_understand_is_told() -> None:
    assert rules("ALTER TABLE a DROP COLUMN;") == {SYNTAX}


def test_nothing_to_lint_is_no_mistake() -> None:
    assert lint({}).violations == {}


def test_every_rule_that_we_know_is_one_of_this_version() -> None:
    sql = "\n".join(f"-- squawk-ignore {rule}\nSELECT 1;" for rule in sorted((LOCKS | STYLE) - {RULE}))
    command = [find_squawk(), "--reporter", "gcc"]
    done = subprocess.run(
        command,
        input=sql + "\n-- squawk-ignore no-such-rule\nSELECT 1;",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert set(re.findall(r"unknown name ([\w-]+)", done.stdout + done.stderr)) == {"no-such-rule"}


def test_without_it_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(linting.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreadable, match=r"squawk is not installed; pip install 'prod-gate\[rollout\]'"):
        lint({"a": "SELECT 1;"})


@pytest.mark.parametrize(("body", "says"), [("echo no", "is no JSON"), ("exit 7", "ended with exit code 7")])
def test_an_answer_that_is_none_is_told(body: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "squawk"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo squawk 0 && exit\n{body}\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(linting, "find_squawk", lambda: str(program))
    with pytest.raises(Unreadable, match=says):
        lint({"a": "SELECT 1;"})
