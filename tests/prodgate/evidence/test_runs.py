"""A run directory reports its findings, whatever happened to the run, and its chain reveals changes of the
journal's lines."""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from unittest.mock import Mock
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings, strategies as st

from prodgate.criteria import UsageError
from prodgate.evidence import artifacts, journal, runs
from prodgate.evidence.artifacts import list_paths, make_portable
from prodgate.evidence.chain import START, Link, make_line
from prodgate.evidence.counting import count_findings
from prodgate.evidence.journal import NAME, Journal, JournalError
from prodgate.evidence.shapes import find_flaw_in_about, find_flaw_in_event
from prodgate.evidence.verification import list_files
from prodgate.findings import Finding, Outcome
from prodgate.report.html import render_html
from prodgate.report.summary import render_summary, render_terminal
from prodgate.sealing.seals import SealError
from prodgate.verdict import Decision
from tests.trees import write_tree

from ..sample_run import ABOUT, CRITERIA, forge, judge, unchained
from ..samples import finding
from ..sealing.sealed import make_run, seal


def test_a_finished_run_reads_back(run: Path) -> None:
    judge(run)
    found = runs.read(run)
    assert found.findings == (finding(),)
    assert found.finished is not None
    assert found.verdict().decision is Decision.GO


def test_a_run_that_is_copied_with_what_its_links_lead_to_reads_back(run: Path, tmp_path: Path) -> None:
    write_tree(run, {"logs/2026-11-27/dag.log": "parsed\n"})
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
    """Return a judged run with one fact, which has the given age at the start of the run, or no time."""
    write_tree(tmp_path, {"criteria.toml": CRITERIA + facts})
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
    """It was written while the run judged again, which began after everything had been observed."""
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


