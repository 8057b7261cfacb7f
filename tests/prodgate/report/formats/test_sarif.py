import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from prodgate.evidence.runs import Run
from prodgate.report.formats.sarif import MOST_RESULTS, render_sarif
from prodgate.report.formats.source import Source, read_source

from .conftest import go, hostile, insufficient, many

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
for _part in ("run", "toolComponent"):
    del SCHEMA["definitions"][_part]["properties"]["language"]["pattern"]  # which is no regular expression
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)


def sarif(source: Source) -> dict[str, Any]:
    text = render_sarif(source)
    log = json.loads(text)
    VALIDATOR.validate(log)
    assert render_sarif(source) == text
    assert len(log["runs"]) == 1
    found: dict[str, Any] = log["runs"][0]
    return found


def by_outcome(made: dict[str, Any], outcome: str) -> list[dict[str, Any]]:
    return [result for result in made["results"] if result["properties"]["outcome"] == outcome]


def test_every_alert_is_a_result_and_every_result_has_a_place(source: Source) -> None:
    made = sarif(source)
    verdict = source.verdict
    expected = [
        f for f in (*verdict.findings, *verdict.waivers) if f.outcome in ("not-satisfied", "undetermined", "waived")
    ]
    assert len(made["results"]) == len(expected) > 50
    for outcome in ("not-satisfied", "undetermined", "waived"):
        assert len(by_outcome(made, outcome)) == sum(f.outcome == outcome for f in expected) > 0
    assert all(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in made["results"])
    assert {result["level"] for result in by_outcome(made, "not-satisfied")} == {"error"}
    assert {result["level"] for result in by_outcome(made, "undetermined")} == {"warning", "note"}


def test_a_waived_finding_is_suppressed_and_nothing_else_is(source: Source) -> None:
    made = sarif(source)
    suppressed = [result for result in made["results"] if "suppressions" in result]
    assert suppressed == by_outcome(made, "waived")
    (said,) = suppressed[0]["suppressions"]
    assert (said["kind"], said["status"]) == ("external", "accepted")
    assert said["justification"] == (
        "W-7: The vendor's log forwarder is replaced in December. (owner sato, approver tanaka, until 2026-12-31)"
    )


def test_a_finding_stands_where_it_was_found_else_where_it_is_stated(source: Source) -> None:
    made = sarif(source)

    def places(outcome: str, criterion: str) -> set[tuple[str, int]]:
        found = [r["locations"][0]["physicalLocation"] for r in by_outcome(made, outcome) if r["ruleId"] == criterion]
        return {(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in found}

    assert ("terraform/modules/database/main.tf", 41) in places("not-satisfied", "backup-retention")
    assert places("undetermined", "backup-retention") == {("criteria.toml", 4)}
    assert places("not-satisfied", "waivers") == {("waivers.toml", 3)}
    assert places("undetermined", "waivers") == {("waivers.toml", 1)}


@pytest.mark.parametrize(
    ("made", "decision", "code", "level"),
    [
        (go(), "GO", 0, "note"),
        (many(1), "NO-GO", 1, "error"),
        (insufficient(), "INSUFFICIENT EVIDENCE", 2, "warning"),
    ],
)
def test_the_verdict_is_said(made: Source, decision: str, code: int, level: str) -> None:
    found = sarif(made)
    (invocation,) = found["invocations"]
    (said,) = invocation["toolExecutionNotifications"]
    assert (invocation["exitCode"], invocation["exitCodeDescription"], said["level"]) == (code, decision, level)
    assert decision in said["message"]["text"]
    assert found["properties"]["verdict"] == decision


def test_a_rehearsal_and_a_part_of_the_layers_have_categories_of_their_own() -> None:
    ids = [sarif(made)["automationDetails"]["id"] for made in (go(), go(rehearsal=True), go(partial=True))]
    assert len({id_.rpartition("/")[0] for id_ in ids}) == 3
    said = sarif(go(partial=True))["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert said.startswith("PARTIAL GO for nba-news")
    assert "left out: live" in said


@pytest.mark.slow
def test_the_limits_of_code_scanning_are_kept_and_what_was_cut_is_said() -> None:
    text = render_sarif(many(MOST_RESULTS + 3))
    made = json.loads(text)["runs"][0]
    assert len(made["results"]) == MOST_RESULTS
    assert "3 results beyond 25,000 were left out" in json.dumps(made["invocations"])
    assert len(gzip.compress(text.encode())) < 10_000_000
    assert len(made["tool"]["driver"]["rules"]) == 1


def test_a_cut_off_run_is_no_success(whole: Run) -> None:
    made = sarif(read_source(Run(**{**{n: getattr(whole, n) for n in whole.__slots__}, "finished": None})))
    assert made["invocations"][0]["executionSuccessful"] is False
    assert "the run was cut off" in json.dumps(made["invocations"])


def test_hostile_texts_stay_texts() -> None:
    made = sarif(hostile())
    messages = "".join(result["message"]["text"] for result in made["results"])
    assert not {"\x00", "\x1b", "\r", "\n", "\u202e", "\ud800"} & set(messages)
    assert "日本語" in messages


def test_the_fingerprint_of_a_finding_is_the_same_in_the_next_run() -> None:
    one, other = sarif(many(2)), sarif(many(3))
    prints = [{r["partialFingerprints"]["prodGate/v1"] for r in made["results"]} for made in (one, other)]
    assert prints[0] < prints[1]
