"""One verdict over many cells: the cells are listed first, each run is verified, and its findings are carried over.

Nothing is judged here. The findings of a cell stay as they are, including those about what it lacks; waivers are
applied once, to all findings together. A listed cell without a run to rely on is undetermined.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..criteria import LAYERS, Scope, UsageError
from ..evidence import artifacts, runs
from ..evidence.journal import Journal, name_within
from ..evidence.runs import digest_given
from ..evidence.standing import leave_undetermined
from ..evidence.verification import ABOUT
from ..findings import Finding
from ..processes.progress import Progress
from ..processes.regular_files import OF_RUN, read_measured
from ..quantities import Quantity
from ..sealing.statement import BUNDLE, SEAL
from ..sealing.verifying import Checked, Wanted, check
from ..sections.criteria_file import find_undeclared
from ..sections.project import Project
from ..sections.targets import Cell, Target, read_cell
from ..sections.waivers_file import load_waivers
from ..semantics.json_texts import read_json
from ..verdict import Decision, decide
from .running import describe_run, make_plan

# ── The list of cells that a verdict over several accounts must rest on, written before any of them is observed
#
# It follows from the criteria alone, so that nobody can shorten it: the same criteria always give the same bytes.

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


def list_cells(project: Project, *, rehearsal: bool) -> CellList:
    """Return the cells that the criteria of a project name. Raises UsageError where they name none."""
    stated = project.stated
    if not stated.cells:
        example = 'write [[cells]] with accounts = ["111111111111"] and regions = ["ap-northeast-1"]'
        raise UsageError(f"{stated.path}: names no cells; {example}")
    if unasked := sorted({cell.layer for cell in stated.cells} & find_undeclared(stated)):
        raise UsageError(f"{stated.path}: cells: nothing is asked of {', '.join(unasked)}; leave out what is not asked")
    cells = tuple(replace(cell, target=_REHEARSAL) if rehearsal else cell for cell in stated.cells)
    given = digest_given(stated.path, project.waivers)
    return CellList(cells=cells, rehearsal=rehearsal, given=given, system=stated.system)


def read_list(path: Path, project: Project) -> CellList:
    """Return the list that a file holds. Raises UsageError for one that is not what the criteria name today."""
    try:
        data = read_measured(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; write it with prodgate cells --to {path}") from None
    for rehearsal in (False, True):
        if (found := list_cells(project, rehearsal=rehearsal)).to_bytes() == data:
            return found
    raise UsageError(
        f"{path}: CHANGED: is not the list of {project.stated.path}, of what it includes and of its waivers as they "
        "are here; check out what it was written of, or begin anew with prodgate cells"
    )


_VARIABLE: Final = "TF_VAR_"


# ── The runs of the cells, and the verdict over them


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The requirements on a run of a cell."""

    cells: CellList
    about: Mapping[str, Any]
    """``run.json`` of the run that the cells become: its commit, its code and its version must be theirs."""
    wanted: Wanted
    """Whose signatures count."""
    max_age: Mapping[str, Quantity]
    """The greatest age of the facts of each layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """A given run, with the reasons not to rely on it."""

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
        about = read_json(read_measured(path / ABOUT))
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
    """Return the commit of a run; the variables that choose a rehearsed account do not change it."""
    name, uncommitted = str(about.get("commit") or "unknown"), about.get("uncommitted", ())
    varied = listed.rehearsal and all(each.startswith(_VARIABLE) for each in uncommitted)
    return name.removesuffix("+changes") if varied else name


def _list_files(about: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: digest for name, digest in about.get("inputs", {}).items() if not name.startswith(_VARIABLE)}


def _list_findings(run: runs.Run, cell: Cell) -> Iterator[Finding]:
    """Yield what a run found, before waivers, and what its verdict missed."""
    for finding in replace(run, waivers=()).verdict().findings:
        named = replace(finding, subject=name_within(cell.name, finding.subject))
        stands_in = finding.subject.startswith("(") and finding.reason  # for something that was not there to be judged
        yield replace(named, reason=f"{cell.name}: {finding.reason}") if stands_in else named


#: Target of a merged run, which has no single place.
EVERYWHERE: Final = "cells://"
#: Kind of the fact that a run of a cell is.
KIND: Final = "cell"
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """The runs to merge, and the list of cells."""

    project: Project
    cells: CellList
    runs: Path
    wanted: Wanted
    """Whose signatures count."""
    progress: Progress


def merge(merging: Merging, given: Iterable[Path]) -> Path:
    """Merge runs of cells into a run of its own, and return its directory. Raises RunError.

    A fault of one run raises nothing: its cell is undetermined.
    """
    run, expected = _begin(merging)
    listed, journal = merging.cells, Journal.of(run)
    found: dict[str, list[CellRun]] = {cell.name: [] for cell in listed.cells}
    for path in given:
        each = look_at(path, expected)
        if each.cell in found:
            found[each.cell].append(_keep(each, run))
        else:
            _note(merging, journal, f"{path.name} is of no cell in the list and was passed over: {_name(each.flaws)}")
    findings = _gather(journal, merging, found)
    if _decide(run, merging, findings.values()) is Decision.GO:
        _add(findings, _doubt_cells(merging, found))
    _record(journal, findings.values(), _layers(listed))
    runs.close(run)
    return run


def _layers(listed: CellList) -> frozenset[str]:
    return frozenset(cell.layer for cell in listed.cells)


def _begin(merging: Merging) -> tuple[Path, Expected]:
    """Create the run, and return what the runs of its cells must be."""
    project, listed = merging.project, merging.cells
    target = Target("rehearsal://" if listed.rehearsal else EVERYWHERE)
    plan = make_plan(
        project,
        merging.runs,
        judges={},
        target=target,
        layers=_layers(listed),
        progress=merging.progress,
        cell={"merged": listed.digest},
    )
    about = describe_run(plan)
    run = runs.create(merging.runs, about, project.stated.path, project.waivers)
    artifacts.store(run, listed.to_bytes(), ".json")
    return run, Expected(cells=listed, about=about, wanted=merging.wanted, max_age=project.stated.max_age)


def _keep(each: CellRun, run: Path) -> CellRun:
    """Keep the seal of a run, on which each of its findings rests from now on."""
    if each.flaws:
        return each
    digest = artifacts.store(run, read_measured(each.path / SEAL, OF_RUN), ".json")
    if (each.path / BUNDLE).is_file():  # who signed without a key is said there
        artifacts.store(run, read_measured(each.path / BUNDLE), ".json")
    findings = tuple(replace(finding, evidence=(digest,)) for finding in each.findings)
    return replace(each, findings=findings, seal=digest)


def _gather(journal: Journal, merging: Merging, found: Mapping[str, list[CellRun]]) -> dict[bytes, Finding]:
    """Return the findings of each cell, and the cells without a run that counts."""
    findings: dict[bytes, Finding] = {}
    for cell in merging.cells.cells:
        if reason := _find_reason(found[cell.name]):
            merging.progress(f"{cell.name}: undetermined: {reason}")
            _add(findings, _doubt(cell, reason, merging.project))
            continue
        each = _choose(found[cell.name])
        _record_fact(journal, cell, each)
        _add(findings, each.findings)
    return findings


def _doubt_cells(merging: Merging, found: Mapping[str, list[CellRun]]) -> Iterator[Finding]:
    """Yield a doubt about each cell that is not GO by itself, such as under a waiver that was not yet in force."""
    for cell in merging.cells.cells:
        if (decision := _choose(found[cell.name]).decision) is not Decision.GO:
            yield from _doubt(cell, f"by itself, it is {decision}", merging.project)


def _choose(given: Sequence[CellRun]) -> CellRun:
    return next(each for each in given if each.over)


def _find_reason(given: Sequence[CellRun]) -> str:
    """Say why a cell has no run that counts; nothing if exactly one does."""
    over = [each for each in given if each.over]
    if len(over) > 1:
        names = _name(sorted(each.path.name for each in over))
        return f"{len(over)} runs of it were given, and nobody can tell which counts: {names}"
    if not over and given:
        return f"run {given[0].path.name} was cut off: {_name(given[0].flaws)}"
    if not over:
        return "no run of it was given"
    return f"run {over[0].path.name} can't be relied on: {_name(over[0].flaws)}" if over[0].flaws else ""


def _name(said: Sequence[str]) -> str:
    more = f"; and {len(said) - _MOST_NAMED:,} more" if len(said) > _MOST_NAMED else ""
    return f"{'; '.join(said[:_MOST_NAMED])}{more}"


def _doubt(cell: Cell, reason: str, project: Project) -> Iterator[Finding]:
    for finding in leave_undetermined(cell.layer, f"{cell.name}: {reason}", project.stated.criteria):
        yield replace(
            finding,
            check=KIND,
            subject=f"cell {cell.name}",
            remedy=f"Run prodgate observe {cell.name}, and merge again.",
        )


def _add(findings: dict[bytes, Finding], more: Iterable[Finding]) -> None:
    """Add findings; two cells that agree about a subject, such as an account, share one."""
    seen: Counter[bytes] = Counter()
    for finding in more:
        said = repr({**finding.to_json(), "evidence": ()}).encode("utf-8", "backslashreplace")
        digest = hashlib.sha256(said).digest()
        seen[digest] += 1
        key = digest + seen[digest].to_bytes(4)  # what one cell says twice stays twice
        if (known := findings.get(key)) is not None:
            finding = replace(finding, evidence=tuple(dict.fromkeys((*known.evidence, *finding.evidence))))  # noqa: PLW2901
        findings[key] = finding


def _decide(run: Path, merging: Merging, findings: Iterable[Finding]) -> Decision:
    stated = merging.project.stated
    listed = merging.cells
    scope = Scope(layers=_layers(listed), rehearsal=listed.rehearsal, undeclared=find_undeclared(stated))
    started = datetime.fromisoformat(read_json((run / ABOUT).read_bytes())["started"])
    return decide(stated.criteria, findings, load_waivers(merging.project.waivers), started, scope).decision


def _record_fact(journal: Journal, cell: Cell, each: CellRun) -> None:
    assert each.began is not None
    source = f"run {each.path.name}, {f'signed by {each.signer}' if each.signer else 'unsigned'}"
    fact = {"layer": cell.layer, "kind": KIND, "subject": cell.name, "digest": each.seal, "source": source}
    journal.write("fact", **fact, at=each.began.isoformat())


def _record(journal: Journal, findings: Iterable[Finding], layers: frozenset[str]) -> None:
    """Write findings by layer and check, as a layer would have written them."""
    checks: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        checks.setdefault((finding.layer, finding.check), []).append(finding)
    for (layer, check_), found in checks.items():
        journal.record_planned(layer, check_, found[0].criterion)
        journal.record_started(layer, check_)
        for finding in found:
            journal.record_finding(finding)
        journal.record_finished(layer, check_, len(found))
    for layer in (layer for layer in LAYERS if layer in layers):
        journal.write("collected", layer=layer)


def _note(merging: Merging, journal: Journal, text: str) -> None:
    journal.write("note", layer=merging.cells.cells[0].layer, text=text)
    merging.progress(text)