def test_a_run_by_criteria_that_this_version_refuses_cannot_be_read(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search for earlier runs leaves it out; it is no error in the criteria of this one."""
    monkeypatch.setattr(runs, "_parse", Mock(side_effect=UsageError("criteria.toml: criteria.a.statement: lacks it")))
    with pytest.raises(runs.RunError, match="is not a run directory that can be read: criteria.toml: criteria.a.state"):
        runs.read(run)


def test_a_folder_that_cannot_hold_runs_is_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"criteria.toml": CRITERIA, "file": ""})
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
    assert writer.stdout.readline() == "ready\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait(60)
    writer.stdout.close()
    *_, unfinished = runs.read(run).findings
    assert (unfinished.outcome, unfinished.subject) == (Outcome.UNDETERMINED, "(unfinished)")


def test_evidence_is_stored_once_and_the_same_way(run: Path) -> None:
    first = artifacts.store_json(run, {"b": 1, "a": [None, "é"]})
    assert first == artifacts.store_json(run, {"a": [None, "é"], "b": 1})
    assert artifacts.load_json(run, first) == {"a": [None, "é"], "b": 1}
    with pytest.raises(LookupError, match="is missing"):
        artifacts.load(run, "0" * 64)


@pytest.mark.parametrize("data", [gzip.compress(b" " * 1_001), gzip.compress(b"{}")[:-9]], ids=["large", "cut off"])
def test_evidence_is_unpacked_to_its_end_within_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(artifacts, "_UNPACKED", 1_000)
    digest = artifacts.store(tmp_path, data, ".json.gz")
    with pytest.raises(LookupError, match="is cut off, or more than 1,000 bytes when unpacked"):
        artifacts.load_json(tmp_path, digest)


def test_a_run_is_for_its_owner_alone(run: Path) -> None:
    assert run.stat().st_mode & 0o077 == 0


def test_the_latest_run_is_found(tmp_path: Path) -> None:
    for name in ("2026-11-24T130000Z-aaaaaaa", "2026-11-25T130000Z-bbbbbbb", "2026-11-26T130000Z-broken"):
        (tmp_path / name).mkdir()
        if "broken" not in name:
            (tmp_path / name / "run.json").write_text(json.dumps({}))
    newest = tmp_path / "2026-11-25T130000Z-bbbbbbb"
    assert runs.latest(tmp_path) == newest
    assert runs.list_paths(tmp_path, before=newest) == [tmp_path / "2026-11-24T130000Z-aaaaaaa"]
    assert runs.latest(tmp_path / "none") is None


def test_what_could_not_be_observed_and_what_was_noted_is_read_back(run: Path) -> None:
    Journal.of(run).write("unreadable", layer="static", kind="Configuration", reason="a block is not closed")
    Journal.of(run).write("note", layer="live", text="aws_glacier_vault can't be rehearsed yet")
    read = runs.read(run)
    assert [(event["kind"], event["reason"]) for event in read.unreadable] == [
        ("Configuration", "a block is not closed")
    ]
    assert [event["text"] for event in read.notes] == ["aws_glacier_vault can't be rehearsed yet"]


# ── Judgements counted against the plan

PLANNED = {
    "event": "planned",
    "layer": "static",
    "check": "SHOP_1",
    "criterion": "truth",
    "place": "policies/shop.py:6",
}
AGAIN = {**PLANNED, "place": ""}
STARTED = {"event": "started", "layer": "static", "check": "SHOP_1", "place": "policies/shop.py:6"}
FINDING = {"event": "finding", "layer": "static", "check": "SHOP_1", "criterion": "truth", "subject": "x", "outcome": "satisfied"}  # fmt: skip
FINISHED = {"event": "finished", "layer": "static", "check": "SHOP_1", "findings": 1}


def outcomes(*events: dict[str, Any]) -> list[str]:
    return [f"{each.outcome}: {each.reason}" if each.reason else str(each.outcome) for each in count_findings(events)]


def test_what_the_gate_concludes_by_itself_need_not_begin() -> None:
    planned = {key: value for key, value in PLANNED.items() if key != "place"}
    assert outcomes(planned, FINDING, FINISHED) == ["satisfied"]


def test_what_was_planned_and_has_ended_counts() -> None:
    assert outcomes(PLANNED, STARTED, FINDING, FINISHED) == ["satisfied"]
    assert outcomes(PLANNED, AGAIN, STARTED, FINDING, FINISHED) == ["satisfied"]


def test_findings_rest_on_the_evidence_with_which_their_check_began() -> None:
    plan, answers = "a" * 64, "b" * 64
    started = {**STARTED, "evidence": [plan, answers]}
    (found,) = count_findings((PLANNED, started, FINDING, FINISHED))
    assert found.evidence == (plan, answers)
    (found,) = count_findings((PLANNED, started, {**FINDING, "evidence": [answers]}, FINISHED))
    assert found.evidence == (answers,), "a finding that says so itself knows better"
    (found,) = count_findings((PLANNED, STARTED, FINDING, FINISHED))
    assert found.evidence == ()


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ((), "is written at policies/shop.py:6, and did not run to its end"),
        ((STARTED,), "is written at policies/shop.py:6, and did not run to its end"),
        ((STARTED, FINISHED), "the journal holds 0 of the 1 findings"),
        ((STARTED, {**FINISHED, "findings": 0}), "the journal holds 0 of the 0 findings"),
        ((STARTED, FINDING, FINDING, FINISHED), "the journal holds 2 of the 1 findings"),
        (({**STARTED, "place": "zz.py:1"}, FINDING, FINISHED), "what answered is written at zz.py:1, not at policies/"),
        (({**STARTED, "check": "SHOP_2"}, FINDING, FINISHED), "SHOP_2 was begun when it ended"),
        ((STARTED, {**FINDING, "criterion": "nothing"}, FINISHED), "it answered nothing, and was planned for truth"),
        ((STARTED, {**FINDING, "check": "SHOP_2"}, FINISHED), "its findings are of SHOP_2"),
        ((STARTED, FINDING, {**FINISHED, "check": "SHOP_2"}), "and did not run to its end"),
        ((STARTED, FINDING, {**FINISHED, "layer": "live"}), "the journal holds 0 of the 1 findings"),
    ],
)
def test_what_does_not_fit_the_plan_is_undetermined(events: tuple[dict[str, Any], ...], reason: str) -> None:
    found = outcomes(PLANNED, AGAIN, *events)
    assert any(each.startswith("undetermined") and reason in each for each in found), found


# ── Names that every file system accepts

#: The keys of `invalidArtifactFilePathCharacters` in lib/internal/upload/path-and-artifact-name-validation.js of
#: @actions/artifact 6.2.1 on npm (MIT, GitHub): a file whose path holds one of them is refused.
REFUSED_BY_GITHUB: Final = '":<>|*?\r\n'
#: Names that Windows refuses besides: https://learn.microsoft.com/windows/win32/fileio/naming-a-file, "Naming
#: conventions".
DEVICES: Final = ("CON", "PRN", "AUX", "NUL", *(f"{name}{n}" for name in ("COM", "LPT") for n in "0123456789¹²³"))
#: Airflow 3.0.6's names for the log of an attempt and for a requested file, and others that an engine may use.
MADE_BY_ENGINES: Final = (
    "logs/dags/airflow/logs/dag_id=nba/run_id=scheduled__2026-12-01T03:14:06+00:00/task_id=a/attempt=1.log",
    "logs/dags/airflow/dags/.airflowignore",
    "logs/e2e/What? \"now\" <b>|*.png",
    "logs/a/100%3A.txt",
    "logs/a/100:.txt",
    "logs/a/100\".txt",
    "logs/a/100%22.txt",
    "logs/.../x. /y .",
    "logs/nul", "logs/Con.tar.gz", "logs/com1 .txt", "logs/lpt¹", "logs/prn./aux.d/b",
    "logs/back\\slash", "logs/tab\tline\nend\r", "logs/caf\udce9",
)  # fmt: skip
PLAIN: Final = (
    "logs/static.txt",
    "logs/a=b+c,d~e (1).txt",
    "logs/console.txt",
    "logs/nullable",
    "logs/com",
    "logs/日本",
)


def refused(names: Iterable[str]) -> list[str]:
    """The names that GitHub's artifacts, which also leave out hidden files, or Windows would refuse."""
    return [name for name in names if any(map(_is_refused, name.split("/")))]


def _is_refused(part: str) -> bool:
    return bool(
        {*part} & {*REFUSED_BY_GITHUB, "\\", *map(chr, range(32))}
        or part.startswith(".")
        or part.endswith((".", " "))
        or part.partition(".")[0].rstrip().upper() in DEVICES
        or part != part.encode("utf-8", "ignore").decode()
    )


def fill(run: Path, names: Iterable[str]) -> dict[str, str]:
    """Write files into a run as engines do; return the digest of each by its name."""
    for name in names:
        write_tree(run, {name: name.encode("utf-8", "replace").decode()})
    return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in names}


def test_files_are_kept_under_names_that_all_take_and_that_lead_back(run: Path) -> None:
    written = fill(run, (*MADE_BY_ENGINES, *PLAIN))
    assert {*MADE_BY_ENGINES} - {*refused(written)} == {name for name in MADE_BY_ENGINES if "%" in name}
    judge(run)
    kept = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in list_paths(run, ["logs"])}
    assert refused(kept) == []
    assert {unquote(name, errors="surrogateescape"): digest for name, digest in kept.items()} == written
    assert set(PLAIN) <= kept.keys()
    assert runs.read(run).finished


