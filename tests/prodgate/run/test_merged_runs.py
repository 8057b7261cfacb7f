"""A merged run as any other: sealed, verified by both hands, shown and exported; and the command that makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.evidence import runs
from prodgate.run.publishing import seal_again
from prodgate.sealing.verifying import check
from prodgate.sealing.wanted import Wanted
from prodgate.verdict import Decision

from ..sealing.sealed import (
    NIGHTLY,
    ask_gate,
    ask_other,
    load_other_verifier,
    make_run,
    pem,
    read_statement,
    seal,
    trust,
    write_envelope,
)
from .cells import CRITERIA, ONE, TWO, Cells

FIRST, LAST = f"{ONE}/ap-northeast-1/live", f"{TWO}/us-east-1/live"


def test_a_merged_run_is_sealed_verified_and_exported_as_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Cells(
        tmp_path, CRITERIA + f'[evidence]\nsigners = [{{ name = "nightly", key = "{NIGHTLY.public.text}" }}]\n'
    )
    given = [made.observe(number, signer=NIGHTLY) for number in range(4)]
    run = made.merge(given, Wanted(signers=[trust(NIGHTLY)]))
    seal_again(run.path, NIGHTLY)
    (key := tmp_path / "key.pem").write_text(pem(NIGHTLY))
    assert main(["verify", str(run.path), "--key", str(key), "--whole", "--promotes", "--max-age", "1h"]) == 0
    assert main(["report", str(run.path)]) == 0
    for form in ("sarif", "junit", "json"):
        assert main(["export", str(run.path), "--format", form]) == 0
    assert main(["judge", str(run.path), "--criteria", str(tmp_path / "criteria.toml")]) == 4
    assert "those are in the runs of its cells" in capsys.readouterr().err
    arguments = load_other_verifier().argparse.Namespace(key=key, run=run.path, commit="", max_age=1.0)
    assert load_other_verifier().verify(arguments)[1] == []


def test_the_command_takes_folders_and_bundles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = Cells(tmp_path)
    given = made.observe_all()
    (tmp_path / "cells.json").write_bytes(made.listed.to_bytes())
    (kept := tmp_path / "kept").mkdir()
    assert main(["bundle", str(given[0]), "--to", str(kept / "first.tar")]) == 0
    (kept / "second.tar").write_bytes(b"no bundle")
    given[0].rename(tmp_path / given[0].name)
    arguments = ["--criteria", str(tmp_path / "criteria.toml"), "--runs", str(tmp_path / "runs")]
    command = ["merge", str(kept), str(tmp_path / "runs"), "--cells", str(tmp_path / "cells.json"), *arguments]
    assert main([*command, "--unsigned"]) == 0
    said = capsys.readouterr()
    assert "second.tar" in said.err
    merged = runs.latest(tmp_path / "runs")
    assert merged is not None
    assert not check(merged, Wanted(unsigned=True)).flaws
    assert main(command) == 2
    assert f"{LAST}: undetermined: run {given[3].name} can't be relied on: UNSIGNED" in capsys.readouterr().err
    assert main(["merge", str(tmp_path / "nowhere"), *command[3:]]) == 4


def test_a_run_of_a_cell_that_says_it_promotes_is_found_out(tmp_path: Path) -> None:
    run = make_run(tmp_path, cell=FIRST, cells="0" * 64)
    seal(run)
    statement = read_statement(run)
    assert statement["predicate"]["prodgate"]["promotes"] is False
    statement["predicate"]["prodgate"]["promotes"] = True
    write_envelope(run, statement)
    (key := tmp_path / "key.pem").write_text(pem(NIGHTLY))
    assert any("promotes" in flaw for flaw in ask_gate(run))
    assert any("allows a promotion that does not follow from the run" in flaw for flaw in ask_other(run, key))


def test_a_merged_run_is_of_no_cell_itself(tmp_path: Path) -> None:
    made = Cells(tmp_path)
    run = made.merge(made.observe_all())
    seal_again(run.path, None)
    again = made.merge([run.path])
    assert again.verdict().decision is Decision.INSUFFICIENT
    assert "is of no cell in the list" in again.notes[0]["text"]
