from dataclasses import replace
from pathlib import Path

import pytest

from prodgate.evidence.runs import Run
from prodgate.report.catalogue import FILES
from prodgate.report.html import render_html
from prodgate.report.summary import render_summary
from prodgate.report.terminal import render_terminal
from prodgate.sections.dags import AirflowSection, DagSection

from .dags.samples import dag
from .samples import asked_by, criterion, finding, not_built, run, showcase
from .test_html import Page

ARN = "arn:aws:sts::123456789012:assumed-role/prod-gate/nightly"


def first_screen(made: Run, language: str = "en") -> str:
    return Page(render_html(made, made.verdict(), language=language).split("<nav")[0]).text.partition("prod-gate")[2]


def whole(**about: object) -> Run:
    return run([criterion("c")], [finding("c", "satisfied")], **about)


@pytest.mark.parametrize("language", FILES)
def test_says_of_what_by_whom_when_and_from_which_inputs(language: str) -> None:
    told = first_screen(
        whole(inputs={"main.tf": "0" * 64, "TF_VAR_x": "1" * 64}, judges={"policies/a.py": "2" * 64}), language
    )
    assert "aws://prod@ap-northeast-1" in told
    assert "3f2a9c1b7d5e4f60812a" in told
    assert "arn:aws:sts::123456789012:assumed-role/gate/ci" in told
    assert "2026-11-24 13:00:00 – 13:01:34 UTC 2026-11-24 22:00:00 – 22:01:34 +09:00" in told
    assert ("3 files and variables" if language == "en" else "ファイルと変数 3 個") in told
    assert ("Not sealed and not signed" if language == "en" else "封印も署名もない") in told
    assert ("NO-GO. Else one question" if language == "en" else "NO-GO。なければ") in told


def test_goes_by_the_clock_of_the_schedules() -> None:
    dags = {
        name: DagSection(declared=dag(name, zone="Asia/Kathmandu"), tasks={}, data=None, data_table={}) for name in "ab"
    }
    made = whole()
    zoned = replace(made, criteria=replace(made.criteria, airflow=AirflowSection(version="3.0.6", dags=dags)))
    assert "2026-11-24 18:45:00 – 18:46:34 Asia/Kathmandu" in first_screen(zoned)
    assert "+09:00" not in first_screen(zoned)


def test_names_whom_aws_says_the_gate_is(tmp_path: Path) -> None:
    made = asked_by(tmp_path, ARN)
    assert f", to AWS {ARN}" in first_screen(made)
    assert "to AWS" not in first_screen(whole()), "nobody asked"


@pytest.mark.parametrize("language", FILES)
def test_says_why_nobody_knows_whom_aws_says_the_gate_is(tmp_path: Path, language: str) -> None:
    made = asked_by(tmp_path, ARN)
    (file,) = (tmp_path / "evidence").iterdir()
    file.write_bytes(b"changed")
    told = first_screen(made, language)
    assert ("to AWS can't be read:" if language == "en" else "AWS での呼び出し元： 読み取れない：") in told
    assert ("the evidence was changed" if language == "en" else "証拠が変更されている") in told


def test_names_inputs_that_are_in_no_commit() -> None:
    assert "Not in the commit, and yet judged: policies/own.py" in first_screen(whole(uncommitted=["policies/own.py"]))
    assert "Not in the commit" not in first_screen(whole())


def test_says_what_was_not_checked() -> None:
    assert "Nothing that the criteria ask was left out." in first_screen(whole())
    told = first_screen(showcase())
    assert "5 questions have no answer." in told
    assert "1 question that only production can answer is open." in told
    assert "Nothing that the criteria ask" not in told
    part = run([criterion("c", layers=("static", "live"))], [not_built("c")], layers=("static", "live"))
    assert "5 layers left out: Load test, End-to-end, Airflow runs, Rollout, Attested by a person." in first_screen(
        part
    )


def test_shows_the_remedy_beside_each_of_the_worst() -> None:
    told = first_screen(showcase())
    assert told.count("Remedy Set backup_retention_period to the agreed number of days.") == 2


PART = run([criterion("c")], [finding("c", "satisfied")], layers=("static",))
MOMENT = whole(moment="before")
REHEARSED = run([criterion("c")], [finding("c", "satisfied")], layers=("static",), rehearsal=True)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (PART, "PARTIAL GO"),
        (MOMENT, "PARTIAL GO"),
        (REHEARSED, "REHEARSAL PARTIAL GO"),
        (whole(), "GO"),
        (run([criterion("c")], [finding("c", "not-satisfied")], layers=("static",)), "NO-GO"),
        (run([criterion("c")], [], layers=("static",)), "INSUFFICIENT EVIDENCE"),
    ],
)
def test_a_go_of_a_part_is_called_one_everywhere(made: Run, words: str) -> None:
    verdict = made.verdict()
    shown = words.removeprefix("REHEARSAL ")
    console = render_terminal(made, verdict, colour=False, report=Path("report.html"))
    assert console.splitlines()[0].split("  ")[0].lstrip("✔✘? ") == words
    assert render_summary(made, verdict).splitlines()[0] == f"## {words}"
    page = render_html(made, verdict)
    assert f"<span>{shown}</span></span></h1>" in page
    assert f"{shown} · nba-news" in page.split("</title>")[0]
    assert ("部分判定 GO" in render_html(made, verdict, language="ja")) is ("PARTIAL" in words)
