"""What is imported before code of a team is, so that none of it can be put in its place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import prodgate
from prodgate.run.integrity import _JUDGING

ROOT = Path(__file__).parents[3]
SHOWN = """
import sys
import prodgate.run.layer_process
from prodgate.run.preloading import import_for_layer
import_for_layer("static")
print(*sys.modules)
"""


def list_imported(path: Path) -> Iterator[str]:
    """The modules of the package that a file imports, or takes a name from."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "prodgate":
            homes = (f"prodgate.{prodgate._HOMES[each.name]}" for each in node.names if each.name in prodgate._HOMES)
            yield from homes if node.module == "prodgate" else (str(node.module),)


def test_what_the_static_layer_judges_with_is_there_before_code_of_a_team() -> None:
    command = [sys.executable, "-P", "-c", SHOWN]
    there = set(subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout.split())
    files = [*(ROOT / "policies").glob("*.py"), *(ROOT / "suites/static").glob("*.py")]
    used = {name for file in files for name in list_imported(file)}
    assert len(used) > 10
    assert used <= there
    assert {f"prodgate.{name}" for name in _JUDGING} <= there
    assert {"prodgate.layers.static.observing", "prodgate.layers.static.judging"} <= there
    assert not {name for name in there if name.startswith(("prodgate.facts.live", "prodgate.report"))}
