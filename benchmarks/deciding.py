"""Mutation testing of what decides: makes one small edit at a time and names those that no test notices.

Run from the root: python benchmarks/deciding.py [MODULE …], with modules as in `DECIDING`; without any, all.

The tests are collected once and run once, which tells the functions that each reaches. For each edit a fork of this
process puts the edited function in the place of the real one and runs the tests that reach it, the quickest first.
An edit that changes nothing is named in deciding.toml, with the reason. Exit code 1 says that another one survived.
"""

import ast
import gc
import os
import re
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final

import hypothesis
import pytest

#: Modules that decide, without the name of the package.
DECIDING: Final = (
    "quantities", "criteria", "estimates", "verdict", "waivers", "evidence.journal", "evidence.chain",
    "evidence.counting", "evidence.shapes", "evidence.verification", "sealing.verifying", "sealing.standing",
    "run.boundary",
)  # fmt: skip
#: Their tests, which run in this process.
TESTS: Final = (
    "test_criteria.py", "test_quantities.py", "test_verdict.py", "test_judgement.py", "test_statistics.py",
    "evidence/test_runs.py", "run/test_boundary.py", "run/test_merging.py", "sealing/test_seals.py",
    "report/test_weakening.py",
)  # fmt: skip
EXPLAINED: Final = Path(__file__).with_suffix(".toml")
#: Seconds of processor time of tests for one edit; those that take longest are left out.
MOST: Final = 8.0
#: Seconds for a test with an edit, which may let it run for ever; without one, a busy machine may slow it.
LIMIT: Final = 30.0
_OTHERS: Final[dict[type, tuple[type, ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,), ast.And: (ast.Or,), ast.Or: (ast.And,), ast.Add: (ast.Sub,), ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.BitOr: (ast.BitAnd,), ast.BitAnd: (ast.BitOr,),
}  # fmt: skip
_TURNED: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
_DROPPED: Final = (ast.Expr, ast.Raise, ast.Continue, ast.Break, ast.AugAssign)
#: Fields that decide nothing: of annotations, of texts for people, and of what belongs to a class or a signature.
_SKIPPED: Final = frozenset({"annotation", "returns", "decorator_list", "bases", "args"})
#: A field of a node, or an item of one.
_Key = str | tuple[str, int]


@dataclass(frozen=True)
class Edit:
    """One edit of a module: what it does, and the codes of functions that it changes or the constant."""

    module: ModuleType
    place: str
    what: str
    code: CodeType

    @property
    def name(self) -> str:
        """The edit as deciding.toml names it: by its place and text, since line numbers move."""
        return f"{self.module.__name__.removeprefix('prodgate.')}: {self.place}: {self.what}"


def edit_module(module: ModuleType) -> Iterator[Edit]:
    """Make every edit of the functions and constants of a module."""
    path = str(module.__file__)
    tree = ast.parse(Path(path).read_text("utf-8"))
    for place, owner, key, new in _find_edits(tree, ""):
        old = _get(owner, key)
        whole = isinstance(old, ast.cmpop | ast.operator | ast.boolop)  # which is no text by itself
        before = ast.unparse(owner if whole else old)
        _put(owner, key, new)
        after = ast.unparse(owner if whole else new)
        code = compile(ast.fix_missing_locations(tree), path, "exec")
        _put(owner, key, old)
        yield Edit(module, place, f"{_shorten(before)} → {_shorten(after)}", code)


def _shorten(source: str) -> str:
    return " ".join(source.split())[:90]


def _get(owner: ast.AST, key: _Key) -> Any:
    return getattr(owner, key[0])[key[1]] if isinstance(key, tuple) else getattr(owner, key)


def _put(owner: ast.AST, key: _Key, value: ast.AST) -> None:
    if isinstance(key, tuple):
        getattr(owner, key[0])[key[1]] = value
    else:
        setattr(owner, key, value)


def _find_edits(node: ast.AST, place: str) -> Iterator[tuple[str, ast.AST, _Key, ast.AST]]:
    """Yield where an edit is made, in which field of which node, and what stands there then."""
    if isinstance(node, ast.JoinedStr):
        return  # a text for people
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        place = f"{place}.{node.name}".lstrip(".")
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED and not isinstance(node, ast.Call):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) == "__tracebackhide__":
                continue  # read by pytest alone
            if not isinstance(child, ast.AST) or (
                isinstance(node, ast.ClassDef) and not isinstance(child, ast.FunctionDef)
            ):
                continue
            key: _Key = (name, index) if isinstance(value, list) else name
            where = place or (
                ast.unparse(child.targets[0] if isinstance(child, ast.Assign) else child.target)
                if isinstance(child, ast.Assign | ast.AnnAssign)
                else ""
            )
            if place or where:
                yield from ((where, node, key, new) for new in _replace(child, node, name))
            yield from _find_edits(child, where)


