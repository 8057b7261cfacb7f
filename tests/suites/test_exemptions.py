"""A criterion says that some subjects may be exempt where a judge exempts some, and nowhere else."""

import ast
from pathlib import Path

from prodgate.sections.judges import read_judges
from prodgate.testing import load_criteria

ROOT = Path(__file__).parents[2]
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
FILES = [path for name in ("policies", "suites", "loadtests", "e2e") for path in sorted((ROOT / name).rglob("*.py"))]


def exempts(function: ast.FunctionDef, known: dict[str, ast.FunctionDef], seen: tuple[str, ...] = ()) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node.attr == "not_applicable":
            return True
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if called in known and called not in seen and exempts(known[called], known, (*seen, called)):
            return True
    return False


def list_exempting() -> set[str]:
    found = set()
    for path in FILES:
        functions = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
        known = {node.name: node for node in functions}
        lines = {min(each.lineno for each in node.decorator_list): node for node in functions if node.decorator_list}
        found |= {each.criterion for each in read_judges(path).judges if exempts(lines[each.line], known)}
    return found


def test_what_judges_exempt_is_stated() -> None:
    exempting = list_exempting()
    assert len(exempting) > 40
    assert sorted(id_ for id_ in exempting if not CRITERIA[id_].exempts) == []
    assert sorted(id_ for id_, each in CRITERIA.items() if each.some_subjects and id_ not in exempting) == []
