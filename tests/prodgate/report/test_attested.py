"""What the report says of records: who, when, what they looked at, and whether one was made for rehearsals."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence.artifacts import store_json
from prodgate.evidence.runs import Run
from prodgate.findings import Outcome
from prodgate.layers.attested.kinds import RECORD
from prodgate.report.attested import record_rows
from prodgate.report.catalogue import FILES
from prodgate.report.html import render_html

from .samples import criterion, fact, finding, run, showcase
from .test_html import Page

DIGEST = "ab" * 32


def text(criterion: str, *, rehearsal: bool = False, statement: str = "Three sections were followed.") -> str:
    when, until = ('"rehearsal"', '"rehearsal"') if rehearsal else ("2026-11-20T09:30:00Z", "2027-11-20T09:30:00Z")
    return (
        f'rehearsal = {str(rehearsal).lower()}\ncriterion = "{criterion}"\nstatement = "{statement}"\nwhen = {when}\n'
        f'valid_until = {until}\nlinks = ["https://example.com/17"]\n[by]\nname = "Ana Souza"\nrole = "SRE"\n'
        f'[second]\nname = "Ken Ito"\nrole = "DBA"\n[[documents]]\npath = "docs/runbook.md"\nsha256 = "{DIGEST}"\n'
    )


def recorded(directory: Path, records: dict[str, str]) -> Run:
    """Return a run that judged these records, by criterion."""
    facts = []
    for id_, written in records.items():
        value: dict[str, Any] = {
            "file": f"attestations/{id_}.toml", "criterion": id_, "text": written, "documents": [], "runs": [],
            "rehearsal": True, "asked": "2026-11-24T13:00:00+00:00",
        }  # fmt: skip
        facts.append(fact(RECORD, value["file"], store_json(directory, value), "attested"))
    stated = [criterion(id_, layers=("attested",)) for id_ in ("runbook", "cost-audit", "restore-record")]
    found = [finding(each.id, "satisfied", layer="attested", check=f"attested-{each.id}") for each in stated]
    return replace(run(stated, found, facts=tuple(facts), layers=("attested",), rehearsal=True), path=directory)


def of_all_kinds(directory: Path) -> Run:
    """Return a run with a record of each kind."""
    return recorded(
        directory,
        {
            "cost-audit": text("cost-audit", rehearsal=True),
            "runbook": text("runbook"),
            "restore-record": "criterion = 3",
        },
    )


def part(page: str) -> str:
    found = re.search('<section aria-labelledby="records">.*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def shown(made: Run, language: str = "en") -> str:
    return " ".join(Page(part(render_html(made, made.verdict(), language=language))).text.split())


def test_each_record_says_who_when_and_what(tmp_path: Path) -> None:
    said = shown(of_all_kinds(tmp_path))
    assert "Ana Souza (SRE)" in said
    assert "Ken Ito (DBA)" in said
    assert "2026-11-20 09:30:00 UTC" in said
    assert "valid until 2027-11-20 09:30:00 UTC" in said
    assert "docs/runbook.md" in said
    assert f"SHA-256 {DIGEST[:12]}" in said
    assert "https://example.com/17" in said
    assert said.count("unsigned") == 2
    assert "No record is signed" in said


def test_a_record_for_rehearsals_is_marked(tmp_path: Path) -> None:
    said = shown(of_all_kinds(tmp_path))
    assert said.count("made for rehearsals; never counts on a real account") == 1
    assert said.count("as old as the rehearsal that reads it") == 1


def test_a_record_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    said = shown(of_all_kinds(tmp_path))
    assert "It can't be used: attestations/restore-record.toml: statement: is missing" in said
    assert "criterion: is 3; write the id of a criterion" in said


@pytest.mark.parametrize("language", FILES)
def test_every_language_shows_every_record(tmp_path: Path, language: str) -> None:
    said = shown(of_all_kinds(tmp_path), language)
    assert all(id_ in said for id_ in ("runbook", "cost-audit", "restore-record"))


def test_records_stand_in_the_order_of_the_criteria_and_strays_are_left_out(tmp_path: Path) -> None:
    made = recorded(tmp_path, {id_: text(id_) for id_ in ("restore-record", "stray", "runbook")})
    rows = record_rows(made, made.verdict())
    assert [(row.criterion, row.outcome) for row in rows] == [
        ("runbook", Outcome.SATISFIED), ("restore-record", Outcome.SATISFIED)
    ]  # fmt: skip


def test_evidence_that_is_gone_is_said(tmp_path: Path) -> None:
    made = recorded(tmp_path, {"runbook": text("runbook")})
    for path in (tmp_path / "evidence").iterdir():
        path.unlink()
    assert "is missing" in record_rows(made, made.verdict())[0].problem


def test_what_somebody_writes_stays_text(tmp_path: Path) -> None:
    made = recorded(tmp_path, {"runbook": text("runbook", statement="<script>alert(1)</script> & <b>bold</b>")})
    page = part(render_html(made, made.verdict()))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_contents_lead_there(tmp_path: Path) -> None:
    made = of_all_kinds(tmp_path)
    assert '<a href="#records">What people say</a>' in render_html(made, made.verdict())


def test_a_run_without_records_has_no_such_part() -> None:
    made = showcase()
    assert record_rows(made, made.verdict()) == ()
    assert '"records"' not in render_html(made, made.verdict())
    assert "#records" not in render_html(made, made.verdict())
