"""Secrets beside resources: in defaults of variables, outputs, provisioners and variable files."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..semantics.secret_forms import find_secrets
from .hcl import Expression, parse_values
from .positions import Origin, Position
from .provenance import Provenance
from .references import PlannedConfiguration
from .resources import Resource
from .sources import is_encrypted

#: The type under which policies find them.
WRITTEN_BLOCK: Final = "written_block"
#: Blocks with a text, the word that begins their address, and the argument that holds it.
_STATED: Final = (("variable", "var", "default"), ("output", "output", "value"))
#: Blocks of a resource that run something or sign in somewhere, and are no part of its values.
_RUNNING: Final = ("provisioner", "connection")


def find_written_texts(planned: PlannedConfiguration, provenance: Provenance | None) -> Iterator[Resource]:
    """Yield each block that holds secrets, with them by name; other texts are not kept.

    Without the source, that of a plan is read, which omits texts with something to fill in.
    """
    if provenance is None:
        for address, values in planned.list_written():
            yield from _make(address, values, None)
        return
    called = {held.directory: path for path, held in [*provenance.tree.modules.items()][::-1]}
    for held in provenance.tree.distinct:
        path = f"{called[held.directory]}.".lstrip(".")
        for kind, short, argument in _STATED:
            for block in held.of(kind):
                stated = {block.labels[0]: block.arguments[argument]} if argument in block.arguments else {}
                yield from _read(f"{path}{short}.{block.labels[0]}", stated)
        for address, blocks in held.resources.items():
            for inner in (inner for block in blocks for inner in block.blocks if inner.kind in _RUNNING):
                stated = {**inner.arguments, **{k: v for each in inner.blocks for k, v in each.arguments.items()}}
                yield from _read(".".join((f"{path}{address}", inner.kind, *inner.labels)), stated)
    for file in provenance.list_variable_files():
        name = os.path.relpath(file, provenance.tree.base)
        yield from _read(name, {} if is_encrypted(file) else parse_values(file, name))


def _read(address: str, stated: Mapping[str, Expression]) -> Iterator[Resource]:
    """Yield a block with secrets. What is no plain text stands under a name that says nothing."""
    places = {name: (Position(value.file, value.line),) for name, value in stated.items()}
    values = {name: value.literal or {"text": value.text} for name, value in stated.items()}
    yield from _make(address, values, Origin(next(iter(places.values()))[0], places) if places else None)


def _make(address: str, values: Mapping[str, Any], origin: Origin | None) -> Iterator[Resource]:
    held = {name: value for name, value in values.items() if _holds_secret(name, value)}
    if held:
        yield Resource(address=address, type=WRITTEN_BLOCK, name=address, values=held, mode="written", origin=origin)


def _holds_secret(name: str, value: Any) -> bool:
    if isinstance(value, str):
        return next(find_secrets(name, value), None) is not None
    items = [(name, each) for each in value] if isinstance(value, list) else []
    return any(_holds_secret(key, each) for key, each in (value.items() if isinstance(value, Mapping) else items))
