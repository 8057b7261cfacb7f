"""A run of one cell: whether it may be relied on for a verdict over all cells, and what it found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..evidence import artifacts, runs
from ..evidence.verification import ABOUT
from ..findings import Finding
from ..quantities import Quantity
from ..sealing.files import SEAL
from ..sealing.verifying import Checked, check
from ..sealing.wanted import Wanted
from ..sections.cells import Cell, name_within
from ..semantics.json_texts import read_json
from ..verdict import Decision
from .cells import CellList

_VARIABLE: Final = "TF_VAR_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a run of a cell must be."""

    cells: CellList
    about: Mapping[str, Any]
    """``run.json`` of the run that the cells become: its commit, its code and its version must be theirs."""
    wanted: Wanted
    """Whose signatures count."""
    max_age: Mapping[str, Quantity]
    """The greatest age of the facts of each layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """What a run that was given says, as far as it may be relied on."""

    path: Path
    cell: str
    flaws: tuple[str, ...]
    over: bool
    """Whether it came to its end; one that was cut off is no second run of its cell."""
    decision: Decision | None = None
    findings: tuple[Finding, ...] = ()
    began: datetime | None = None
    """When the first of its facts was observed."""
    signer: str = ""
    seal: str = ""
    """SHA-256 of its seal, once the merged run keeps it."""


def look_at(path: Path, expected: Expected) -> CellRun:
    """Verify a run, and return what it found of its cell."""
    name = _read_name(path)
    cell = next((cell for cell in expected.cells.cells if cell.name == name), None)
    if cell is None:
        return CellRun(path=path, cell="", flaws=(f"it says it is of {name or 'no cell'}",), over=False)
    checked = check(path, replace(expected.wanted, target=cell.target, max_age=expected.max_age[cell.layer]))
    over = (path / SEAL).exists() or bool(checked.run and checked.run.finished)
    flaws = (*checked.flaws, *_find_foreign(checked, cell, expected))
    if flaws or checked.run is None or checked.verdict is None:
        return CellRun(path=path, cell=name, flaws=flaws, over=over)
    seen = checked.run.observed()
    return CellRun(
        path=path,
        cell=name,
        flaws=(),
        over=True,
        decision=checked.verdict.decision,
        findings=tuple(_list_findings(checked.run, cell)),
        began=seen[0] if seen else checked.run.started,
        signer=checked.signer,
    )


def _read_name(path: Path) -> str:
    """Return the cell that a run says it is of; nothing where it says none."""
    try:
        about = read_json((path / ABOUT).read_bytes())
    except artifacts.UNREADABLE:
        return ""
    name = about.get("cell") if isinstance(about, dict) else None
    return name if isinstance(name, str) else ""


def _find_foreign(checked: Checked, cell: Cell, expected: Expected) -> Iterator[str]:
    """Say where a run was made of something else than what the list was written of."""
    if checked.run is None:
        return
    said, about, listed = checked.run.about, expected.about, expected.cells
    if said.get("cells") != listed.digest:
        yield "FOREIGN: was observed by another list of cells"
    for key in ("criteria", "included", "waivers"):
        if said.get(key) != listed.given[key]:
            yield f"FOREIGN: was judged by other {'criteria' if key != 'waivers' else key}"
    if (theirs := _name_commit(said, listed)) != (own := _name_commit(about, listed)):
        yield f"FOREIGN: is about commit {theirs}, not {own}"
    if said.get("judges") != about["judges"] or _list_files(said) != _list_files(about):
        yield "FOREIGN: was judged by other code, or with other inputs, than lie here"
    if (theirs := said.get("versions", {}).get("prod-gate")) != (own := about["versions"]["prod-gate"]):
        yield f"FOREIGN: was judged by version {theirs} of the gate, not {own}"
    if said["layers"] != [cell.layer] or said.get("moment") or said["rehearsal"] is not listed.rehearsal:
        yield f"FOREIGN: is no run of the {cell.layer} layer alone and whole"


def _name_commit(about: Mapping[str, Any], listed: CellList) -> str:
    """Return the commit of a run; which account a rehearsal makes is said by variables that no commit holds."""
    name, uncommitted = str(about.get("commit") or "unknown"), about.get("uncommitted", ())
    varied = listed.rehearsal and all(each.startswith(_VARIABLE) for each in uncommitted)
    return name.removesuffix("+changes") if varied else name


def _list_files(about: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: digest for name, digest in about.get("inputs", {}).items() if not name.startswith(_VARIABLE)}


def _list_findings(run: runs.Run, cell: Cell) -> Iterator[Finding]:
    """Yield what a run found, before waivers, and what its verdict missed."""
    for finding in replace(run, waivers=()).verdict().findings:
        named = replace(finding, subject=name_within(cell.name, finding.subject))
        stands_in = finding.subject.startswith("(") and finding.reason  # of what was not there to be judged
        yield replace(named, reason=f"{cell.name}: {finding.reason}") if stands_in else named
