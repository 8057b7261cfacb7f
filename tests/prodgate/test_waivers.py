"""Waivers cover what they name, for a while, and rot loudly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.findings import Outcome
from prodgate.sections.waivers_file import WaiverError, load_waivers, parse_waivers
from prodgate.waivers import apply_waivers

from .samples import NOW, finding, waiver

OPEN = finding(Outcome.NOT_SATISFIED)


def test_a_sound_waiver_covers_what_it_names() -> None:
    (covered,), (state,) = apply_waivers([OPEN], [waiver()], NOW)
    assert (covered.outcome, covered.waiver) == (Outcome.WAIVED, "short-retention")
    assert state.outcome is Outcome.SATISFIED


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"reason": " "}, "gives no reason"),
        ({"owner": ""}, "has no owner"),
        ({"approver": ""}, "has no approver"),
        ({"approver": "ana@example.com"}, "approved by its own owner"),
        ({"approver": "Ana@Example.com "}, "approved by its own owner"),
        ({"expires": date(2027, 2, 1)}, "lives longer than 90 days"),
        ({"expires": date(2026, 10, 1)}, "expires before it opens"),
        ({"subject": "*"}, "covers every subject"),
        ({"subject": "*_*"}, "covers every subject"),
        ({"subject": "module.*.aws_*[*]"}, "covers every subject"),
        ({"expires": date(2026, 11, 23)}, "expired on 2026-11-23"),
        ({"opened": date(2026, 11, 25)}, "opens only on 2026-11-25"),
    ],
)
def test_an_unsound_waiver_covers_nothing_and_says_why(changes: dict[str, Any], fault: str) -> None:
    (still,), (state,) = apply_waivers([OPEN], [waiver(**changes)], NOW)
    assert still.outcome is Outcome.NOT_SATISFIED
    assert state.outcome is Outcome.NOT_SATISFIED
    assert fault in state.observed


def test_the_last_day_counts_in_full() -> None:
    last = waiver(expires=date(2026, 12, 24))
    assert last.in_force(datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC))
    assert not last.in_force(datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC) + timedelta(seconds=1))


def test_an_over_broad_waiver_covers_nothing() -> None:
    both = [finding(Outcome.NOT_SATISFIED, subject=f"aws_rds_cluster.{name}") for name in "ab"]
    findings, (state,) = apply_waivers(both, [waiver(subject="aws_rds_cluster.*")], NOW)
    assert all(f.outcome is Outcome.NOT_SATISFIED for f in findings)
    assert "matches 2 findings, not 1 at most" in state.observed
    findings, (state,) = apply_waivers(both, [waiver(subject="aws_rds_cluster.*", most=2)], NOW)
    assert all(f.outcome is Outcome.WAIVED for f in findings)
    assert state.outcome is Outcome.SATISFIED


@pytest.mark.parametrize("outcome", [Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE])
def test_nothing_but_not_satisfied_is_covered(outcome: Outcome) -> None:
    (same,), (state,) = apply_waivers([finding(outcome)], [waiver()], NOW)
    assert same.outcome is outcome
    assert state.outcome is Outcome.UNDETERMINED


def test_a_stale_waiver_blocks_a_whole_run_and_not_a_partial_one() -> None:
    _, (whole,) = apply_waivers([], [waiver()], NOW)
    _, (partial,) = apply_waivers([], [waiver()], NOW, whole=False)
    assert (whole.outcome, partial.outcome) == (Outcome.UNDETERMINED, Outcome.NOT_APPLICABLE)


def test_brackets_in_addresses_are_not_patterns() -> None:
    indexed = finding(Outcome.NOT_SATISFIED, subject='aws_subnet.this["a"]')
    assert waiver(subject='aws_subnet.this["a"]').names(indexed)
    assert not waiver(subject="aws_subnet.this[ab]").names(finding(subject="aws_subnet.thisa"))


VALID = """
[waivers.one]
covers = "PG_REC_1"
subject = "aws_rds_cluster.this"
reason = "r"
owner = "a"
approver = "b"
opened = 2026-11-01
expires = 2026-12-01
"""


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("= 3", ["waivers.toml: is not TOML:"]),
        ("[other]", ["waivers.toml: other: is not a section; write [waivers.<id>]"]),
        ("waivers = 3", ["waivers.toml: waivers: is not a table"]),
        ("[waivers]\none = 3", ["waivers.toml: waivers.one: is not a table"]),
        (
            VALID.replace("owner", "owmer"),
            ["waivers.one.owner: is missing", "owmer: is not a key; did you mean 'owner'?"],
        ),
        (VALID.replace("2026-12-01", '"2026-12-01"'), ["waivers.one.expires: is '2026-12-01'; write a date without"]),
        (VALID + "most = 0", ["waivers.one.most: is 0; write a whole number"]),
        (VALID.replace('"r"', "3"), ["waivers.one.reason: is 3; write a text"]),
    ],
)
def test_each_mistake_in_the_file_is_a_line(text: str, messages: list[str]) -> None:
    with pytest.raises(WaiverError) as refused:
        parse_waivers(text, Path("waivers.toml"))
    lines = str(refused.value).splitlines()
    assert len(lines) == len(messages)
    for line, message in zip(lines, messages, strict=True):
        assert line.startswith("waivers.toml: ")
        assert message in line


def test_a_valid_file_is_read_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    assert [w.id for w in parse_waivers(VALID, tmp_path)] == ["one"]
    assert load_waivers(tmp_path / "waivers.toml") == ()
    with pytest.raises(WaiverError, match="can't be read|cannot be read"):
        load_waivers(tmp_path)
