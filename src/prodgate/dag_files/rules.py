"""Rules about DAG files that need no Airflow: what is wrong, and what to write instead.

Each rule looks at one file. Whether two files declare the same DAG is seen from the ids, which are kept as well.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from ..sections.judges import read_imports
from ..semantics.syntax_trees import parse_module

#: Names that make a DAG, whatever they are imported from: the class, and the decorator of a function.
_MAKERS: Final = ("DAG", "dag")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Declaration:
    """One DAG in a file: by ``DAG(...)``, or by ``@dag(...)`` on a function."""

    dag_id: str
    """Empty when it is no literal, and no name that stands for one alone."""
    line: int
    given: Mapping[str, ast.expr]
    """The arguments that are given by name, and what ``default_args`` holds as ``default_args.NAME``."""
    function: Function | None = None
    open_ended: bool = False
    """Whether further arguments come from ``**something``."""

    @property
    def schedule(self) -> ast.expr | None:
        """Its schedule, under any of the names that versions of Airflow used."""
        return self.given.get("schedule", self.given.get("schedule_interval", self.given.get("timetable")))


@dataclass(frozen=True)
class Source:
    """A file that parses; ``file`` is its name below the DAG folder."""

    file: str
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The dotted name behind each imported name."""
        return read_imports(ast.walk(self.tree))

    @cached_property
    def constants(self) -> Mapping[str, ast.expr]:
        """The values of names that are assigned once, outside functions."""
        found: dict[str, ast.expr] = {}
        for statement in self.tree.body:
            if isinstance(statement, ast.Assign):
                found |= {target.id: statement.value for target in statement.targets if isinstance(target, ast.Name)}
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
                found[statement.target.id] = statement.value
        return found

    @cached_property
    def once(self) -> frozenset[str]:
        """The names that stand for one thing alone, whatever runs: no variable of a loop, no argument of a function."""
        stored = (
            node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
        taken = (node.arg for node in ast.walk(self.tree) if isinstance(node, ast.arg))
        return frozenset(name for name, times in Counter([*stored, *taken]).items() if times == 1)

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """The functions of the file itself, by name."""
        return {each.name: each for each in self.tree.body if isinstance(each, Function)}

    @cached_property
    def declarations(self) -> tuple[Declaration, ...]:
        """The DAGs that it declares."""
        return tuple(sorted(self._find_declarations(), key=lambda each: each.line))

    def dotted_name(self, node: ast.expr) -> str:
        """Return the dotted name of what an expression names, with imports followed; empty when it names nothing."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return f"?.{'.'.join(reversed(parts))}" if parts else ""
        return ".".join([self.names.get(node.id, node.id), *reversed(parts)])

    def resolve(self, node: ast.expr) -> ast.expr:
        """Return the value of a name that is assigned outside of functions, or the expression itself."""
        return self.constants.get(node.id, node) if isinstance(node, ast.Name) else node

    def makes_dag(self, node: ast.expr) -> bool:
        """Whether an expression names what makes a DAG."""
        return self.dotted_name(node).rpartition(".")[2] in _MAKERS

    def _find_declarations(self) -> Iterator[Declaration]:
        decorators = set()
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                for decorator in node.decorator_list:
                    call = decorator if isinstance(decorator, ast.Call) else None
                    if self.makes_dag(call.func if call else decorator):
                        decorators.add(id(call))
                        yield self._read_declaration(call, node)
            elif isinstance(node, ast.Call) and id(node) not in decorators and self._is_class(node.func):
                yield self._read_declaration(node, None)

    def _is_class(self, node: ast.expr) -> bool:
        return self.dotted_name(node).rpartition(".")[2] == "DAG"

    def _read_declaration(self, call: ast.Call | None, function: Function | None) -> Declaration:
        keywords = call.keywords if call else []
        given = {each.arg: self.resolve(each.value) for each in keywords if each.arg}
        open_ended = any(each.arg is None for each in keywords)
        named = [each.value for each in keywords if each.arg == "dag_id"] + (call.args[:1] if call else [])
        dag_id = "" if named or open_ended or function is None else function.name
        if named and (not isinstance(named[0], ast.Name) or named[0].id in self.once):
            dag_id = read_literal(self.resolve(named[0]))
        defaults = given.get("default_args")
        if isinstance(defaults, ast.Dict):
            pairs = zip(defaults.keys, defaults.values, strict=True)
            given |= {f"default_args.{read_literal(key)}": self.resolve(value) for key, value in pairs}
        line = (call or function or self.tree.body[0]).lineno
        return Declaration(dag_id, line, given, function, open_ended)


def read_literal(node: ast.AST | None) -> str:
    """Return a literal text; nothing for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


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


#: Line, and what is wrong there.
Complaint = tuple[int, str]
Rule = Callable[[Source], Iterator[Complaint]]

_NAIVE: Final = ("datetime.datetime", "datetime", "datetime.strptime", "datetime.fromisoformat", "pendulum.naive")
_CLOCKS: Final = ("now", "utcnow", "today", "yesterday", "tomorrow", "days_ago")


def check_file(file: str, text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the findings of the rules about a file (``rule``, ``file``, ``line``, ``text``), and its declared DAGs."""
    try:
        return _check_source(Source(file, text, parse_module(text)))
    except (SyntaxError, ValueError) as error:
        said = getattr(error, "msg", None) or str(error)
        return [refuse_file(file, f"is no Python: {said}", getattr(error, "lineno", None) or 1)], []
    except (RecursionError, MemoryError):
        return [refuse_file(file, "is nested too deep to be read; write it flatter")], []


def refuse_file(file: str, why: str, line: int = 1) -> dict[str, Any]:
    """Return the finding on a file that no rule can read."""
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
    """No file connects to anything while it is imported."""
    for line, name in find_waiting_calls(source):
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
    called = {name for _, name in find_calls(source)}
    for dag in source.declarations:
        if dag.function is not None and dag.function.name in source.functions and dag.function.name not in called:
            yield dag.line, f"{_name(dag)} is never made; call {dag.function.name}() at the end of the file"


#: Id -> its rule, in the order of reading.
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
    return not (len(stated.args) > 7 or any(each.arg in ("tzinfo", "tz") for each in stated.keywords))


def _is_literal(source: Source, stated: ast.expr) -> bool:
    """Whether an expression is the same on every machine: built from constants alone."""
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
