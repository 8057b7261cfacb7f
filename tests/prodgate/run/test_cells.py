"""The list of cells: what it holds, that it can't be shortened, and a run of one of its cells as it is planned."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.commands import running
from prodgate.criteria import UsageError
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.layers.live.target import _refuse_other_cell
from prodgate.layers.rehearsal import EmulatedAccount
from prodgate.run.cells import list_cells, read_list
from prodgate.run.layer_process import _make_context, _place_in_cell
from prodgate.run.running import Plan

from .cells import CRITERIA, ONE, Cells, judged

CELL = f"{ONE}/ap-northeast-1/live"


def test_the_command_writes_the_list_and_its_digest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, file = Cells(tmp_path), tmp_path / "cells.json"
    criteria = ["--criteria", str(tmp_path / "criteria.toml")]
    assert main(["cells", *criteria, "--to", str(file)]) == 0
    assert capsys.readouterr().out == f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file}\n"
    stated = json.loads(file.read_text("utf-8"))
    assert stated["cells"][0] == {"cell": CELL, "target": f"aws://gate-{ONE}@ap-northeast-1"}
    assert len(stated["cells"]) == 4
    assert main(["cells", *criteria, "--rehearsal"]) == 0
    rehearsed = json.loads(capsys.readouterr().out)
    assert {each["target"] for each in rehearsed["cells"]} == {"rehearsal://"}
    assert read_list(file, made.project, made.project.waivers).digest == made.listed.digest


def test_a_list_that_is_not_that_of_the_criteria_is_refused(tmp_path: Path) -> None:
    made, file = Cells(tmp_path), tmp_path / "cells.json"
    with pytest.raises(UsageError, match="write it with prodgate cells"):
        read_list(file, made.project, made.project.waivers)
    shortened = json.loads(made.listed.to_bytes())
    shortened["cells"].pop()
    file.write_text(json.dumps(shortened, indent=2) + "\n", "utf-8")
    with pytest.raises(UsageError, match="CHANGED: is not the list"):
        read_list(file, made.project, made.project.waivers)
    file.write_bytes(made.listed.to_bytes())
    (tmp_path / "waivers.toml").write_text("# another file\n", "utf-8")
    with pytest.raises(UsageError, match="CHANGED: is not the list"):
        read_list(file, made.project, made.project.waivers)


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        (CRITERIA.partition("[[cells]]")[0] + "[criteria" + CRITERIA.partition("[criteria")[2], "names no cells"),
        (CRITERIA.replace("profile", 'layers = ["load"]\nprofile'), "nothing is asked of load"),
    ],
)
def test_criteria_without_cells_and_cells_without_criteria_are_refused(
    criteria: str, said: str, tmp_path: Path
) -> None:
    project = Cells(tmp_path, criteria).project
    with pytest.raises(UsageError, match=said):
        list_cells(project, project.waivers, rehearsal=False)


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Return the plans that the command would have carried out."""
    plans: list[Plan] = []
    monkeypatch.setattr(running, "carry_out", plans.append)
    monkeypatch.setattr(running, "publish", lambda *_, **__: 0)
    monkeypatch.setattr(running, "_refuse_unopenable", lambda _: None)
    return plans


def test_a_cell_is_observed_where_the_list_says(tmp_path: Path, planned: list[Plan]) -> None:
    made, file = Cells(tmp_path, rehearsal=True), tmp_path / "cells.json"
    file.write_bytes(made.listed.to_bytes())
    criteria = ["--criteria", str(tmp_path / "criteria.toml")]
    assert main(["observe", CELL, *criteria, "--cells", str(file)]) == 0
    assert main(["observe", CELL, *criteria]) == 0
    rehearsed, real = planned
    assert (rehearsed.target.url, real.target.url) == ("rehearsal://", f"aws://gate-{ONE}@ap-northeast-1")
    assert rehearsed.layers == frozenset({"live"})
    assert rehearsed.cell == {"cell": CELL, "cells": made.listed.digest}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((CELL.replace("111", "999"),), "is no cell that [[cells]] names"),
        ((CELL, "--only", "live"), "--only: a cell is one layer"),
        ((CELL, "--moment", "after"), "--moment: a cell is one layer"),
    ],
)
def test_what_is_no_cell_or_less_than_one_is_not_observed(
    given: tuple[str, ...], said: str, tmp_path: Path, planned: list[Plan], capsys: pytest.CaptureFixture[str]
) -> None:
    Cells(tmp_path)
    assert main(["observe", *given, "--criteria", str(tmp_path / "criteria.toml")]) == 4
    assert said in capsys.readouterr().err
    assert not planned


def test_a_layer_of_a_cell_asks_the_account_of_the_cell_and_says_where_its_subjects_are(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    run = made.observe(0, close=False)
    project = _place_in_cell(made.project, run)
    context = _make_context(run, project, "live")
    assert context.stated.require_account() == ONE
    context.journal.record_finding(judged("orders"))
    assert f"{CELL}: orders" in {each.subject for each in runs.read(run).findings}
    assert runs.read(run).scope.cell == CELL


def test_what_judges_a_whole_system_names_no_cell(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    run = made.observe(0, close=False, cell="")
    assert _place_in_cell(made.project, run).stated.account == ""
    assert Journal.of(run).cell == ""


def test_a_rehearsal_of_another_account_or_region_is_not_one_of_the_cell() -> None:
    class Made(EmulatedAccount):  # type: ignore[misc]
        id = ONE
        region = "ap-northeast-1"

    _refuse_other_cell(Made(), "")  # type: ignore[abstract]
    _refuse_other_cell(Made(), CELL)  # type: ignore[abstract]
    for other in (CELL.replace("ap-northeast-1", "us-east-1"), CELL.replace("1111", "2222", 1)):
        with pytest.raises(UsageError, match="by TF_VAR_"):
            _refuse_other_cell(Made(), other)  # type: ignore[abstract]
