"""A module of facts that can't be loaded leaves undetermined what its observers see, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.facts import Fact
from prodgate.facts.live import databases, queues
from prodgate.facts.live.databases import Database, DatabaseInstance
from prodgate.facts.live.queues import WorkQueue
from prodgate.facts.observers import OBSERVERS
from prodgate.run.unloaded import find_cause, find_unobserved
from prodgate.sections.project import load_facts

WRONG = "from prodgate.facts.observers import nothing_like_it\n"
OBSERVES = "from prodgate.facts.observers import observes\n"
SEES = "def see(account):\n    return iter(())\n"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What is imported as a project's own facts is forgotten afterwards, and what that registered."""
    before = dict(OBSERVERS)
    yield
    OBSERVERS.clear()
    OBSERVERS.update(before)
    for name in [each for each in sys.modules if each.partition(".")[0] == "facts"]:
        del sys.modules[name]


def load(root: Path, **modules: str) -> tuple[dict[type, str], set[str], dict[Path, str]]:
    """Load modules of facts; return why kinds are not observed, the files nobody can read, and what is broken."""
    (root / "facts").mkdir(exist_ok=True)
    for name, text in modules.items():
        (root / "facts" / f"{name}.py").write_text(text, "utf-8")
    broken: dict[Path, str] = {}
    load_facts(root, broken)
    unread, untold = find_unobserved(broken, root)
    return dict(unread), {path.stem for path in untold}, broken


def test_what_it_would_have_seen_is_named_and_all_else_is_loaded(tmp_path: Path) -> None:
    text = f"from prodgate.facts.live.databases import Database\n{OBSERVES}{WRONG}@observes(Database)\n{SEES}"
    unread, untold, broken = load(tmp_path, wrong=text, sound="from prodgate.facts.live.queues import WorkQueue\n")
    assert (set(unread), untold, {path.name for path in broken}) == ({Database}, set(), {"wrong.py"})
    assert "facts/wrong.py: can't be loaded: ImportError: cannot import name 'nothing_like_it'" in unread[Database]
    assert "facts.sound" in sys.modules


@pytest.mark.parametrize(
    ("imports", "kind", "unread"),
    [
        ("import prodgate.facts.live.queues as q\n", "q.WorkQueue", {WorkQueue}),
        ("from prodgate.facts.live.databases import Database as D\nclass Own(D):\n    pass\n", "Own", {Database}),
        ("from prodgate.facts import Fact\nclass Own(Fact):\n    pass\n", "Own", set()),
        ("from .other import Kind\n", "Kind", set()),
    ],
)
def test_a_kind_is_found_by_whatever_name_it_has(tmp_path: Path, imports: str, kind: str, unread: set[type]) -> None:
    found, untold, _ = load(tmp_path, wrong=f"{OBSERVES}{imports}{WRONG}@observes({kind})\n{SEES}", other="1 / 0\n")
    assert (set(found), untold) == (unread, {"other"})


def test_a_kind_that_is_misspelt_may_be_any_of_its_module(tmp_path: Path) -> None:
    text = f"{OBSERVES}from prodgate.facts.live.queues import Queu\n@observes(Queu)\n{SEES}"
    found, untold, _ = load(tmp_path, wrong=text)
    kinds = {each for each in vars(queues).values() if isinstance(each, type) and issubclass(each, Fact)} - {Fact}
    assert (set(found), untold) == (kinds, set())
    assert WorkQueue in kinds


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0\n",
        "def broken(:\n",
        f"from prodgate.facts.observers import *\nfrom prodgate.facts.live.queues import WorkQueue\n1/0\n@observes(WorkQueue)\n{SEES}",
        f"{OBSERVES}{SEES}from prodgate.facts.live.queues import WorkQueue\nobserves(WorkQueue)(see)\n1 / 0\n",
        f"{OBSERVES}KINDS = ()\n1 / 0\n@observes(*KINDS)\n{SEES}",
        f"{OBSERVES}Database = type\n1 / 0\n@observes(Database)\n{SEES}",
        f"{OBSERVES}from prodgate.facts import Fact\n1 / 0\n@observes(Fact)\n{SEES}",
        f"{OBSERVES}from prodgate.facts.observers import OBSERVERS\n1 / 0\n@observes(OBSERVERS)\n{SEES}",
    ],
)
def test_a_file_of_which_nobody_can_tell_what_it_sees_is_named(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, wrong=text)[1] == {"wrong"}


def test_what_it_registered_before_it_broke_is_forgotten(tmp_path: Path) -> None:
    text = f"{OBSERVES}from prodgate.facts.live import databases\n@observes(databases.Database)\n{SEES}1 / 0\n"
    before = dict(OBSERVERS)
    unread, _, _ = load(tmp_path, late=text)
    assert before == OBSERVERS
    assert set(unread) == {databases.Database}
    assert DatabaseInstance not in unread


def test_what_can_not_be_collected_names_the_module_of_facts(tmp_path: Path) -> None:
    lost = {tmp_path / "facts" / "tables.py": "tables can't be loaded", tmp_path / "facts" / "more.py": "nor can more"}
    text = "suites/live/test_x.py:3: in <module>\nfacts/tables.py:1: in <module>\nE   ZeroDivisionError: by zero\n"
    assert find_cause(text, lost, tmp_path) == "E   ZeroDivisionError: by zero; tables can't be loaded"
