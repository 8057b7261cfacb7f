"""The migrations of a release, from the files of a project to the faults of each."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.rollout.migrations import LOCKS, STYLE, SYNTAX, folder_facts
from prodgate.migrations import breaking, observing
from prodgate.migrations.breaking import (
    RULE,
    Kind,
    find_backfills,
    find_breakage,
    find_misread,
    find_squawk,
    lint,
    list_steps,
    split_statements,
)
from prodgate.migrations.observing import find_commit, find_words, list_files, observe_folder, observe_release
from prodgate.migrations.reading import (
    Revision,
    find_ancestors,
    find_heads,
    order_revisions,
    read_revisions,
    read_texts,
)
from tests.repositories import commit, git
from tests.trees import write_tree

SITE = Path(__file__).parents[3]
FOLDER = "src/prodgate/rehearsal/site/migrations"
HEADER = (
    "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {0!r}\ndown_revision = {1!r}\n\n\ndef upgrade():\n"
)
FIRST = "    op.create_table('stories', sa.Column('id', sa.Integer, primary_key=True), sa.Column('title', sa.Text))\n"
BOUNDED = "    op.execute('SET LOCAL lock_timeout = 2000')\n    op.execute('SET LOCAL statement_timeout = 9000')\n"


def write(root: Path, *bodies: str) -> Path:
    """Write migrations 1, 2, … after a first one that makes a table, and code that reads its title."""
    each = {
        f"migrations/versions/v{number}.py": HEADER.format(str(number), str(number - 1) if number else None) + body
        for number, body in enumerate((FIRST, *bodies))
    }
    asked = {"migrations/env.py": "raise SystemExit('the database would be asked')\n"}
    return write_tree(root, {**asked, "app.py": "QUERY = 'SELECT id, title FROM stories'\n", **each}) / "migrations"


def release(root: Path, *bodies: str, reads: bool = True) -> list[dict[str, Any]]:
    folder = write(root, *bodies)
    git(root, "init", "-q")

    def readers(word: str) -> Sequence[str]:
        if not reads:
            raise Unreadable("the history here is shallow")
        return find_words(root, "", word, ["**"], "migrations")

    return list(observe_release("alembic", root, folder, lambda _: ["0"], readers)["migrations"])


def broken(root: Path, *bodies: str, reads: bool = True) -> list[tuple[str, str]]:
    found = [each for one in release(root, *bodies, reads=reads) for each in one["breakage"]]
    return [(each["step"]["kind"], each["because"] or f"? {each['unknown']}") for each in found]


def test_the_sites_own_release_only_adds() -> None:
    seen = observe_release("alembic", SITE, SITE / FOLDER, lambda _: ["0003"], lambda _: pytest.fail("is not asked"))
    (one,) = seen["migrations"]
    assert (one["id"], one["file"], one["fault"], one["breakage"]) == ("0004", "versions/minutes_0004.py", "", [])
    assert "ALTER TABLE stories ADD COLUMN minutes INTEGER;" in one["sql"]
    assert one["sql"].startswith("BEGIN;")
    assert seen["engines"][1] == "squawk 2.70.0"
    assert observe_folder("alembic", SITE / FOLDER)["heads"] == ("0004",)


def test_a_release_without_migrations_has_none() -> None:
    seen = observe_release("alembic", SITE, SITE / FOLDER, lambda _: ["0004"], lambda _: pytest.fail("is not asked"))
    assert seen == {"engines": [], "migrations": []}


DROP = "    op.drop_column('stories', 'title')\n"


@pytest.mark.parametrize(
    ("bodies", "reads", "told"),
    [
        ([DROP], True, [("drops column", "the build before names it in app.py:1")]),
        ([DROP], False, [("drops column", "? the history here is shallow")]),
        (
            ["    op.add_column('stories', sa.Column('headline', sa.Text))\n" + DROP],
            False,
            [("drops column", "the same release adds what takes its place; contract in a later one")],
        ),
        (["    op.alter_column('stories', 'title', nullable=False)\n"], True, []),
        (
            ["    op.alter_column('stories', 'other', nullable=False)\n"],
            True,
            [("makes NOT NULL column", "the build before does not name it, and inserts rows without it")],
        ),
        (
            [
                "    op.create_table('kinds', sa.Column('title', sa.Text))\n",
                "    op.drop_column('kinds', 'title')\n    op.drop_table('kinds')\n",
            ],
            True,
            [],
        ),
        (
            [
                "    op.add_column('stories', sa.Column('kind', sa.Text))\n",
                "    op.alter_column('stories', 'kind', nullable=False)\n",
            ],
            True,
            [("makes NOT NULL column", "the build before inserts rows without it")],
        ),
        (["    op.execute('ALTER TABLE stories DROP CONSTRAINT stories_source_fkey')\n"], True, []),
    ],
    ids=[
        "a column that is read", "without the code of the build before", "expanded and contracted at once", "one that is filled",
        "one that nobody fills", "what the release itself made", "added and required in one release", "a foreign key",
    ],
)  # fmt: skip
def test_what_a_release_breaks(bodies: list[str], reads: bool, told: list[tuple[str, str]], tmp_path: Path) -> None:
    assert broken(tmp_path, *bodies, reads=reads) == told


def test_a_column_that_nobody_reads_any_more_is_dropped(tmp_path: Path) -> None:
    made = "    op.add_column('stories', sa.Column('old', sa.Text))\n"
    folder = write(tmp_path, made, "    op.drop_column('stories', 'old')\n")
    git(tmp_path, "init", "-q")

    def readers(word: str) -> Sequence[str]:
        return find_words(tmp_path, "", word, ["**"], "migrations")

    seen = observe_release("alembic", tmp_path, folder, lambda _: ["1"], readers)
    assert [one["breakage"] for one in seen["migrations"]] == [[]]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("op.alter_column('stories', 'title', new_column_name='headline')", "renames column"),
        ("op.rename_table('stories', 'news')", "renames table"),
        ("op.drop_table('stories')", "drops table"),
        ("op.alter_column('stories', 'title', type_=sa.Integer)", "changes the type of column"),
        ("op.alter_column('stories', 'title', nullable=True)", "lets be NULL column"),
        (
            "op.add_column('stories', sa.Column('kind', sa.Text, nullable=False))",
            "adds without a default the NOT NULL column",
        ),
    ],
)
def test_what_takes_something_from_the_build_before_is_told(body: str, kind: str, tmp_path: Path) -> None:
    ((found, because),) = broken(tmp_path, f"    {body}\n")
    assert found == kind
    assert not because.startswith("?")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DO $$ BEGIN ALTER TABLE stories DROP COLUMN title; END $$", "what this does to the tables can't be read"),
        ("ALTER TABLE stories ALTER id ADD GENERATED ALWAYS AS IDENTITY", "can't be read"),
        ("ALTER TABLE stories DROP CONSTRAINT stories_title_key", "squawk says ban-drop-constraint"),
    ],
)
def test_what_can_not_be_read_is_undetermined(sql: str, says: str, tmp_path: Path) -> None:
    ((_, told),) = broken(tmp_path, f"    op.execute({sql!r})\n")
    assert told.startswith("?")
    assert says in told


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("op.get_bind().execute(sa.text('SELECT 1')).scalar()", "line 9: AttributeError"),
        ("raise SystemExit(0)", "line 9: SystemExit: 0"),
        ("__import__('socket').create_connection(('192.0.2.1', 9), 1)", "reaches for a name of the network"),
        ("__import__('os').system('true')", "reaches for another program"),
        ("__import__('sqlite3').connect('x')", "reaches for a database"),
        ("bytearray(1 << 40)", "MemoryError"),
    ],
)
def test_a_migration_that_can_not_be_rendered_says_why(body: str, fault: str, tmp_path: Path) -> None:
    (one,) = release(tmp_path, f"    {body}\n")
    assert fault in one["fault"]
    assert (one["sql"], one["violations"], one["breakage"]) == ("", [], [])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("__import__('os')._exit(0)", "was ended while it answered"),
        ("__import__('os').kill(__import__('os').getpid(), 9)", "was ended by SIGKILL"),
    ],
)
def test_a_migration_that_ends_the_process_makes_nothing_pass(body: str, says: str, tmp_path: Path) -> None:
    folder = write(tmp_path, f"    {body}\n")
    with pytest.raises(Unreadable, match=says):
        observe_release("alembic", tmp_path, folder, lambda _: ["0"], lambda _: ())


@pytest.mark.parametrize(
    ("meddled", "says"),
    [
        ("{**made, 'rendered': []}", "answered for other migrations than it was asked"),
        ("{**made, 'rendered': made['rendered'] * 2}", "answered for other migrations"),
        ("{**made, 'heads': []}", "the newest migration is not certain"),
        ("{'rendered': made['rendered']}", "answer lacks 'version'"),
        ("[]", "answer lacks"),
    ],
)
def test_an_answer_that_a_migration_has_meddled_with_is_none(meddled: str, says: str, tmp_path: Path) -> None:
    lines = (
        "import json",
        "encode = json.JSONEncoder.iterencode",
        f"json.JSONEncoder.iterencode = lambda self, made, *more: encode(self, {meddled}, *more)",
        "op.drop_table('stories')",
    )
    folder = write(tmp_path, "".join(f"    {line}\n" for line in lines))
    with pytest.raises(Unreadable, match=says):
        observe_release("alembic", tmp_path, folder, lambda _: ["0"], lambda _: ())


def test_it_gets_nothing_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("DATABASE_URL", "postgresql://news:hunter2@db/news")
    (one,) = release(tmp_path, "    op.execute('SELECT ' + repr(sorted(__import__('os').environ)))\n")
    assert "AWS_SECRET" not in one["sql"] + one["fault"]
    assert "DATABASE_URL" not in one["sql"] + one["fault"]
    assert "'PATH'" in one["sql"]


def test_files_that_alembic_sees_otherwise_are_not_certain(tmp_path: Path) -> None:
    folder = write(tmp_path, BOUNDED)
    write_tree(folder, {"more/v2.py": HEADER.format("2", "1") + BOUNDED})
    with pytest.raises(Unreadable, match="the newest migration is not certain"):
        observe_release("alembic", tmp_path, folder, lambda _: ["0"], lambda _: ())


def test_sql_files_are_linted_as_they_are(tmp_path: Path) -> None:
    write_tree(tmp_path, {"V1__make.sql": "CREATE TABLE a (b INT);", "V2__drop.sql": "ALTER TABLE a DROP COLUMN b;"})
    seen = observe_release("flyway", tmp_path, tmp_path, lambda _: ["1"], lambda _: ["app.py:3"])
    assert [one["id"] for one in seen["migrations"]] == ["2"]
    assert seen["migrations"][0]["breakage"][0]["because"] == "the build before names it in app.py:3"


def test_a_tool_that_renders_only_in_its_application_is_told(tmp_path: Path) -> None:
    (tmp_path / "1_a.rb").write_text("", "utf-8")
    with pytest.raises(Unreadable, match="rails: its migrations become SQL only in its own application"):
        observe_release("rails", tmp_path, tmp_path, lambda _: [], lambda _: ())


def test_the_commit_before_is_asked_and_not_the_files_that_lie_here(tmp_path: Path) -> None:
    write(tmp_path)
    git(tmp_path, "init", "-q")
    commit(tmp_path, "one")
    before = find_commit(tmp_path, "HEAD")
    write_tree(
        tmp_path,
        {
            "app.py": "QUERY = 'SELECT id FROM stories'\n",
            "migrations/versions/v1.py": HEADER.format("1", "0") + BOUNDED,
        },
    )
    assert find_words(tmp_path, before, "TITLE", ["**/*.py"], "migrations") == ("app.py:1",)
    assert find_words(tmp_path, "", "title", ["**/*.py"], "migrations") == ()
    assert find_words(tmp_path, before, "titl", ["**/*.py"], "migrations") == ()
    assert find_words(tmp_path, before, "title", ["web/**"], "migrations") == ()
    assert sorted(list_files(tmp_path, before, "migrations")) == ["env.py", "versions/v0.py"]


def test_a_commit_that_is_not_there_says_what_to_check_out(tmp_path: Path) -> None:
    write(tmp_path / "whole")
    git(tmp_path / "whole", "init", "-q")
    commit(tmp_path / "whole", "one")
    git(tmp_path / "whole", "commit", "-qm", "two", "--allow-empty")
    first = find_commit(tmp_path / "whole", "HEAD~1")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path / 'whole'}", "part")
    with pytest.raises(Unreadable, match=r"the history here is shallow; check out all of it \(fetch-depth: 0\)"):
        find_commit(tmp_path / "part", first)
    with pytest.raises(Unreadable, match="'--all' of the build that served before is not in this repository"):
        find_commit(tmp_path / "whole", "--all")
    with pytest.raises(Unreadable, match="was the folder somewhere else then"):
        list_files(tmp_path / "whole", first, "elsewhere")


def test_a_migration_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "LIMIT", 2.0)
    folder = write(tmp_path, "    __import__('threading').Event().wait()\n")
    with pytest.raises(Unreadable, match="did not render the migrations within 2 s; one of them never ends"):
        observe_release("alembic", tmp_path, folder, lambda _: ["0"], lambda _: ())


# ── Reading

SITE_FILES = Path(__file__).parents[3] / "src/prodgate/rehearsal/site/migrations"


def alembic(id_: str, down: object) -> str:
    return f"revision = {id_!r}\ndown_revision: object = {down!r}\n\ndef upgrade(): ...\n"


def django(*dependencies: tuple[str, str], more: str = "") -> str:
    return f"class Migration(migrations.Migration):\n    {more}\n    dependencies = {list(dependencies)!r}\n"


def reason(tool: str, files: Mapping[str, str]) -> str:
    with pytest.raises(Unreadable) as told:
        read_revisions(tool, files)
    return told.value.reason


def test_the_site_has_one_line_of_them() -> None:
    found = read_revisions("alembic", read_texts(SITE_FILES))
    assert [each.id for each in found] == ["0001", "0002", "0003", "0004"]
    assert find_heads(found) == ("0004",)
    assert find_ancestors(found, ["0003"]) == {"0001", "0002", "0003"}


def test_branches_have_two_heads_until_they_are_merged() -> None:
    files = {
        "versions/a.py": alembic("a", None),
        "versions/b.py": alembic("b", "a"),
        "versions/c.py": alembic("c", "a"),
    }
    assert find_heads(read_revisions("alembic", files)) == ("b", "c")
    merged = read_revisions("alembic", files | {"versions/d.py": alembic("d", ("b", "c"))})
    assert find_heads(merged) == ("d",)
    assert find_ancestors(merged, ["d"]) == {"a", "b", "c", "d"}
    assert find_ancestors(merged, ["nobody knows"]) == frozenset()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"versions/a.py": "down_revision = None"}, "versions/a.py: states no revision"),
        ({"versions/a.py": "revision = make()\ndown_revision = None"}, "computes revision"),
        ({"versions/a.py": "revision = 'a'\ndown_revision = 3"}, "computes revision or down_revision"),
        ({"versions/a.py": "revision = ("}, "can't be parsed"),
        ({"versions/a.py": alembic("a", None), "versions/b.py": alembic("a", None)}, "has the id 'a' of versions/a.py"),
        ({"versions/b.py": alembic("b", "a")}, "comes after 'a', which no file is"),
        ({"versions/a.py": alembic("a", "b"), "versions/b.py": alembic("b", "a")}, "in a circle: "),
        ({"env.py": "1/0", "script.py.mako": ""}, "there is no migration of alembic"),
    ],
)
def test_what_is_not_certain_is_told(files: Mapping[str, str], says: str) -> None:
    assert says in reason("alembic", files)


def test_nothing_of_a_team_is_run() -> None:
    files = {"versions/a.py": "raise SystemExit\n" + alembic("a", None)}
    assert [each.id for each in read_revisions("alembic", files)] == ["a"]


def test_djangos_apps_each_have_their_own_line(tmp_path: Path) -> None:
    files = {
        "news/migrations/__init__.py": "",
        "news/migrations/0001_initial.py": django(("auth", "0012_x")),
        "news/migrations/0002_more.py": django(("news", "0001_initial"), ("readers", "0001_initial")),
        "readers/migrations/0001_initial.py": django(),
        "news/models.py": "1/0",
    }
    assert find_heads(read_revisions("django", files)) == ("news.0002_more", "readers.0001_initial")
    observed = observe_folder("django", write_tree(tmp_path, files)) | {"folder": "shop"}
    assert [(each.subject, each.heads) for each in folder_facts(observed)] == [
        ("shop: news", ("news.0002_more",)),
        ("shop: readers", ("readers.0001_initial",)),
    ]
    both = files | {"news/migrations/0002_other.py": django(("news", "0001_initial"))}
    assert find_heads(read_revisions("django", both))[:2] == ("news.0002_more", "news.0002_other")
    squashed = {"news/migrations/0001_squashed.py": django(more="replaces = [('news', '0001_initial')]")}
    assert "is squashed" in reason("django", squashed)


def test_flyway_runs_by_numbers_and_not_by_letters() -> None:
    files = {f"sql/V{each}__x.sql": "" for each in ("10", "2", "1.1", "1_2")} | {
        "sql/R__view.sql": "",
        "sql/U1__x.sql": "",
    }
    assert [each.id for each in read_revisions("flyway", files)] == ["1.1", "1.2", "2", "10"]
    assert "has the version of" in reason("flyway", {"V1.1__a.sql": "", "V1_1__b.sql": ""})
    assert "is a migration in code" in reason("flyway", {"V1__a.sql": "", "V2__B.java": ""})


def test_rails_and_prisma_run_in_the_order_of_their_names() -> None:
    rails = {"20240102000000_b.rb": "", "20240101000000_a.rb": "", "schema.rb": ""}
    assert [each.id for each in read_revisions("rails", rails)] == ["20240101000000", "20240102000000"]
    prisma = {"20240101_a/migration.sql": "", "20240102_b/migration.sql": "", "migration_lock.toml": ""}
    assert find_heads(read_revisions("prisma", prisma)) == ("20240102_b",)


def test_liquibase_alone_knows_its_changes() -> None:
    assert "only liquibase itself can say" in reason("liquibase", {"changelog.xml": "<x/>"})


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="there is no such folder; write"):
        read_texts(tmp_path / "gone")


def test_an_order_is_one_in_which_they_can_run() -> None:
    made = [Revision(id=id_, parents=tuple(parents), file=id_) for id_, *parents in ("cab", "ba", "a")]
    assert [each.id for each in order_revisions(made)] == ["a", "b", "c"]


# ── squawk

BOUNDED_SQL = "BEGIN;\nSET LOCAL lock_timeout = '2s';\nSET LOCAL statement_timeout = '30s';\n"


def rules(sql: str) -> set[str]:
    return {one.rule for one in lint({"a": sql}).violations["a"]} - STYLE


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("ALTER TABLE stories ADD COLUMN minutes INTEGER;", "require-lock-timeout"),
        (BOUNDED_SQL + "CREATE INDEX i ON stories (slug);", "require-concurrent-index-creation"),
        (
            BOUNDED_SQL + "CREATE INDEX CONCURRENTLY i ON stories (slug);",
            "ban-concurrent-index-creation-in-transaction",
        ),
        (BOUNDED_SQL + "ALTER TABLE stories ALTER COLUMN minutes SET NOT NULL;", "adding-not-nullable-field"),
        (BOUNDED_SQL + "ALTER TABLE stories ALTER COLUMN minutes TYPE BIGINT;", "changing-column-type"),
        (
            BOUNDED_SQL + "ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES d (e);",
            "adding-foreign-key-constraint",
        ),
        (BOUNDED_SQL + "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0);", "constraint-missing-not-valid"),
        (BOUNDED_SQL + "ALTER TABLE a ADD COLUMN b UUID DEFAULT gen_random_uuid();", "adding-field-with-default"),
        (BOUNDED_SQL + "ALTER TABLE a ADD CONSTRAINT c UNIQUE (b);", "disallowed-unique-constraint"),
    ],
)
def test_what_keeps_others_waiting_is_seen(sql: str, rule: str) -> None:
    assert rule in rules(f"{sql}\nCOMMIT;\n" if sql.startswith("BEGIN") else sql) & LOCKS


@pytest.mark.parametrize(
    "sql",
    [
        BOUNDED_SQL + "ALTER TABLE stories ADD COLUMN minutes INTEGER;\nCOMMIT;",
        BOUNDED_SQL + "CREATE TABLE applause (key TEXT PRIMARY KEY);\nCREATE INDEX i ON applause (key);\nCOMMIT;",
        "SET lock_timeout = '2s';\nSET statement_timeout = '9s';\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b);",
        BOUNDED_SQL + "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;\nCOMMIT;",
    ],
)
def test_what_keeps_nobody_waiting_passes(sql: str) -> None:
    assert rules(sql) & LOCKS == set()


def test_a_violation_is_told_with_its_line_in_its_own_text() -> None:
    found = lint({"good": BOUNDED_SQL + "COMMIT;", "bad": BOUNDED_SQL + "\nDROP INDEX i;\nCOMMIT;\n"})
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
    monkeypatch.setattr(breaking.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreadable, match=r"squawk is not installed; pip install 'prod-gate\[rollout\]'"):
        lint({"a": "SELECT 1;"})


@pytest.mark.parametrize(("body", "says"), [("echo no", "is no JSON"), ("exit 7", "ended with exit code 7")])
def test_an_answer_that_is_none_is_told(body: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "squawk"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo squawk 0 && exit\n{body}\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(breaking, "find_squawk", lambda: str(program))
    with pytest.raises(Unreadable, match=says):
        lint({"a": "SELECT 1;"})


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
#: Statements that only one of us calls unsafe, and why.
DIFFERENT = {
    "adding a json column": "json has no equality, which breaks SELECT DISTINCT: about what is written next, not this",
    "a longer text": "what the type was is not in the statement; a waiver says so",
}


def judge(sql: str) -> list[str]:
    """The faults of SQL, for a previous build that names everything."""
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
