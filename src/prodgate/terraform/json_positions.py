"""Where Terraform's JSON syntax, which is an expression of the native one, states resources and their arguments."""

from __future__ import annotations

from collections.abc import Iterator

from .hcl import Expression, Source, parse_text

#: What is core's own business, and what is no argument.
_META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection", "//"})
#: Begins the line of the file's first brace, so that lines stay as they are.
_NAME = "stated"


def find_bodies(source: Source, address: str) -> Iterator[Expression]:
    """Yield what a JSON file states of a resource (``aws_x.y``) or of data (``data.aws_x.y``), at the line of its name.

    Nothing of a file whose texts the native syntax writes in another way.
    """
    read = parse_text(_NAME.encode() + b" = " + source.text, source.file)
    if not read.broken and _NAME in read.arguments:
        kind = "data" if address.startswith("data.") else "resource"
        yield from _descend(read.arguments[_NAME], (kind, *address.removeprefix("data.").split(".")))


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
