"""A team's own checks are held to facts that their examples give: a check that finds otherwise is told of, by the fact."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.checks import Check, check, check_of
from prodgate.commands.check_examples import try_checks
from prodgate.criteria import Criterion
from prodgate.facts.live.databases import DatabaseSnapshot
from prodgate.sections.project import Project, open_project

CRITERIA = """
system = "shop"

[criteria.encrypted]
statement = "Snapshots are encrypted."
why = "They are copied."
source = "X-1"
layers = ["live"]
"""
IMPORT = "from prodgate.facts.live.databases import DatabaseSnapshot as S\n"
KEEPS, VIOLATES = 'KEEPS = [S(subject="a", encrypted=True)]\n', 'VIOLATES = [S(subject="b", encrypted=False)]\n'
UNREAD = 'UNDETERMINED = [S.unread("c", "access denied")]\n'


def list_checks() -> dict[str, Check]:
    """Return checks by name; pytest does not find them by itself."""

    @check("encrypted", remedy="Encrypt it.")
    def is_encrypted(snapshot: DatabaseSnapshot, criterion: Criterion) -> None:
        """Is it encrypted?"""
        criterion.hold(snapshot.encrypted, expected="encryption", observed=snapshot.encrypted)

    @check("encrypted", remedy="Encrypt it.")
    def takes_more(snapshot: DatabaseSnapshot, criterion: Criterion, tmp_path: Path) -> None:
        """Is it encrypted?"""
        criterion.hold(snapshot.encrypted and bool(tmp_path), expected="encryption", observed="none")

    @check("forgotten", remedy="Encrypt it.")
    def of_nothing(snapshot: DatabaseSnapshot, criterion: Criterion) -> None:
        """Is it encrypted?"""
        criterion.hold(snapshot.encrypted, expected="encryption", observed="none")

    found = [check_of(each) for each in (is_encrypted, takes_more, of_nothing)]
    return {each.name: each for each in found if each}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    (tmp_path / "suites" / "examples").mkdir(parents=True)
    return open_project(tmp_path / "criteria.toml")


def tried(name: str, project: Project, example: str = "") -> list[str]:
    found = list_checks()[name]
    if example:
        (project.root / "suites" / "examples" / f"{found.name}.py").write_text(example, "utf-8")
    return dict(try_checks([found], project))[name]


def test_a_check_that_says_what_its_example_says_is_right(project: Project) -> None:
    assert tried("is_encrypted", project, IMPORT + KEEPS + VIOLATES + UNREAD) == []


@pytest.mark.parametrize(
    ("example", "mistake"),
    [
        (IMPORT + KEEPS, "VIOLATES holds no DatabaseSnapshot; write one"),
        (IMPORT + VIOLATES, "KEEPS holds no DatabaseSnapshot; write one"),
        (IMPORT + KEEPS + VIOLATES.replace("False", "True"), "VIOLATES 1 (b): is satisfied, and must be not-satisfied"),
        (IMPORT + KEEPS.replace("True", "False") + VIOLATES, "KEEPS 1 (a): is not-satisfied, and must be satisfied"),
        (IMPORT + KEEPS + VIOLATES + UNREAD.replace("UNDETERMINED", "NOT_APPLICABLE"), "and must be not-applicable"),
        (IMPORT + 'KEEPS = ["a"]\n' + VIOLATES, "KEEPS 1 is no DatabaseSnapshot"),
        ("import nothing_like_it\n", "can't be loaded: ModuleNotFoundError: No module named 'nothing_like_it'"),
    ],
)
def test_what_is_wrong_is_told(project: Project, example: str, mistake: str) -> None:
    (told,) = tried("is_encrypted", project, example)
    assert mistake in told


def test_a_check_without_an_example_is_told_how_to_write_one(project: Project) -> None:
    (told,) = tried("is_encrypted", project)
    assert told == (
        "has no example; write suites/examples/is_encrypted.py with KEEPS = [DatabaseSnapshot(…)] "
        "and VIOLATES = [DatabaseSnapshot(…)]"
    )


def test_what_no_example_can_give_is_named(project: Project) -> None:
    (told,) = tried("takes_more", project)
    assert "takes tmp_path besides a fact, which an example can't give" in told
    (told,) = tried("of_nothing", project)
    assert told == "judges criterion forgotten, which criteria.toml does not state"
