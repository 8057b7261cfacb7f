"""The judges that are written in a file, read from its syntax: nothing of the file is run."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from ..criteria import UsageError
from ..processes.regular_files import read_measured
from ..semantics.syntax_trees import parse_module

# ── Names of a module


def read_imports(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return each imported name of a module with what it stands for; ``*`` where all names of another are taken."""
    names: dict[str, str] = {}
    for node in nodes:
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if isinstance(node, ast.ImportFrom):
                among = "." * node.level + (f"{node.module}." if node.module else "")
                names[alias.asname or alias.name] = f"{among}{alias.name}"
            elif alias.asname:
                names[alias.asname] = alias.name
            else:
                first = alias.name.partition(".")[0]
                names[first] = first
    return names


def resolve(node: ast.AST, imported: Mapping[str, str]) -> str:
    """Return what a name or an attribute stands for; one that is not imported stands for itself, all else for ``?``."""
    if isinstance(node, ast.Attribute):
        return f"{resolve(node.value, imported)}.{node.attr}"
    return imported.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


Kind = Literal["policy", "check"]

#: Decorators that declare a judge, by the names that they can be imported under.
_DECORATORS: Final[Mapping[str, Kind]] = {
    "prodgate.check": "check",
    "prodgate.checks.check": "check",
    "prodgate.policy": "policy",
    "prodgate.terraform.policy.policy": "policy",
}
#: Nodes that have a scope of their own.
_SCOPES: Final = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
_ADVICE: Final = "write each as a function at the top of the module, decorated with literal words"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenJudge:
    """A policy or check as its file states it."""

    kind: Kind
    name: str
    """Id of a policy, name of a check's function."""
    criterion: str
    remedy: bool
    """Whether it states what to do when it does not hold."""
    measures: str | None
    """Dimension that a check says it compares; None when that is no literal word."""
    asks: frozenset[str]
    """Names in what it says of its parameters, the kinds of fact that it judges among them."""
    statement: str
    """Statement of a policy, question of a check: the first line of the docstring."""
    file: Path
    line: int
    """Where its decorators begin."""

    @property
    def place(self) -> str:
        """Where it is written, as ``file:line``."""
        return f"{self.file}:{self.line}"

    def place_in(self, root: Path) -> str:
        """Where it is written, for the journal of a project's run."""
        return describe_place(self.file, self.line, root)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeFile:
    """The judges in a file."""

    judges: tuple[WrittenJudge, ...] = ()
    mistakes: tuple[str, ...] = ()
    """Uses of ``@check`` and ``@policy`` from which no one can say what will be judged, one line each."""

    @property
    def holds_any(self) -> bool:
        """Whether something of a judge is written there."""
        return bool(self.judges or self.mistakes)


def read_judges(path: Path, *, flaws: bool = True) -> JudgeFile:
    """Return what is written in a Python file; without ``flaws``, its judges alone, which takes a fifth of the time.

    Raises UsageError for a file that is no Python.
    """
    try:
        return _read_text(read_measured(path), path, flaws=flaws)
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}; mend the module") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError, LookupError) as error:
        raise UsageError(f"{path}: can't be loaded: {type(error).__name__}: {error}; mend the module") from error


@cache
def _read_text(text: bytes, path: Path, *, flaws: bool) -> JudgeFile:
    tree = parse_module(text, str(path))
    names = _Names(tree)
    found = [each for node in tree.body for each in _read_function(node, names, path)]
    judges = tuple(judge for judge, _ in found if judge)
    if not flaws:
        return JudgeFile(judges=judges)
    counted = {id(call.func) for _, call in found}
    mistakes = [
        *(
            f"{path}:{node.lineno}: {kind!r} stands where nobody can plan what it makes; {_ADVICE}"
            for node in _list_used(tree, frozenset())
            if id(node) not in counted and (kind := names.declares(node))
        ),
        *_find_decorated(tree, names, path),
        *_find_unread(found, path),
    ]
    return JudgeFile(judges=judges, mistakes=tuple(mistakes))


def describe_place(file: Path, line: int, root: Path) -> str:
    """Return ``file:line``, the file as seen from the project if it is inside, links resolved."""
    real, home = file.resolve(), root.resolve()
    return f"{real.relative_to(home) if real.is_relative_to(home) else real}:{line}"


def find_place(function: Callable[..., object], root: Path) -> str:
    """Return where the function that runs is written, as ``describe_place`` says it."""
    code = getattr(function, "__code__", None)
    return describe_place(Path(code.co_filename), code.co_firstlineno, root) if code else ""