@pytest.mark.parametrize(
    "name", [f"a{character}b" for character in REFUSED_BY_GITHUB] + [*DEVICES, ".hidden", "a ", "a."]
)
def test_what_came_after_a_run_was_closed_is_not_sealed_under_such_a_name(tmp_path: Path, name: str) -> None:
    assert unquote(make_portable(name)) == name != make_portable(name)
    made = make_run(tmp_path)
    (made / name).write_text("x")
    with pytest.raises(SealError, match="is a name that"):
        seal(made)


# ── A run that was changed


def make(folder: Path) -> Path:
    """Make a judged run with a fact and a log."""
    write_tree(folder, {"criteria.toml": CRITERIA, "waivers.toml": "# none\n"})
    run = runs.create(folder / "runs", ABOUT, folder / "criteria.toml", folder / "waivers.toml")
    digest = artifacts.store_json(run, {"made in": folder.name})
    Journal.of(run).record_fact("static", "configuration", "infra", digest, "core")
    write_tree(run, {"logs/static.txt": "static: judging\n"})
    judge(run)
    return run


def evidence(run: Path, suffix: str) -> Path:
    """The last file of evidence with that suffix."""
    return sorted((run / "evidence").glob(f"*{suffix}"))[-1]


def edit(name: str, old: str, new: str) -> Callable[[Path, Path], None]:
    """Return a function that replaces a text in a file of the run."""

    def change(run: Path, other: Path) -> None:
        text = (run / name).read_text("utf-8")
        assert old in text
        (run / name).write_text(text.replace(old, new), "utf-8")

    return change


def rewrite(key: str, value: object) -> Callable[[Path, Path], None]:
    """Return a function that sets a key of run.json."""

    def change(run: Path, other: Path) -> None:
        about = json.loads((run / "run.json").read_text("utf-8"))
        (run / "run.json").write_text(json.dumps({**about, key: value}), "utf-8")

    return change


def drop_lines(word: str) -> Callable[[Path, Path], None]:
    """Return a function that removes the lines of the journal with a word."""

    def change(run: Path, other: Path) -> None:
        lines = (run / NAME).read_text("utf-8").splitlines(keepends=True)
        (run / NAME).write_text("".join(line for line in lines if word not in line), "utf-8")

    return change


def swap_evidence(run: Path, other: Path) -> None:
    one, two = sorted((run / "evidence").glob("*.toml"))
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(kept)


def weaken_by_a_copy(run: Path, other: Path) -> None:
    """Let run.json name other criteria, stored under their digest."""
    digest = artifacts.store(run, CRITERIA.replace(">= 30 d", ">= 1 s").encode(), ".toml")
    rewrite("criteria", digest)(run, other)


def make_a_pipe(run: Path, other: Path) -> None:
    path = evidence(run, ".json.gz")
    path.unlink()
    os.mkfifo(path)


def make_the_journal_a_pipe(run: Path, other: Path) -> None:
    (run / NAME).unlink()
    os.mkfifo(run / NAME)


TAMPERING: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "a finding turned": (edit(NAME, '"satisfied"', '"not-applicable"'), r"journal\.jsonl: CHANGED: line 6"),
    "a finding deleted": (drop_lines('"finding"'), r"journal\.jsonl: MISSING: line 6"),
    "what was planned deleted": (drop_lines('"planned"'), r"journal\.jsonl: MISSING: line 3"),
    "all of a check deleted": (drop_lines('"PG_REC_1"'), r"MISSING: line 3, 5 to 7"),
    "a fact deleted": (drop_lines('"fact"'), r"MISSING: line 2"),
    "a fact made younger": (edit(NAME, '"at": "2', '"at": "3'), r"CHANGED: line 1, 2, 3, 4, 5 and 3 more"),
    "the journal emptied of its beginning": (drop_lines('"opened"'), r"MISSING: line 1.*CHANGED: run\.json"),
    "no rehearsal": (rewrite("rehearsal", True), r"CHANGED: run\.json"),
    "fewer layers": (rewrite("layers", []), r"CHANGED: run\.json"),
    "another commit": (rewrite("commit", "0" * 40), r"CHANGED: run\.json"),
    "another actor": (rewrite("actor", "b"), r"CHANGED: run\.json"),
    "observed, not judged again": (rewrite("judged_again", "earlier"), r"CHANGED: run\.json"),
    "another beginning": (rewrite("started", "2020-01-01T00:00:00+00:00"), r"CHANGED: run\.json"),
    "other criteria named": (weaken_by_a_copy, r"CHANGED: run\.json; UNLISTED: evidence/"),
    "run.json gone": (lambda run, _: (run / "run.json").unlink(), r"MISSING: run\.json"),
    "run.json of another run": (
        lambda run, other: shutil.copy(other / "run.json", run / "run.json") and None,
        r"CHANGED: run\.json",
    ),
    "the journal of another run": (lambda run, other: shutil.copy(other / NAME, run / NAME) and None, r"CHANGED: run"),
    "criteria weakened": (lambda run, _: evidence(run, ".toml").write_text("") and None, r"CHANGED: evidence/.*toml"),
    "a byte at the end of evidence": (
        lambda run, _: evidence(run, ".gz").write_bytes(evidence(run, ".gz").read_bytes() + b"\n") and None,
        r"CHANGED: evidence/.*json\.gz",
    ),
    "evidence emptied": (lambda run, _: evidence(run, ".gz").write_bytes(b"") and None, r"CHANGED: evidence/.*gz"),
    "evidence swapped": (swap_evidence, r"CHANGED: evidence/.*toml, evidence/.*toml"),
    "evidence deleted": (lambda run, _: evidence(run, ".gz").unlink(), r"MISSING: evidence/.*json\.gz"),
    "evidence renamed": (
        lambda run, _: evidence(run, ".gz").rename(run / "evidence" / f"{'0' * 64}.json.gz") and None,
        r"MISSING: evidence/.*UNLISTED: evidence/0000",
    ),
    "evidence of another run added": (
        lambda run, other: shutil.copy(evidence(other, ".gz"), run / "evidence") and None,
        r"UNLISTED: evidence/.*json\.gz",
    ),
    "a folder of evidence added": (
        lambda run, other: shutil.copytree(other / "evidence", run / "evidence" / "more") and None,
        r"UNLISTED: evidence/more/",
    ),
    "evidence is a pipe": (make_a_pipe, r"CHANGED: evidence/.*json\.gz"),
    "the journal is a pipe": (make_the_journal_a_pipe, r"MISSING: journal\.jsonl"),
    "evidence that leads nowhere": (
        lambda run, _: (run / "evidence" / f"{'0' * 64}.json.gz").symlink_to("nowhere"),
        r"UNLISTED: evidence/0000",
    ),
    "a log rewritten": (edit("logs/static.txt", "judging", "idle"), r"CHANGED: logs/static\.txt"),
    "a log deleted": (lambda run, _: (run / "logs" / "static.txt").unlink(), r"MISSING: logs/static\.txt"),
}


