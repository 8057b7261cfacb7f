"""The ``data`` of a DAG in a criteria file: where each slot leaves what it collected, and how much that must be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import available_timezones

from .validation import key_mistakes

_COLUMNS: Final = ("source", "slot", "written", "rows")
_OF_TABLE: Final = ("table", "database", *_COLUMNS)
_KEYS: Final = (*_OF_TABLE, "prefix", "sources", "least", "slot_is", "slot_zone")
#: What a stated slot may be: the moment at which its run comes due, or the one from which its data are.
_ENDS: Final = ("end", "start")
#: A name in a database, and of a table with its schema.
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_TABLE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?")
#: Where a secret stands; never the secret itself.
REFERENCE: Final = re.compile(r"env:[A-Za-z_]\w*|secret:[\w/+=.@:-]+", re.ASCII)
_PREFIX: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.*")
#: Stands in a prefix for the name of a source.
SOURCE: Final = "{source}"
#: Stands in a prefix for the slot in ISO 8601, or as ``strftime`` has it: ``{slot:%Y/%m/%d}``.
SLOT: Final = re.compile(r"\{slot(?::([^{}]+))?\}")
_FORMAT: Final = re.compile(r"(?=.*%Y)(?=.*%m)(?=.*%d)(%[YmdHMSfz]|[^%])+")
_SOURCE_NAME: Final = re.compile(r"[^\s/{}]+")
_EXAMPLES: Final = {
    "table": "collections",
    "database": "env:NEWS_DATABASE",
    "source": "source",
    "slot": "slot",
    "written": "finished_at",
    "rows": "rows",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTable:
    """A table with one row for each slot and source; times without a zone are in UTC."""

    database: str
    """Where its SQLAlchemy URL stands: ``env:NAME`` or ``secret:ID``."""
    table: str
    source: str
    slot: str
    written: str
    """Column of when the source was done."""
    rows: str
    """Column of how much the source had; 0 says that there was nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotObjects:
    """Objects in a bucket, of which an empty one counts nothing.

    Each belongs to the slot that its key names, or where the prefix does not say that it names one, to the last slot
    before it was written: then an object that is late, or written once more, counts for another slot than its own.
    """

    prefix: str
    """``s3://bucket/raw/{source}/{slot}/``, or ``s3://bucket/raw/{source}/``."""
    zone: str = "UTC"
    """The time zone of slots in keys that state none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSection:
    """What a slot of a DAG must leave."""

    sources: tuple[str, ...]
    """Each leaves something in every slot, if only that there was nothing new."""
    least: int
    """What all sources together must have in each slot, in rows or objects."""
    place: SlotTable | SlotObjects
    slot_is: str = "end"
    """Whether the slot that data state is the ``end`` of their interval, when the run comes due, or its ``start``."""


def parse_data_section(table: Mapping[str, Any]) -> DataSection:
    """Read a section that has no mistakes."""
    stated = {key: table[key] for key in (*_OF_TABLE, "prefix") if key in table}
    zone = str(table.get("slot_zone", "UTC"))
    place = SlotTable(**stated) if "table" in table else SlotObjects(**stated, zone=zone)
    stated_as = str(table.get("slot_is", "end"))
    return DataSection(sources=tuple(table["sources"]), least=table.get("least", 1), place=place, slot_is=stated_as)


def data_mistakes(where: str, table: Any) -> Iterator[str]:
    """Say what is wrong with a section, one line each; ``where`` is its name, such as ``dags.collect.data``."""
    if not isinstance(table, dict):
        yield f"{where}: is {table!r}; write [{where}] with table or prefix, and sources"
        return
    yield from key_mistakes(where, table, _KEYS)
    yield from _source_mistakes(where, table.get("sources"))
    least = table.get("least", 1)
    if not (type(least) is int and least >= 0):
        yield f"{where}.least: is {least!r}; write a whole number, e.g. 1"
    if table.get("slot_is", "end") not in _ENDS:
        yield f"{where}.slot_is: is {table['slot_is']!r}; write 'start' where data state the start of their interval"
    elif "slot_is" in table and "prefix" in table and not SLOT.search(str(table["prefix"])):
        yield f"{where}.slot_is: keys of this prefix state no slot; write {{slot}} in it, or take slot_is out"
    if "slot_zone" in table:
        yield from _zone_mistakes(f"{where}.slot_zone", table["slot_zone"], table.get("prefix"))
    if ("table" in table) == ("prefix" in table):
        both = "both table and prefix" if "table" in table else "neither table nor prefix"
        yield f"{where}: names {both}; write one: table = 'collections' or prefix = 's3://bucket/raw/{SOURCE}/'"
    elif "table" in table:
        yield from _table_mistakes(where, table)
    else:
        yield from _prefix_mistakes(where, table)


def _source_mistakes(where: str, sources: Any) -> Iterator[str]:
    if not isinstance(sources, list) or not sources:
        yield f"{where}.sources: is {sources!r}; write the names of the sources, e.g. ['wire']"
        return
    for source in sources:
        if not isinstance(source, str) or not _SOURCE_NAME.fullmatch(source):
            yield f"{where}.sources: {source!r} is no name of a source; write a text without blanks, e.g. 'wire'"
    if len(set(map(str, sources))) < len(sources):
        yield f"{where}.sources: names a source twice: {', '.join(map(str, sources))}; write each once"


def _table_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    for key in _OF_TABLE:
        value, example = table.get(key), _EXAMPLES[key]
        if value is None:
            yield f"{where}.{key}: is missing; write e.g. {key} = {example!r}"
        elif key == "database":
            if not isinstance(value, str) or not REFERENCE.fullmatch(value):
                # what stands there may be the secret itself, and is not shown
                yield f"{where}.database: names no place where the URL stands; write 'env:NAME' or 'secret:ID'"
        elif not isinstance(value, str) or not (_TABLE if key == "table" else _NAME).fullmatch(value):
            kind = "table" if key == "table" else "column"
            yield f"{where}.{key}: {value!r} is no name of a {kind}; write e.g. {example!r}"


def _zone_mistakes(where: str, zone: Any, prefix: Any) -> Iterator[str]:
    if not SLOT.search(str(prefix)):
        yield f"{where}: no key of objects states a slot; write {{slot}} in a prefix, or take slot_zone out"
    if not isinstance(zone, str) or zone not in available_timezones():
        yield f"{where}: {zone!r} is no time zone; write e.g. 'Asia/Tokyo'"


def _prefix_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    prefix = table["prefix"]
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix) or prefix.count(SOURCE) != 1:
        yield f"{where}.prefix: is {prefix!r}; write e.g. 's3://bucket/raw/{SOURCE}/{{slot}}/', with {SOURCE} once"
    elif len(SLOT.findall(prefix)) > 1 or (not SLOT.search(prefix) and not prefix.endswith("/")):
        yield f"{where}.prefix: is {prefix!r}; write {{slot}} once, or '/' at its end"
    elif any(form and not _FORMAT.fullmatch(form) for form in SLOT.findall(prefix)):
        yield f"{where}.prefix: is {prefix!r}; write the slot with its whole date, e.g. {{slot:%Y/%m/%d/%H}}"
    for key in _OF_TABLE:
        if key in table:
            yield f"{where}.{key}: is of a table, and prefix is of a bucket; take it out"
