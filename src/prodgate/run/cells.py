"""The list of cells that a verdict over several accounts must rest on, written before any of them is observed.

It follows from the criteria alone, so that nobody can shorten it: the same criteria always give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ..criteria import UsageError
from ..evidence.given import digest_given
from ..sections.asked_layers import find_undeclared
from ..sections.cells import Cell, read_cell
from ..sections.project import Project

_REHEARSAL: Final = "rehearsal://"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellList:
    """The cells of a system."""

    cells: tuple[Cell, ...]
    rehearsal: bool
    given: Mapping[str, Any]
    """SHA-256 of the criteria, of what they include, and of the waivers."""
    system: str

    def to_bytes(self) -> bytes:
        """Return the list as its file holds it."""
        cells = [{"cell": cell.name, "target": cell.target} for cell in self.cells]
        stated = {"system": self.system, "rehearsal": self.rehearsal, **self.given, "cells": cells}
        return f"{json.dumps(stated, indent=2, ensure_ascii=False)}\n".encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def find(self, name: str) -> Cell:
        """Return the cell of that name. Raises UsageError when there is none in the list."""
        read_cell(name, _REHEARSAL)
        if found := next((cell for cell in self.cells if cell.name == name), None):
            return found
        raise UsageError(f"{name}: is no cell that [[cells]] names; prodgate cells lists them")


def list_cells(project: Project, waivers: Path, *, rehearsal: bool) -> CellList:
    """Return the cells that the criteria of a project name. Raises UsageError where they name none."""
    stated = project.stated
    if not stated.cells:
        example = 'write [[cells]] with accounts = ["111111111111"] and regions = ["ap-northeast-1"]'
        raise UsageError(f"{stated.path}: names no cells; {example}")
    if unasked := sorted({cell.layer for cell in stated.cells} & find_undeclared(stated)):
        raise UsageError(f"{stated.path}: cells: nothing is asked of {', '.join(unasked)}; leave out what is not asked")
    cells = tuple(replace(cell, target=_REHEARSAL) if rehearsal else cell for cell in stated.cells)
    given = digest_given(stated.path, waivers)
    return CellList(cells=cells, rehearsal=rehearsal, given=given, system=stated.system)


def read_list(path: Path, project: Project, waivers: Path) -> CellList:
    """Return the list that a file holds. Raises UsageError for one that is not what the criteria name today."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; write it with prodgate cells --to {path}") from None
    for rehearsal in (False, True):
        if (found := list_cells(project, waivers, rehearsal=rehearsal)).to_bytes() == data:
            return found
    raise UsageError(
        f"{path}: CHANGED: is not the list of {project.stated.path}, of what it includes and of its waivers as they "
        "are here; check out what it was written of, or begin anew with prodgate cells"
    )