@pytest.mark.parametrize("change", TAMPERING)
def test_what_was_done_to_a_run_is_named_and_the_run_refused(tmp_path: Path, change: str) -> None:
    run, other = make(tmp_path / "run"), make(tmp_path / "other")
    tamper, named = TAMPERING[change]
    tamper(run, other)
    with pytest.raises(runs.RunError, match=named):
        runs.read(run)


def test_a_run_as_it_was_written_is_read_from_wherever_it_is(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    (tmp_path / "moved").mkdir()
    moved = Path(shutil.move(run, tmp_path / "moved" / run.name))
    write_tree(moved, {"report.html": "a report that was written again", "notes.txt": "what somebody thinks of it"})
    found = runs.read(moved)
    assert found.verdict().decision is Decision.GO
    assert json.loads((moved / NAME).read_bytes().splitlines()[-1])["chain"]["sha256"] == found.head


def test_a_run_without_its_closing_line_is_cut_off_and_not_go(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    drop_lines('"closed"')(run, run)
    found = runs.read(run)
    assert found.finished is None
    assert found.verdict().decision is Decision.INSUFFICIENT
    assert [f.reason for f in found.verdict().blocking] == ["the run was cut off before it was closed"]


def test_files_that_were_being_written_when_a_run_was_killed_are_no_flaw(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    drop_lines('"closed"')(run, run)
    (run / "evidence" / f".{'0' * 64}.json.gz.123").write_bytes(b"half")
    (run / "logs" / "static.txt").write_text("more\n")
    assert runs.read(run).finished is None
    (run / "evidence" / f"{'0' * 64}.json.gz").write_bytes(b"half")
    with pytest.raises(runs.RunError, match="CHANGED: evidence/000"):
        runs.read(run)


def test_whoever_writes_the_whole_chain_anew_has_another_head(tmp_path: Path) -> None:
    """An unkeyed chain can't prevent this; a head kept elsewhere reveals it."""
    run = make(tmp_path / "run")
    head = runs.read(run).head
    forge(run, commit="0" * 40)
    assert runs.read(run).verdict().decision is Decision.GO
    assert runs.read(run).head != head


@pytest.mark.parametrize(
    "name", ["2031-01-01T000000Z-0000000", "good", "2026-01-01T000000Z-{}"], ids=["later", "other form", "same end"]
)
def test_a_run_whose_folder_was_renamed_is_foreign(tmp_path: Path, name: str) -> None:
    run = make(tmp_path / "one")
    moved = run.rename(run.with_name(name.format(run.name.rpartition("-")[2])))

    with pytest.raises(
        runs.RunError, match=rf"FOREIGN: the folder is called {moved.name}, and the run in it {run.name}"
    ):
        runs.read(moved)


def test_a_run_in_the_place_of_another_is_foreign(tmp_path: Path) -> None:
    run, other = make(tmp_path / "one"), make(tmp_path / "two")
    shutil.rmtree(run)
    other.rename(run)

    with pytest.raises(runs.RunError, match="FOREIGN: the folder is called"):
        runs.read(run)


def test_a_run_is_itself_behind_a_link_of_any_name(tmp_path: Path) -> None:
    run = make(tmp_path / "one")
    (tmp_path / "latest").symlink_to(run)

    assert runs.read(tmp_path / "latest").verdict() == runs.read(run).verdict()


def test_a_link_to_the_same_bytes_is_not_the_file_that_was_written(tmp_path: Path) -> None:
    run = make(tmp_path / "one")
    evidence = next((run / "evidence").iterdir())
    evidence.rename(tmp_path / "elsewhere")
    evidence.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(runs.RunError, match=f"CHANGED: evidence/{evidence.name}"):
        runs.read(run)


# ── Damaged runs

#: A file of the run as it was written, by its kind; names are digests.
KINDS: Final = ("run.json", "journal.jsonl", "evidence/*.json.gz", "evidence/*.toml", "logs/static.txt")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is GO, with a fact and a log."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "criteria.toml").write_text(CRITERIA, "utf-8")
    run = runs.create(folder / "runs", ABOUT, folder / "criteria.toml", folder / "waivers.toml")
    digest = artifacts.store_json(run, {"resources": [{"address": "aws_rds_cluster.a", "values": {"days": 35}}]})
    Journal.of(run).record_fact("static", "configuration", "terraform", digest, "files")
    write_tree(run, {"logs/static.txt": "static: judging\n"})
    judge(run)
    assert runs.read(run).verdict().decision is Decision.GO
    return run


def damage(data: bytes, how: str, at: float, more: bytes) -> bytes:
    """Return data that was flipped, cut, spliced or repeated somewhere."""
    place = int(at * len(data))
    return {
        "flip": data[:place] + bytes([data[place : place + 1][0] ^ (more[0] or 1)] if data[place:] else b"x") + data[place + 1 :],
        "cut": data[:place],
        "behead": data[place:],
        "splice": data[:place] + more + data[place:],
        "replace": data[:place] + more + data[place + len(more) :],
        "take out": data[:place] + data[place + len(more) :],
        "repeat": data + data[place:],
        "empty": b"",
    }[how]  # fmt: skip


def meaning(run: runs.Run) -> Mapping[str, object]:
    """The content of a run, as far as a verdict and its reader depend on it."""
    return {"about": run.about, "findings": run.findings, "facts": run.facts, "waivers": run.waivers,
            "criteria": run.criteria.criteria, "finished": run.finished, "notes": run.notes}  # fmt: skip


HOW = ("flip", "cut", "behead", "splice", "replace", "take out", "repeat", "empty")
MORE = st.binary(min_size=1, max_size=8) | st.sampled_from(
    [b"\n", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b'{"event": "collected"}\n', b"null\n", b"NaN", b"[" * 5000]
)


@settings(max_examples=120)
@given(st.sampled_from(KINDS), st.sampled_from(HOW), st.floats(0, 1), MORE)
@example("journal.jsonl", "splice", 1.0, b"\n")
@example("journal.jsonl", "cut", 0.999, b"x")
@example("run.json", "splice", 0.0, b"\xef\xbb\xbf")
def test_a_damaged_run_is_no_go(whole: Path, kind: str, how: str, at: float, more: bytes) -> None:
    run = whole.parent.with_name("damaged") / whole.name
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(whole, run)
    path = next(run.glob(kind))
    path.write_bytes(damage(path.read_bytes(), how, at, more))
    told, same = read(run, whole)
    assert told or same
    assert "\n" not in told
    assert not told or told.startswith(f"{run}: ")


def read(run: Path, whole: Path) -> tuple[str, bool]:
    """Return why a run is refused, if it is, and whether it is no GO or equal to the whole one."""
    try:
        found = runs.read(run)
        decision = found.verdict().decision
    except runs.RunError as refused:
        return str(refused), False
    return "", decision is not Decision.GO or meaning(found) == meaning(runs.read(whole))


def test_a_run_without_one_of_its_files_is_no_go(whole: Path) -> None:
    for name in [path.relative_to(whole) for path in whole.rglob("*") if path.is_file()]:
        run = whole.parent.with_name("robbed") / whole.name
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(whole, run)
        (run / name).unlink()
        with pytest.raises(runs.RunError, match=f"MISSING: {name}|evidence .* is missing"):
            runs.read(run)


# ── Values of another kind

CHANGED_FINDING = {"event": "finding", **finding().to_json()}
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"event": "finding", "layer": "static"}, "it lacks 'check'"),
        ({**CHANGED_FINDING, "outcome": "great"}, "outcome: is 'great', not an outcome"),
        ({**CHANGED_FINDING, "outcome": "waived"}, "outcome: is 'waived', not an outcome"),
        ({**CHANGED_FINDING, "mood": "good"}, "'mood' is no key of a finding"),
        ({**CHANGED_FINDING, "subject": None}, "subject: is None, not a text"),
        ({**CHANGED_FINDING, "where": [1]}, "where: is .1., not a list of texts"),
        ({**CHANGED_FINDING, "severity": "grave"}, "severity: is 'grave', not a severity"),
        ({"event": "planned"}, "it lacks 'layer'"),
        ({"event": "broken"}, "it lacks 'layer'"),
        ({"event": "finished", "layer": "static", "check": "x", "findings": True}, "is True, not a number from 0"),
        ({"event": "finished", "layer": "static", "check": "x", "findings": -1}, "is -1, not a number from 0"),
        ({"event": "fact", "layer": "x", "kind": "x", "subject": "", "source": "", "digest": "*"}, "not a SHA-256"),
        ({"event": "closed", "at": "yesterday"}, "at: is 'yesterday', not a time with its zone"),
        ({"event": "closed", "at": "9999-12-31T23:59:59-23:59"}, "not a time with its zone"),
        ({"event": "closed", "at": "2026-11-24T13:00:00"}, "not a time with its zone"),
        ({"event": "decided"}, "is not an event"),
    ],
)
def test_a_line_of_another_shape_is_refused(run: Path, event: dict[str, Any], message: str) -> None:
    judge(run, close=False)
    files = {"files": list_files(run)} if event["event"] == "closed" else {}
    Journal.of(run).write(**files, **event)
    with pytest.raises(runs.RunError, match=rf"journal\.jsonl:\d+: .*{message}"):
        runs.read(run)


