"""The days before a run, as its report shows them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence import runs
from prodgate.report.catalogue import FILES
from prodgate.run import nights
from prodgate.run.nights import MOST, read_nights
from prodgate.run.publishing import publish
from tests.prodgate.sample_run import ABOUT, CRITERIA, forge, judge, move


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    return tmp_path


def make(folder: Path, day: str, hour: int = 1, **about: Any) -> Path:
    """Make a run that began on a day."""
    made = runs.create(folder / "runs", {**ABOUT, **about}, folder / "criteria.toml", folder / "none.toml")
    judge(made)
    moved = move(made, f"{day}T{hour:02}0000Z-aaaaaaa")
    forge(moved, started=f"{day}T{hour:02}:00:00+00:00")
    return moved


def shown(run: Path) -> Mapping[str, str]:
    """Return the last run of each day that is shown, or why there is none."""
    return {f"{each.day}": each.entry.run[:13] if each.entry else each.state for each in read_nights(runs.read(run))}


def test_shows_the_last_run_of_each_day_and_the_days_without_one(folder: Path) -> None:
    for day, hour in (("2026-11-01", 1), ("2026-11-01", 2), ("2026-11-03", 1), ("2026-11-04", 2), ("2026-11-05", 1)):
        make(folder, day, hour)
    found = shown(make(folder, "2026-11-04", 1))
    assert found == {
        "2026-11-01": "2026-11-01T02",
        "2026-11-02": "missing",
        "2026-11-03": "2026-11-03T01",
        "2026-11-04": "2026-11-04T01",
    }


def test_shows_nothing_where_no_run_of_the_same_is_on_an_earlier_day(folder: Path) -> None:
    make(folder, "2026-11-03", target="rehearsal://another")
    make(folder, "2026-11-04", 1)
    make(folder, f"2026-11-{4 + MOST:02}")
    assert shown(make(folder, "2026-11-04", 2)) == {}
    assert shown(make(folder, f"2026-11-{3 + MOST:02}"))


def test_runs_that_are_not_shown_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for hour in (1, 2):
        make(folder, "2026-11-03", hour)
    other, own = make(folder, "2026-11-04", 1), make(folder, "2026-11-04", 2)
    read = list[Path]()
    monkeypatch.setattr(nights, "read_entry", read.append)
    read_nights(runs.read(own))
    assert other not in read
    assert [path.name[:13] for path in read] == ["2026-11-03T02"]


def test_a_run_that_was_changed_is_refused_and_takes_nothing_from_another(folder: Path) -> None:
    changed, own = make(folder, "2026-11-03"), make(folder, "2026-11-04")
    before = publish(make(folder, "2026-11-02"), as_json=True)
    (changed / "run.json").write_bytes(b"\x00")
    (folder / "runs" / "2026-11-00Z-x").mkdir()
    assert publish(own, as_json=True) == before
    assert [each.state for each in read_nights(runs.read(own))][-2:] == ["refused", "GO"]


def test_a_pipe_in_the_place_of_a_run_keeps_nobody_waiting(folder: Path) -> None:
    own = make(folder, "2026-11-04")
    other = folder / "runs" / "2026-11-03T010000Z-aaaaaaa"
    other.mkdir()
    os.mkfifo(other / "run.json")
    assert [each.state for each in read_nights(runs.read(own))] == ["refused", "GO"]


@pytest.mark.parametrize("language", FILES)
def test_the_report_says_it(folder: Path, language: str) -> None:
    earlier, own = make(folder, "2026-11-02"), make(folder, "2026-11-04")
    publish(own, as_json=True)
    page = (own / FILES[language]).read_text("utf-8")
    assert 'id="nights"' in page
    assert earlier.name in page
    assert ("no run" if language == "en" else "実行なし") in page
    assert ("journal alone" if language == "en" else "ジャーナルだけ") not in page
    publish(earlier, as_json=True)
    assert 'id="nights"' not in (earlier / FILES[language]).read_text("utf-8")
