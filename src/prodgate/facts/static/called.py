"""AWS calls of Python files (through boto3 and Airflow's hooks) and of workflow steps, and the places that could not be
followed.

Nothing runs. A client is followed through names, attributes, parameters and returned values of all files of a folder; a
place where it goes anywhere else is reported, so that nobody mistakes silence for an answer.
"""

import ast
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ...processes.regular_files import read_measured
from ...semantics.syntax_trees import parse_module
from .. import Fact
from .shell_commands import lift_here_documents
from .workflows import Job, Step, flatten

# ── The values of names in Python files: functions, parameters, and everything assigned to them, in any file

Function = ast.FunctionDef | ast.AsyncFunctionDef
_PROPERTIES = ("property", "cached_property")


@dataclass(eq=False)
class Scope:
    """A file or a function in one, with the values assigned to each name in it."""

    module: str
    file: str
    node: ast.Module | Function
    parent: "Scope | None" = None
    bound: dict[str, list[ast.expr | None]] = field(default_factory=dict)
    """Name -> each expression whose value it takes; None for one that is not followed."""
    imported: dict[str, str] = field(default_factory=dict)
    """Name -> the dotted name that it imports."""
    functions: dict[str, "Scope"] = field(default_factory=dict)
    is_method: bool = False

    @property
    def is_property(self) -> bool:
        """Whether it is read like an attribute."""
        if isinstance(self.node, ast.Module):
            return False
        return any(ast.unparse(one).rpartition(".")[2] in _PROPERTIES for one in self.node.decorator_list)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of a function's parameters, except variadic ones and the object of a method."""
        if isinstance(self.node, ast.Module):
            return ()
        given = self.node.args
        names = tuple(one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs))
        return names[1:] if self.is_method and names[:1] in (("self",), ("cls",)) else names

    @cached_property
    def defaults(self) -> Mapping[str, ast.expr]:
        """The default values of parameters."""
        if isinstance(self.node, ast.Module):
            return {}
        given = self.node.args
        names = [one.arg for one in (*given.posonlyargs, *given.args)]
        last = dict(zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True))
        pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        return {**last, **{one.arg: value for one, value in pairs if value is not None}}

    @cached_property
    def returned(self) -> tuple[ast.expr, ...]:
        """The values that a function returns or yields."""
        found = (node.value for node in walk(self.node) if isinstance(node, ast.Return | ast.Yield))
        return tuple(value for value in found if value is not None)

    @cached_property
    def outer(self) -> frozenset[str]:
        """The names from a scope around it: `global` and `nonlocal`."""
        found = (node.names for node in walk(self.node) if isinstance(node, ast.Global | ast.Nonlocal))
        return frozenset(name for names in found for name in names)

    def find(self, name: str) -> "Scope | None":
        """Return the scope that holds a name, this one or one around it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bound or name in scope.imported or name in scope.functions or name in scope.parameters:
                return scope
            scope = scope.parent
        return None


@dataclass(eq=False)
class Folder:
    """All files together."""

    modules: dict[str, Scope] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    attributes: dict[str, list[tuple[ast.expr | None, Scope]]] = field(default_factory=dict)
    """Name of an attribute -> all values assigned to one of that name, on any object."""
    methods: dict[str, list[Scope]] = field(default_factory=dict)
    """Name of a method -> all methods of that name, in any class."""


def read_names(trees: Mapping[str, ast.Module]) -> Folder:
    """Return the values of names in files; ``trees`` by path."""
    folder = Folder()
    for file, tree in trees.items():
        module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        scope = Scope(module, file, tree)
        folder.modules[module] = scope
        _fill(scope, folder)
    return folder


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below a node, except those inside functions."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, Function):
            yield from walk(child)


def _fill(scope: Scope, folder: Folder) -> None:
    folder.scopes.append(scope)
    for node in walk(scope.node):
        if isinstance(node, Function):
            is_method = any(isinstance(one, ast.ClassDef) and node in one.body for one in walk(scope.node))
            inner = Scope(scope.module, scope.file, node, scope, is_method=is_method)
            if inner.is_method:
                folder.methods.setdefault(node.name, []).append(inner)
            else:
                scope.functions[node.name] = inner
            _fill(inner, folder)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            scope.imported |= read_import(node, scope)
        else:
            for target, value in _list_bindings(node):
                _bind(target, value, scope, folder)


def read_import(node: ast.Import | ast.ImportFrom, scope: Scope) -> dict[str, str]:
    """Return the dotted name of an import, by its name in the scope."""
    if isinstance(node, ast.Import):
        firsts = {one.name.partition(".")[0]: one.name.partition(".")[0] for one in node.names if not one.asname}
        return firsts | {one.asname: one.name for one in node.names if one.asname}
    base = node.module or ""
    if node.level:
        parts = scope.module.split(".")
        is_package = scope.file.endswith("__init__.py")
        around = parts[: len(parts) - node.level + is_package]
        base = ".".join([*around, *([node.module] if node.module else [])])
    return {one.asname or one.name: f"{base}.{one.name}" for one in node.names}


def _list_bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Yield the assignments of a node: target and value, None if the value is a part of something."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        yield node.target, node.value
    elif isinstance(node, ast.AugAssign):
        yield node.target, None
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, node.context_expr
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.target, ast.Subscript(node.iter, ast.Constant(0), ast.Load())


def _bind(target: ast.expr, value: ast.expr | None, scope: Scope, folder: Folder) -> None:
    if isinstance(target, ast.Name):
        owner = scope.find(target.id) if target.id in scope.outer else scope
        (owner or scope).bound.setdefault(target.id, []).append(value)
        if isinstance(scope.node, ast.Module):  # also for a class, and for the module for others
            folder.attributes.setdefault(target.id, []).append((value, scope))
    elif isinstance(target, ast.Attribute):
        folder.attributes.setdefault(target.attr, []).append((value, scope))
    elif isinstance(target, ast.Tuple | ast.List):
        pairs = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        for number, one in enumerate(target.elts):
            _bind(one, value.elts[number] if pairs else None, scope, folder)  # type: ignore[union-attr]


# ── Packages without AWS calls, whose import hides no call

#: Third-party packages without an AWS client in them, or that use none unless they receive one.
_QUIET: Final = frozenset({
    "PIL", "alembic", "attr", "attrs", "bs4", "certifi", "charset_normalizer", "click", "croniter", "cryptography",
    "dateutil", "fastapi", "feedparser", "flask", "html5lib", "httpx", "idna", "jinja2", "jsonschema", "jwt", "lxml",
    "markdown", "markupsafe", "numpy", "orjson", "packaging", "pendulum", "psycopg", "psycopg2", "pydantic", "pytest",
    "pytz", "regex", "requests", "rich", "ruamel", "scipy", "simplejson", "six", "sqlalchemy", "starlette",
    "structlog", "tenacity", "tomli", "typing_extensions", "tzdata", "ujson", "urllib3", "uvicorn", "yaml",
})  # fmt: skip
#: Modules that run code that this does not see.
_RUNS: Final = (
    "_posixsubprocess", "builtins", "code", "codeop", "ctypes", "distutils", "doctest", "imp", "importlib",
    "multiprocessing", "nt", "pipes", "pkgutil", "posix", "pty", "runpy", "subprocess", "timeit", "trace",
)  # fmt: skip
_RUNS_BY: Final = (
    "asyncio.create_subprocess", "asyncio.subprocess", "logging.config", "os.exec", "os.popen", "os.posix_spawn",
    "os.spawn", "os.system", "sys.modules",
)  # fmt: skip
#: Methods of any object that do so: of an asyncio loop, of an Airflow connection, of lookups by text.
_RUNS_OF_ANY: Final = ("get_hook", "import_string", "subprocess_exec", "subprocess_shell")
_HIDES: Final = ("__import__", "compile", "eval", "exec", "globals", "locals", "vars")
#: Parts of botocore that call nothing; parts of Airflow that run only the code that is read; and its hooks, which are
#: followed like clients.
_SEEN: Final = (
    "airflow.DAG.", "airflow.Dataset.", "airflow.configuration.", "airflow.datasets.", "airflow.decorators.",
    "airflow.exceptions.", "airflow.hooks.base.", "airflow.models.", "airflow.operators.empty.",
    "airflow.operators.python.", "airflow.providers.amazon.aws.hooks.", "airflow.sdk.", "airflow.sensors.base.",
    "airflow.sensors.python.", "airflow.timetables.", "airflow.utils.", "airflow.version.", "botocore.config.",
    "botocore.exceptions.",
)  # fmt: skip
#: Those of the above with unseen AWS calls: files by their address, mail by Airflow's settings.
_UNSEEN: Final = ("airflow.models.DagBag", "airflow.models.dagbag", "airflow.sdk.ObjectStoragePath", "airflow.sdk.io",
    "airflow.utils.email", "airflow.utils.module_loading")  # fmt: skip
#: Attributes of its task decorator that run only the decorated function.
_TASKS: Final = frozenset({
    "branch", "branch_external_python", "branch_virtualenv", "expand", "external_python", "override", "partial",
    "python", "run_if", "sensor", "short_circuit", "skip_if", "virtualenv",
})  # fmt: skip
_DECORATORS: Final = ("airflow.decorators.task.", "airflow.sdk.task.")


def list_unseen(folder: Folder) -> Iterator[tuple[str, int, str, str]]:
    """Yield file, line, reason and package of each import and call that may hide AWS calls."""
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
    """Whether a name of a package of the folder belongs to a file that is read: a module, a folder, or a member."""
    holder = name.rpartition(".")[0]
    return holder in folder.modules or any(f"{one}.".startswith(f"{name}.") for one in folder.modules)


def _find_runner(node: ast.Attribute, scope: Scope) -> str:
    """Return the dotted name of a function that runs unread code: from the library, or from Airflow."""
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


# ── The part of AWS's SDK that a value may be, and its attributes


@dataclass(frozen=True, slots=True)
class Thing:
    """A value that matters."""

    kind: str
    """The kind of a value.

    ``module`` (boto3 or a part of it), ``session``, ``client``, ``resource``, ``part`` of a client, ``hook`` of
    Airflow, ``text``; or ``open``: a service name that is decided at run time.
    """
    service: str = ""
    """boto3's name of the service; of a hook, its class."""
    text: str = ""
    """The text itself; a module's dotted name; a resource's kind, as ``Bucket.objects``."""


