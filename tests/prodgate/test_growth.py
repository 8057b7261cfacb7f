"""No pattern takes more than linear time on any outside text: twice the text, twice the time.

Each pattern is found in the syntax of the source, and tried on texts made from its own parts: the part before a
repetition, then the repeated part thousands of times, then something that matches nothing.
"""

import ast
import importlib
import re
import re._constants as ops
import re._parser as parser
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from prodgate import semantics

ROOT = Path(__file__).parents[2]
FILES = {
    path: path.read_text("utf-8")
    for folder in ("src/prodgate", "policies", "suites", "loadtests", "e2e")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
#: Ways to look for a pattern anywhere in a text, and ways that begin at its beginning.
SEARCHES: Final = frozenset({"search", "finditer", "findall", "sub", "subn", "split"})
METHODS: Final = SEARCHES | {"match", "fullmatch"}
CALLS: Final = frozenset({f"re.{each}" for each in METHODS | {"compile"}})
#: Letters of a text.
SHORT, TEXT, LONG = 500, 10_000, 40_000
#: Processor seconds that a long text may always take; a short one that takes more is slow. A pattern is slow as well if
#: a long text takes GROWTH times as long as one of a quarter of its letters.
MOST: Final = 0.03
GROWTH: Final = 8.0
LETTERS: Final = "a0A -/.\"'=:\n_+,;<(>[]{}$@%?*!#&|~`^\\\t"


@dataclass(frozen=True)
class Written:
    """A pattern as written in the source, and the methods that use it."""

    place: str
    pattern: str | bytes
    flags: int
    methods: frozenset[str]


def find_patterns() -> Iterator[Written]:
    """Yield each pattern that can be read from the source without running it."""
    for path, text in FILES.items():
        tree, known = ast.parse(text), {"re": re}
        for node in tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and (named := _name_of(node)):
                known[named] = _evaluate(node.value, known)
        owners = {inner: node for node in ast.walk(tree) for inner in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in CALLS:
                yield from _read(path, text, node, known, owners)

    for module in sorted(Path(semantics.__file__).parent.glob("*.py")):
        for name, value in vars(importlib.import_module(f"prodgate.semantics.{module.stem}")).items():
            made = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,)
            yield from (
                Written(f"{module.name}:{name}", one.pattern, one.flags & ~re.UNICODE, METHODS)
                for one in made
                if isinstance(one, re.Pattern) and isinstance(value, Mapping | tuple)
            )


def _read(
    path: Path, text: str, call: ast.Call, known: Mapping[str, Any], owners: Mapping[ast.AST, ast.AST]
) -> Iterator[Written]:
    pattern, how = _evaluate(call.args[0], known), ast.unparse(call.func).removeprefix("re.")
    if not isinstance(pattern, str | bytes):
        return
    stated = [*(call.args[1:] if how == "compile" else ()), *(k.value for k in call.keywords if k.arg == "flags")]
    flags = sum(int(_evaluate(one, known) or 0) for one in stated)
    methods = {how}
    if how == "compile":
        owner: ast.AST | None = call
        while owner is not None and not isinstance(owner, (ast.Assign, ast.AnnAssign)):
            owner = owners.get(owner)
        name = _name_of(owner) if owner else ""
        read = [text] if name.startswith("_") else [one for one in FILES.values() if name in one]
        used = re.compile(rf"\b{re.escape(name)}\b(?:\[[^\]]*\])?\.({'|'.join(METHODS)})\b")
        # of a pattern in a table, what the module does with any
        anyhow = re.findall(rf"(?<!\bre)\.({'|'.join(METHODS - {'split'})})\(", text)
        methods = {found for one in read for found in used.findall(one)} if name else set()
        methods = methods or {*anyhow}
    place = f"{path.relative_to(ROOT).as_posix()}:{call.lineno}"
    yield Written(place, pattern, flags, frozenset(methods or METHODS))


def _name_of(node: ast.AST) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


def _evaluate(node: ast.AST | None, known: Mapping[str, Any]) -> Any:
    try:
        return eval(compile(ast.Expression(node), "", "eval"), dict(known))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  what needs more than constants is no pattern of constants
        return None


def find_pumps(written: Written) -> set[tuple[str, str]]:
    """Return (the part before, the repeated part) of each repetition, and beginnings of the whole pattern."""
    tree = parser.parse(written.pattern, written.flags)
    pumps = set(_pump(tree, ""))
    whole = _sample(tree, "a", {})
    return pumps | ({("", whole[:end]) for end in (1, 2, 3, 4, 6, 8, 12, len(whole)) if whole} if pumps else set())


def _pump(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    for op, value in tree:
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            if value[1] > 200:
                for letter in "a ":
                    if body := _sample(value[2], letter, {}):
                        yield from ((before, body), ("", before + body), ("", body))
            yield from _pump(value[2], before)
        for inner in _list_inner(op, value):
            yield from _pump(inner, before)
        before += _sample([(op, value)], "a", {})


def _list_inner(op: Any, value: Any) -> list[Any]:
    if op is ops.BRANCH:
        return list(value[1])
    return {ops.SUBPATTERN: lambda: [value[3]], ops.ASSERT: lambda: [value[1]], ops.ASSERT_NOT: lambda: [value[1]],
            ops.ATOMIC_GROUP: lambda: [value]}.get(op, list)()  # fmt: skip


def _sample(tree: Any, letter: str, groups: dict[int, str]) -> str:
    """Return a text that a parsed pattern matches, of ``letter`` where possible; ignores lookarounds."""
    text = ""
    for op, value in tree:
        if op is ops.LITERAL:
            text += chr(value)
        elif op is ops.ANY:
            text += letter
        elif op in (ops.IN, ops.NOT_LITERAL):
            items = value if op is ops.IN else [(ops.NEGATE, None), (ops.LITERAL, value)]
            text += next((each for each in letter + LETTERS if _is_in(items, each)), "")
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            text += _sample(value[2], letter, groups) * min(max(value[0], value[1] > 200), 64)
        elif op is ops.GROUPREF:
            text += groups.get(value, "")
        elif op not in (ops.ASSERT, ops.ASSERT_NOT) and (inner := _list_inner(op, value)):
            found = _sample(inner[0], letter, groups)
            text += found
            if op is ops.SUBPATTERN:
                groups[value[0]] = found
    return text


_CATEGORIES: Final = {
    ops.CATEGORY_DIGIT: r"\d", ops.CATEGORY_WORD: r"\w", ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_DIGIT: r"\D", ops.CATEGORY_NOT_WORD: r"\W", ops.CATEGORY_NOT_SPACE: r"\S",
}  # fmt: skip


def _is_in(items: Any, letter: str) -> bool:
    found = False
    for op, value in items:
        found |= op is ops.LITERAL and ord(letter) == value
        found |= op is ops.RANGE and value[0] <= ord(letter) <= value[1]
        found |= op is ops.CATEGORY and re.match(_CATEGORIES[value], letter) is not None
    return found != any(op is ops.NEGATE for op, _ in items)


def find_slow(written: Written) -> str:
    """Return a text on which a pattern takes longer than a linear one would; nothing if there is none."""
    pattern: re.Pattern[Any] = re.compile(written.pattern, written.flags)
    ways = [*(["finditer"] if written.methods & SEARCHES else []), *sorted(written.methods & {"match", "fullmatch"})]
    for before, body in sorted(find_pumps(written)):
        for way in ways:
            # Others on the machine make one measurement long, not three in a row.
            if all(_is_slow(pattern, way, before, body) for _ in range(3)):
                return f"{way}: slow on {before!r} and {body!r} again and again"
    return ""


def _is_slow(pattern: re.Pattern[Any], way: str, before: str, body: str) -> bool:
    if _take(pattern, way, before, body, SHORT) > MOST:
        return True
    took = _take(pattern, way, before, body, LONG)
    return took > MOST and took > GROWTH * _take(pattern, way, before, body, TEXT)


def _take(pattern: re.Pattern[Any], way: str, before: str, body: str, length: int) -> float:
    """Return what a text takes, in processor seconds."""
    text: Any = before + body * (length // len(body)) + "\0"
    text = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    began = time.process_time()
    found = getattr(pattern, way)(text)
    for _each in found if way == "finditer" else ():
        pass
    return time.process_time() - began


def test_a_slow_pattern_is_found() -> None:
    for slow in (r"a+b", r"<!--.*?-->", r"(?:'[^']*'|\S)*;", r"\s*x?\s*", r"^(\w+\s?)*$"):
        assert _bounded(Written("here", slow, 0, METHODS)), slow
    assert not _bounded(Written("here", r"(?<!a)a+b|\d{1,9}", 0, METHODS))


@pytest.mark.slow
def test_no_pattern_grows_faster_than_its_text() -> None:
    written = list(find_patterns())
    assert len(written) > 300
    found = {f"{one.place}: {said}; {one.pattern!r}" for one in written if (said := _bounded(one))}
    assert not found, "\n".join(sorted(found))


def _bounded(written: Written) -> str:
    """Give up a pattern after three processor seconds: it grows faster than any linear one."""

    def give_up(_signal: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, 3)
    try:
        return find_slow(written)
    except TimeoutError:
        return "does not end"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
