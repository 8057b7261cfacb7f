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
_HIDES: Final = ("__import__", "compile", "eval", "exec", "globals", "locals", "vars")
#: What calls nothing of botocore; what of Airflow runs the code that is read, and nothing else; and its hooks, which
#: are followed like clients.
_SEEN: Final = (
    "airflow.DAG.", "airflow.Dataset.", "airflow.configuration.", "airflow.datasets.", "airflow.decorators.",
    "airflow.exceptions.", "airflow.hooks.base.", "airflow.models.", "airflow.operators.empty.",
    "airflow.operators.python.", "airflow.providers.amazon.aws.hooks.", "airflow.sdk.", "airflow.sensors.base.",
    "airflow.sensors.python.", "airflow.timetables.", "airflow.utils.", "airflow.version.", "botocore.config.",
    "botocore.exceptions.",
)  # fmt: skip
#: Of its decorator of tasks, what runs something else than the function that is read.
_TASKS: Final = ("bash", "docker", "kubernetes", "kubernetes_cmd", "pyspark")


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
            if isinstance(node, ast.Attribute) and (name := _find_runner(node, scope)):
                yield scope.file, node.lineno, f"runs a program by {name}", ""
            if isinstance(node, ast.Call) and _looks_up(node, scope):
                yield scope.file, node.lineno, "looks something up in an import by getattr", ""


def _list_imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif not node.level and node.module:
        yield from (f"{node.module}.{one.name}" for one in node.names)


def _doubt(name: str, own: set[str]) -> str:
    package = name.partition(".")[0]
    if package in _RUNS or name.startswith(_RUNS_BY):
        return f"imports {package if package in _RUNS else name}, which runs what is not read"
    is_seen = package in own or package == "boto3" or name == "airflow" or f"{name}.".startswith(_SEEN)
    if is_seen or package in sys.stdlib_module_names or package in _QUIET:
        return ""
    return f"imports {name}, and what that calls of AWS is not known; name it under 'quiet' if it is nothing"


def _find_runner(node: ast.Attribute, scope: Scope) -> str:
    """Return what runs a program, by its dotted name: of the library, or of Airflow's decorator of tasks."""
    is_task = node.attr in _TASKS and isinstance(node.value, ast.Name) and node.value.id == "task"
    return f"task.{node.attr}" if is_task else name if (name := _name(node, scope)).startswith(_RUNS_BY) else ""


def _looks_up(node: ast.Call, scope: Scope) -> bool:
    if not (isinstance(node.func, ast.Name) and node.func.id == "getattr" and node.args):
        return False
    owner = scope.find(node.args[0].id) if isinstance(node.args[0], ast.Name) else None
    return owner is not None and isinstance(node.args[0], ast.Name) and node.args[0].id in owner.imported


def _name(node: ast.expr, scope: Scope) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value, scope)}.{node.attr}"
    owner = scope.find(node.id) if isinstance(node, ast.Name) else None
    return owner.imported.get(node.id, "") if owner and isinstance(node, ast.Name) else ""
