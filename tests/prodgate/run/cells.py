"""A project of cells made for tests, and runs of its cells."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.findings import Finding, Outcome
from prodgate.run.merging import CellList, Merging, list_cells, merge
from prodgate.run.running import describe_run, make_plan
from prodgate.sealing.seals import seal
from prodgate.sealing.verifying import Wanted
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import Project
from prodgate.sections.targets import Target
from prodgate.signatures.keys import Signer

ONE, TWO = "111111111111", "222222222222"
CRITERIA: Final = """
system = "shop"

[facts]
max_age = { live = "1 d" }

[[cells]]
accounts = ["111111111111", "222222222222"]
regions = ["ap-northeast-1", "us-east-1"]
profile = "gate-{account}"

[criteria.backup-retention]
statement = "Backups are kept."
why = "They are needed."
source = "OPS-2"
layers = ["live"]
"""


def silent(_: str) -> None:
    """Report no progress of a merge."""


class Cells:
    """A project in a folder, and its products."""

    def __init__(self, folder: Path, criteria: str = CRITERIA, *, rehearsal: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        (folder / "criteria.toml").write_text(criteria, "utf-8")
        self.rehearsal = rehearsal

    @property
    def project(self) -> Project:
        return Project(root=self.folder, stated=load_criteria(self.folder / "criteria.toml"))

    @property
    def listed(self) -> CellList:
        return list_cells(self.project, rehearsal=self.rehearsal)

    def observe(
        self, number: int, *found: Finding, broken: str = "", close: bool = True, sealed: bool = True,
        signer: Signer | None = None, cells: str = "", **about: Any,
    ) -> Path:  # fmt: skip
        """Make the run of a cell, as a layer's process would have written it."""
        cell = self.listed.cells[number]
        plan = make_plan(
            self.project, self.folder / "runs", target=Target(cell.target), layers=frozenset({cell.layer}),
            progress=silent, cell={"cell": cell.name, "cells": cells or self.listed.digest},
        )  # fmt: skip
        said = {**describe_run(plan), **about}
        run = runs.create(self.folder / "runs", said, self.folder / "criteria.toml", self.project.waivers)
        journal = Journal.of(run, cell.name)
        journal.write("collected", layer="live")
        if broken:
            journal.write("broken", layer="live", reason=broken)
        for one in () if broken else found or (judged(f"arn:aws:rds:{cell.region}:{cell.account}:db:orders"),):
            journal.record_planned("live", one.check, one.criterion)
            journal.record_started("live", one.check)
            journal.record_finding(one)
            journal.record_finished("live", one.check, 1)
        if close:
            runs.close(run)
        if close and sealed:
            made = runs.read(run)
            seal(made, made.verdict(), signer)
        return run

    def observe_all(self) -> list[Path]:
        return [self.observe(number) for number in range(4)]

    def merge(self, given: Sequence[Path], wanted: Wanted | None = None) -> runs.Run:
        merging = Merging(
            project=self.project,
            cells=self.listed,
            runs=self.folder / "runs",
            wanted=wanted or Wanted(unsigned=True),
            progress=silent,
        )
        return runs.read(merge(merging, given))


def judged(subject: str, outcome: Outcome = Outcome.SATISFIED, **more: Any) -> Finding:
    given = {"criterion": "backup-retention", "check": "test_backups", "layer": "live", **more}
    return Finding(subject=subject, outcome=outcome, **given)
