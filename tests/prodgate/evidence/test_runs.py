"""A run directory tells what was found, whatever happened to the run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import NAME, Journal
from prodgate.findings import Outcome
from prodgate.report.html import render_html
from prodgate.report.summary import render_summary
from prodgate.report.terminal import render_terminal
from prodgate.verdict import Decision

from ..sample_run import ABOUT, CRITERIA, judge
from ..samples import finding


def test_a_finished_run_reads_back(run: Path) -> None:
    judge(run)
    found = runs.read(run)
    assert found.findings == (finding(),)
    assert found.finished is not None
    assert found.verdict().decision is Decision.GO


def test_a_run_that_is_copied_with_what_its_links_lead_to_reads_back(run: Path, tmp_path: Path) -> None:
    (run / "logs" / "2026-11-27").mkdir(parents=True)
    (run / "logs" / "2026-11-27" / "dag.log").write_text("parsed\n")
    (run / "logs" / "latest").symlink_to("2026-11-27")
    (run / "logs" / "nowhere").symlink_to("gone")
    judge(run)
    assert not [path for path in run.rglob("*") if path.is_symlink()]
    shutil.copytree(run, tmp_path / run.name, symlinks=False)
    assert runs.read(tmp_path / run.name).verdict().decision is Decision.GO


def test_a_run_without_findings_is_insufficient(run: Path) -> None:
    assert runs.read(run).verdict().decision is Decision.INSUFFICIENT


def test_a_check_that_did_not_finish_is_undetermined(run: Path) -> None:
    judge(run, finish=False)
    found = runs.read(run)
    assert found.finished is None
    assert [(f.outcome, f.reason) for f in found.findings] == [
        (Outcome.UNDETERMINED, "the run was cut off before it was closed"),
        (Outcome.SATISFIED, ""),
        (Outcome.UNDETERMINED, "the check was planned but did not finish"),
    ]
    assert found.verdict().decision is Decision.INSUFFICIENT


def test_a_requirement_that_no_criterion_answers_is_undetermined(tmp_path: Path) -> None:
    lines = """[requirements]
