"""The public names are stated: in ``__all__``, on one page, and used in no other way by any file of the gate."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import prodgate
from prodgate.facts.observers import OBSERVERS
from prodgate.layers.rollout.kinds import KINDS as ROLLOUT
from tests.prodgate.layers.live.test_layer import OWN_FACT

ROOT = Path(__file__).parents[1]
api_reference: Any = importlib.import_module("scripts.api_reference")
BUNDLED = [
    path for folder in ("policies", "suites", "loadtests", "e2e") for path in sorted((ROOT / folder).rglob("*.py"))
]
TESTS = [
    path
    for folder in ("policies", "suites", "loadtests", "e2e", "e2e_probes")
    for path in sorted((ROOT / "tests" / folder).rglob("*.py"))
]
PUBLIC = {(module, name) for module in api_reference.MODULES for name in importlib.import_module(module).__all__}
PROMISED = {
    getattr(importlib.import_module(module), name) for module, name in PUBLIC if module.startswith("prodgate.facts.")
}
#: Facts whose fields are not promised to projects yet: checks of ours may ask for them, each where it is defined.
NEW = {
    (kind.__module__, kind.__name__)
    for kind in (kind for kinds in (*OBSERVERS.values(), *ROLLOUT.values()) for kind in kinds)
    if kind not in PROMISED
}

pytestmark = pytest.mark.once


def imported(text: str) -> Iterator[tuple[str, str]]:
    """Yield module and name of what a file takes from the package, also by way of an imported module."""
    tree = ast.parse(text)
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names if each.name.partition(".")[0] == "prodgate")
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "prodgate":
            for each in node.names:
                if f"{node.module}.{each.name}" in api_reference.MODULES:
                    modules[each.asname or each.name] = f"{node.module}.{each.name}"
                else:
                    yield str(node.module), each.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield modules[node.value.id], node.attr


@pytest.mark.parametrize(
    "path",
    [*BUNDLED, *(path for path in TESTS if path.parent.name == "policies")],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_what_authors_write_imports_public_names_only(path: Path) -> None:
    assert set(imported(path.read_text("utf-8"))) <= PUBLIC | NEW


def test_tests_of_what_is_bundled_take_a_public_name_from_where_it_is_public() -> None:
    for path in TESTS:
        for module, name in imported(path.read_text("utf-8")):
            value = getattr(importlib.import_module(module), name, module)  # else a module of a package
            homes = [
                home for home, each in PUBLIC if each == name and getattr(importlib.import_module(home), name) is value
            ]
            assert not homes or module in homes, f"{path.name}: {module}.{name} is public in {homes[0]}"


def test_every_public_name_is_used_by_what_authors_write() -> None:
    used = {pair for path in BUNDLED for pair in imported(path.read_text("utf-8"))} | set(imported(OWN_FACT))
    tests = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    used |= {pair for text in tests if "prodgate.testing" in text for pair in imported(text)}
    assert not PUBLIC - used


def test_no_test_of_what_is_bundled_reads_a_private_name() -> None:
    for path in (*BUNDLED, *TESTS):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
                own = isinstance(node.value, ast.Name) and node.value.id in ("self", "sys", "os")
                assert own, f"{path.name}:{node.lineno}: {ast.unparse(node)}"
            names = node.names if isinstance(node, ast.ImportFrom) else []
            assert not any(each.name.startswith("_") for each in names), f"{path.name}:{ast.unparse(node)}"


def test_every_public_name_is_explained() -> None:
    page = api_reference.page()
    assert not re.findall(r"^- `.*`: ?$", page, re.MULTILINE)
    assert not re.findall(r"^### (\w+)\n\n```python\n[^`]*```\n+(?=#)", page, re.MULTILINE)


def test_names_that_the_changelog_promises_are_public() -> None:
    unreleased = (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## Unreleased")[1].split("\n## ")[0]
    promised = [named for row in re.findall(r"^  \| `.*\| (.+) \|$", unreleased, re.MULTILINE) for named in names(row)]
    assert len(promised) > 25
    homes = {f"{module}.{name}": getattr(importlib.import_module(module), name) for module, name in PUBLIC}
    for named in promised:
        owner, _, member = named.rpartition(".")
        assert named in homes or named in api_reference.MODULES or hasattr(homes.get(owner), member), named


def names(row: str) -> Iterator[str]:
    """Yield the names in backticks; one that begins with a dot has the owner of the name before it."""
    owner = ""
    for named in re.findall(r"`([^`]+)`", row):
        yield owner + named if named.startswith(".") else named
        owner = named.rpartition(".")[0] or owner


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert re.search(
        rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )


def test_names_that_are_imported_when_asked_for_are_those_that_types_know() -> None:
    (block,) = [node for node in ast.parse(Path(prodgate.__file__).read_text("utf-8")).body if isinstance(node, ast.If)]
    known = {each.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for each in node.names}
    assert known == prodgate._HOMES  # type: ignore[attr-defined]  # known at run time only
    assert prodgate.__all__ == sorted(known)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        prodgate.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_imports_nothing_of_it() -> None:
    shown = "import sys, prodgate; print([name for name in sys.modules if name.startswith('prodgate.')])"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"
