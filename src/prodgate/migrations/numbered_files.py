"""Migrations that run in the order of their names: those of Flyway, of Rails and of Prisma."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from ..aws.answers import Unreadable
from .revisions import Revision, chain

#: V1.2__what.sql; R__ (repeated on each change) and U (undo) have no place in the order.
_FLYWAY: Final = re.compile(r"(?:.*/)?V(?P<version>\d+(?:[._]\d+)*)__\S.*\.sql")
_RAILS: Final = re.compile(r"(?:.*/)?(?P<version>\d+)_\w+\.rb")
#: Of a time with fractions of a second, and more.
_MOST_DIGITS: Final = 40
_PRISMA: Final = re.compile(r"(?:.*/)?(?P<version>\d\w*)/migration\.sql")


def read_flyway(files: Mapping[str, str]) -> tuple[Revision, ...]:
    """Return Flyway's versioned migrations. Raises Unreadable for one in Java, whose version only a build knows."""
    if java := [name for name in files if name.endswith((".java", ".kt", ".class"))]:
        raise Unreadable(f"{java[0]}: is a migration in code; only SQL files can be read here")
    return _in_order(_FLYWAY, files, lambda text: tuple(_read_number(part) for part in re.split(r"[._]", text)))


def read_rails(files: Mapping[str, str]) -> tuple[Revision, ...]:
    """Return the migrations of a Rails application, named by their timestamps."""
    return _in_order(_RAILS, files, lambda text: (_read_number(text),))


def read_prisma(files: Mapping[str, str]) -> tuple[Revision, ...]:
    """Return Prisma's migrations, named by their folders."""
    return chain(sorted((match["version"], name) for name, match in _match(_PRISMA, files)))


def _in_order(
    pattern: re.Pattern[str], files: Mapping[str, str], order: Callable[[str], tuple[int, ...]]
) -> tuple[Revision, ...]:
    found = sorted(((order(match["version"]), name) for name, match in _match(pattern, files)), key=lambda e: e[0])
    for (first, one), (second, other) in pairwise(found):
        if first == second:
            raise Unreadable(f"{other}: has the version of {one}; give one of them another")
    return chain((".".join(map(str, version)), name) for version, name in found)


def _read_number(digits: str) -> int:
    """Return a part of a version. Raises Unreadable for one that no tool can have numbered."""
    if len(digits) > _MOST_DIGITS:
        raise Unreadable(f"{digits[:_MOST_DIGITS]}…: is a version of {len(digits):,} digits; number migrations shorter")
    return int(digits)


def _match(pattern: re.Pattern[str], files: Mapping[str, str]) -> Iterator[tuple[str, re.Match[str]]]:
    for name in sorted(files):
        if match := pattern.fullmatch(name):
            yield name, match
