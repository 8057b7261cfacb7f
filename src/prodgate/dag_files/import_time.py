"""What a DAG file does whenever Airflow imports it, which is every few seconds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from .source import Function, Source

#: Calls that wait for somebody else, by the start of their dotted name.
_WAITS: Final = (
    "requests.", "httpx.", "aiohttp.", "urllib.request.", "urllib3.", "http.client.", "socket.", "smtplib.", "ftplib.",
    "boto3.", "botocore.", "psycopg2.connect", "psycopg.connect", "sqlite3.connect", "pymysql.connect", "redis.",
    "pymongo.", "snowflake.connector.connect", "google.cloud.", "subprocess.", "os.system", "os.popen", "time.sleep",
    "pandas.read_sql", "feedparser.parse",
)  # fmt: skip
#: Methods that ask Airflow's database or the secrets backend, by the end of their dotted name.
_ASKS: Final = (
    "Variable.get", "Variable.set", "Variable.setdefault", "Connection.get", "BaseHook.get_connection", ".get_conn",
    ".get_records", ".get_first", ".get_pandas_df", "Connection.get_connection_from_secrets",
)  # fmt: skip
#: Decorators whose functions Airflow runs later.
_LATER: Final = ("task", "task_group", "setup", "teardown", "sensor")


def find_calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Yield each call that is made when the file is imported, with its dotted name; also inside its own functions."""
    entered: set[str] = set()
    waiting: list[ast.AST] = [source.tree]
    while waiting:
        for node in _walk_executed(waiting.pop(), source):
            if isinstance(node, ast.Call):
                name = source.dotted_name(node.func)
                yield node, name
                function = source.functions.get(name)
                if function and name not in entered and not _is_run_by_airflow(function, source):
                    entered.add(name)
                    waiting += function.body


def find_waiting_calls(source: Source) -> Iterator[tuple[int, str]]:
    """Yield line and name of the calls that reach for a network, a database or a program when the file is imported."""
    for call, name in find_calls(source):
        if name.startswith(_WAITS) or name.endswith(_ASKS):
            yield call.lineno, name.removeprefix("?.")


def _walk_executed(node: ast.AST, source: Source) -> Iterator[ast.AST]:
    """Yield a node and what is below it, but not what a function, a lambda or a check of types leaves for later."""
    yield node
    if isinstance(node, ast.Lambda) or _is_main(node):
        return
    if isinstance(node, Function):
        below: list[ast.AST] = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        if any(source.makes_dag(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list):
            below += node.body  # the function of a DAG runs when the file is imported; its tasks don't
    else:
        below = [*ast.iter_child_nodes(node)]
    for each in below:
        yield from _walk_executed(each, source)


def _is_main(node: ast.AST) -> bool:
    """Whether this is for a person who runs the file, or for a checker of types, and not for Airflow."""
    if not isinstance(node, ast.If):
        return False
    return "__main__" in ast.unparse(node.test) or ast.unparse(node.test).endswith("TYPE_CHECKING")


def _is_run_by_airflow(function: Function, source: Source) -> bool:
    """Whether a call of a function runs nothing here: a task runs later, and a DAG was read where it stands."""
    named = (source.dotted_name(each.func if isinstance(each, ast.Call) else each) for each in function.decorator_list)
    return any(part in (*_LATER, "dag") for name in named for part in name.split("."))