class _Names:
    """The meaning of names in a module, as far as its imports and constants show."""

    def __init__(self, tree: ast.Module) -> None:
        self._constants: dict[str, str] = {}
        nodes = list(ast.walk(tree))
        self.imported = {name: full.lstrip(".") for name, full in read_imports(nodes).items()}
        self._written = Counter(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self._constants |= {each.id: str(node.value.value) for each in targets if isinstance(each, ast.Name)}

    def declares(self, node: ast.AST) -> Kind | None:
        """Return what a name or attribute declares if it is one of the package's own decorators."""
        return _DECORATORS.get(self._resolve(node))

    def decorates(self, node: ast.AST) -> Kind | None:
        """Return what a decorator declares, even if a team re-exports it under the same name."""
        last = self._resolve(node).rpartition(".")[2]
        kinds: Mapping[str, Kind] = {"check": "check", "policy": "policy"}
        return self.declares(node) or kinds.get(last)

    def decorates_as_judge(self, node: ast.expr) -> bool:
        """Whether a decorator makes a judge."""
        return isinstance(node, ast.Call) and self.decorates(node.func) is not None

    def marks(self, node: ast.expr) -> bool:
        """Whether a decorator is a mark of pytest's, which hands the function on as it is."""
        return self._resolve(node.func if isinstance(node, ast.Call) else node).startswith("pytest.mark.")

    def _resolve(self, node: ast.AST) -> str:
        if isinstance(node, ast.Attribute):
            return f"{self._resolve(node.value)}.{node.attr}"
        if not isinstance(node, ast.Name):
            return "?"
        return self.imported.get(node.id) or (f"prodgate.{node.id}" if "*" in self.imported else node.id)

    def text_of(self, node: ast.expr | None) -> str:
        """Return the text of a literal or of a constant that is written once; nothing for anything else."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Name) and self._written[node.id] == 1:
            return self._constants.get(node.id, "")
        return ""


def _list_used(node: ast.AST, local: frozenset[str]) -> Iterator[ast.Name | ast.Attribute]:
    """Yield the names and attributes that are read below a node, but not those that a function has of its own."""
    if isinstance(node, ast.Name | ast.Attribute):
        first: ast.expr = node
        while isinstance(first, ast.Attribute):
            first = first.value
        if isinstance(first, ast.Name):
            if first.id not in local and isinstance(node.ctx, ast.Load):
                yield node
            return
    outside = getattr(node, "decorator_list", [])
    for each in outside:
        yield from _list_used(each, local)
    if isinstance(node, _SCOPES):
        inner = list(ast.walk(node))
        local |= {each.arg for each in inner if isinstance(each, ast.arg)}
        local |= {each.id for each in inner if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    for each in ast.iter_child_nodes(node):
        if each not in outside:
            yield from _list_used(each, local)


_Found = tuple[WrittenJudge | None, ast.Call]


def _read_function(node: ast.stmt, names: _Names, path: Path) -> Iterator[_Found]:
    """Yield the judges that a function at the top of a module is; None for one whose words are not literal."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    line = min((each.lineno for each in node.decorator_list), default=node.lineno)
    for call in node.decorator_list:
        if not isinstance(call, ast.Call) or (kind := names.decorates(call.func)) is None:
            continue
        words = {word.arg: word.value for word in call.keywords}
        first = call.args[0] if call.args else words.get("id" if kind == "policy" else "criterion")
        name = names.text_of(first) if kind == "policy" else node.name
        criterion = names.text_of(words.get("criterion") if kind == "policy" else first)
        whole = bool(name and criterion) and None not in words
        judge = WrittenJudge(
            kind=kind, name=name, criterion=criterion, remedy="remedy" in words, file=path, line=line,
            asks=_list_names(node), statement=(ast.get_docstring(node) or "").partition("\n")[0],
            measures=(names.text_of(words["measures"]) or None) if "measures" in words else "",
        )  # fmt: skip
        yield (judge if whole else None), call


def _list_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    stated = [each.annotation for each in (*node.args.args, *node.args.kwonlyargs) if each.annotation]
    return frozenset(name.id for each in stated for name in ast.walk(each) if isinstance(name, ast.Name))


def _find_decorated(tree: ast.Module, names: _Names, path: Path) -> Iterator[str]:
    """Say which judges have a decorator besides marks of pytest's: what it returns answers in their place."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(names.decorates_as_judge(each) for each in node.decorator_list):
            for each in node.decorator_list:
                if not names.decorates_as_judge(each) and not names.marks(each):
                    yield (
                        f"{path}:{each.lineno}: {node.name} has the decorator {ast.unparse(each)!r}, "
                        "which may answer in its place; write what it does in the function"
                    )


def _find_unread(found: list[_Found], path: Path) -> Iterator[str]:
    for judge, call in found:
        if judge is None:
            yield f"{path}:{call.lineno}: its id and criterion are not literal words; write them as they are"