@pytest.mark.parametrize(
    "line",
    [
        "null",
        "[]",
        '"x"',
        DEEP,
        '{"event": ' + DEEP,
        '{"event": ["closed"]}',
        '{"event": NaN}',
        '{"a": ' + "9" * 5000 + "}",
        "\ufeff{}",
        "\0",
    ],
    ids=lambda line: line[:20],
)
def test_a_line_that_is_no_event_is_refused(run: Path, line: str) -> None:
    with (run / NAME).open("ab") as journal:
        journal.write(line.encode() + b"\n")
    with pytest.raises(runs.RunError, match=r"journal\.jsonl:2: is not an event"):
        runs.read(run)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("rehearsal", "yes", "rehearsal: is 'yes', not true or false"),
        ("layers", ["static", "static"], "not layers, each once"),
        ("layers", ["statc"], "not layers, each once"),
        ("committed", "yesterday", "committed: is 'yesterday', not a time with its zone, or nothing"),
        ("committed", "0001-01-01T00:00:00+00:00", "not a time with its zone, or nothing"),
        ("uncommitted", [1], "uncommitted: is .1., not a list of texts"),
        ("inputs", {"a": "b"}, "inputs: is {'a': 'b'}, not a table of SHA-256 in hex"),
        ("system", None, "system: is None, not a text"),
        ("versions", {"a": []}, "versions: is .*, not a table of texts"),
        ("moment", 1, "moment: is 1, not a text"),
    ],
)
def test_a_run_of_another_shape_is_refused(tmp_path: Path, key: str, value: object, message: str) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    run = runs.create(tmp_path / "r", {**ABOUT, key: value}, tmp_path / "criteria.toml", tmp_path / "waivers.toml")
    with pytest.raises(runs.RunError, match=rf"run\.json: .*{message}"):
        runs.read(run)


