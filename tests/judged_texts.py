"""Texts that judgements can say, read from the source of policies and checks."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

#: Arguments whose texts a finding shows, also a single word.
_SHOWN: Final = ("expected", "observed", "held", "reason", "remedy")
#: Calls whose arguments a finding shows.
_CONCLUDE: Final = ("not_applicable", "undetermined", "only_production", "Unresolved")
_PROSE: Final = re.compile(r"[a-z,;:)\0'] [a-z(\0]")
#: A brace of a text itself, or fields of which one follows at once on another.
_FIELD: Final = re.compile(r"\{\{|\}\}|(?:\{\w*\})+")


def without_names(message: str) -> str:
    """Return a message with its fields as they are, whatever their names; two without a word between them are one.

    >>> without_names("{names} of {{x}}{more}{rest} or ${{{key}}}")
    '{} of {{x}}{} or ${{{}}}'
    """
    return _FIELD.sub(lambda found: found[0] if found[0] in ("{{", "}}") else "{}", message)


def list_texts(source: str) -> Iterator[str]:
    """Yield the texts of a module that are prose, or one word that a finding shows, as messages without names."""
    tree = ast.parse(source)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "exclude":
            _open_fields(call)
    nodes = [*ast.walk(tree)]
    aside = {*_docstrings(nodes), *_pieces(nodes)}
    shown = {node for call in nodes if isinstance(call, ast.Call) for node in _shown(call)}
    for node in nodes:
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node not in aside:
            text, parts = _message(node)
            word = node in shown and re.fullmatch("[a-z]{3,}", text)
            own = re.search("[a-z]{2}", "\0".join(parts))
            if not {"\\", "\n"} & {*text} and (word or (own and _PROSE.search("\0".join(parts)))):
                yield text
                yield from _turned(node)


def texts_of(*paths: Path) -> dict[str, str]:
    """Return the texts of modules and folders, and in which file each stands; examples are what others may write."""
    found = (each for path in paths for each in (sorted(path.rglob("*.py")) if path.is_dir() else [path]))
    files = (path for path in found if "examples" not in path.parts)
    return {text: f"{path.name}" for path in files for text in list_texts(path.read_text("utf-8"))}


def stated_in(paths: Iterable[Path]) -> dict[str, str]:
    """Return the texts of files of criteria that a report shows beside the statements, and in which file each stands."""
    found = {}
    for path in paths:
        read = tomllib.loads(path.read_text("utf-8"))
        told = [each.get(key, "") for each in read.get("criteria", {}).values() for key in ("why", "remedy")]
        told += [each["asks"] for each in read.get("requirements", {}).values()]
        found.update({text.replace("{", "{{").replace("}", "}}"): path.name for text in told if text})
    return found


def named_in(path: Path) -> dict[str, str]:
    """Return the names of ways to the rights of another, as a finding shows them: alone, with whose they are, of what kind."""
    ways = tomllib.loads(path.read_text("utf-8"))["path"]
    things = {str(way[key]) for way in ways for key in ("kind", "needs") if key in way}
    names = [text for way in ways for text in (way["name"], f"{way['name']} ({{}})")]
    names += [f"{'an' if each[0] in 'aeiou' else 'a'} {each}" for each in sorted(things)]
    return dict.fromkeys(names, path.name)


def excused_in(path: Path) -> dict[str, str]:
    """Return why checks of an engine do not apply, as the table of its checks states it."""
    table = tomllib.loads(path.read_text("utf-8"))
    excused = [*table["unreliable"].values(), *table["local-modules"].values()]
    return dict.fromkeys([*excused, *(each["reason"] for each in table["silence"])], path.name)


def filled(text: str) -> str:
    """Return a text whose fields are filled by a call of ``format``, with these fields.

    >>> filled("{{}} is not {{!r}}")
    '{} is not {}'
    """
    return re.sub(r"\{\{(!r)?\}\}", "{}", text)


def _message(node: ast.Constant | ast.JoinedStr) -> tuple[str, list[str]]:
    parts = [""]
    for part in node.values if isinstance(node, ast.JoinedStr) else [node]:
        if isinstance(part, ast.FormattedValue):
            parts.append("")
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            parts[-1] += part.value
    return without_names("{}".join(part.replace("{", "{{").replace("}", "}}") for part in parts)), parts


def _open_fields(call: ast.Call) -> None:
    """Make ``{}`` of what ``exclude`` observes the field that it is, as if the fault were written there."""
    for keyword in call.keywords:
        if keyword.arg == "observed":
            stated = keyword.value.values if isinstance(keyword.value, ast.JoinedStr) else [keyword.value]
            keyword.value = ast.JoinedStr([piece for part in stated for piece in _split(part)])


def _split(part: ast.expr) -> Iterator[ast.expr]:
    for number, text in enumerate(str(part.value).split("{}") if isinstance(part, ast.Constant) else ()):
        yield from [ast.FormattedValue(ast.Name("fault"), -1)] if number else []
        yield ast.Constant(text)
    if not isinstance(part, ast.Constant):
        yield part


def _turned(node: ast.Constant | ast.JoinedStr) -> Iterator[str]:
    """Yield a text as it is where one of its fields, ``{n or 'no'}``, holds a word, which may turn it."""
    for place, part in enumerate(node.values if isinstance(node, ast.JoinedStr) else ()):
        value = getattr(part, "value", None)
        said = value.values[-1] if isinstance(value, ast.BoolOp) else getattr(value, "orelse", None)
        if isinstance(said, ast.Constant) and re.fullmatch("[a-z]+", str(said.value)):
            yield _message(ast.JoinedStr([*node.values[:place], said, *node.values[place + 1 :]]))[0]


def _docstrings(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        for stated in getattr(node, "body", []) if isinstance(getattr(node, "body", None), list) else []:
            if isinstance(stated, ast.Expr):
                yield stated.value


def _pieces(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield what is part of a text with fields: its literals, and how its values are written."""
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.Constant))
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and part.format_spec:
                    yield from ast.walk(part.format_spec)


def _shown(call: ast.Call) -> Iterator[ast.AST]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    values = [keyword.value for keyword in call.keywords if keyword.arg in _SHOWN]
    for value in (*values, *(call.args if name in _CONCLUDE else ())):
        yield from ast.walk(value)
