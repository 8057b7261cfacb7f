"""Which packages ask AWS for nothing, so that what a file imports of them calls nothing that nobody sees."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Final

from .names import Folder, Scope, walk

#: Packages of others that have no client of AWS in them, or use none unless they are handed one.
_QUIET: Final = frozenset({
    "PIL", "alembic", "attr", "attrs", "bs4", "certifi", "charset_normalizer", "click", "croniter", "cryptography",
    "dateutil", "fastapi", "feedparser", "flask", "html5lib", "httpx", "idna", "jinja2", "jsonschema", "jwt", "lxml",
    "markdown", "markupsafe", "numpy", "orjson", "packaging", "pendulum", "psycopg", "psycopg2", "pydantic", "pytest",
    "pytz", "regex", "requests", "rich", "ruamel", "scipy", "simplejson", "six", "sqlalchemy", "starlette",
    "structlog", "tenacity", "tomli", "typing_extensions", "tzdata", "ujson", "urllib3", "uvicorn", "yaml",
})  # fmt: skip
#: Modules that run something that this does not see.
_RUNS: Final = ("ctypes", "importlib", "imp", "multiprocessing", "pkgutil", "pty", "runpy", "subprocess")
_RUNS_BY: Final = ("os.exec", "os.popen", "os.posix_spawn", "os.spawn", "os.system", "asyncio.create_subprocess")
_HIDES: Final = ("__import__", "compile", "eval", "exec")
#: What of botocore calls nothing.
_OF_BOTOCORE: Final = ("botocore.config", "botocore.exceptions")


def list_unseen(folder: Folder) -> Iterator[tuple[str, int, str, str]]:
    """Yield file, line, reason and package of each import and call behind which something may ask AWS unseen."""
    own = {name.partition(".")[0] for name in folder.modules}
    for scope in folder.scopes:
        for node in walk(scope.node):
            if isinstance(node, ast.ImportFrom) and any(one.name == "*" for one in node.names):
                yield scope.file, node.lineno, f"imports all of {node.module or '.'}, so that names may be anything", ""
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name in _list_imported(node):
                    if reason := _doubt(name, own):
                        yield scope.file, node.lineno, reason, name.partition(".")[0]
            if isinstance(node, ast.Name) and node.id in _HIDES and scope.find(node.id) is None:
                yield scope.file, node.lineno, f"uses {node.id}, which runs what is not read", ""
            if isinstance(node, ast.Attribute) and _name(node, scope).startswith(_RUNS_BY):
                yield scope.file, node.lineno, f"runs a program by {_name(node, scope)}", ""


def _list_imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif not node.level and node.module:
        yield from (f"{node.module}.{one.name}" for one in node.names)


def _doubt(name: str, own: set[str]) -> str:
    package = name.partition(".")[0]
    if package in own or package == "boto3" or name.startswith(_OF_BOTOCORE):
        return ""
    if package in _RUNS:
        return f"imports {package}, which runs what is not read"
    if package in sys.stdlib_module_names or package in _QUIET or package == "__future__":
        return ""
    if package == "airflow" and not name.startswith("airflow.providers."):
        return ""
    if name.startswith("airflow.providers.amazon.aws.hooks."):
        return ""  # hooks are followed like clients
    return f"imports {name}, and what that calls of AWS is not known; name it under 'quiet' if it is nothing"


def _name(node: ast.expr, scope: Scope) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value, scope)}.{node.attr}"
    owner = scope.find(node.id) if isinstance(node, ast.Name) else None
    return owner.imported.get(node.id, "") if owner and isinstance(node, ast.Name) else ""
