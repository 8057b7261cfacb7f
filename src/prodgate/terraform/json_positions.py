"""Where Terraform's JSON syntax, which is an expression of the native one, states resources and their arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from .hcl import Expression, Source, parse_text
from .json_syntax import write_text

#: What is core's own business, and what is no argument.
_META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection", "//"})
#: Begins the line of the file's first brace, so that lines stay as they are.
_NAME = "stated"
#: What an address begins with that is no resource.
_KINDS: Final = ("data", "module")
_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')


def find_bodies(source: Source, address: str) -> Iterator[Expression]:
    """Yield what JSON states at an address (``aws_x.y``, ``data.aws_x.y``, ``module.x``), at the line of its name.

    Nothing of a file that is no JSON.
    """
    if source.is_json and (stated := _read(source.text, source.file)):
        names = tuple(address.split("."))
        yield from _descend(stated, names if names[0] in _KINDS else ("resource", *names))


@lru_cache(maxsize=32)
def _read(text: bytes, file: str) -> Expression | None:
    """Read a file once for all of what it states, which may be thousands of resources in one file."""
    try:
        read = parse_text(_NAME.encode() + b" = " + _TEXT.sub(_to_native, text), file)
    except (ValueError, RecursionError):
        return None
    return None if read.broken else read.arguments.get(_NAME)


def _to_native(text: re.Match[bytes]) -> bytes:
    """Return a text as the native syntax writes it, on the one line that it stands on."""
    return write_text(json.loads(text[0])).replace("\n", " ").encode("utf-8", "replace")


def list_arguments(body: Expression, path: str = "") -> Iterator[tuple[str, Expression]]:
    """Yield the path of each argument and nested block, without indices, and what is written there."""
    for name, value in body.entries.items():
        if name == "dynamic":
            for block, inner in ((name, each) for item in value.items for name, each in item.entries.items()):
                yield from _list_dynamic(inner, f"{path}.{block}".lstrip("."))
        elif name not in _META or path:
            below = f"{path}.{name}".lstrip(".")
            yield below, value
            for item in value.items:
                yield from list_arguments(item, below)


def _list_dynamic(value: Expression, path: str) -> Iterator[tuple[str, Expression]]:
    yield path, value
    for item in value.items:
        for content in item.entries["content"].items if "content" in item.entries else ():
            yield from list_arguments(content, path)


def _descend(value: Expression, names: tuple[str, ...]) -> Iterator[Expression]:
    if not names:
        yield value
        return
    for item in value.items:
        if names[0] in item.entries:
            yield from _descend(item.entries[names[0]], names[1:])
