"""The code that goals name, and what it calls of AWS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ....processes.regular_files import open_regular
from ... import Fact
from .python_code import read_calls

#: Files of a folder that are read at most, and bytes of one.
_MOST, _LARGEST = 2_000, 1_000_000
_SKIPPED: Final = frozenset({"tests", "__pycache__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCalls(Fact):
    """What the Python code in a folder or file of the repository calls. ``subject`` is its path."""

    calls: tuple[tuple[str, str, str, str], ...]
    """Each as kind, boto3's name of the service, method, ``file:line``."""
    unseen: tuple[tuple[str, str, str], ...]
    """What may call more: ``file:line``, why, and the package where it is that of others."""
    named: tuple[tuple[str, str], ...]
    """Attributes of what nobody knows, which may be methods of a client: name, ``file:line`` of the first."""


def observe_code(project: Path, named: Iterable[str]) -> dict[str, Any]:
    """Return what the code of each path that is named calls, as `code_facts` reads it."""
    return {path: _observe(project / path, path) for path in named}


def code_facts(stored: Mapping[str, Any]) -> tuple[CodeCalls, ...]:
    """Return the facts in what `observe_code` returned, also in an earlier version."""
    return tuple(
        CodeCalls(
            subject=path,
            calls=tuple((kind, service, method, place) for kind, service, method, place in found["calls"]),
            unseen=tuple((place, why, package) for place, why, package in _list_unread(path, found)),
            named=tuple((name, place) for name, place in found.get("named", ())),
        )
        for path, found in stored.items()
    )


def _list_unread(path: str, found: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    yield from found["unread"]
    if "named" not in found:
        yield path, "was observed before methods of what nobody knows were kept; observe it again", ""


def _observe(path: Path, named: str) -> dict[str, Any]:
    base = named.rstrip("/") if path.is_dir() else named.rpartition("/")[0]
    files = [*islice(_list_files(path), _MOST + 1)]
    texts: dict[str, str] = {}
    unread: list[list[str]] = []
    for file in files[:_MOST]:
        name = file.relative_to(path if path.is_dir() else path.parent).as_posix()
        try:
            texts[name] = _read_text(file)
        except (OSError, ValueError) as error:
            unread.append([f"{base}/{name}".lstrip("/"), f"can't be read ({error})", ""])
    if not files:
        unread.append([named, "holds no Python file", ""])
    if len(files) > _MOST:
        unread.append([named, f"holds more than {_MOST:,} Python files", ""])
    found = read_calls(texts)
    return {
        "calls": [[*call[:3], f"{base}/{call[3]}".lstrip("/")] for call in found["calls"]],
        "named": [[name, f"{base}/{place}".lstrip("/")] for name, place in found["named"]],
        "unread": [*unread, *([f"{base}/{place}".lstrip("/"), *rest] for place, *rest in found["unread"])],
    }


def _read_text(file: Path) -> str:
    """Return the text of a file. Raises OSError and ValueError."""
    with open_regular(file) as opened:
        data = opened.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"is larger than {_LARGEST:,} bytes")
    return data.decode("utf-8-sig")


def _list_files(path: Path) -> Iterator[Path]:
    """Yield the Python files of a folder, its tests left out, or the file itself."""
    if path.is_file():
        yield path
    for one in sorted(path.iterdir()) if path.is_dir() else ():
        if one.is_dir() and not one.is_symlink() and one.name not in _SKIPPED:
            yield from _list_files(one)
        elif one.suffix == ".py" or (one.is_dir() and one.name not in _SKIPPED):  # a link to a folder can't be read
            yield one