OPS-2 = { asks = "backups", layers = ["static"] }
OPS-3 = { asks = "restores", layers = ["static", "live"] }
"""
    (tmp_path / "criteria.toml").write_text(CRITERIA + lines)
    run = runs.create(tmp_path / "runs", ABOUT, tmp_path / "criteria.toml", tmp_path / "waivers.toml")
    judge(run)
    verdict = runs.read(run).verdict()
    assert verdict.decision is Decision.INSUFFICIENT
    assert [f.reason for f in verdict.blocking] == ["no criterion answers requirement 'OPS-3' in its static layer"]


DAY = timedelta(days=1)


def aged(tmp_path: Path, age: timedelta | None, *, again: bool, facts: str = "", **more: bool) -> runs.Run:
    """Return a judged run with one fact, which is as old as given when the run begins, or has no time."""
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "criteria.toml").write_text(CRITERIA + facts)
    about = ABOUT | ({"judged_again": "earlier"} if again else {})
    run = runs.create(tmp_path / "runs", about, tmp_path / "criteria.toml", tmp_path / "waivers.toml")
    at = (runs.read(run).started - age).isoformat() if age is not None else "yesterday"
    Journal.of(run).write(
        "fact", layer="static", kind="configuration", subject="infra", digest="0" * 64, source="", at=at, **more
    )
    judge(run)
    return runs.read(run)


@pytest.mark.parametrize(
    ("age", "again", "reason"),
    [
        (31 * DAY, True, "31.0 d before it was judged; [facts] max_age allows 30 d; observe again"),
        (1000 * DAY, True, "max_age allows 30 d"),
        (-DAY, True, "when it was judged: a clock is wrong"),
        (DAY, False, "before the run began at"),
        (None, True, "has no time of observation, but 'yesterday'"),
        (None, False, "has no time of observation"),
    ],
)
def test_facts_of_another_day_decide_nothing(tmp_path: Path, age: timedelta | None, again: bool, reason: str) -> None:
    verdict = aged(tmp_path, age, again=again).verdict()
    assert verdict.decision is Decision.INSUFFICIENT
    assert reason in verdict.blocking[0].reason


def test_what_was_concluded_of_facts_is_no_fact_of_another_day(tmp_path: Path) -> None:
    """It was written while the run judged again, which began when all had been observed."""
    made = aged(tmp_path, -DAY, again=True, concluded=True)
    assert made.verdict().decision is Decision.GO
    assert made.observed() is None


def test_a_layer_states_how_old_its_facts_may_be(tmp_path: Path) -> None:
    stated = '[facts]\nmax_age = { static = "12 h" }\n'
    assert aged(tmp_path / "a", DAY / 3, again=True, facts=stated).verdict().decision is Decision.GO
    assert aged(tmp_path / "b", DAY, again=True, facts=stated).verdict().decision is Decision.INSUFFICIENT
    assert aged(tmp_path / "c", DAY, again=True).verdict().decision is Decision.GO


def test_a_run_that_judged_again_says_so_first(tmp_path: Path) -> None:
    made = aged(tmp_path, DAY, again=True)
    verdict, at = made.verdict(), (made.started - DAY).strftime("%Y-%m-%d %H:%M:%S UTC")
    said = render_terminal(made, verdict, colour=False, report=tmp_path, width=200)
    assert f"judged again: facts of run earlier, observed {at}" in said
    assert f"those of run `earlier`, observed {at}" in render_summary(made, verdict)
    assert f"the facts are those of run earlier, observed {at}" in render_html(made, verdict, language="en")
    assert f"観測時刻は {at} である" in render_html(made, verdict, language="ja")


def test_a_broken_layer_leaves_its_criteria_undetermined(run: Path) -> None:
    judge(run, close=False)
    Journal.of(run).write("broken", layer="static", reason="died of SIGKILL")
    runs.close(run)
    verdict = runs.read(run).verdict()
    assert verdict.decision is Decision.INSUFFICIENT
    assert any(f.reason == "died of SIGKILL" for f in verdict.blocking)


def test_at_every_cut_the_run_can_be_read_and_is_never_go(run: Path) -> None:
    judge(run)
    whole = (run / NAME).read_bytes()
    for length in range(len(whole)):
        (run / NAME).write_bytes(whole[:length])
        assert runs.read(run).verdict().decision is Decision.INSUFFICIENT


def test_a_changed_line_is_refused(run: Path) -> None:
    judge(run)
    lines = (run / NAME).read_bytes().splitlines(keepends=True)
    (run / NAME).write_bytes(b"".join([*lines[:1], b"garbage\n", *lines[1:]]))
    with pytest.raises(runs.RunError, match="journal.jsonl:2: is not an event; the journal was changed"):
        runs.read(run)


def test_a_layer_that_judged_nothing_is_undetermined(run: Path) -> None:
    runs.close(run)
    assert [f.reason for f in runs.read(run).findings] == ["the layer judged nothing"]


def test_a_run_that_was_cut_before_its_checks_were_planned_is_not_go(run: Path) -> None:
    journal = Journal.of(run)
    journal.record_planned("static", "terraform", "backup-retention")
    journal.record_started("static", "terraform")
    journal.record_finding(finding(check="terraform"))
    journal.record_finished("static", "terraform", 1)
    verdict = runs.read(run).verdict()
    assert verdict.decision is Decision.INSUFFICIENT
    assert [f.reason for f in verdict.blocking] == ["the run was cut off before the layer judged"]


@pytest.mark.parametrize("name", ["", "nothing"])
def test_what_is_no_run_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(runs.RunError, match="is not a run directory that can be read"):
        runs.read(tmp_path / name)


def test_a_folder_that_cannot_hold_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    (tmp_path / "file").write_text("")
    with pytest.raises(runs.RunError, match="cannot hold a run: Not a directory; name another folder with --runs"):
        runs.create(tmp_path / "file", ABOUT, tmp_path / "criteria.toml", tmp_path / "waivers.toml")


def test_a_full_disk_is_an_error_and_not_a_lost_finding() -> None:
    with pytest.raises(OSError, match="No space left on device"):
        Journal(Path("/dev/full")).record_finding(finding())


def test_hostile_texts_survive_the_journal(run: Path) -> None:
    name = "a\n\x00\u202e<img src=x>\ud800"
    Journal.of(run).record_finding(finding(subject=name))
    assert len((run / NAME).read_bytes().splitlines()) == 2
    assert runs.read(run).findings[-1].subject.startswith("a\n\x00\u202e<img src=x>")


def test_lines_of_two_processes_do_not_mix(run: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from prodgate.evidence.journal import Journal\n"
        "for n in range(300): Journal.of(Path(sys.argv[1])).write('note', layer='static', text='x' * 3000, n=n)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(run)]) for _ in range(2)]
    assert [writer.wait(240) for writer in writers] == [0, 0]
    Journal.of(run).write("collected", layer="static")
    runs.close(run)
    assert runs.read(run).findings == ()
    assert len((run / NAME).read_bytes().splitlines()) == 603


def test_a_writer_that_is_killed_leaves_a_readable_journal(run: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from prodgate.evidence.journal import Journal\n"
        "journal = Journal.of(Path(sys.argv[1]))\n"
        "journal.record_planned('static', 'PG_REC_1', 'backup-retention'); print('ready', flush=True)\n"
        "while True: journal.write('note', layer='static', text='x' * 2000)"
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(run)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait(60)
    writer.stdout.close()
    *_, unfinished = runs.read(run).findings
    assert (unfinished.outcome, unfinished.subject) == (Outcome.UNDETERMINED, "(unfinished)")


def test_evidence_is_stored_once_and_the_same_way(run: Path) -> None:
    first = artifacts.store_json(run, {"b": 1, "a": [None, "é"]})
    second = artifacts.store_json(run, {"a": [None, "é"], "b": 1})
    assert first == second
    assert artifacts.load_json(run, first) == {"a": [None, "é"], "b": 1}
    with pytest.raises(LookupError, match="is missing"):
        artifacts.load(run, "0" * 64)


def test_the_latest_run_is_found(tmp_path: Path) -> None:
    for name in ("2026-11-24T130000Z-aaaaaaa", "2026-11-25T130000Z-bbbbbbb", "2026-11-26T130000Z-broken"):
        (tmp_path / name).mkdir()
        if "broken" not in name:
            (tmp_path / name / "run.json").write_text(json.dumps({}))
    newest = tmp_path / "2026-11-25T130000Z-bbbbbbb"
    assert runs.latest(tmp_path) == newest
    assert runs.latest(tmp_path, before=newest) == tmp_path / "2026-11-24T130000Z-aaaaaaa"
    assert runs.latest(tmp_path / "none") is None


def test_what_could_not_be_observed_and_what_was_noted_is_read_back(run: Path) -> None:
    Journal.of(run).write("unreadable", layer="static", kind="Configuration", reason="a block is not closed")
    Journal.of(run).write("note", layer="live", text="aws_glacier_vault can't be rehearsed yet")
    read = runs.read(run)
    assert [(event["kind"], event["reason"]) for event in read.unreadable] == [
        ("Configuration", "a block is not closed")
    ]
    assert [event["text"] for event in read.notes] == ["aws_glacier_vault can't be rehearsed yet"]
