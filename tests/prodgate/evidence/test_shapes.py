"""A value of another kind in what a run wrote is named by its key, also where the chain of the journal holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence import runs
from prodgate.evidence.journal import NAME, Journal
from prodgate.evidence.shapes import find_flaw_in_about, find_flaw_in_event
from prodgate.evidence.verification import list_files

from ..sample_run import ABOUT, CRITERIA, judge
from ..samples import finding

FINDING = {"event": "finding", **finding().to_json()}
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"event": "finding", "layer": "static"}, "it lacks 'check'"),
        ({**FINDING, "outcome": "great"}, "outcome: is 'great', not an outcome"),
        ({**FINDING, "mood": "good"}, "'mood' is no key of a finding"),
        ({**FINDING, "subject": None}, "subject: is None, not a text"),
        ({**FINDING, "where": [1]}, "where: is .1., not a list of texts"),
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


def test_a_value_that_cannot_be_shown_is_named_all_the_same() -> None:
    said = find_flaw_in_event({"event": "note", "at": "2026-11-24T13:00:00+00:00", "layer": 10**5000, "text": ""})
    assert said == "layer: is a int that can't be shown, not a text"