OPEN: Final = Thing("open")
Things = frozenset[Thing]
#: Attributes of a client that call nothing.
QUIET: Final = ("can_paginate", "close", "exceptions", "meta", "waiter_names")
#: Classes of Airflow's provider that return a client, and its service.
HOOKS: Final[Mapping[str, str]] = {
    "AthenaHook": "athena", "BatchClientHook": "batch", "DynamoDBHook": "dynamodb", "EcsHook": "ecs",
    "EventBridgeHook": "events", "GlueJobHook": "glue", "KinesisHook": "kinesis", "LambdaHook": "lambda",
    "RdsHook": "rds", "S3Hook": "s3", "SecretsManagerHook": "secretsmanager", "SesHook": "ses", "SnsHook": "sns",
    "SqsHook": "sqs", "SsmHook": "ssm", "StepFunctionHook": "stepfunctions",
}  # fmt: skip
#: Attributes through which a hook returns its client.
_OPENING: Final = ("get_conn", "get_client_type", "conn", "conn_client")


def take_part(one: Thing, name: str) -> Thing | None:
    """Return the value of an attribute of an AWS object; None if nothing is known of it."""
    match one.kind:
        case "module":
            return Thing("module", text=f"{one.text}.{name}")
        case "session" if name in ("client", "resource"):
            return Thing("opener", text=name)
        case "hook" if name in _OPENING:
            return Thing("client", HOOKS[one.service])
        case "resource":
            return Thing("client", one.service) if name == "meta" else step(one, name)
        case "client":  # that of a resource is resource.meta.client
            return one if name == "client" else Thing("part", one.service, name)
    return None


