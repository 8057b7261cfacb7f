"""One verdict over many cells: each run is verified, and what it found is found of the whole.

Nothing is judged here. The findings of a cell are carried over as they are, those among them that say what it lacks;
waivers are applied once, to all of them. A cell of which no run may be relied on is undetermined, by the list.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ..criteria import LAYERS, Scope
from ..evidence import artifacts, runs
from ..evidence.journal import Journal
from ..evidence.standing import leave_undetermined
from ..evidence.verification import ABOUT
from ..findings import Finding
from ..processes.progress import Progress
from ..sealing.files import BUNDLE, SEAL
from ..sealing.wanted import Wanted
from ..sections.asked_layers import find_undeclared
from ..sections.cells import Cell
from ..sections.project import Project
from ..sections.targets import Target
from ..sections.waivers_file import load_waivers
from ..semantics.json_texts import read_json
from ..verdict import Decision, decide
from .cell_runs import CellRun, Expected, look_at
from .cells import CellList
from .places import find_places
from .running import Plan, describe_run

#: Where a merged run was, which is no single place.
EVERYWHERE: Final = "cells://"
#: Kind of the fact that a run of a cell is.
KIND: Final = "cell"
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """What is to be merged, and by what."""

    project: Project
    cells: CellList
    waivers: Path
    runs: Path
    wanted: Wanted
    """Whose signatures count."""
    progress: Progress


def merge(merging: Merging, given: Iterable[Path]) -> Path:
    """Merge runs of cells into a run of its own, and return its directory. Raises RunError.

    What is wrong with a run is no exception; its cell is undetermined.
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
    plan = Plan(
        project=project,
        target=target,
        layers=_layers(listed),
        runs=merging.runs,
        progress=merging.progress,
        waivers=merging.waivers,
        cell={"merged": listed.digest},
    )
    about = describe_run(plan, find_places(project, merging.runs))
    run = runs.create(merging.runs, about, project.stated.path, merging.waivers)
    artifacts.store(run, listed.to_bytes(), ".json")
    return run, Expected(cells=listed, about=about, wanted=merging.wanted, max_age=project.stated.max_age)


def _keep(each: CellRun, run: Path) -> CellRun:
    """Keep the seal of a run, on which each of its findings rests from now on."""
    if each.flaws:
        return each
    digest = artifacts.store(run, (each.path / SEAL).read_bytes(), ".json")
    if (each.path / BUNDLE).is_file():  # who signed without a key is said there
        artifacts.store(run, (each.path / BUNDLE).read_bytes(), ".json")
    findings = tuple(replace(finding, evidence=(digest,)) for finding in each.findings)
    return replace(each, findings=findings, seal=digest)


def _gather(journal: Journal, merging: Merging, found: Mapping[str, list[CellRun]]) -> dict[bytes, Finding]:
    """Return what was found of each cell, and of which cells nothing may be said."""
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
    """Say why nothing may be said of a cell; nothing when exactly one run of it may be relied on."""
    over = [each for each in given if each.over]
    if len(over) > 1:
        return f"{len(over)} runs of it were given, and nobody can tell which counts: {_name(sorted(_names(over)))}"
    if not over and given:
        return f"run {given[0].path.name} was cut off: {_name(given[0].flaws)}"
    if not over:
        return "no run of it was given"
    return f"run {over[0].path.name} can't be relied on: {_name(over[0].flaws)}" if over[0].flaws else ""


def _names(given: Iterable[CellRun]) -> Iterator[str]:
    return (each.path.name for each in given)


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
    """Add findings; what two cells say alike of the same subject, such as of an account, is one finding of both."""
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
    return decide(stated.criteria, findings, load_waivers(merging.waivers), started, scope).decision


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
    layer = merging.cells.cells[0].layer
    journal.write("note", layer=layer, text=text)
    merging.progress(text)
