"""Whatever becomes of the files of a run: it says what it said, or it is no GO and why is said in one line."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import Journal
from prodgate.verdict import Decision

from ..sample_run import ABOUT, CRITERIA, judge

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
    (run / "logs").mkdir()
    (run / "logs" / "static.txt").write_text("static: judging\n")
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
    """What a run says, as far as a verdict and its reader rest on it."""
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
    """Return why a run is refused, if it is, and whether it is no GO or says what the whole one says."""
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
