"""Finds the PostgreSQL that holds the data of a rehearsed site. None is installed: SQLite does where there is none."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .environments import EngineError
from .system_packages import Run, last_line, run_program

#: Where Debian keeps the programs of each version, which are not on PATH.
_KEPT: Final = Path("/usr/lib/postgresql")
#: Seconds in which it says its version.
_BRIEF: Final = 30.0
#: What the variable PRODGATE_POSTGRESQL says to do without, and to fail without.
NONE, REQUIRED = "none", "required"


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A PostgreSQL: paths of the programs that make a cluster and that serve one."""

    initdb: str
    server: str
    version: str


def find_postgresql(environment: Mapping[str, str] = os.environ, *, run: Run | None = None) -> PostgreSQL:
    """Return a PostgreSQL on PATH, else the newest that Debian keeps. Raises EngineError when there is none."""
    if environment.get("PRODGATE_POSTGRESQL") == NONE:
        raise EngineError(f"PRODGATE_POSTGRESQL says {NONE!r}")
    for folder in _list_folders(environment):
        initdb, server = (shutil.which(name, path=folder) for name in ("initdb", "postgres"))
        if initdb and server:
            return PostgreSQL(initdb, server, _read_version(server, run or run_program))
    raise EngineError(f"no PostgreSQL is on PATH or in {_KEPT}; install the package postgresql")


def _list_folders(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield where its programs may be, in order; both are taken from one folder, so that they fit."""
    yield from filter(None, environment.get("PATH", "").split(os.pathsep))
    kept = [folder for folder in _KEPT.glob("*/bin") if folder.parent.name.isdecimal()]
    yield from map(str, sorted(kept, key=lambda folder: -int(folder.parent.name)))


def _read_version(server: str, run: Run) -> str:
    code, told = run((server, "--version"), _BRIEF)
    found = re.search(r"PostgreSQL\) (\d\S*)", told)
    if code or not found:
        raise EngineError(f"{server}: tells no version of PostgreSQL: {last_line(told)}; mend it, or take it off PATH")
    return found[1]
