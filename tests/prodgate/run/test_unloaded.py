"""A module of facts that can't be loaded leaves undetermined what its observers see, and nothing else."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.facts import Fact
from prodgate.facts import load as load_facts_of
from prodgate.facts.live import databases, queues
from prodgate.facts.live.databases import Database, DatabaseInstance
from prodgate.facts.live.queues import WorkQueue
from prodgate.facts.observers import OBSERVERS
from prodgate.run.unloaded import find_cause, find_late, find_unobserved
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


#: A module that says what it sees, and breaks before it registers something else besides.
TOLD = f"from prodgate.facts.live.databases import Database\n{OBSERVES}@observes(Database)\n{SEES}1 / 0\n"
MORE = {
    "a table": "from prodgate.facts.observers import OBSERVERS\nOBSERVERS[see] = (WorkQueue,)\n",
    "a table's method": "from prodgate.facts.observers import OBSERVERS\nOBSERVERS.update({see: (WorkQueue,)})\n",
    "a table in place": "from prodgate.facts import observers\nobservers.OBSERVERS |= {see: (WorkQueue,)}\n",
    "a table of another name": "from prodgate.facts.observers import OBSERVERS\nTHEM = OBSERVERS\nTHEM |= {}\n",
    "a helper": "from facts.helping import register\nregister(WorkQueue)(see)\n",
    "a helper of the folder": "from . import helping\nhelping.register(WorkQueue)(see)\n",
    "a decorator": f"from facts.helping import register\n@register(WorkQueue)\n{SEES}",
    "a plain decorator": f"from facts.helping import register\n@register\n{SEES}",
    "a method of a decorator": f"from facts.helping import register\nclass Own:\n    @register\n    {SEES.replace('    ', '        ')}",
    "a name that is put together": "from prodgate.facts import observers\ngetattr(observers, 'obs' + 'erves')(int)(see)\n",
    "what a module holds": "from prodgate.facts import observers\nvars(observers)['obs' + 'erves'](int)(see)\n",
    "a function of its own": "def add():\n    from prodgate.facts import observers as them\n    them.__dict__['x'](see)\nadd()\n",
    "a function called like Python's": "def list():\n    from prodgate.facts import observers as them\nlist()\n",
    "text": 'exec("from prodgate.facts.observers import observes as them")\n',
    "an import that is called": "import importlib\nimportlib.import_module('facts.helping')\n",
    "a base": "from facts.helping import Base\nclass Own(Base):\n    kinds = (WorkQueue,)\n",
    "a base of its own": "class Base:\n    def __init_subclass__(cls):\n        pass\nclass Own(Base):\n    pass\n",
    "a metaclass": "import enum\nclass Own(metaclass=enum.EnumMeta):\n    pass\n",
    "a default": "from facts.helping import register\ndef late(given=register(see)):\n    pass\n",
    "a condition": "from facts.helping import register\nif SEEN:\n    register(WorkQueue)(see)\n",
    "what it imports": "from . import _more\n",
    "what it imports of that": "from facts._more import anything\n",
    "another team's package": "import acme_gate\n",
    "a part of one that is there": "import facts._more\n",
}


@pytest.mark.parametrize("more", MORE)
def test_a_file_that_may_register_more_than_stands_there_is_named(
    tmp_path: Path, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "_more.py").write_text("")
    (tmp_path / "acme_gate.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    helping = f"{OBSERVES}class Base:\n    pass\ndef register(*kinds):\n    return observes(*kinds)\n"
    assert load(tmp_path, wrong=TOLD, helping=helping)[1] == set()
    assert load(tmp_path, wrong=TOLD + MORE[more], helping=helping)[1] == {"wrong"}


@pytest.mark.parametrize(
    "wrong", ["import numppy\n", "from facts import tabels\n", "from .groups import gruops\n", WRONG]
)
def test_a_wrong_import_in_a_module_as_people_write_them_costs_what_it_sees(tmp_path: Path, wrong: str) -> None:
    text = (Path(__file__).parents[3] / "examples" / "shop" / "facts" / "groups.py").read_text("utf-8")
    text = text.replace(
        "reads(",
        f"{wrong}from prodgate.facts.live.queues import WorkQueue\nLOG = logging.getLogger(__name__)\nHERE = Path(__file__).parent\nreads(",
        1,
    )
    text = text.replace("@observes(Group)", "@observes(Group, WorkQueue)").replace(
        "from coll", "import logging\nfrom pathlib import Path\nfrom coll", 1
    )
    found, untold, _ = load(tmp_path, wrong=text, groups="")
    assert (set(found), untold) == ({WorkQueue}, set())


def test_a_kind_of_another_layer_is_found_before_anybody_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_facts_of, "runs", importlib.import_module("prodgate.facts.load.runs"))
    monkeypatch.delitem(sys.modules, "prodgate.facts.load.runs")
    seen = f"from prodgate.facts.load.runs import SteadyLoad\n@observes(SteadyLoad)\n{SEES}"
    found, untold, _ = load(tmp_path, wrong=f"{OBSERVES}1 / 0\n{seen}")
    assert ([kind.__name__ for kind in found], untold) == (["SteadyLoad"], set())


def test_what_could_not_be_loaded_and_is_later_is_named(tmp_path: Path) -> None:
    broken = load(tmp_path, early="import sys\nsys.modules['facts.late']\n", late="", other="1 / 0\n")[2]
    assert find_late(broken, tmp_path) == set()
    importlib.import_module("facts.early")
    assert find_late(broken, tmp_path) == {tmp_path / "facts" / "early.py"}


def test_an_observer_that_is_no_function_is_left_to_its_module(tmp_path: Path) -> None:
    sound = f"{OBSERVES}from functools import partial\nfrom prodgate.facts.live.queues import WorkQueue\n{SEES}"
    assert load(tmp_path, sound=f"{sound}observes(WorkQueue)(partial(see))\n", wrong=TOLD)[1] == set()
    assert [kinds for observer, kinds in OBSERVERS.items() if not hasattr(observer, "__code__")] == [(WorkQueue,)]


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
