"""A run directory that was changed after it was written is refused, and what was done to it is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import NAME, Journal
from prodgate.verdict import Decision

from ..sample_run import ABOUT, CRITERIA, forge, judge


def make(folder: Path) -> Path:
    """Make a judged run with a fact and a log."""
    folder.mkdir(exist_ok=True)
    (folder / "criteria.toml").write_text(CRITERIA, "utf-8")
    (folder / "waivers.toml").write_text("# none\n", "utf-8")
    run = runs.create(folder / "runs", ABOUT, folder / "criteria.toml", folder / "waivers.toml")
    digest = artifacts.store_json(run, {"made in": folder.name})
    Journal.of(run).record_fact("static", "configuration", "infra", digest, "core")
    (run / "logs").mkdir()
    (run / "logs" / "static.txt").write_text("static: judging\n")
    judge(run)
    return run


def evidence(run: Path, suffix: str) -> Path:
    """The last file of evidence with that suffix."""
    return sorted((run / "evidence").glob(f"*{suffix}"))[-1]


def edit(name: str, old: str, new: str) -> Callable[[Path, Path], None]:
    """Return what replaces a text in a file of the run."""

    def change(run: Path, other: Path) -> None:
        text = (run / name).read_text("utf-8")
        assert old in text
        (run / name).write_text(text.replace(old, new), "utf-8")

    return change


def rewrite(key: str, value: object) -> Callable[[Path, Path], None]:
    """Return what sets a key of run.json."""

    def change(run: Path, other: Path) -> None:
        about = json.loads((run / "run.json").read_text("utf-8"))
        (run / "run.json").write_text(json.dumps({**about, key: value}), "utf-8")

    return change


def drop_lines(word: str) -> Callable[[Path, Path], None]:
    """Return what takes out the lines of the journal that hold a word."""

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
    """Let run.json name other criteria, which are there under their digest."""
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
    (moved / "report.html").write_text("a report that was written again")
    (moved / "notes.txt").write_text("what somebody thinks of it")
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
    """An unkeyed chain can't prevent this; the head that was kept elsewhere tells."""
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
