"""Which packages ask AWS for nothing, so that what a file imports of them calls nothing that nobody sees."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Final

from .names import Folder, Scope, read_import, walk

#: Packages of others that have no client of AWS in them, or use none unless they are handed one.
_QUIET: Final = frozenset({
    "PIL", "alembic", "attr", "attrs", "bs4", "certifi", "charset_normalizer", "click", "croniter", "cryptography",
    "dateutil", "fastapi", "feedparser", "flask", "html5lib", "httpx", "idna", "jinja2", "jsonschema", "jwt", "lxml",
    "markdown", "markupsafe", "numpy", "orjson", "packaging", "pendulum", "psycopg", "psycopg2", "pydantic", "pytest",
    "pytz", "regex", "requests", "rich", "ruamel", "scipy", "simplejson", "six", "sqlalchemy", "starlette",
    "structlog", "tenacity", "tomli", "typing_extensions", "tzdata", "ujson", "urllib3", "uvicorn", "yaml",
})  # fmt: skip
#: Modules that run something that this does not see.
_RUNS: Final = (
    "_posixsubprocess", "builtins", "code", "codeop", "ctypes", "distutils", "doctest", "imp", "importlib",
    "multiprocessing", "nt", "pipes", "pkgutil", "posix", "pty", "runpy", "subprocess", "timeit", "trace",
)  # fmt: skip
_RUNS_BY: Final = (
    "asyncio.create_subprocess", "asyncio.subprocess", "logging.config", "os.exec", "os.popen", "os.posix_spawn",
    "os.spawn", "os.system", "sys.modules",
)  # fmt: skip
#: Methods of whatever object that do so: of a loop of asyncio, of a connection of Airflow, of what finds by a text.
_RUNS_OF_ANY: Final = ("get_hook", "import_string", "subprocess_exec", "subprocess_shell")
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
#: Of these, what asks AWS for what nobody sees: files by their address, mail by what Airflow's settings name.
_UNSEEN: Final = ("airflow.models.DagBag", "airflow.models.dagbag", "airflow.sdk.ObjectStoragePath", "airflow.sdk.io",
    "airflow.utils.email", "airflow.utils.module_loading")  # fmt: skip
#: Of its decorator of tasks, what runs the function that is read, and nothing else.
_TASKS: Final = frozenset({
    "branch", "branch_external_python", "branch_virtualenv", "expand", "external_python", "override", "partial",
    "python", "run_if", "sensor", "short_circuit", "skip_if", "virtualenv",
})  # fmt: skip
_DECORATORS: Final = ("airflow.decorators.task.", "airflow.sdk.task.")


def list_unseen(folder: Folder) -> Iterator[tuple[str, int, str, str]]:
    """Yield file, line, reason and package of each import and call behind which something may ask AWS unseen."""
    for scope in folder.scopes:
        for node in walk(scope.node):
            if isinstance(node, ast.ImportFrom) and any(one.name == "*" for one in node.names):
                yield scope.file, node.lineno, f"imports all of {node.module or '.'}, so that names may be anything", ""
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name in _list_imported(node, scope):
                    if reason := _doubt(name, folder):
                        yield scope.file, node.lineno, reason, name.partition(".")[0]
            if isinstance(node, ast.Name) and node.id in _HIDES and scope.find(node.id) is None:
                yield scope.file, node.lineno, f"uses {node.id}, which runs what is not read", ""
            if isinstance(node, ast.Attribute) and (name := _find_runner(node, scope)):
                yield scope.file, node.lineno, f"runs what is not read by {name}", ""
            if isinstance(node, ast.Call) and _looks_up(node, scope):
                yield scope.file, node.lineno, "looks something up in an import by getattr", ""


def _list_imported(node: ast.Import | ast.ImportFrom, scope: Scope) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    else:
        yield from (name.lstrip(".") for name in read_import(node, scope).values() if not name.endswith(".*"))


def _doubt(name: str, folder: Folder) -> str:
    package = name.partition(".")[0]
    if any(one.partition(".")[0] == package for one in folder.modules):
        return "" if _is_read(name, folder) else f"imports {name}, which is not among the files that are read"
    if package in _RUNS or name.startswith(_RUNS_BY):
        return f"imports {package if package in _RUNS else name}, which runs what is not read"
    is_seen = f"{name}.".startswith(_SEEN) and not name.startswith(_UNSEEN)
    if is_seen or package in ("boto3", *sys.stdlib_module_names) or name == "airflow" or package in _QUIET:
        return ""
    return f"imports {name}, and what that calls of AWS is not known; name it under 'quiet' if it is nothing"


def _is_read(name: str, folder: Folder) -> bool:
    """Whether a name of a package of the folder is of a file that is read: a module, a folder, or what one holds."""
    holder = name.rpartition(".")[0]
    return holder in folder.modules or any(f"{one}.".startswith(f"{name}.") for one in folder.modules)


def _find_runner(node: ast.Attribute, scope: Scope) -> str:
    """Return what runs what is not read, by its dotted name: of the library, or of Airflow."""
    name = _name(node, scope)
    if node.attr in _RUNS_OF_ANY or name.startswith((*_RUNS_BY, *_UNSEEN)):
        return name.strip(".")
    is_task = name.startswith(_DECORATORS) and name.count(".") == 3
    return name if is_task and node.attr not in _TASKS else ""


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
