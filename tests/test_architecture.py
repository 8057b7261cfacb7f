"""The architecture: docs/architecture.md beside the code, and what no import contract in pyproject.toml can say."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.snippets.blocks import list_run_by

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "prodgate"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
CONTRACTS = {
    each["name"]: each
    for each in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
}
#: Calls that read, write or ask the clock by what a contract can't forbid: pathlib also names files, datetime times.
IMPURE = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "exists", "is_file", "is_dir", "iterdir", "glob",
    "rglob", "mkdir", "unlink", "touch", "stat", "resolve", "cwd", "now", "today", "utcnow", "print", "input",
    "import_module",
}  # fmt: skip
#: Tables that come with the package.
ALLOWED = {
    ("airflow_versions.py", "read_text"),
    ("cloudwatch.py", "read_text"),
    ("paths.py", "read_text"),
    ("needs.py", "read_text"),
}

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Which module imports which, under TYPE_CHECKING too."""
    return grimp.build_graph("prodgate", include_external_packages=True, cache_dir=None)


def pure_files() -> Iterator[Path]:
    for name in CONTRACTS["Code that decides does no I/O"]["source_modules"]:
        path = ROOT.joinpath("src", *name.split("."))
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def rows_of_the_diagram() -> list[set[str]]:
    """The packages of each row, from the top; a line that begins with a dot goes on with the row above."""
    rows: list[set[str]] = []
    (diagram,) = list_run_by(__file__, "docs/architecture.md")
    for line in re.findall(r"^│ (.*?)│", diagram.text, re.MULTILINE):
        if not line.startswith("·"):
            rows.append(set())
        rows[-1].update(re.findall(r"\w+", line))
    return rows


def definitions(path: Path) -> set[str]:
    """The functions, classes and constants of a module, and methods as ``Class.method``."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_the_diagram_has_the_packages_and_the_order_of_the_contract() -> None:
    layers = CONTRACTS["The package flows one way"]["layers"]
    assert rows_of_the_diagram() == [set(re.split(" [:|] ", layer)) for layer in layers]


def test_the_diagram_shows_all_of_the_package() -> None:
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert set().union(*rows_of_the_diagram()) == parts - {"__init__"}


def test_the_page_names_every_contract() -> None:
    assert re.findall(r"^- \*\*(.+?)\*\*", PAGE, re.MULTILINE) == list(CONTRACTS)


def test_every_place_on_the_page_exists() -> None:
    places = re.findall(r"`([\w./-]+(?:/|\.[a-z]+))(?::([\w.]+))?`", PAGE)
    assert sum(bool(name) for _, name in places) > 80
    for path, name in places:
        found = [base / path for base in (PACKAGE, ROOT) if (base / path).exists()]
        assert found, path
        assert not name or name in definitions(found[0]), f"{path}:{name}"


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("a bound compared", "criteria.py:Criterion.require"),
        ("a page of AWS answers fetched", "aws/calls.py:_fetch_pages"),
        ("Locust patched", "load/engine/plugin.py:attach"),
        ("a row of the slot ledger made", "dags/ledger.py:judge_slot"),
    ],
)
def test_who_asks_where_something_is_needs_one_step(asked: str, place: str) -> None:
    assert f"| {asked} | `{place}` |" in PAGE.split("## Where is")[1].split("\n## ")[0]


def test_the_page_is_found() -> None:
    assert "(docs/architecture.md)" in (ROOT / "README.md").read_text("utf-8")
    assert "(docs/architecture.md)" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_no_module_imports_itself_by_way_of_others(graph: grimp.ImportGraph) -> None:
    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()


def test_each_library_is_in_the_contract_that_gives_it_one_door(graph: grimp.ImportGraph) -> None:
    foreign = {name for name in graph.modules if graph.is_module_squashed(name)} - sys.stdlib_module_names
    assert foreign - {"pytest"} == set(CONTRACTS["Each engine and each library has one door"]["forbidden_modules"])


@pytest.mark.parametrize("path", list(pure_files()), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_what_decides_calls_nothing_that_reads_or_asks_the_clock(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            assert called not in IMPURE or (path.name, called) in ALLOWED, f"{path.name}:{node.lineno}: {called}"