def test_what_is_missing_is_named(run: Path) -> None:
    about = json.loads((run / "run.json").read_text("utf-8"))
    assert find_flaw_in_about(about) == ""
    for key in ("system", "target", "rehearsal", "layers", "started", "criteria", "waivers"):
        assert find_flaw_in_about({name: each for name, each in about.items() if name != key}) == (
            f"run.json: it lacks {key!r}"
        )
    assert find_flaw_in_about([about]) == "run.json: is no table"


def test_a_journal_has_a_place_for_each_field_of_a_finding() -> None:
    event = {"event": "finding", "at": "2026-11-24T13:00:00+00:00", **finding().to_json()}
    assert not [each for field in fields(Finding) if "no key" in (each := find_flaw_in_event({**event, field.name: 0}))]


def test_a_value_that_cannot_be_shown_is_named_all_the_same() -> None:
    said = find_flaw_in_event({"event": "note", "at": "2026-11-24T13:00:00+00:00", "layer": 10**5000, "text": ""})
    assert said == "layer: is a int that can't be shown, not a text"


# ── The chain reveals changes of a journal's lines, and the edit is named

Lines = list[bytes]


def write(folder: Path, run: str = "2026-11-27T080000Z-aaaaaaa", lines: int = 8) -> Path:
    folder.mkdir(exist_ok=True)
    made = Journal(folder / journal.NAME)
    made.write("opened", run=run)
    for number in range(2, lines):
        made.write("note", layer="static", text=f"line {number}")
    made.write("closed", files={})
    return made.path


def flaws(path: Path, change: Callable[[Lines], Lines]) -> tuple[str, ...]:
    """Return the messages on a journal whose lines were changed."""
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    return journal.load(path).flaws


def number(line: bytes) -> int:
    return json.loads(line)["chain"]["line"]


def put(lines: Lines, place: int, *new: bytes) -> Lines:
    return [*lines[: place - 1], *new, *lines[place:]]


def turned(line: bytes) -> bytes:
    return line.replace(b'"text": "line', b'"text": "lime')


def chained_anew(line: bytes, before: bytes, *, after: int = 0) -> bytes:
    """Change a line and give it the matching digest; ``after`` another number than that of the line before."""
    event, link = json.loads(turned(line)), json.loads(before)["chain"]
    del event["chain"]
    return make_line(event, Link(link["run"], after or link["line"], link["sha256"]))[0] + b"\n"


def foreign(lines: Lines) -> bytes:
    """A line 4 of another run."""
    return lines[3].replace(b'"run": "aaaaaaa"', b'"run": "bbbbbbb"')


def numbered(line: bytes, new: object) -> bytes:
    return line.replace(f'"line": {number(line)}, "sha256"'.encode(), f'"line": {new}, "sha256"'.encode())


