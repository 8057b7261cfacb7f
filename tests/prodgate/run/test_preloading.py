"""What is imported before code of a team is, so that none of it can be put in its place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import prodgate
from prodgate.criteria import LAYERS
from prodgate.layers import BUILT
from prodgate.run.integrity import _JUDGING, find_changes, take_fingerprint

ROOT = Path(__file__).parents[3]
SHOWN = """
import sys
import prodgate.run.layer_process
from prodgate.run.preloading import import_for_layer
import_for_layer("{layer}")
print(*sys.modules)
"""
#: Layer -> what makes facts of its evidence there, or concludes by itself.
DECIDES = {
    "static": ("observing", "judging", "goals", "checkov"),
    "live": ("observing", "policies"),
    "load": ("facts", "kinds"),
    "e2e": ("kinds",),
    "dags": ("facts", "kinds"),
    "rollout": ("facts", "kinds", "migration_facts"),
    "attested": ("facts", "kinds", "judging", "flaws", "due"),
}


def list_imported(path: Path) -> Iterator[str]:
    """The modules of the package that a file imports, or takes a name from."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "prodgate":
            homes = (f"prodgate.{prodgate._HOMES[each.name]}" for each in node.names if each.name in prodgate._HOMES)
            yield from homes if node.module == "prodgate" else (str(node.module),)


def list_there(layer: str) -> set[str]:
    """The modules that are there when code of a team comes in."""
    command = [sys.executable, "-P", "-c", SHOWN.format(layer=layer)]
    return set(subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout.split())


@pytest.mark.parametrize("layer", LAYERS)
def test_what_a_layer_judges_with_is_there_before_code_of_a_team(layer: str) -> None:
    there = list_there(layer)
    folders = [*BUILT[layer].folders, *(["policies"] if BUILT[layer].judges_policies else [])]
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    used = {name for file in files for name in list_imported(file)}
    assert len(used) > 2 or layer == "attested"  # all of whose judging is the gate's own
    assert used <= there
    own = {name for name in _JUDGING if not name.startswith("layers.") or name.startswith(f"layers.{layer}.")}
    assert {f"prodgate.{name}" for name in own} <= there
    assert {f"prodgate.layers.{layer}.{name}" for name in DECIDES[layer]} <= there
    assert layer != "static" or not {n for n in there if n.startswith(("prodgate.facts.live", "prodgate.report"))}


def test_a_module_in_the_place_of_one_of_the_gate_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    there, late = "prodgate.layers.attested.judging", "prodgate.layers.rollout.none_such"
    import_module(there)
    before = take_fingerprint()
    assert find_changes(before) == ()
    for name in (there, late):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    assert find_changes(before) == (there, late)
