"""Readers of a block, by the language of its fence; each raises an exception for a fault."""

import ast
import builtins
import importlib
import json
import string
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import sqlglot
import yaml

from prodgate.sections.attested import parse_attestation
from prodgate.sections.criteria_file import load_criteria
from prodgate.terraform.hcl import parse_text

from .blocks import Block
from .commands import read_commands

api_reference: Any = importlib.import_module("scripts.api_reference")
#: Names that a page takes from the tools with which journeys and load are written.
_OF_TOOLS: Final = {"Page", "expect", "FastHttpUser", "between", "task"}
#: What a criteria file has besides, in which a section is read that a page shows alone.
_SYSTEM: Final = 'system = "shop"\n'
_CRITERION: Final = (
    '\n[criteria.shown-alone]\nstatement = "It holds."\nwhy = "It matters."\nsource = "A-1"\nlayers = ["static"]\n'
)


def read(block: Block) -> None:
    """Read a block. Raises ValueError for a language that nothing reads, and what the reader raises."""
    if block.language not in READERS:
        raise ValueError(
            f"nothing reads {block.language or 'a block without a language'}; mark it, or name its language"
        )
    READERS[block.language](block)


def _read_commands(block: Block) -> None:
    read_commands(block.text)


def _read_console(_: Block) -> None:
    raise ValueError("shows what commands print; name the test that compares it, or show the commands alone, as sh")


def _read_toml(block: Block) -> None:
    """Read a file of criteria or a part of one, a record of what people say, or messages of a report."""
    read = tomllib.loads(block.text)
    if "criterion" in read and "by" in read:
        whole = block.text.replace('"…"', f'"{"0" * 64}"')
        parse_attestation(whole, block.page, read["when"].astimezone(UTC) + timedelta(days=1))
    elif all(isinstance(value, str) and " " in key for key, value in read.items()):
        for said, translated in read.items():
            if _fields(said) != _fields(translated):
                raise ValueError(f"{translated} has other fields than {said}")
    else:
        _read_criteria(block.text, read)


def _read_criteria(text: str, read: Mapping[str, Any]) -> None:
    stated = {"criteria", "extends"} & read.keys()
    whole = f"{'' if 'system' in read else _SYSTEM}{text}{'' if stated else _CRITERION}"
    with TemporaryDirectory() as folder:
        (Path(folder) / "criteria.toml").write_text(whole, "utf-8")
        load_criteria(Path(folder) / "criteria.toml")


def _fields(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


def _read_python(block: Block) -> None:
    """Compile a block; what it takes from the gate must be there, and every other name be its own or a public one."""
    tree = ast.parse(block.text)
    compile(tree, str(block), "exec", dont_inherit=True)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("prodgate"):
            module = importlib.import_module(str(node.module))
            for each in node.names:
                getattr(module, each.name)
    if strange := sorted(_used(tree) - _bound(tree) - _public_names()):
        raise ValueError(f"nobody knows {', '.join(strange)}")


def _used(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _bound(tree: ast.AST) -> set[str]:
    """Return the names that a module binds anywhere: what is looked for is a name that nobody has."""
    return set(_names_bound(tree)) | set(dir(builtins))


def _names_bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


@cache
def _public_names() -> frozenset[str]:
    modules = map(importlib.import_module, api_reference.MODULES)
    return frozenset(name for module in modules for name in module.__all__) | _OF_TOOLS


def _read_hcl(block: Block) -> None:
    if parse_text(block.text.encode(), str(block)).broken:
        raise ValueError("is no HCL")


def _read_yaml(block: Block) -> None:
    list(yaml.safe_load_all(block.text))


def _read_json(block: Block) -> None:
    json.loads(block.text)


def _read_sql(block: Block) -> None:
    sqlglot.parse(block.text, dialect="postgres", error_level=sqlglot.ErrorLevel.RAISE)


READERS: Final[Mapping[str, Callable[[Block], None]]] = {
    "console": _read_console,
    "hcl": _read_hcl,
    "json": _read_json,
    "python": _read_python,
    "sh": _read_commands,
    "sql": _read_sql,
    "toml": _read_toml,
    "yaml": _read_yaml,
}
