"""The architecture as the code has it: what no import contract in pyproject.toml can say."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "prodgate"
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
ALLOWED = {("airflow_versions.py", "read_text")}

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Which module imports which, under TYPE_CHECKING too."""
    return grimp.build_graph("prodgate", include_external_packages=True, cache_dir=None)


def pure_files() -> Iterator[Path]:
    for name in CONTRACTS["What decides does no I/O"]["source_modules"]:
        path = ROOT.joinpath("src", *name.split("."))
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


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
