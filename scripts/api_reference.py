"""Print a page of the site: every public name with its signature and docstring, from the source.

python scripts/api_reference.py            # tox -e site has it as docs/api.md
"""

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from types import ModuleType
from typing import Any

SEMANTICS = ("airflow_versions", "aws_settings", "cloudwatch", "event_patterns", "network_rules", "policy_documents",
             "secret_forms", "startup_scripts", "yaml_nodes")  # fmt: skip
#: The modules with public names, in the order of the page.
MODULES = (
    "prodgate",
    "prodgate.facts",
    *(f"prodgate.facts.{layer}" for layer in ("static", "live", "load", "e2e", "dags")),
    "prodgate.facts.observers",
    *(f"prodgate.semantics.{module}" for module in SEMANTICS),
    "prodgate.testing",
)
HEADER = """# The public API

What policies, checks, facts, journeys and their tests may use. Everything else may change without notice. Written by
`scripts/api_reference.py` from the source. A test holds its names to what the bundled files import.
A fact that a bundled check imports from the module that defines it is new, and not promised yet.
"""


def page() -> str:
    """Return the whole page, its Python formatted."""
    text = "\n".join([HEADER, *(line for module in MODULES for line in section(importlib.import_module(module)))])
    command = (sys.executable, "-m", "ruff", "format", "--stdin-filename", "api.md", "-")
    return subprocess.run(command, input=text, capture_output=True, check=True, encoding="utf-8").stdout


def section(module: ModuleType) -> Iterator[str]:
    """Yield the lines of a module: its summary, then its public names."""
    about = (inspect.getdoc(module) or "").splitlines()[0]
    yield from (f"## {module.__name__}", "", about, "")
    for name in sorted(module.__all__, key=str.casefold):
        yield from entry(name, getattr(module, name), module)


def entry(name: str, value: Any, module: ModuleType) -> Iterator[str]:
    """Yield the lines of one name: its head as Python, its documentation, its members."""
    node, said = definition(name, value, module)
    yield from (f"### {name}", "", "```python", *head_of(node), "```", "", said, "")
    if isinstance(node, ast.ClassDef) and (members := list(public_members(node))):
        yield from (*members, "")


def definition(name: str, value: Any, module: ModuleType) -> tuple[ast.stmt, str]:
    """Return where a name is defined, and its docstring or the comment above it."""
    if inspect.isclass(value) or inspect.isfunction(inspect.unwrap(value)):
        body = ast.parse(inspect.getsource(inspect.getmodule(value) or module)).body
        node = next(each for each in body if getattr(each, "name", "") == value.__name__)
        assert isinstance(node, ast.ClassDef | ast.FunctionDef)
        node.name = name
        return node, ast.get_docstring(node) or ""
    source = inspect.getsource(importlib.import_module(home(name, module)))
    node = next(each for each in ast.parse(source).body if name in assigned(each))
    above = takewhile(lambda line: line.startswith("#:"), reversed(source.splitlines()[: node.lineno - 1]))
    return node, " ".join(reversed([line.removeprefix("#:").strip() for line in above]))


def home(name: str, module: ModuleType) -> str:
    """Return the module that defines a constant or a type."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and name in {each.name for each in node.names}:
            return f"prodgate.{node.module}"
    return module.__name__


def assigned(node: ast.stmt) -> set[str]:
    """Return the names that a statement assigns to."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return set(map(ast.unparse, targets))


def head_of(node: ast.stmt) -> Iterator[str]:
    """Yield the signature of a function, the fields or constructor of a class, or an assignment."""
    if isinstance(node, ast.FunctionDef):
        returns = ast.unparse(node.returns) if node.returns else "None"
        yield f"def {node.name}({ast.unparse(node.args)}) -> {returns}: ..."
    elif isinstance(node, ast.ClassDef):
        yield f"class {node.name}({', '.join(map(ast.unparse, node.bases))}):".replace("()", "")
        yield from [f"    {line}" for line in fields_of(node)] or ["    ..."]
    else:
        yield ast.unparse(node)


def fields_of(node: ast.ClassDef) -> Iterator[str]:
    """Yield the fields of a class, and its constructor's arguments if it defines one itself."""
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and not ast.unparse(each).startswith("_"):
            yield ast.unparse(each)
        elif isinstance(each, ast.FunctionDef) and each.name == "__init__":
            yield f"def __init__({ast.unparse(each.args)}) -> None: ..."


def public_members(node: ast.ClassDef) -> Iterator[str]:
    """Yield the methods and properties, and the fields with documentation."""
    for each, following in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(each, ast.AnnAssign) and isinstance(following, ast.Expr):
            yield f"- `{ast.unparse(each.target)}`: {' '.join(ast.literal_eval(following.value).split())}"
        elif isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
            yield f"- {head(each)}: {' '.join((ast.get_docstring(each) or '').split())}"


def head(method: ast.FunctionDef) -> str:
    """Return a property by its name, and a method with its arguments."""
    decorators = {ast.unparse(each) for each in method.decorator_list}
    if decorators & {"property", "cached_property"}:
        return f"`{method.name}`"
    method.args.args = method.args.args[1:]
    returns = f" -> {ast.unparse(method.returns)}" if method.returns else ""
    return f"`{method.name}({ast.unparse(method.args)}){returns}`"


if __name__ == "__main__":
    sys.stdout.write(page())
