"""The history of runs: its days, strips, figures and page, from entries made by hand."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from prodgate.evidence import runs
from prodgate.report.history import (
    MARKS,
    MOST,
    MOST_DAYS,
    Entry,
    Night,
    arrange_weeks,
    list_nights,
    list_strips,
    list_trends,
    make_entry,
    render_history,
)
from tests.prodgate.conftest import Gate

from ..sample_run import ABOUT, CRITERIA, forge, judge
from .samples import criterion, failing, finding, run
from .test_summary import Page

# ── Entries of a history, made by hand

FAST = "182 ms (95 % each end: 170–190 ms, 2,995 requests)"
SLOW = "240 ms (95 % each end: 215.5–∞ ms, 2,995 requests)"
SHARE = "1 % (95 % each end: 0–2 %, 9 requests)"


def entry(day: str, verdict: str = "GO", **fields: object) -> Entry:
    given = {
        "run": f"{day}T181700Z-aaaaaaa", "journal": "0" * 64, "day": day, "verdict": verdict, "system": "shop", "target": "t",
    }  # fmt: skip
    return Entry(**{**given, **fields})  # type: ignore[arg-type]


def measured(day: str, text: str, machine: str = "", own: bool = True) -> Entry:
    return entry(day, machine=machine, figures={"latency-p95 on steady": (text, "< 200 ms", own)})


def uneven() -> list[Entry]:
    """Return days of all kinds: one is missing, one was refused, two were on two machines and in two units."""
    figures = {"a on steady": (FAST, "< 200 ms", True), "b on steady": (FAST, "", True)}
    return [
        entry("2026-11-01", machine="one", figures=figures),
        entry("2026-11-02", "", problem="CHANGED: journal.jsonl"),
        entry(
            "2026-11-04", "NO-GO", partial=True, machine="two", figures={**figures, "b on steady": (SHARE, "", True)}
        ),
    ]


HOSTILE = "<img src=x onerror=alert(1)> \u202e"


def states(nights: Sequence[Night]) -> list[str]:
    return [night.state for night in nights]


def test_a_night_that_is_missing_is_shown_and_no_run_fills_it() -> None:
    nights = list_nights([entry("2026-11-02"), entry("2026-11-05", "NO-GO")])
    assert states(nights) == ["GO", "missing", "missing", "NO-GO"]
    assert nights[1].tell() == "2026-11-03: no run, so undetermined"
    assert states(list_nights([entry("2026-11-02")], date(2026, 11, 4))) == ["GO", "missing", "missing"]
    assert states(list_nights([entry("2026-11-02")], date(2026, 10, 1))) == ["GO"]
    assert list_nights([]) == []


def test_the_last_whole_run_counts_for_a_night_and_one_that_was_changed_outweighs_it() -> None:
    whole = entry("2026-11-02", run="2026-11-02T010000Z-aaaaaaa")
    part = entry("2026-11-02", "NO-GO", run="2026-11-02T020000Z-aaaaaaa", partial=True)
    (night,) = list_nights([part, whole])
    assert (night.entry, night.mark, night.runs) == (whole, "✓", 2)
    (alone,) = list_nights([part])
    assert alone.mark == "(×)"
    assert "partial NO-GO" in alone.tell()
    assert alone.tell().endswith("run 2026-11-02T020000Z-aaaaaaa")
    assert night.tell().endswith("run 2026-11-02T010000Z-aaaaaaa, the last whole one of 2 runs")
    bad = entry("2026-11-02", "", run="2026-11-02T000000Z-aaaaaaa", problem="CHANGED: journal.jsonl")
    (refused,) = list_nights([part, whole, bad])
    assert refused.state == "refused"
    assert "CHANGED" in refused.tell()
    assert refused.tell().endswith(", one of 3 runs")


@pytest.mark.parametrize(
    ("verdicts", "shown"),
    [
        (("NO-GO", "INSUFFICIENT EVIDENCE", "GO"), "NO-GO, run 2026-11-02T010000Z-aaaaaaa"),
        (("INSUFFICIENT EVIDENCE", "GO"), "INSUFFICIENT EVIDENCE, run 2026-11-02T010000Z-aaaaaaa"),
        (("GO", "GO"), "GO, run 2026-11-02T020000Z-aaaaaaa"),
    ],
)
def test_a_night_without_a_whole_run_is_as_good_as_its_worst(verdicts: tuple[str, ...], shown: str) -> None:
    parts = [
        entry("2026-11-02", verdict, run=f"2026-11-02T0{n}0000Z-aaaaaaa", partial=True)
        for n, verdict in enumerate(verdicts, start=1)
    ]
    (night,) = list_nights(parts)
    assert night.tell() == f"2026-11-02: partial {shown}, the worst of {len(parts)} runs, none of them whole"


def test_weeks_begin_on_monday_and_have_every_night_once() -> None:
    nights = list_nights([entry("2026-11-01"), entry("2026-11-09")])
    weeks = arrange_weeks(nights)
    assert [monday for monday, _ in weeks] == ["2026-10-26", "2026-11-02", "2026-11-09"]
    assert [night for _, cells in weeks for night in cells if night] == nights
    assert weeks[0][1][:6] == [None] * 6


def test_a_long_history_keeps_the_latest_days() -> None:
    nights = list_nights([entry("2025-01-01"), entry("2026-11-09")])
    assert (len(nights), nights[-1].day, nights[0].state) == (MOST_DAYS, date(2026, 11, 9), "missing")


def test_a_criterion_has_a_line_with_a_mark_for_each_day() -> None:
    nights = list_nights(
        [
            entry("2026-11-01", criteria={"a": "satisfied", "b": "satisfied"}),
            entry("2026-11-03", criteria={"a": "not-satisfied", "c": "waived"}),
        ]
    )
    lines = {strip.criterion: "".join(mark for mark, _, _ in strip.cells) for strip in list_strips(nights)}
    assert lines == {"a": "✓–×", "c": " –W", "b": "✓– "}
    assert {strip.criterion: strip.steady for strip in list_strips(nights)} == {"a": False, "b": True, "c": False}


def drawn(entries: Sequence[Entry]) -> list[int]:
    """How many points each part of the line has."""
    ((trend,), _) = list_trends(list_nights(entries))
    return [path.count(" ") for style, path in trend.panel.shapes if style == "line"]


def test_a_trend_has_gaps_where_nights_are_missing() -> None:
    days = ("2026-11-01", "2026-11-02", "2026-11-04", "2026-11-05", "2026-11-06")
    entries = [measured(day, FAST if n % 2 else SLOW) for n, day in enumerate(days)]
    assert drawn(entries) == [2, 3]
    ((trend,), _) = list_trends(list_nights(entries))
    assert trend.tell().endswith("days without one, where the line has a gap: 1.")
    assert dict(trend.rows)["2026-11-03"] == "no run that counts"
    assert [label.text for label in trend.labels] == ["2026-11-01", "2026-11-06", "200 ms"]


def test_a_trend_is_broken_between_machines_where_they_matter() -> None:
    entries = [measured(f"2026-11-0{n}", FAST, machine="two" if n > 2 else "one") for n in range(1, 5)]
    assert drawn(entries) == [2, 2]
    ((trend,), _) = list_trends(list_nights(entries))
    assert "Measured on 2 machines" in trend.tell()
    assert drawn([replace(each, figures={"x on y": (FAST, "", False)}) for each in entries]) == [4]


def test_a_figure_of_one_night_has_no_trend() -> None:
    assert list_trends(list_nights([measured("2026-11-01", FAST), entry("2026-11-02")])) == ([], [])


def test_a_figure_that_is_not_drawn_is_named() -> None:
    many = {f"f{n:02} on steady": (FAST, "< 200 ms", True) for n in range(MOST + 1)}
    nights = [
        entry(day, figures={**many, "f00 on steady": (text, "", True)})
        for day, text in (("2026-11-01", FAST), ("2026-11-02", SHARE))
    ]
    trends, undrawn = list_trends(list_nights(nights))
    assert [trend.name for trend in trends] == [f"f{n:02} on steady" for n in range(1, MOST + 1)]
    assert undrawn == ["f00 on steady"]
    more = [replace(each, figures={**each.figures, "g on steady": (FAST, "", True)}) for each in nights]
    page = render_history(more)
    assert "2 more figures are not drawn" in page
    assert "<li><code>g on steady</code>" in page


def test_says_that_a_long_history_is_cut() -> None:
    assert (
        f"Of the days before {date(2026, 11, 9) - timedelta(days=MOST_DAYS - 1)} nothing is shown."
        in render_history([entry("2025-01-01"), entry("2026-11-09")])
    )
    assert "nothing is shown" not in render_history([entry("2026-11-09")])


def test_an_entry_says_what_its_run_says() -> None:
    stated = [criterion("a", layers=("static", "live"), where_present=True), criterion("b", layers=("load",))]
    seen = [
        failing("a"), finding("a", "satisfied", layer="live", check="t"),
        finding("b", "satisfied", "steady", layer="load", check="t", observed=FAST, expected="< 200 ms"),
    ]  # fmt: skip
    made = make_entry(run(stated, seen), "1" * 64)
    assert (made.verdict, made.day, made.partial) == ("NO-GO", "2026-11-24", False)
    assert made.criteria == {"a": "not-satisfied", "b": "satisfied"}
    assert made.figures == {"b on steady": (FAST, "< 200 ms", True)}
    assert Entry.from_json(json.loads(json.dumps(asdict(made)))) == made
    assert make_entry(run(stated, seen, layers=("static",)), "").partial
    assert make_entry(run(stated, seen, finished=False), "").partial
    assert make_entry(run(stated, seen, moment="before"), "").partial


def test_the_page_shows_all_of_it_and_runs_nothing() -> None:
    entries = [
        measured("2026-11-01", FAST), measured("2026-11-02", SLOW), entry("2026-11-03", target="another"),
        entry("2026-11-04", "NO-GO", criteria={HOSTILE: "undetermined"}), entry("2026-11-05", "INSUFFICIENT EVIDENCE"),
        entry("2026-11-06", "", problem=HOSTILE),
    ]  # fmt: skip
    text = render_history(entries)
    assert not {"script", "img", "iframe"} & {tag for tag, _ in Page(text).tags}
    assert "&lt;img src=x" in text
    assert "\u202e" not in text
    assert "Runs of other systems or targets that are not shown: 1." in text
    for state in MARKS:
        assert f'{state} <span class="count">{2 if state == "GO" else 1}</span>' in text, state
    assert render_history(entries) == text
    assert "There is no run in this folder." in render_history([])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    judge(runs.create(tmp_path / "runs", ABOUT, tmp_path / "criteria.toml", tmp_path / "none.toml"))
    return tmp_path / "runs"


def test_the_command_writes_the_page_and_remembers_what_it_read(folder: Path, gate: Gate) -> None:
    assert gate("history", folder).out == f"history: {folder / 'history.html'}, of 1 run\n"
    first = (folder / "history.html").read_bytes(), (folder / "history.jsonl").read_bytes()
    gate("history", folder)
    assert ((folder / "history.html").read_bytes(), (folder / "history.jsonl").read_bytes()) == first


def remember(folder: Path, **fields: object) -> None:
    """Write something else into the one line of an index."""
    said = json.loads((folder / "history.jsonl").read_text("utf-8"))
    (folder / "history.jsonl").write_text(json.dumps({**said, **fields}) + "\n", "utf-8")


def test_an_index_that_was_edited_changes_no_verdict_of_a_run_that_is_there(gate: Gate, folder: Path) -> None:
    gate("history", folder)
    first = (folder / "history.html").read_bytes(), (folder / "history.jsonl").read_bytes()
    remember(folder, verdict="NO-GO", partial=False, criteria={"backup-retention": "not-satisfied"})
    gate("history", folder)
    assert ((folder / "history.html").read_bytes(), (folder / "history.jsonl").read_bytes()) == first


def test_evidence_that_was_changed_since_a_run_was_read_is_refused(gate: Gate, folder: Path) -> None:
    gate("history", folder)
    (made,) = folder.glob("*Z-*")
    changed = next((made / "evidence").iterdir())
    changed.write_text("something else")
    gate("history", folder)
    assert f"CHANGED: evidence/{changed.name}" in json.loads((folder / "history.jsonl").read_text("utf-8"))["problem"]


def test_a_run_that_is_gone_is_shown_as_the_index_alone_knows_it_until_it_is_back(gate: Gate, folder: Path) -> None:
    gate("history", folder)
    whole = (folder / "history.html").read_bytes(), (folder / "history.jsonl").read_bytes()
    assert b"gone" not in whole[0]
    (made,) = folder.glob("*Z-*")
    made.rename(folder.parent / "away")
    remember(folder, gone=False, verdict="NO-GO")
    gate("history", folder)
    page = (folder / "history.html").read_text("utf-8")
    assert f"NO-GO, run {made.name}, which is gone: history.jsonl alone says so" in page
    assert "Runs that are gone, of which nothing but history.jsonl tells: 1." in page
    (folder.parent / "away").rename(made)
    gate("history", folder)
    assert ((folder / "history.html").read_bytes(), (folder / "history.jsonl").read_bytes()) == whole


def test_a_run_that_is_gone_stays_in_the_history_and_one_that_was_changed_is_refused(gate: Gate, folder: Path) -> None:
    gate("history", folder)
    (made,) = folder.glob("*Z-*")
    today, written = f"{datetime.now(UTC):%Y-%m-%d}", made / "journal.jsonl"
    written.write_text(written.read_text("utf-8").replace("satisfied", "undetermined"), "utf-8")
    gate("history", folder)
    said = json.loads((folder / "history.jsonl").read_text("utf-8"))
    assert (said["verdict"], said["problem"]) == ("", "its journal is not the one that was read before")
    forge(made)
    assert runs.read(made).finished, "its chain is whole again"
    for _ in range(2):
        gate("history", folder)
        said = json.loads((folder / "history.jsonl").read_text("utf-8"))
        assert said["problem"] == "its journal is not the one that was read before"
    made.rename(folder.parent / "away")
    gate("history", folder)
    assert f"{today}: {made.name} was refused" in (folder / "history.html").read_text("utf-8")


def test_a_run_that_was_changed_before_it_was_read_is_refused(gate: Gate, folder: Path) -> None:
    (made,) = folder.glob("*Z-*")
    (made / "logs").mkdir()
    (made / "logs" / "more.txt").write_text("what the run did not write")
    gate("history", folder)
    assert "UNLISTED: logs/more.txt" in json.loads((folder / "history.jsonl").read_text("utf-8"))["problem"]


def test_a_run_that_goes_on_is_read_again(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    made = runs.create(tmp_path / "runs", ABOUT, tmp_path / "criteria.toml", tmp_path / "none.toml")
    judge(made, close=False)
    for closed in (False, True):
        gate("history", made.parent)
        said = json.loads((made.parent / "history.jsonl").read_text("utf-8"))
        assert (said["closed"], said["problem"]) == (closed, "")
        runs.close(made)


@pytest.mark.parametrize("text", ["[1]\n", '{"run": "x"}\n', "no JSON\n"])
def test_another_file_in_the_place_of_the_index_is_refused(folder: Path, text: str, gate: Gate) -> None:
    (folder / "history.jsonl").write_text(text)
    assert "is no index of runs" in gate("history", folder, ends=4).err
    gate("history", folder / "nowhere", ends=4)


@pytest.mark.parametrize("said", [{"verdict": "MAYBE"}, {"criteria": {"backup-retention": "perhaps"}}])
def test_an_index_with_what_no_run_says_is_refused(folder: Path, said: dict[str, object], gate: Gate) -> None:
    gate("history", folder)
    remember(folder, **said)
    assert "is no index of runs" in gate("history", folder, ends=4).err
