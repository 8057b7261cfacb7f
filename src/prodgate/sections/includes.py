"""The files that state criteria together: ``criteria.toml``, what it includes, and the baseline that it extends."""

import glob
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ..criteria import CriteriaError, suggest
from .bundled import BUNDLED
from .fields import is_text_list
from .toml_text import TomlError, parse_toml, read_text, render_mistakes

# ── The baseline that a team extends

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
    """Name the criteria that override one that is not taken over."""
    named = [extends] if isinstance(extends, str) else extends
    areas = list_areas()
    taken = [area for area in areas if area in named or (BASELINE in named and area not in _BY_NAME)]
    inherited = {id_ for area in taken for id_ in areas[area]}
    for id_ in sorted(set(overriding) - inherited):
        hint = suggest(id_, inherited) or "; take overrides out, or name its area in extends"
        yield f"criteria.{id_}.overrides: extends takes over no criterion of that id{hint}"


def find_overriding(tables: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of criteria that say they override one that is taken over."""
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


_EXAMPLE: Final = 'include = ["criteria/*.toml"]'
#: Sections whose tables are stated whole in one file: half a criterion here and half there is read by nobody.
_WHOLE: Final = ("criteria", "requirements")
#: What the criteria file itself alone states.
_TOP: Final = ("include", "extends")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The content of several files, as if it were one."""

    path: Path
    """The file that includes the others."""
    data: Mapping[str, Any]
    origins: Mapping[str, Path]
    """Dotted key -> the file that states it."""
    mistakes: tuple[str, ...]
    """What is stated twice, or included by a file that must not include."""

    def locate(self, mistake: str) -> str:
        """Return a mistake, which begins with the key that it is about, with the file before it that states the key."""
        keys = [key for key in self.origins if mistake.startswith((f"{key}.", f"{key}:"))]
        return f"{self.origins[max(keys, key=len)] if keys else self.path}: {mistake}"


def read_files(path: Path) -> tuple[str, dict[str, str]]:
    """Return the text of a criteria file, and those of the files that it includes by their paths from its folder.

    What it extends is among them, written out. Raises CriteriaError with one line per mistake.
    """
    text = _read(path, "name another file with --criteria")
    try:
        stated = parse_toml(text)
    except TomlError:
        return text, {}  # parsing it reports what is wrong
    named = stated.get("include", [])
    if not is_text_list(named):
        raise CriteriaError(f"{path}: include: is {named!r}; write a list of files, e.g. {_EXAMPLE}")
    included = _read_included(named, path)
    return text, {**included, **_write_out_extended(stated, included, path)}


def _write_out_extended(stated: Mapping[str, Any], included: Mapping[str, str], path: Path) -> dict[str, str]:
    """Return what a criteria file extends, without what it or an included file states anew."""
    overriding = find_overriding([stated, *_parse_each(included.values())])
    files, mistakes = extend(stated.get("extends", []), overriding)
    if mistakes := mistakes or list(overriding_mistakes(overriding, stated.get("extends", []))):
        raise CriteriaError(render_mistakes(f"{path}: {mistake}" for mistake in mistakes))
    return files


def _parse_each(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    for text in texts:
        with suppress(TomlError):  # merging them reports what is wrong
            yield parse_toml(text)


def _read_included(patterns: Iterable[str], path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    seen: dict[Path, str] = {}
    mistakes: list[str] = []
    for pattern in patterns:
        names = _find(pattern, folder_of(path))
        mistakes += [] if names else [f"{path}: include: {_explain_no_match(pattern, path)}"]
        for name in names:
            if wrong := _find_mistake(name, pattern, path, seen):
                mistakes.append(f"{path}: include: {wrong}")
                continue
            seen[_real(folder_of(path) / name)] = pattern
            try:
                found[name] = _read(folder_of(path) / name, "make it readable, or take it out of include")
            except CriteriaError as error:
                mistakes.append(str(error))
    if mistakes:
        raise CriteriaError(render_mistakes(mistakes))
    return found


def _read(file: Path, otherwise: str) -> str:
    try:
        return read_text(file)
    except OSError as error:
        raise CriteriaError(f"{file}: cannot be read: {error.strerror}; {otherwise}") from None
    except TomlError as error:
        raise CriteriaError(f"{file}: {error}") from None


def folder_of(path: Path) -> Path:
    """Return the folder that the paths in a criteria file start from: where it was named, also when that is a link."""
    return path.parent


def merge(text: str, path: Path, included: Mapping[str, str]) -> Merged:
    """Merge a criteria file with the files that it includes. Raises CriteriaError for what is not TOML."""
    tables: list[tuple[Path, dict[str, Any]]] = []
    broken: list[str] = []
    for file, content in ((path, text), *((_place(name, path), each) for name, each in included.items())):
        try:
            tables.append((file, parse_toml(content)))
        except TomlError as error:
            broken.append(f"{file}: {error}")
    if broken:
        raise CriteriaError(render_mistakes(broken))
    for key in _TOP:
        tables[0][1].pop(key, None)
    data: dict[str, Any] = {}
    origins: dict[str, Path] = {}
    mistakes = [each for file, table in tables for each in _add(table, file, data, origins)]
    mistakes += _passing_mistakes(data.get("criteria"), origins)
    return Merged(path=path, data=data, origins=origins, mistakes=tuple(mistakes))


def _passing_mistakes(criteria: Any, origins: Mapping[str, Path]) -> Iterator[str]:
    """Say which criteria that a team states itself pass for ones that it takes over."""
    for id_, table in criteria.items() if isinstance(criteria, dict) else ():
        source, file = table.get("source") if isinstance(table, dict) else None, origins[f"criteria.{id_}"]
        if isinstance(source, str) and is_inherited(source) and not is_written_out(str(file)):
            yield f"{file}: criteria.{id_}.source: {source!r} is where extends takes over from; name your own line"


def _place(name: str, path: Path) -> Path:
    return Path(name) if is_written_out(name) else folder_of(path) / name


def _add(
    table: Mapping[str, Any], file: Path, into: dict[str, Any], origins: dict[str, Path], within: str = ""
) -> Iterator[str]:
    """Add what a file states to what earlier files state; say what is stated twice."""
    for key, value in table.items():
        where = f"{within}.{key}" if within else key
        if where in _TOP:
            does = "includes others" if where == "include" else "extends"
            yield f"{file}: {where}: is {value!r}; only the criteria file itself {does}, write it there"
        elif isinstance(value, dict) and within not in _WHOLE and isinstance(into.get(key, {}), dict):
            origins.setdefault(where, file)
            yield from _add(value, file, into.setdefault(key, {}), origins, where)
        elif key in into and is_written_out(str(file)):
            area = file.with_suffix("").as_posix().removeprefix(WRITTEN_OUT)
            anew = "write overrides = true in it to state it anew, or take it out"
            yield f"{origins[where]}: {where}: extends takes it over from {area}, too; {anew}"
        elif key in into:
            yield f"{file}: {where}: is stated in {origins[where]}, too; state it in one of the two"
        else:
            into[key] = value
            origins[where] = file


def _find(pattern: str, folder: Path) -> list[str]:
    """Return the paths below a folder that a pattern stands for; none for one that leads out of it."""
    if _leads_out(pattern):
        return []
    try:
        found = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207  which takes no hidden files
    except ValueError:  # a character that no path can hold
        return []
    return sorted({PurePosixPath(name).as_posix() for name in found})


def _leads_out(pattern: str) -> bool:
    return pattern.startswith("/") or ".." in PurePosixPath(pattern).parts


def _explain_no_match(pattern: str, path: Path) -> str:
    if _leads_out(pattern):
        return f"{pattern!r} leads out of the folder of {path.name}; write the path of a file below that folder"
    known = _find((PurePosixPath(pattern).parent / "*.toml").as_posix(), folder_of(path))
    return f"{pattern!r} matches no file{suggest(pattern, known) or f'; write a file or a pattern, e.g. {_EXAMPLE}'}"


def _find_mistake(name: str, pattern: str, path: Path, seen: Mapping[Path, str]) -> str:
    """Return why a file that a pattern stands for is not included, or nothing."""
    file = folder_of(path) / name
    if _real(file) == _real(path):
        return f"{pattern!r} includes {path.name} itself; write a pattern that leaves it out, e.g. {_EXAMPLE}"
    if not _real(file).is_relative_to(folder_of(path).resolve()):
        return f"{name!r} is a link to {_real(file)}, out of the folder of {path.name}; put the file itself there"
    if _real(file) in seen:
        return f"{name!r} is included twice, by {seen[_real(file)]!r} and by {pattern!r}; include it once"
    if is_written_out(name):
        return f"{name!r} is named like what extends takes over; give it another name"
    if file.is_dir():
        return f"{name!r} is a folder; write the files in it, e.g. {f'{name}/*.toml'!r}"
    return "" if file.is_file() else f"{name!r} is no file; write the path of a file"


def _real(path: Path) -> Path:
    """Return where a path leads, also one that leads in circles."""
    return Path(os.path.realpath(path))