def step(one: Thing, name: str) -> Thing:
    """Return the result of a step from a resource."""
    return Thing("resource", one.service, f"{one.text}.{name}".lstrip("."))


# ── The possible AWS values of a Python expression: a client, a maker of one, or a service name

#: How deep nested expressions are followed, and how many in a folder: some seconds; functions that hand parameters to
#: one another in a circle would take for ever.
_DEEPEST, _MOST_FOLLOWED = 100, 1_000_000
_NOTHING: Final[Things] = frozenset()
#: Functions that wrap a client and return it.
_TRANSPARENT: Final = ("contextlib.closing", "typing.cast")


class Values:
    """The possible values of expressions in a folder. An expression that is not followed has none."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._entered: list[ast.expr] = []
        self._cuts = self._followed = 0
        self.is_too_deep = False
        """Whether anything could not be followed to its end."""
        self._known: dict[ast.expr, Things] = {}
        self._calls: dict[int, list[tuple[ast.Call, Scope]]] = {}
        for scope in folder.scopes:
            for node in walk(scope.node):
                if isinstance(node, ast.Call):
                    for function in self.list_called(node, scope):
                        self._calls.setdefault(id(function), []).append((node, scope))

    def of(self, node: ast.expr | None, scope: Scope, given: Mapping[str, Things] | None = None) -> Things:
        """Return the possible values of an expression. ``given`` holds the arguments of the scope in one call of it."""
        if node is None or (given is None and node in self._known):
            return _NOTHING if node is None else self._known[node]
        self._followed += 1
        if node in self._entered or len(self._entered) > _DEEPEST or self._followed > _MOST_FOLLOWED:
            self._cuts += 1
            self.is_too_deep |= node not in self._entered
            return _NOTHING
        before = self._cuts
        self._entered.append(node)
        try:
            found = frozenset(self._find(node, scope, given))
        finally:
            self._entered.pop()
        if given is None and self._cuts == before:  # otherwise it is less than all that it may be
            self._known[node] = found
        return found

    def _find(self, node: ast.expr, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        match node:
            case ast.Constant(value=str(text)):
                yield Thing("text", text=text)
            case ast.Name():
                yield from self._of_name(node.id, scope, given)
            case ast.Attribute():
                yield from self._of_attribute(node, scope, given)
            case ast.Call():
                yield from self._of_call(node, scope, given)
            case ast.Subscript():
                for one in self.of(node.value, scope, given):  # a generator yields the client
                    yield from (step(one, "[]"),) if one.kind == "resource" else (one,) if one.kind == "client" else ()
                yield from self._of_elements(node.value, scope)
        for inner in _list_inner(node):
            yield from self.of(inner, scope, given)

    def _of_elements(self, node: ast.expr, scope: Scope) -> Iterator[Thing]:
        """Yield the elements that a name of a list or tuple holds."""
        owner = scope.find(node.id) if isinstance(node, ast.Name) else None
        for value in owner.bound.get(node.id, ()) if owner and isinstance(node, ast.Name) else ():
            if isinstance(value, ast.Tuple | ast.List | ast.Set):
                for one in value.elts:
                    yield from self.of(one, owner or scope)

    def _of_name(self, name: str, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        owner = scope.find(name)
        if owner is None:
            return
        if owner is scope and given is not None and name in given:
            yield from given[name]
        elif name in owner.parameters:
            yield from self._of_parameter(name, owner)
        for value in owner.bound.get(name, ()):
            yield from self.of(value, owner, given if owner is scope else None) or (OPEN,)
        if name in owner.imported:
            yield from self._of_dotted(owner.imported[name])

    def _of_dotted(self, dotted: str) -> Iterator[Thing]:
        dotted = self._resolve(dotted)
        if f"{dotted}.".startswith(("boto3.", "airflow.providers.amazon.")):
            yield Thing("module", text=dotted)
        elif (owner := self.folder.modules.get(dotted.rpartition(".")[0])) is not None:
            for value in owner.bound.get(dotted.rpartition(".")[2], ()):
                yield from self.of(value, owner)

    def _of_parameter(self, name: str, scope: Scope) -> Iterator[Thing]:
        calls = self._calls.get(id(scope), [])
        if name in scope.defaults:
            yield from self.of(scope.defaults[name], scope.parent or scope)
        for call, where in calls:
            yield from self._list_given(call, where, scope, None).get(name, frozenset({OPEN}))
        if not calls:
            yield OPEN

    def _list_given(
        self, call: ast.Call, where: Scope, called: Scope, outer: Mapping[str, Things] | None
    ) -> dict[str, Things]:
        found = dict.fromkeys(called.parameters, frozenset({OPEN}))
        if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
            return found
        found |= {
            name: self.of(value, called.parent or called) or found[name] for name, value in called.defaults.items()
        }
        stated = [*zip(called.parameters, call.args, strict=False)]
        stated += [(one.arg, one.value) for one in call.keywords if one.arg in found]
        return found | {name: self.of(one, where, outer) or frozenset({OPEN}) for name, one in stated}

    def _of_attribute(self, node: ast.Attribute, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        owners = self.of(node.value, scope, given)
        yield from (found for one in owners if (found := take_part(one, node.attr)))
        if not owners:
            yield from self._of_dotted(self.name_of(node, scope))
        if {one.kind for one in owners} - {"open", "text"}:
            return
        for value, where in self.folder.attributes.get(node.attr, ()):
            yield from self.of(value, where)
        for method in self.folder.methods.get(node.attr, ()):
            for returned in method.returned if method.is_property else ():
                yield from self.of(returned, method)

    def _of_call(self, node: ast.Call, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        for function in self.list_called(node, scope):
            parameters = self._list_given(node, scope, function, given)
            for returned in function.returned:
                yield from self.of(returned, function, parameters)
        for one in self.of(node.func, scope, given):
            yield from self._open(one, node, scope, given)
        if self.name_of(node.func, scope) in _TRANSPARENT and node.args:
            yield from self.of(node.args[-1], scope, given)

    def _open(self, called: Thing, node: ast.Call, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        if called.kind == "module" and called.text in ("boto3.Session", "boto3.session.Session"):
            yield Thing("session")
        elif called.kind == "module" and called.text in ("boto3.client", "boto3.resource"):
            yield from self._name_service(called.text.rpartition(".")[2], node, scope, given)
        elif called.kind == "module" and (name := called.text.rpartition(".")[2]) in HOOKS:
            yield Thing("hook", name)
        elif called.kind in ("resource", "client"):
            yield called
        if called.kind == "opener":
            yield from self._name_service(called.text, node, scope, given)

    def _name_service(
        self, kind: str, node: ast.Call, scope: Scope, given: Mapping[str, Things] | None
    ) -> Iterator[Thing]:
        named = [one.value for one in node.keywords if one.arg == "service_name"]
        stated = [*node.args, *named]
        names = (self.of(stated[0], scope, given) if stated else _NOTHING) or frozenset({OPEN})
        yield from (Thing(kind, one.text if one.kind == "text" else "") for one in names)

    def list_called(self, node: ast.Call, scope: Scope) -> list[Scope]:
        """Return the functions of the folder that a call may be of."""
        if isinstance(node.func, ast.Name):
            owner = scope.find(node.func.id)
            if owner is not None and node.func.id in owner.functions:
                return [owner.functions[node.func.id]]
        module, _, name = self._resolve(self.name_of(node.func, scope)).rpartition(".")
        if module in self.folder.modules:
            return [one for one in [self.folder.modules[module].functions.get(name)] if one]
        return self.folder.methods.get(node.func.attr, []) if isinstance(node.func, ast.Attribute) else []

    def _resolve(self, dotted: str) -> str:
        """Return the dotted name of something where it is defined, through modules that re-export it."""
        for _ in range(_DEEPEST):
            parts = dotted.split(".")
            for at in range(len(parts) - 1, 0, -1):
                owner = self.folder.modules.get(".".join(parts[:at]))
                if owner is not None and parts[at] in owner.imported:
                    dotted = ".".join([owner.imported[parts[at]], *parts[at + 1 :]])
                    break
            else:
                return dotted
        self.is_too_deep = True
        return dotted

    def name_of(self, node: ast.expr, scope: Scope) -> str:
        """Return the dotted name of an import; empty for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        owner = scope.find(node.id)
        first = owner.imported.get(node.id, "") if owner else node.id
        return ".".join([first, *reversed(parts)]) if first else ""