TAMPERED_LINES: dict[str, tuple[Callable[[Lines], Lines], tuple[str, ...]]] = {
    "a word": (lambda x: put(x, 4, turned(x[3])), ("CHANGED: line 4",)),
    "two words": (lambda x: put(put(x, 4, turned(x[3])), 6, turned(x[5])), ("CHANGED: line 4, 6",)),
    "every line": (lambda x: [turned(line) for line in x], ("CHANGED: line 2, 3, 4, 5, 6 and 1 more",)),
    "the first line": (lambda x: put(x, 1, x[0].replace(b"opened", b"opener")), ("CHANGED: line 1",)),
    "the closing line": (lambda x: put(x, 8, x[7].replace(b'"at": "2', b'"at": "3')), ("CHANGED: line 8",)),
    "its digest": (lambda x: put(x, 4, x[3][:-67] + b"0" * 64 + b'"}}\n'), ("CHANGED: line 4, 5",)),
    "white space": (lambda x: put(x, 4, x[3].replace(b": ", b":")), ("CHANGED: line 4",)),
    "white space at the end": (lambda x: put(x, 4, x[3][:-1] + b" \n"), ("CHANGED: line 4",)),
    "a second member of that name": (
        lambda x: put(x, 4, x[3].replace(b'"text"', b'"text": "", "text"')),
        ("CHANGED: line 4",),
    ),
    "a member behind the link": (lambda x: put(x, 4, x[3][:-2] + b', "text": "x"}\n'), ("CHANGED: line 4",)),
    "a line without its link": (lambda x: put(x, 4, unchained(x[3])), ("CHANGED: line 4",)),
    "two without their link": (lambda x: put(x, 4, unchained(x[3])[:-1] + b"\n", *x[4:5]), ("CHANGED: line 4",)),
    "a link of another shape": (
        lambda x: put(x, 4, x[3].replace(b'"line": 4,', b'"line": "4",')),
        ("CHANGED: line 4",),
    ),
    "a line chained anew": (lambda x: put(x, 4, chained_anew(x[3], x[2])), ("CHANGED: line 5",)),
    "a line deleted": (lambda x: put(x, 4), ("MISSING: line 4",)),
    "lines deleted": (lambda x: [*x[:2], *x[5:]], ("MISSING: line 3 to 5",)),
    "lines deleted here and there": (lambda x: [x[0], x[2], x[4], *x[6:]], ("MISSING: line 2, 4, 6",)),
    "the first line deleted": (lambda x: x[1:], ("MISSING: line 1",)),
    "the second half alone": (lambda x: x[4:], ("MISSING: line 1 to 4",)),
    "two lines swapped": (lambda x: [*x[:3], x[4], x[3], *x[5:]], ("REORDERED: line 4",)),
    "turned round": (lambda x: x[::-1], ("REORDERED: line 7, 6, 5, 4, 3 and 2 more",)),
    "one moved to the end": (lambda x: [*x[:3], *x[4:], x[3]], ("REORDERED: line 4",)),
    "a line twice": (lambda x: [*x[:4], x[3], *x[4:]], ("UNLISTED: line 5",)),
    "the closing line twice": (lambda x: [*x, x[-1]], ("UNLISTED: line 9",)),
    "a line added": (lambda x: [*x[:4], unchained(x[3]), *x[4:]], ("UNLISTED: line 5",)),
    "a line added at the end": (lambda x: [*x, unchained(x[3])], ("UNLISTED: line 9",)),
    "a line chained to the end": (
        lambda x: [*x, chained_anew(x[3], x[7])],
        ("UNLISTED after the closing line: line 9",),
    ),
    "two lines chained to the end, one of which closes": (
        lambda x: [*x, more := chained_anew(x[3], x[7]), chained_anew(x[7], more)],
        ("UNLISTED after the closing line: line 9, 10",),
    ),
    "another number, chained anew": (
        lambda x: put(x, 8, chained_anew(x[7], x[6], after=10)),
        ("MISSING: line 8 to 10",),
    ),
    "a far number": (lambda x: [*x[:7], numbered(x[7], 10**12)], ("MISSING: line 8 to 999999999999",)),
    "a number below one": (lambda x: put(x, 4, numbered(x[3], -4)), ("CHANGED: line 4",)),
    "a number of none": (lambda x: put(x, 4, numbered(x[3], 0)), ("CHANGED: line 4",)),
    "a line of another run": (lambda x: [*x[:4], foreign(x), *x[4:]], ("FOREIGN: line 5 (of run bbbbbbb)",)),
    "a line in place of one": (
        lambda x: put(x, 4, foreign(x)),
        ("MISSING: line 4", "FOREIGN: line 4 (of run bbbbbbb)"),
    ),
    "the first line without its link": (lambda x: [unchained(x[0]), *x[1:]], ("CHANGED: line 1",)),
    "two lines without their links": (lambda x: [*x[:3], *map(unchained, x[3:5]), *x[5:]], ("CHANGED: line 4, 5",)),
    "the last line but one without its link": (lambda x: [*x[:6], unchained(x[6]), x[7]], ("CHANGED: line 7",)),
    "no line chained": (lambda x: [unchained(line) for line in x], ("UNLISTED: no line is chained",)),
}


@pytest.mark.parametrize("change", TAMPERED_LINES)
def test_what_was_done_to_a_journal_is_named(tmp_path: Path, change: str) -> None:
    tampering, named = TAMPERED_LINES[change]
    found = flaws(write(tmp_path), tampering)
    assert len(found) >= len(named)
    for flaw in named:
        assert any(each.startswith(flaw) for each in found), found


@pytest.mark.parametrize("run", ["aaaaaaa", 'a"b', "a\\b", "é", ""])
def test_a_line_names_its_run_whatever_it_is_called(run: str) -> None:
    line, link = make_line({"event": "opened", "run": f"2026-11-27T080000Z-{run}"}, START)
    assert (json.loads(line)["chain"]["run"], link.run) == (run, run)


def test_two_journals_that_were_mixed_are_told_apart(tmp_path: Path) -> None:
    path, other = write(tmp_path / "a"), write(tmp_path / "b", "2026-11-27T090000Z-bbbbbbb")
    theirs = other.read_bytes().splitlines(keepends=True)
    assert flaws(path, lambda own: [*own[:4], *theirs[4:]]) == (
        "FOREIGN: line 5 (of run bbbbbbb), 6 (of run bbbbbbb), 7 (of run bbbbbbb), 8 (of run bbbbbbb)",
    )


@pytest.mark.parametrize("key", ["event", "text", "at", "chain"])
def test_a_line_that_can_be_read_in_two_ways_is_named_although_the_chain_holds(tmp_path: Path, key: str) -> None:
    path, link = tmp_path / journal.NAME, START
    lines = []
    for text in write(tmp_path / "a").read_bytes().splitlines():
        event = {name: value for name, value in json.loads(text).items() if name != "chain"}
        body = make_line(event, link)[0][:-67]
        doubled = body.replace(f'"{key}": '.encode(), f'"{key}": "other", "{key}": '.encode(), 1)
        digest = hashlib.sha256(link.digest.encode() + doubled).hexdigest()
        lines.append(doubled + digest.encode() + b'"}}\n')
        link = Link(link.run or "aaaaaaa", link.line + 1, digest)
    path.write_bytes(b"".join(lines))

    found = journal.load(path).flaws
    assert found
    assert all(f"holds the key '{key}' twice in one object" in each for each in found)


def test_a_journal_as_it_was_written_has_no_flaw(tmp_path: Path) -> None:
    found = journal.load(write(tmp_path))
    assert found.flaws == ()
    assert found.head == json.loads((tmp_path / journal.NAME).read_bytes().splitlines()[-1])["chain"]["sha256"]
    assert all("chain" not in event for event in found.events)


