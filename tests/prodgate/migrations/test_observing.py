"""The migrations of a release, from the files of a project to what is wrong with each."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.migrations import rendering
from prodgate.migrations.commits import find_commit, find_words, list_files
from prodgate.migrations.observing import observe_folder, observe_release

SITE = Path(__file__).parents[3]
FOLDER = "src/prodgate/rehearsal/site/migrations"
HEADER = (
    "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {0!r}\ndown_revision = {1!r}\n\n\ndef upgrade():\n"
)
FIRST = "    op.create_table('stories', sa.Column('id', sa.Integer, primary_key=True), sa.Column('title', sa.Text))\n"
BOUNDED = "    op.execute('SET LOCAL lock_timeout = 2000')\n    op.execute('SET LOCAL statement_timeout = 9000')\n"


def write(root: Path, *bodies: str) -> Path:
    """Write migrations 1, 2, … after a first one that makes a table, and code that reads its title."""
    folder = root / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text("raise SystemExit('the database would be asked')\n", "utf-8")
    (root / "app.py").write_text("QUERY = 'SELECT id, title FROM stories'\n", "utf-8")
    for number, body in enumerate((FIRST, *bodies)):
        header = HEADER.format(str(number), str(number - 1) if number else None)
        (folder / "versions" / f"v{number}.py").write_text(header + body, "utf-8")
    return folder


def git(root: Path, *words: str) -> None:
    named = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(["git", "-C", str(root), *named, *words], check=True, capture_output=True, timeout=60)


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


def test_a_column_that_the_build_before_reads_is_not_dropped(tmp_path: Path) -> None:
    assert broken(tmp_path, "    op.drop_column('stories', 'title')\n") == [
        ("drops column", "the build before names it in app.py:1")
    ]


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


def test_a_column_is_made_required_only_when_the_build_before_fills_it(tmp_path: Path) -> None:
    assert broken(tmp_path / "a", "    op.alter_column('stories', 'title', nullable=False)\n") == []
    assert broken(tmp_path / "b", "    op.alter_column('stories', 'other', nullable=False)\n") == [
        ("makes NOT NULL column", "the build before does not name it, and inserts rows without it")
    ]


def test_what_the_release_itself_made_may_be_changed(tmp_path: Path) -> None:
    made = "    op.create_table('kinds', sa.Column('title', sa.Text))\n"
    assert broken(tmp_path, made, "    op.drop_column('kinds', 'title')\n    op.drop_table('kinds')\n") == []


def test_a_column_added_and_required_in_one_release_breaks_inserts(tmp_path: Path) -> None:
    bodies = (
        "    op.add_column('stories', sa.Column('kind', sa.Text))\n",
        "    op.alter_column('stories', 'kind', nullable=False)\n",
    )
    assert broken(tmp_path, *bodies) == [("makes NOT NULL column", "the build before inserts rows without it")]


def test_without_the_code_of_the_build_before_it_is_not_known(tmp_path: Path) -> None:
    drop = "    op.drop_column('stories', 'title')\n"
    assert broken(tmp_path / "a", drop, reads=False) == [("drops column", "? the history here is shallow")]
    add = "    op.add_column('stories', sa.Column('headline', sa.Text))\n"
    assert broken(tmp_path / "b", add + drop, reads=False) == [
        ("drops column", "the same release adds what takes its place; contract in a later one")
    ]


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


def test_a_foreign_key_that_goes_takes_nothing_from_anybody(tmp_path: Path) -> None:
    assert broken(tmp_path, "    op.execute('ALTER TABLE stories DROP CONSTRAINT stories_source_fkey')\n") == []


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
    (folder / "more").mkdir()
    (folder / "more" / "v2.py").write_text(HEADER.format("2", "1") + BOUNDED, "utf-8")
    with pytest.raises(Unreadable, match="the newest migration is not certain"):
        observe_release("alembic", tmp_path, folder, lambda _: ["0"], lambda _: ())


def test_sql_files_are_linted_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "V1__make.sql").write_text("CREATE TABLE a (b INT);", "utf-8")
    (tmp_path / "V2__drop.sql").write_text("ALTER TABLE a DROP COLUMN b;", "utf-8")
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
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    before = find_commit(tmp_path, "HEAD")
    (tmp_path / "app.py").write_text("QUERY = 'SELECT id FROM stories'\n", "utf-8")
    (tmp_path / "migrations" / "versions" / "v1.py").write_text(HEADER.format("1", "0") + BOUNDED, "utf-8")
    assert find_words(tmp_path, before, "TITLE", ["**/*.py"], "migrations") == ("app.py:1",)
    assert find_words(tmp_path, "", "title", ["**/*.py"], "migrations") == ()
    assert find_words(tmp_path, before, "titl", ["**/*.py"], "migrations") == ()
    assert find_words(tmp_path, before, "title", ["web/**"], "migrations") == ()
    assert sorted(list_files(tmp_path, before, "migrations")) == ["env.py", "versions/v0.py"]


def test_a_commit_that_is_not_there_says_what_to_check_out(tmp_path: Path) -> None:
    write(tmp_path / "whole")
    git(tmp_path / "whole", "init", "-q")
    git(tmp_path / "whole", "add", ".")
    git(tmp_path / "whole", "commit", "-qm", "one")
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
    monkeypatch.setattr(rendering, "LIMIT", 2.0)
    folder = write(tmp_path, "    __import__('threading').Event().wait()\n")
    with pytest.raises(Unreadable, match="did not render the migrations within 2 s; one of them never ends"):
        observe_release("alembic", tmp_path, folder, lambda _: ["0"], lambda _: ())