def _list_inner(node: ast.expr) -> list[ast.expr]:
    """Return the possible alternatives of an expression."""
    match node:
        case ast.Subscript(value=ast.Tuple() | ast.List() | ast.Set() as several):
            return several.elts
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BoolOp():
            return node.values
        case ast.NamedExpr() | ast.Await() | ast.Starred():
            return [node.value]
    return []


#: Methods of a client that name an operation, or a waiter, by a text.
_NAMING: Final = {"get_paginator": "paginator", "get_waiter": "waiter", "generate_presigned_url": "client"}
#: Nodes in which a client may appear without going anywhere.
_HARMLESS: Final = (
    ast.AnnAssign, ast.Assign, ast.AsyncFor, ast.AsyncFunctionDef, ast.Attribute, ast.Await, ast.BoolOp, ast.Compare,
    ast.Expr, ast.For, ast.FunctionDef, ast.If, ast.IfExp, ast.NamedExpr, ast.Return, ast.UnaryOp, ast.While, ast.Yield,
    ast.arg, ast.arguments, ast.comprehension, ast.withitem,
)  # fmt: skip
#: Attributes of a session that call nothing.
_OF_SESSIONS: Final = frozenset({
    "available_profiles", "get_available_partitions", "get_available_regions", "get_available_resources",
    "get_available_services", "get_partition_for_region", "profile_name", "region_name",
})  # fmt: skip
#: Attributes of boto3 itself that call nothing.
_OF_BOTO3: Final = (
    "boto3.Session", "boto3.client", "boto3.dynamodb.conditions.", "boto3.dynamodb.types.", "boto3.resource",
    "boto3.s3.transfer.TransferConfig", "boto3.session.Session", "boto3.set_stream_logger",
    "boto3.setup_default_session",
)  # fmt: skip
_LOOKING: Final = ("isinstance", "type", "id", "bool", "closing", "cast", "super")


