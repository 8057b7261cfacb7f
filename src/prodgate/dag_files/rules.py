"""Rules about DAG files that need no Airflow: what is wrong, and what to write instead.

Each rule looks at one file. Whether two files declare the same DAG is seen from the ids, which are kept as well.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from . import import_time
from .source import Declaration, Source

#: Line, and what is wrong there.
Complaint = tuple[int, str]
Rule = Callable[[Source], Iterator[Complaint]]

_NAIVE: Final = ("datetime.datetime", "datetime", "datetime.strptime", "datetime.fromisoformat", "pendulum.naive")
_CLOCKS: Final = ("now", "utcnow", "today", "yesterday", "tomorrow", "days_ago")


def check_file(file: str, text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what rules say of a file (``rule``, ``file``, ``line``, ``text``), and the DAGs that it declares."""
    try:
        return _check_source(Source(file, text, ast.parse(text)))
    except (SyntaxError, ValueError) as error:
        said = getattr(error, "msg", None) or str(error)
        return [refuse_file(file, f"is no Python: {said}", getattr(error, "lineno", None) or 1)], []
    except (RecursionError, MemoryError):
        return [refuse_file(file, "is nested too deep to be read; write it flatter")], []


def refuse_file(file: str, why: str, line: int = 1) -> dict[str, Any]:
    """Return what is said of a file that no rule can look at."""
    return {"rule": "DAG000", "file": file, "line": line, "text": why}


def _check_source(source: Source) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    told = [
        {"rule": name, "file": source.file, "line": line, "text": said}
        for name, rule in RULES.items()
        for line, said in rule(source)
    ]
    declared = [
        {"dag_id": each.dag_id, "file": source.file, "line": each.line} for each in source.declarations if each.dag_id
    ]
    return told, declared


def start_date(source: Source) -> Iterator[Complaint]:
    """A start date has a zone, and is the same tomorrow."""
    for dag in source.declarations:
        stated = dag.given.get("start_date") or dag.given.get("default_args.start_date")
        if stated is None:
            if _is_scheduled(dag) and not dag.open_ended:
                yield dag.line, f'{_name(dag)} has no start_date; write pendulum.datetime(2026, 1, 1, tz="Asia/Tokyo")'
        elif clock := _find_clock(source, stated):
            yield stated.lineno, f"start_date moves with the clock ({clock}); write a fixed date with its zone"
        elif _is_naive(source, stated):
            yield stated.lineno, f"start_date {ast.unparse(stated)!r} has no zone; write pendulum.datetime(…, tz=…)"


def catchup(source: Source) -> Iterator[Complaint]:
    """A schedule says whether what was missed is made up for: Airflow 2 does so unless told otherwise, 3 does not."""
    for dag in source.declarations:
        if _is_scheduled(dag) and "catchup" not in dag.given and not dag.open_ended:
            yield dag.line, f"{_name(dag)} does not say whether it catches up; write catchup=False"


def schedule(source: Source) -> Iterator[Complaint]:
    """A schedule is stated, and stands in the file."""
    for dag in source.declarations:
        stated = dag.schedule
        if stated is None:
            if not dag.open_ended:
                yield dag.line, f"{_name(dag)} states no schedule: daily in Airflow 2, never in 3; write schedule=…"
        elif not _is_literal(source, stated):
            yield stated.lineno, f"the schedule {ast.unparse(stated)[:60]!r} is computed; write it down as it is"


def work_at_import(source: Source) -> Iterator[Complaint]:
    """Nothing is asked of anybody while a file is imported."""
    for line, name in import_time.find_waiting_calls(source):
        yield line, f"{name} is called whenever Airflow imports the file; call it inside a task"


def failure_callback(source: Source) -> Iterator[Complaint]:
    """A DAG tells somebody that it failed, itself: a task whose process is killed calls nobody."""
    for dag in source.declarations:
        stated = dag.given.get("on_failure_callback")
        if not dag.open_ended and (stated is None or (isinstance(stated, ast.Constant) and stated.value is None)):
            yield dag.line, f"{_name(dag)} has no on_failure_callback of its own; give the DAG one, besides its tasks"


def time_limit(source: Source) -> Iterator[Complaint]:
    """A run ends at some time, so that it does not keep the next ones from running."""
    for dag in source.declarations:
        if "dagrun_timeout" not in dag.given and not dag.open_ended:
            yield dag.line, f"{_name(dag)} may run forever; write dagrun_timeout=timedelta(…)"


def overlooked(source: Source) -> Iterator[Complaint]:
    """Airflow looks at a file only when it holds two words."""
    missing = [word for word in ("dag", "airflow") if word not in source.text.lower()]
    if source.declarations and missing:
        wrong = f"Airflow passes over the file, which does not hold the word {missing[0]!r}"
        yield source.declarations[0].line, f"{wrong}; import what it uses from airflow"


def never_called(source: Source) -> Iterator[Complaint]:
    """A function that ``@dag`` decorates makes its DAG only when it is called."""
    called = {name for _, name in import_time.find_calls(source)}
    for dag in source.declarations:
        if dag.function is not None and dag.function.name in source.functions and dag.function.name not in called:
            yield dag.line, f"{_name(dag)} is never made; call {dag.function.name}() at the end of the file"


#: What each id stands for, in the order of reading.
RULES: Final[Mapping[str, Rule]] = {
    "DAG001": start_date,
    "DAG002": catchup,
    "DAG003": schedule,
    "DAG004": work_at_import,
    "DAG005": failure_callback,
    "DAG006": time_limit,
    "DAG007": overlooked,
    "DAG008": never_called,
}


def _name(dag: Declaration) -> str:
    return repr(dag.dag_id) if dag.dag_id else "the DAG"


def _is_scheduled(dag: Declaration) -> bool:
    stated = dag.schedule
    return not (isinstance(stated, ast.Constant) and stated.value in (None, "@once"))


def _find_clock(source: Source, stated: ast.expr) -> str:
    """Return what asks the clock inside an expression; nothing when nothing does."""
    named = (source.dotted_name(each.func) for each in ast.walk(stated) if isinstance(each, ast.Call))
    return next((name for name in named if name.rpartition(".")[2] in _CLOCKS), "")


def _is_naive(source: Source, stated: ast.expr) -> bool:
    """Whether a call makes a time without a zone; what it can't tell is left to the Airflow that imports the file."""
    if isinstance(stated, ast.Constant):
        return isinstance(stated.value, str)
    if not isinstance(stated, ast.Call) or not source.dotted_name(stated.func).endswith(_NAIVE):
        return False
    name = source.dotted_name(stated.func)
    if name.startswith(("pendulum.", "airflow.")) and not name.endswith("naive"):
        return False
    aware = len(stated.args) > 7 or any(each.arg in ("tzinfo", "tz") for each in stated.keywords)
    return not aware


def _is_literal(source: Source, stated: ast.expr) -> bool:
    """Whether an expression is the same on every machine: built from constants, and from nothing that is asked."""
    for node in ast.walk(stated):
        if isinstance(node, ast.JoinedStr | ast.Subscript | ast.Lambda | ast.IfExp | ast.BoolOp):
            return False
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and not _is_known(source, node):
            return False
        if isinstance(node, ast.Call) and source.dotted_name(node.func).endswith((".get", "getenv", *_CLOCKS)):
            return False
    return True


def _is_known(source: Source, node: ast.Name) -> bool:
    value = source.constants.get(node.id)
    return node.id in source.names or (value is not None and value is not node and _is_literal(source, value))
