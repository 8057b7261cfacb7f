"""The requirements that criteria stand for, and the layers that must answer each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..criteria import LAYERS, suggest
from .bounds import list_mistakes, text_mistakes
from .inherited import is_inherited
from .validation import is_text_list


@dataclass(frozen=True, slots=True)
class Requirement:
    """A line of the requirements that criteria stand for, and the layers that must answer it."""

    id: str
    asks: str
    layers: tuple[str, ...]


def parse_requirements(tables: Mapping[str, Any]) -> Iterator[Requirement]:
    """Read a section that has no mistakes."""
    for id_, table in tables.items():
        yield Requirement(id_, table["asks"], tuple(table["layers"]))


def requirement_mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the requirements, and which criteria stand for none of them."""
    tables = data.get("requirements", {})
    if not isinstance(tables, dict):
        yield "requirements: is not a table; write [requirements] with lines such as INF-1 = { asks = …, layers = […] }"
        return
    for id_, table in tables.items():
        where = f"requirements.{id_}"
        if not isinstance(table, dict) or set(table) != {"asks", "layers"} or not isinstance(table["asks"], str):
            yield f'{where}: is {table!r}; write {{ asks = "…", layers = ["static"] }}'
        else:
            yield from text_mistakes(f"{where}.asks", table["asks"], "what the line of the requirements asks for")
            yield from layer_mistakes(where, table)
    for id_, table in data.get("criteria", {}).items() if tables and isinstance(data.get("criteria"), dict) else ():
        source = table.get("source") if isinstance(table, dict) else None
        if isinstance(source, str) and source not in tables and not is_inherited(source):
            yield f"criteria.{id_}.source: {source!r} is not a requirement{suggest(source, tables)}"


def layer_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the layers and the controls of a requirement or a criterion."""
    for key in ("layers", "controls"):
        yield from list_mistakes(f"{where}.{key}", table.get(key, []))
    if not is_text_list(table["layers"]):
        return
    if not table["layers"]:
        yield f"{where}.layers: is empty; name the layers that must answer: {', '.join(LAYERS)}"
    for layer in table["layers"]:
        if layer not in LAYERS:
            hint = suggest(str(layer), LAYERS) or f"; layers are {', '.join(LAYERS)}"
            yield f"{where}.layers: {layer!r} is not a layer{hint}"