def read_calls(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the AWS calls in files by their path, and the places that may hide more.

    The result is ``{"calls": [[kind, service, method, place], …], "unread": [[place, why, package], …], "named":
    [[name, place], …]}``. The package is named if it is an import that nobody reads; ``named`` are attributes of
    unknown objects, each once.
    """
    trees, unread = {}, []
    for file, text in texts.items():
        try:
            trees[file] = parse_module(text)
        except (SyntaxError, ValueError, RecursionError) as error:
            unread.append([f"{file}:{getattr(error, 'lineno', None) or 1}", "is no Python that can be read", ""])
    folder = read_names(trees)
    values = Values(folder)
    calls: list[list[str]] = []
    named: dict[str, str] = {}
    for scope in folder.scopes:
        reader = _Reader(scope, values)
        for call in reader.list_uses():
            (calls if len(call) == 4 else unread).append(call if len(call) == 4 else [*call, ""])
        for name, place in reader.list_unfollowed():
            named.setdefault(name, place)
    if values.is_too_deep:
        unread.append([next(iter(texts)), "and what it imports are too deep or too intertwined to follow", ""])
    unread += [[f"{file}:{line}", why, package] for file, line, why, package in list_unseen(folder)]
    return {
        "calls": sort_rows(calls),
        "unread": sort_rows(unread),
        "named": sort_rows([[*one] for one in named.items()]),
    }


def sort_rows(rows: list[list[str]]) -> list[list[str]]:
    """Return rows in order, each once."""
    return [list(one) for one in sorted({tuple(one) for one in rows})]


class _Reader:
    def __init__(self, scope: Scope, values: Values) -> None:
        self.scope, self.values = scope, values
        nodes = (scope.node, *walk(scope.node))
        self.around = {child: node for node in nodes for child in ast.iter_child_nodes(node)}

    def list_uses(self) -> Iterator[list[str]]:
        """Yield each AWS call as four words, and each unfollowed use as two."""
        yield from self._hand_out_unasked()
        for node in walk(self.scope.node):
            read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
            if not read or not isinstance(node, ast.Name | ast.Attribute | ast.Call):
                continue
            place = f"{self.scope.file}:{node.lineno}"
            if self._hands_out(node):
                yield [place, f"hands on {ast.unparse(node)}, which returns a client"]
            for thing in self.values.of(node, self.scope):
                yield from self._read_use(thing, node, place)

    def list_unfollowed(self) -> Iterator[tuple[str, str]]:
        """Yield the name and place of each used attribute of an unknown object."""
        for node in walk(self.scope.node):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and not self._knows(node.value):
                yield node.attr, f"{self.scope.file}:{node.lineno}"
            elif isinstance(node, ast.Call) and _name_called(node) in ("attrgetter", "getattr", "methodcaller"):
                texts = (one for each in node.args for one in self.values.of(each, self.scope) if one.kind == "text")
                yield from ((one.text, f"{self.scope.file}:{node.lineno}") for one in texts)

    def _knows(self, node: ast.expr) -> bool:
        """Whether a value is a text, a followed AWS object, or imported from a package that calls nothing."""
        found = {one.kind for one in self.values.of(node, self.scope)}
        if found:
            return "open" not in found
        package = self.values.name_of(node, self.scope).partition(".")[0]
        return bool(package) and all(package != one.partition(".")[0] for one in self.values.folder.modules)

    def _hand_out_unasked(self) -> Iterator[list[str]]:
        """Yield that a method which Python calls implicitly returns an AWS object."""
        node = self.scope.node
        if self.scope.is_method and not isinstance(node, ast.Module) and re.fullmatch("__[a-z]+__", node.name):
            found = {one.kind for each in self.scope.returned for one in self.values.of(each, self.scope)}
            if found - {"text", "open"}:
                yield [f"{self.scope.file}:{node.lineno}", f"hands out what is of AWS by {node.name}, unseen"]

    def _hands_out(self, node: ast.expr) -> bool:
        """Whether a function that returns an AWS object is named without a call: anybody who gets it may call it."""
        parent = self.around.get(node)
        if isinstance(node, ast.Call) or (isinstance(parent, ast.Call) and parent.func is node):
            return False
        functions = self.values.list_called(ast.Call(node, [], []), self.scope)
        handed = [each for each in functions if not each.is_property]
        found = (one for each in handed for value in each.returned for one in self.values.of(value, each))
        return any(one.kind not in ("text", "open") for one in found)

    def _read_use(self, thing: Thing, node: ast.expr, place: str) -> Iterator[list[str]]:
        parent = self.around.get(node)
        if thing.kind == "part":
            yield from self._read_part(thing, node, place)
        elif thing.kind in ("client", "resource") and not thing.service:
            if isinstance(node, ast.Call):
                yield [place, "opens a client whose service is decided when it runs"]
        elif thing.kind == "resource" and isinstance(node, ast.Attribute):
            yield ["resource", thing.service, thing.text, place]
        elif thing.kind in ("hook", "session") and isinstance(parent, ast.Attribute):
            if not self.values.of(parent, self.scope) and (thing.kind == "hook" or parent.attr not in _OF_SESSIONS):
                of = thing.service or "a session"
                yield [place, f"uses {parent.attr} of {of}, and what that calls is not known"]
        elif _is_unknown_part(thing, parent):
            yield [place, f"uses {thing.text}, and what that calls is not known"]
        if thing.kind not in ("text", "open", "part") and not self._stays(node):
            yield [place, _say_handed(thing)]

    def _read_part(self, thing: Thing, node: ast.expr, place: str) -> Iterator[list[str]]:
        if thing.text in QUIET:
            return
        if thing.text not in _NAMING:
            yield ["client", thing.service, thing.text, place]
            return
        call = self.around.get(node)
        called = call if isinstance(call, ast.Call) and call.func is node else ast.Call(node, [], [])
        named = [*called.args, *(one.value for one in called.keywords)][:1]
        for one in frozenset().union(*(self.values.of(each, self.scope) for each in named)) or [OPEN]:
            if one.kind == "text":
                yield [_NAMING[thing.text], thing.service, one.text, place]
            else:
                yield [place, f"asks {thing.text} of {thing.service} for what is decided when it runs"]

    def _stays(self, node: ast.expr) -> bool:
        """Whether a value here is used where it is followed."""
        parent = self.around.get(node)
        if isinstance(parent, ast.keyword):
            parent = self.around.get(parent)
        if isinstance(parent, ast.Assign):
            return all(isinstance(one, ast.Name | ast.Attribute) for one in parent.targets)
        if not isinstance(parent, ast.Call):
            return parent is None or isinstance(parent, _HARMLESS)
        if parent.func is node:
            return True
        return _name_called(parent) in _LOOKING or self._is_followed(node, parent)

    def _is_followed(self, node: ast.expr, call: ast.Call) -> bool:
        """Whether an argument of a call goes to a parameter of a function that is read."""
        functions = self.values.list_called(call, self.scope)
        of_others = any(one.is_method for one in functions) and not _is_own(call.func)
        if not functions or of_others or any(isinstance(one, ast.Starred) for one in call.args):
            return False
        if node in call.args:
            return all(call.args.index(node) < len(one.parameters) for one in functions)
        names = [one.arg for one in call.keywords if one.value is node]
        return all(name in one.parameters for name in names for one in functions)


def _is_own(called: ast.expr) -> bool:
    """Whether a method is called on its own object; somebody else may have made another one."""
    return (
        isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in ("self", "cls")
    )


def _name_called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _is_unknown_part(thing: Thing, parent: ast.AST | None) -> bool:
    """Whether a call goes to a part of boto3 itself, or of Airflow's provider, that is not followed."""
    if thing.kind != "module" or not isinstance(parent, ast.Call):
        return False
    if thing.text.startswith("airflow."):
        return thing.text.rpartition(".")[2] not in HOOKS
    return not thing.text.startswith(_OF_BOTO3)


def _say_handed(thing: Thing) -> str:
    if thing.kind == "module" or not thing.service:
        return f"hands {thing.text or thing.kind} to what is not followed"
    return f"hands its {thing.kind} of {thing.service} to what is not followed"


# ── Calls to AWS by steps of workflows, under the role that an earlier step assumed

_SIGNING_IN: Final = "aws-actions/configure-aws-credentials@"
_EXPRESSION: Final = re.compile(r"\$\{\{((?:(?!\}\}|\$\{\{).)*+)\}\}")
#: Actions that use no right of the assumed role; for all others that is unknown.
_QUIET_ACTIONS: Final = re.compile(
    r"(?:actions|github)/|(?:astral-sh|aws-actions|azure|docker|gradle|hashicorp|opentofu|pnpm)/setup-[\w-]+@|\./"
)
#: Programs that never call AWS, and words of the shell.
_QUIET_PROGRAMS: Final = frozenset({
    ":", "[", "[[", "]", "]]", "basename", "break", "case", "cat", "cd", "chmod", "comm", "continue", "cp", "curl",
    "cut", "date", "diff", "dirname", "do", "done", "echo", "elif", "else", "env", "esac", "exit", "export", "false",
    "fi", "find", "for", "gh", "git", "grep", "gunzip", "gzip", "head", "hostname", "if", "in", "jq", "local", "ls",
    "mkdir", "mktemp", "mv", "printf", "pwd", "read", "realpath", "return", "rm", "sed", "select", "seq", "set",
    "sha256sum", "shift", "sleep", "sort", "tail", "tar", "tee", "test", "then", "touch", "tr", "trap", "true",
    "uname", "uniq", "unset", "until", "unzip", "wait", "wc", "while", "zip", "{", "}",
})  # fmt: skip
_ASSIGNMENT: Final = re.compile(r"\w+\+?=.*", re.DOTALL)
#: Options and words with which quiet programs run something, or call AWS.
_RUNNING: Final = frozenset({
    "--aws-sigv4", "--checkpoint-action", "--compress-program", "--config-env", "--to-command",
    "--use-compress-program", "-exec", "-execdir", "-ok", "-okdir",
})  # fmt: skip
_RUNNING_FIRST: Final = frozenset({("gh", "alias"), ("gh", "extension"), ("git", "-c"), ("git", "config")})
_AWS: Final = re.compile(r"\baws\s|codecommit:")
#: Options of `aws` that come before the service and take a value.
_BEFORE: Final = (
    "--ca-bundle", "--cli-binary-format", "--cli-connect-timeout", "--cli-read-timeout", "--color", "--endpoint-url",
    "--output", "--profile", "--query", "--region",
)  # fmt: skip
#: Options of `aws s3` that take no value.
_ALONE: Final = frozenset({
    "--debug", "--delete", "--dryrun", "--exact-timestamps", "--follow-symlinks", "--force", "--force-glacier-transfer",
    "--human-readable", "--ignore-glacier-warnings", "--no-cli-pager", "--no-follow-symlinks", "--no-guess-mime-type",
    "--no-overwrite", "--no-paginate", "--no-progress", "--no-sign-request", "--no-verify-ssl", "--only-show-errors",
    "--quiet", "--recursive", "--size-only", "--summarize",
})  # fmt: skip
#: Commands of `aws s3`, and the options that need additional permissions.
_SAYING: Final = {
    "cp": ("--recursive",),
    "mv": ("--recursive",),
    "rb": ("--force",),
    "rm": ("--recursive",),
    "sync": ("--delete",),
}
#: Variables that name folders of the machine.
_LOCAL: Final = re.compile(r"\$\{?(?:HOME|PWD|TMPDIR|GITHUB_WORKSPACE|RUNNER_TEMP)\b")


def read_commands(jobs: tuple[Job, ...], variable: str, role: str = "") -> dict[str, Any]:
    """Return the calls of jobs under the role that a workflow variable names, as `python_code.read_calls` does.

    ``role`` is its ARN, by which a workflow may also name it. ``found`` says whether any step assumes that role.
    """
    calls: list[list[str]] = []
    unread: list[list[str]] = []
    found = False
    for job in jobs:
        active = False
        unread += _list_handed(job, variable)
        for step in flatten(job.steps):
            if step.uses.startswith(_SIGNING_IN):
                taken = _takes(step, job, variable, role)
                active = taken is True
                found |= active
                if taken is None:
                    unread.append([_place(step), "takes on a role that is decided when it runs, and may be this one"])
            elif active and not step.inner:
                for one in _read_step(step):
                    (calls if len(one) == 4 else unread).append(one)
    return {"calls": sort_rows(calls), "unread": sort_rows(unread), "found": found}


def _takes(step: Step, job: Job, variable: str, role: str) -> bool | None:
    """Whether a step assumes the role; None if that is unknown."""
    named = step.inputs.get("role-to-assume", "")
    env = {**job.env, **step.env}
    named = _EXPRESSION.sub(lambda one: env.get(one[1].strip().removeprefix("env."), one[0]), named)
    said: list[str] = [one.strip() for one in _EXPRESSION.findall(named)]
    if not said:
        return bool(role) and named.rpartition("/")[2] == role.rpartition("/")[2]
    if _EXPRESSION.fullmatch(named) and re.fullmatch(r"(?:vars|secrets|env)\.\w+", said[0]):
        return said[0].partition(".")[2] == variable
    # a step that hands the variable to an input is reported by itself
    return False if all(re.fullmatch(r"inputs\.[\w-]+", one) for one in said) else None


def _list_handed(job: Job, variable: str) -> Iterator[list[str]]:
    """Yield where a job hands the variable on to something that may assume the role with it."""
    mentions = re.compile(rf"\$\{{\{{[^}}]*\b(?:vars|secrets)\.{variable}\b")
    is_followed = job.uses.startswith("./") and not job.unknown
    if not is_followed and any(map(mentions.search, job.inputs.values())):
        yield [job.subject.partition(" ")[0], f"hands {variable} to {job.uses}, and what that calls is not known"]
    for step in flatten(job.steps):
        signing = step.uses.startswith(_SIGNING_IN)
        texts = [*step.env.values(), step.run, *(() if signing else step.inputs.values())]
        if any(map(mentions.search, texts)):
            yield [_place(step), f"hands {variable} to what may take on the role by it"]


def _place(step: Step) -> str:
    return step.subject.partition(" ")[0]


def _read_step(step: Step) -> Iterator[list[str]]:
    place = _place(step)
    if step.unknown or (step.uses and not _QUIET_ACTIONS.match(step.uses)):
        yield [place, f"runs {step.uses or 'an action'}, and what that calls of AWS is not known"]
    texts = (step.run, *step.scripts.values())
    if any(re.search(r"\$\(|`", one) for text in texts for one in lift_here_documents(text)[1]):
        yield [place, "runs commands inside a text, which are not read"]
    for command in step.list_commands():
        yield from _read_command(command, place)


def _read_command(text: str, place: str) -> Iterator[list[str]]:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    if "`" in re.sub(r"'[^']*'", "", text):
        yield [place, "runs commands between backquotes, which are not read; write $(…)"]
    if not words or words[0].rpartition("/")[2] in _QUIET_PROGRAMS or _ASSIGNMENT.fullmatch(text):
        if _may_run(words, text):
            yield [place, f"runs {words[0]} so that it may call anything"]
        return
    if words[0] != "aws":
        yield [place, f"runs {words[0]}, and what that calls of AWS is not known"]
        return
    yield from _read_aws(words[1:], place)


def _may_run(words: list[str], text: str) -> bool:
    """Whether a quiet program's arguments make it run something, or call AWS."""
    options = {one.partition("=")[0] for one in words}
    asks = words[:1] in (["git"], ["sed"], ["trap"]) and bool(_AWS.search(text))
    return asks or bool(_RUNNING & options) or tuple(words[:2]) in _RUNNING_FIRST


def _read_aws(words: list[str], place: str) -> Iterator[list[str]]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in _BEFORE else words[1:]
    if len(words) < 2 or not all(re.fullmatch(r"[a-z0-9-]+", one) for one in words[:2]):
        yield [place, f"runs aws {' '.join(words[:2])}, and what that calls is decided when it runs"]
    elif words[1] == "wait" and len(words) > 2:
        yield ["waiter", words[0], words[2], place]
    elif words[0] == "s3":
        yield from _read_s3(words[1], words[2:], place)
    else:
        yield ["command", words[0], words[1], place]


def _read_s3(name: str, words: list[str], place: str) -> Iterator[list[str]]:
    """Yield the parts of an `aws s3` command: for copies also the target, and the options that decide its calls."""
    paths: list[str] = []
    takes_value = False
    for word in words:
        is_option = word.startswith("-") and word != "-"
        if not is_option and not takes_value:
            paths.append(word)
        takes_value = is_option and word not in _ALONE and "=" not in word
    if {"--acl", "--grants"} & {one.partition("=")[0] for one in words}:
        yield ["command", "s3api", "put-object-acl", place]
    if name == "ls" and not paths:
        yield ["command", "s3api", "list-buckets", place]
        return
    copies = name in ("cp", "mv", "sync")
    if copies and any(one.startswith("$") and not _LOCAL.match(one) for one in paths):
        yield [place, f"runs aws s3 {name} with a path that is decided when it runs; begin it with s3:// or ./"]
        return
    ends = ["s3" if one.startswith("s3://") else "local" for one in paths[:2]] if copies else []
    flags = [one[2:] for one in _SAYING.get(name, ()) if one in words]
    yield ["command", "s3", " ".join([name, *ends, *flags]), place]


# ── The code that goals name, and its AWS calls

#: The maximum number of files read in a folder, and of bytes in one.
_MOST, _LARGEST = 2_000, 1_000_000
_SKIPPED: Final = frozenset({"tests", "__pycache__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCalls(Fact):
    """The calls of Python code in a folder or file of the repository. ``subject`` is its path."""

    calls: tuple[tuple[str, str, str, str], ...]
    """Each as kind, boto3's name of the service, method, ``file:line``."""
    unseen: tuple[tuple[str, str, str], ...]
    """Places that may call more: ``file:line``, why, and the package if it is a third party's."""
    named: tuple[tuple[str, str], ...]
    """Attributes of unknown objects, which may be methods of a client: name, ``file:line`` of the first."""


def observe_code(project: Path, named: Iterable[str]) -> dict[str, Any]:
    """Return the calls in the code of each named path, as `code_facts` reads them."""
    return {path: _observe(project / path, path) for path in named}


def code_facts(stored: Mapping[str, Any]) -> tuple[CodeCalls, ...]:
    """Return the facts in a result of `observe_code`, including one from an earlier version."""
    return tuple(
        CodeCalls(
            subject=path,
            calls=tuple((kind, service, method, place) for kind, service, method, place in found["calls"]),
            unseen=tuple((place, why, package) for place, why, package in _list_unread(path, found)),
            named=tuple((name, place) for name, place in found.get("named", ())),
        )
        for path, found in stored.items()
    )


def _list_unread(path: str, found: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    yield from found["unread"]
    if "named" not in found:
        yield path, "was observed before methods of what nobody knows were kept; observe it again", ""


def _observe(path: Path, named: str) -> dict[str, Any]:
    base = named.rstrip("/") if path.is_dir() else named.rpartition("/")[0]
    files = [*islice(_list_files(path), _MOST + 1)]
    texts: dict[str, str] = {}
    unread: list[list[str]] = []
    for file in files[:_MOST]:
        name = file.relative_to(path if path.is_dir() else path.parent).as_posix()
        try:
            texts[name] = read_measured(file, _LARGEST).decode("utf-8-sig")
        except (OSError, ValueError) as error:
            unread.append([f"{base}/{name}".lstrip("/"), f"can't be read ({error})", ""])
    if not files:
        unread.append([named, "holds no Python file", ""])
    if len(files) > _MOST:
        unread.append([named, f"holds more than {_MOST:,} Python files", ""])
    found = read_calls(texts)
    return {
        "calls": [[*call[:3], f"{base}/{call[3]}".lstrip("/")] for call in found["calls"]],
        "named": [[name, f"{base}/{place}".lstrip("/")] for name, place in found["named"]],
        "unread": [*unread, *([f"{base}/{place}".lstrip("/"), *rest] for place, *rest in found["unread"])],
    }


def _list_files(path: Path) -> Iterator[Path]:
    """Yield the Python files of a folder, its tests left out, or the file itself."""
    if path.is_file():
        yield path
    for one in sorted(path.iterdir()) if path.is_dir() else ():
        if one.is_dir() and not one.is_symlink() and one.name not in _SKIPPED:
            yield from _list_files(one)
        elif one.suffix == ".py" or (one.is_dir() and one.name not in _SKIPPED):  # a link to a folder can't be read
            yield one
