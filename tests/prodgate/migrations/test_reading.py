"""The migrations of a repository by its text: of each tool what it holds, and why when that is not certain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.migrations.reading import read_revisions, read_texts
from prodgate.migrations.revisions import Revision, find_ancestors, find_heads, order_revisions

SITE = Path(__file__).parents[3] / "src/prodgate/rehearsal/site/migrations"


def alembic(id_: str, down: object) -> str:
    return f"revision = {id_!r}\ndown_revision: object = {down!r}\n\ndef upgrade(): ...\n"


def django(*dependencies: tuple[str, str], more: str = "") -> str:
    return f"class Migration(migrations.Migration):\n    {more}\n    dependencies = {list(dependencies)!r}\n"


def reason(tool: str, files: Mapping[str, str]) -> str:
    with pytest.raises(Unreadable) as told:
        read_revisions(tool, files)
    return told.value.reason


def test_the_site_has_one_line_of_them() -> None:
    found = read_revisions("alembic", read_texts(SITE))
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


def test_djangos_apps_each_have_their_own_line() -> None:
    files = {
        "news/migrations/__init__.py": "",
        "news/migrations/0001_initial.py": django(("auth", "0012_x")),
        "news/migrations/0002_more.py": django(("news", "0001_initial"), ("readers", "0001_initial")),
        "readers/migrations/0001_initial.py": django(),
        "news/models.py": "1/0",
    }
    found = read_revisions("django", files)
    assert find_heads(found) == ("news.0002_more", "readers.0001_initial")
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