def test_a_journal_that_was_cut_off_has_no_flaw_but_its_end(tmp_path: Path) -> None:
    whole = write(tmp_path).read_bytes()
    for length in range(len(whole)):
        (tmp_path / journal.NAME).write_bytes(whole[:length])
        found = journal.load(tmp_path / journal.NAME)
        assert found.flaws == ()
        assert not any(event["event"] == "closed" for event in found.events)


@given(place=st.integers(0, 10_000), new=st.integers(0, 255))
def test_no_byte_of_a_journal_can_be_another(tmp_path_factory: pytest.TempPathFactory, place: int, new: int) -> None:
    folder = tmp_path_factory.getbasetemp() / "bytes"
    path = folder / journal.NAME
    whole = path.read_bytes() if path.exists() else write(folder).read_bytes()
    place %= len(whole) - 1
    changed = whole[:place] + bytes((new,)) + whole[place + 1 :]
    other = folder / "changed.jsonl"
    other.write_bytes(changed)
    if changed == whole:
        assert journal.load(other).flaws == ()
        return
    assert is_refused(other)


def is_refused(path: Path) -> bool:
    try:
        return bool(journal.load(path).flaws)
    except JournalError:
        return True


def test_events_are_not_read_from_a_journal_that_was_edited(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"line 4", b"lime 4"))
    with pytest.raises(JournalError, match="was edited after it was written: CHANGED: line 4"):
        journal.read(path)


def test_the_chain_can_be_verified_by_a_few_lines_of_another_hand(tmp_path: Path) -> None:
    verifier = (
        "import hashlib, sys\n"
        "before = b''\n"
        "for line in open(sys.argv[1], 'rb').read().splitlines():\n"
        "    said, digest = line[:-67], line[-67:-3]\n"
        "    assert hashlib.sha256(before + said).hexdigest().encode() == digest, line\n"
        "    before = digest\n"
        "print(before.decode())\n"
    )
    path = write(tmp_path)
    done = subprocess.run([sys.executable, "-c", verifier, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == journal.load(path).head


def test_threads_and_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    script = (
        "import sys; from pathlib import Path; from prodgate.evidence.journal import Journal\n"
        "for n in range(100): Journal(Path(sys.argv[1])).write('note', text='x' * 3000, n=n)"
    )
    others = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda: [Journal(path).write("note", n=n) for n in range(100)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert [other.wait(240) for other in others] == [0, 0]
    found = journal.load(path)
    assert (len(found.events), found.flaws) == (600, ())
    assert all(one["at"] <= two["at"] for one, two in pairwise(found.events))


def test_half_a_line_of_a_writer_that_was_killed_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    Journal(path).write("note", text="one")
    with path.open("ab") as file:
        file.write(b'{"event": "note", "text": "tw')
    Journal(path).write("note", text="three")
    found = journal.load(path)
    assert ([event["text"] for event in found.events], found.flaws) == (["one", "three"], ())


def test_a_line_longer_than_what_is_read_at_once_is_followed(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    for other in (False, True):
        journal._LAST.clear()  # as another process
        Journal(path).write("note", text="x" * 200_000, other=other)
    journal._LAST.clear()
    Journal(path).write("note")
    assert journal.load(path).flaws == ()


def test_nothing_follows_on_a_line_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    Journal(path).write("note")
    with path.open("ab") as file:
        file.write(b'{"event": "finished"}\n')
    with pytest.raises(JournalError, match="its last line is none of the gate's; no run can rest on it"):
        Journal(path).write("note")


def test_a_journal_that_somebody_holds_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / journal.NAME
    Journal(path).write("note")
    monkeypatch.setattr(journal, "PATIENCE", 0.05)
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(JournalError, match=r"is held by another process for more than 0\.05 s"):
        Journal(path).write("note")
    os.close(descriptor)
    Journal(path).write("note")
    assert len(journal.read(path)) == 2


def test_a_head_stands_for_all_lines() -> None:
    one, first = make_line({"event": "opened", "run": "x-a"}, START)
    assert (first.run, first.line, one.endswith(f'"{first.digest}"}}}}'.encode())) == ("a", 1, True)
    same = [make_line({"event": "note", "text": "b"}, before)[1].digest for before in (first, START)]
    assert same[0] != same[1]


# ── A journal that is read

EVENTS = 30
#: Long texts, so that their memory exceeds Python's own.
SAID = {"layer": "live", "criterion": "c" * 3_000, "check": "k" * 3_000, "evidence": ["e" * 3_000]}


def write_long(folder: Path) -> Path:
    made = Journal(folder / journal.NAME)
    made.write("opened", run="2026-11-27T080000Z-aaaaaaa")
    for number in range(EVENTS):
        made.write("finding", subject=f"thing {number}", **SAID)
    return made.path


def test_what_all_events_say_is_held_once(tmp_path: Path) -> None:
    path = write_long(tmp_path)
    tracemalloc.start()
    try:
        found = journal.load(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    first, *_, last = found.events[1:]
    assert (first["criterion"], first["evidence"]) == (SAID["criterion"], SAID["evidence"])
    assert first["criterion"] is last["criterion"]
    assert first["evidence"][0] is last["evidence"][0]
    assert first["subject"] != last["subject"]
    assert not any("chain" in event for event in found.events)
    assert most < path.stat().st_size


def test_the_end_of_a_journal_that_was_cut_off_in_writing_is_left_out(tmp_path: Path) -> None:
    path = write_long(tmp_path)
    whole = journal.load(path)
    path.write_bytes(path.read_bytes() + b'{"event": "fin')
    assert journal.load(path) == whole
    assert len(whole.events) == EVENTS + 1