def _replace(node: ast.AST, parent: ast.AST, name: str) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node."""
    yield from (other() for other in _OTHERS.get(type(node), ()))
    match node:
        case ast.BoolOp(values=[first, second]):
            yield from (first, second)
        case ast.BoolOp(values=values):
            yield from (ast.BoolOp(node.op, [*values[:at], *values[at + 1 :]]) for at in range(len(values)))
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant():
            yield from _replace_constant(node.value, parent)
        case ast.Call(func=ast.Name(id=called)) if called in _TURNED:
            yield ast.Call(ast.Name(_TURNED[called], ast.Load()), node.args, node.keywords)
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and not value.value):
            yield ast.Return(ast.Constant(None))
        case _ if isinstance(node, _DROPPED) and not isinstance(getattr(node, "value", None), ast.Constant):
            yield ast.Pass()
    if name in ("test", "ifs") and isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr):
        yield ast.UnaryOp(ast.Not(), node)


def _replace_constant(value: object, parent: ast.AST) -> Iterator[ast.Constant]:
    """Yield another constant; a text for people stays."""
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and value.isidentifier() and not isinstance(parent, ast.Expr):
        yield ast.Constant(f"{value}X")


# ── An edit in the place of the real function, in a fork


def _find_leaves(code: CodeType) -> list[CodeType]:
    """Return the codes of the functions of a module and of its classes, without those within them."""
    found: list[CodeType] = []
    for each in code.co_consts:
        if isinstance(each, CodeType):
            is_class = "__qualname__" in each.co_names and each.co_names[:1] == ("__name__",)
            found += _find_leaves(each) if is_class else [each]
    return found


def find_functions(module: ModuleType) -> dict[CodeType, list[FunctionType]]:
    """Return the functions of a module by their code."""
    found: dict[CodeType, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename == module.__file__:
            found[each.__code__].append(each)
    return found


def put_in_place(edit: Edit, original: CodeType, functions: dict[CodeType, list[FunctionType]]) -> None:
    """Let this process run the edited function, or hold the edited constant."""
    for old, new in zip(_find_leaves(original), _find_leaves(edit.code), strict=True):
        if old != new:
            for function in functions.get(old, ()):
                function.__code__ = new
    names = re.findall(r"\w+", edit.place) if "." not in edit.place else []
    held = {name: each for name in names if not isinstance(each := vars(edit.module)[name], FunctionType | type)}
    if not held:
        return
    space: dict[str, Any] = {key: vars(edit.module)[key] for key in ("__name__", "__package__", "__file__", "__spec__")}
    exec(edit.code, space)
    for module in [each for name, each in sys.modules.items() if name.startswith(("prodgate", "tests"))]:
        for name, value in [*vars(module).items()]:
            if name in held and value is held[name]:
                setattr(module, name, space[name])
    for name, value in held.items():
        if isinstance(value, dict):
            value.clear()
            value.update(space[name])


@dataclass(eq=False)
class Mutating:
    """A plugin of pytest that runs the tests once for themselves, and once for each edit."""

    modules: tuple[str, ...]
    alike: Collection[str]
    """Names of edits that change nothing."""
    edits: dict[str, list[Edit]] = field(default_factory=lambda: defaultdict(list))
    reached: dict[CodeType, dict[pytest.Item, float]] = field(default_factory=lambda: defaultdict(dict))
    forked: bool = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End a fork at the first failure."""
        if self.forked and report.failed:
            os._exit(1)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests."""
        hypothesis.settings.register_profile(
            "mutants",
            deadline=None,
            database=None,
            derandomize=True,
            max_examples=50,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )
        hypothesis.settings.load_profile("mutants")
        modules = [import_module(f"prodgate.{name}") for name in self.modules]
        functions = {module: find_functions(module) for module in modules}
        known = {id(code): code for found in functions.values() for code in found}
        seconds = self._run_once(session.items, known)
        if session.testsfailed:
            raise pytest.UsageError("a test fails without any edit")
        for module in modules:
            original = compile(Path(str(module.__file__)).read_text("utf-8"), str(module.__file__), "exec")
            for edit in edit_module(module):
                changed = [o for o, n in zip(_find_leaves(original), _find_leaves(edit.code), strict=True) if o != n]
                items = (
                    {item for code in changed for item in self.reached.get(code, ())} if changed else {*session.items}
                )
                chosen: list[pytest.Item] = []
                spent = 0.0
                for item in sorted(items, key=lambda item: seconds[item]):
                    spent += seconds[item]
                    chosen += [item] if spent < MOST else []
                put = partial(put_in_place, edit, original, functions[module])
                kind = "reached by no test" if not chosen else "survived" if self._survives(put, chosen) else "noticed"
                self.edits[kind].append(edit)
                if kind != "noticed" and edit.name not in self.alike:
                    print(f"{kind}: {edit.name}", file=sys.__stderr__, flush=True)
            counts = {kind: sum(edit.module is module for edit in edits) for kind, edits in self.edits.items()}
            told = ", ".join(f"{number} {kind}" for kind, number in counts.items())
            print(f"{module.__name__}: {sum(counts.values())} edits, {told}", file=sys.__stdout__, flush=True)
        return True

    def _run_once(self, items: list[pytest.Item], known: dict[int, CodeType]) -> dict[pytest.Item, float]:
        seconds: dict[pytest.Item, float] = {}
        for item, following in zip(items, [*items[1:], None], strict=True):
            hit: set[int] = set()

            def watch(frame: FrameType, event: str, _: object, hit: set[int] = hit) -> None:
                if event == "call":
                    hit.add(id(frame.f_code))

            began = sum(os.times()[:4])
            sys.setprofile(watch)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            sys.setprofile(None)
            seconds[item] = sum(os.times()[:4]) - began
            for code in hit & known.keys():
                self.reached[known[code]][item] = seconds[item]
        return seconds

    def _survives(self, put: Callable[[], None], items: list[pytest.Item]) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            if not (child := os.fork()):
                self.forked = True
                try:
                    items[0].config.pluginmanager.unregister(name="terminalreporter")
                    vars(vars(items[0].config)["_tmp_path_factory"])["_basetemp"] = Path(folder)
                    vars(items[0].config)["_env_timeout"] = LIMIT
                    put()
                    for item, following in zip(items, [*items[1:], None], strict=True):
                        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                    os._exit(0)
                finally:
                    os._exit(1)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(modules: list[str]) -> int:
    """Print what survived, and how much was noticed; return the exit code."""
    alike = tomllib.loads(EXPLAINED.read_text("utf-8"))["alike"]
    plugin = Mutating(tuple(modules) or DECIDING, alike)
    files = [f"tests/prodgate/{name}" for name in TESTS]
    options = ("-q", "-s", "-p", "no:randomly", "-p", "no:cacheprovider", "-o", "timeout=600")
    code = pytest.main([*options, "-W", "ignore::pytest.PytestAssertRewriteWarning", *files], [plugin])
    if code:
        return int(code)
    return int(any(edit.name not in alike for edit in plugin.edits["survived"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
