"""Every observer is found because it exists, in the same order whatever is imported first."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.facts.observers import import_all
from tests.trees import write_tree

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src"
SHOWN = "print(*(f'{each.__module__}.{each.__name__}' for each in OBSERVERS), sep='\\n')"


def decorated() -> Iterator[str]:
    """Yield the functions that are written as observers, anywhere in the package."""
    for path in (SOURCE / "prodgate").rglob("*.py"):
        module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            calls = [d for d in getattr(node, "decorator_list", ()) if isinstance(d, ast.Call)]
            if any(ast.unparse(call.func).rpartition(".")[2] in ("observes", "observes_each") for call in calls):
                yield f"{module}.{node.name}"  # type: ignore[attr-defined]  # what is decorated has a name


def registered(first: str) -> list[str]:
    """Return the observers known to a new interpreter that has imported one module."""
    command = [sys.executable, "-c", f"import {first}\nfrom prodgate.facts.observers import OBSERVERS\n{SHOWN}"]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=300).stdout.split()


def test_every_observer_of_the_package_is_found() -> None:
    assert sorted(registered("prodgate.facts.live")) == sorted(decorated())


def test_the_order_is_the_same_whatever_is_imported_first() -> None:
    orders = [
        registered(first)
        for first in ("prodgate.facts.live.distributions", "prodgate.layers.live.observing", "prodgate.facts.load")
    ]
    assert orders[0] == orders[1]
    assert orders[2] in ([], orders[0])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with a package in it, forgotten afterwards."""
    made = tmp_path / "found_anyway"
    (made / "below").mkdir(parents=True)
    for path in (made, made / "below"):
        (path / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield made
    for name in [each for each in sys.modules if each.partition(".")[0] == made.name]:
        del sys.modules[name]


def test_a_module_is_found_wherever_it_lies(package: Path) -> None:
    write_tree(
        package,
        {
            "below/later.py": "import found_anyway\nfound_anyway.order.append(__name__)\n",
            "above.py": "import found_anyway\nfound_anyway.order.append(__name__)\n",
            "__init__.py": "order = []\n",
        },
    )
    import_all("found_anyway")
    assert sys.modules["found_anyway"].order == ["found_anyway.above", "found_anyway.below.later"]


@pytest.mark.parametrize("broken", ["below/__init__.py", "below/later.py"])
def test_a_module_that_can_not_be_imported_is_no_module_less(package: Path, broken: str) -> None:
    (package / broken).write_text("import nothing_of_that_name\n")
    with pytest.raises(ImportError, match="nothing_of_that_name"):
        import_all("found_anyway")
