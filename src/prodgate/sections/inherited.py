"""Criteria that a team takes over by ``extends``: good practice for any team, by area, as files like included ones.

What is taken over is written out, so that a run keeps it by digest, whatever a later version of the gate says.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ..criteria import suggest
from .bundled import BUNDLED
from .validation import is_text_list

BASELINE: Final = "baseline"
#: How the name of a file begins that lies in no folder of the project.
WRITTEN_OUT: Final = "prodgate:"
#: Areas that 'baseline' does not stand for: what they ask is proven, which needs the extra ``iam``.
_BY_NAME: Final = (f"{BASELINE}/permissions",)
EXAMPLE: Final = 'extends = ["baseline/identity", "baseline/network"]'
#: Where any team can be asked: the browser needs pages, which a team states itself.
_LAYERS: Final = ("static", "live")
_TABLE: Final = re.compile(r"^\[criteria\.([a-z0-9-]+)\]$", re.MULTILINE)
#: Keys that are the worked example's alone: its requirements, how many of a thing it has, where it asks.
_OWN: Final = re.compile(r"^(source|layers|population|applicability|baseline) = .*\n", re.MULTILINE)


@cache
def list_areas() -> Mapping[str, tuple[str, ...]]:
    """Return the criteria of each area that are good practice for any team; an area by its name in ``extends``."""
    names = {path.stem for path in (BUNDLED / "criteria").glob("*.toml")} | {one.partition("/")[2] for one in _BY_NAME}
    stated = {name: _read_tables(name) for name in sorted(names)}
    found = {
        area: tuple(id_ for id_, table in tables.items() if table.get("baseline")) for area, tables in stated.items()
    }
    return {f"{BASELINE}/{area}": ids for area, ids in found.items() if ids}


def is_written_out(name: str) -> bool:
    """Whether an included file was written out for ``extends``, and so lies in no folder of the project."""
    return name.startswith(WRITTEN_OUT)


def is_inherited(source: str) -> bool:
    """Whether the source of a criterion is an area that it was taken over from, also one of an earlier version."""
    return source.startswith(f"{BASELINE}/")


def extend(stated: Any, overriding: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Return the files that ``extends`` stands for, without criteria that the team states anew, and what is wrong."""
    named = [stated] if isinstance(stated, str) else stated
    if not is_text_list(named):
        return {}, [f"extends: is {stated!r}; write 'baseline' or a list of areas, e.g. {EXAMPLE}"]
    areas, mistakes = list_areas(), []
    listed = [area for area in areas if area not in _BY_NAME]
    for name in named:
        if name != BASELINE and name not in areas:
            hint = suggest(name, (BASELINE, *areas)) or f"; write 'baseline', or one of {', '.join(areas)}"
            mistakes.append(f"extends: {name!r} is no area{hint}")
        elif named.count(name) > 1 or (name in listed and BASELINE in named):
            mistakes.append(f"extends: {name!r} is named twice, or is part of 'baseline'; name each area once")
    chosen = [area for area in areas if area in named or (BASELINE in named and area in listed)]
    written = {} if mistakes else {f"{WRITTEN_OUT}{area}.toml": _write_out(area, overriding) for area in chosen}
    return written, list(dict.fromkeys(mistakes))


def overriding_mistakes(overriding: Iterable[str], extends: Any) -> Iterator[str]:
    """Say which criteria are said to stand in the place of one that is not taken over."""
    named = [extends] if isinstance(extends, str) else extends
    areas = list_areas()
    taken = [area for area in areas if area in named or (BASELINE in named and area not in _BY_NAME)]
    inherited = {id_ for area in taken for id_ in areas[area]}
    for id_ in sorted(set(overriding) - inherited):
        hint = suggest(id_, inherited) or "; take overrides out, or name its area in extends"
        yield f"criteria.{id_}.overrides: extends takes over no criterion of that id{hint}"


def find_overriding(tables: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of criteria that say they stand in the place of one that is taken over."""
    stated = [table.get("criteria") for table in tables]
    return frozenset(
        id_
        for each in stated
        if isinstance(each, dict)
        for id_, criterion in each.items()
        if isinstance(criterion, dict) and criterion.get("overrides") is True
    )


def _read_tables(area: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = tomllib.loads(_read_area(area)).get("criteria", {})
    return found


def _read_area(area: str) -> str:
    if f"{BASELINE}/{area}" in _BY_NAME:
        return files(__package__).joinpath(f"{area}.toml").read_text("utf-8")
    return (BUNDLED / "criteria" / f"{area}.toml").read_text("utf-8")


def _write_out(name: str, without: Collection[str]) -> str:
    """Return an area as a file of criteria, each asked only where there is something to ask about."""
    area = name.removeprefix(f"{BASELINE}/")
    text, tables = _read_area(area), _read_tables(area)
    heads = [*_TABLE.finditer(text)]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    kept = [
        _adapt(text[head.start() : end], name, tables[head[1]])
        for head, end in zip(heads, ends, strict=True)
        if tables[head[1]].get("baseline") and head[1] not in without
    ]
    return "\n".join((f"# Good practice for any team, as this version of prod-gate has it: {area}.\n", *kept))


def _adapt(text: str, source: str, table: Mapping[str, Any]) -> str:
    bound = table["baseline"]
    if isinstance(bound, str):
        text = re.sub(r"^require = .*$", f'require = "{bound}"', text, flags=re.MULTILINE)
    lines = [line for line in _OWN.sub("", text).rstrip().splitlines() if not line.startswith("#")]
    asked = ", ".join(f'"{layer}"' for layer in _LAYERS if layer in table["layers"])
    added = (
        f'source = "{source}"',
        f"layers = [{asked}]",
        "population = 0",
        'applicability = "where-present"',
        "baseline = true",
    )
    return "\n".join((*(line for line in lines if line), *added, ""))
