"""A DAG file as it is written, read without running it: names, constants, functions, and the DAGs that it declares."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

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
        """What stands as its schedule, by any of the names that versions of Airflow had for it."""
        return self.given.get("schedule", self.given.get("schedule_interval", self.given.get("timetable")))


@dataclass(frozen=True)
class Source:
    """A file that parses; ``file`` is its name below the DAG folder."""

    file: str
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What each imported name stands for, as a dotted name."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    first = each.name.partition(".")[0]  # `import a.b` names a
                    found |= {each.asname: each.name} if each.asname else {first: first}
            elif isinstance(node, ast.ImportFrom):
                found |= {each.asname or each.name: f"{node.module or ''}.{each.name}" for each in node.names}
        return found

    @cached_property
    def constants(self) -> Mapping[str, ast.expr]:
        """What is assigned to names once, outside of functions."""
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
            dag_id = _text(self.resolve(named[0]))
        defaults = given.get("default_args")
        if isinstance(defaults, ast.Dict):
            pairs = zip(defaults.keys, defaults.values, strict=True)
            given |= {f"default_args.{_text(key)}": self.resolve(value) for key, value in pairs}
        line = (call or function or self.tree.body[0]).lineno
        return Declaration(dag_id, line, given, function, open_ended)


def _text(node: ast.expr | None) -> str:
    """Return a literal text; nothing for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
