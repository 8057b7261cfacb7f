"""Waivers cover what they name, for a while, and rot loudly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.findings import Finding, Outcome
from prodgate.sections.waivers_file import WaiverError, load_waivers, parse_waivers
from prodgate.waivers import apply_waivers

from .samples import NOW, finding, waiver

OPEN = finding(Outcome.NOT_SATISFIED)
PLAIN = replace(OPEN, expected="on", observed="off")


@pytest.mark.parametrize(
    ("changes", "seen", "says"),
    [
        ({}, [{"aspect": "CPU"}], 'says not which fault of aws_rds_cluster.this was accepted; write aspect = "CPU"'),
        ({"aspect": "CPU"}, [{"aspect": "CPU"}], ""),
        ({"aspect": "*"}, [{"aspect": "CPU"}], ""),
        ({"covers": "backup-retention", "aspect": "memory"}, [{"aspect": "CPU"}], "covers no finding"),
        ({"covers": "backup-retention"}, [{}], ""),
        ({"covers": "backup-retention"}, [{}, {"check": "PG_REC_2", "outcome": Outcome.SATISFIED}], "says not which of PG_REC_1, PG_REC_2"),
        ({"covers": "backup-retention", "most": 2}, [{}, {"check": "PG_REC_2"}], "says not which of PG_REC_1, PG_REC_2"),
        ({"covers": "PG_REC_1"}, [{}, {"check": "PG_REC_2", "outcome": Outcome.SATISFIED}], ""),
        ({"covers": "backup-retention"}, [{}, {"check": "PG_REC_2", "subject": "aws_rds_cluster.other"}], ""),
        ({"covers": "backup-retention"}, [{"check": "backup-retention"}, {"outcome": Outcome.SATISFIED}], ""),
        ({"covers": "backup-retention"}, [{"check": "backup-retention", "outcome": Outcome.SATISFIED}, {}], "covers no finding"),
        ({"covers": "backup-retention"}, [{"check": "CKV_AWS_133"}], 'says not which of the checks of Checkov found what was accepted; write covers = "CKV_AWS_133"'),
        ({"covers": "CKV_AWS_133"}, [{"check": "CKV_AWS_133"}], ""),
    ],
)  # fmt: skip
def test_a_waiver_says_which_fault_was_accepted(changes: dict[str, Any], seen: list[dict[str, Any]], says: str) -> None:
    """Another one would come in its place and be covered, too."""
    found = [replace(PLAIN, **each) for each in seen]
    covered, (state,) = apply_waivers(found, [waiver(**changes)], NOW)
    assert (state.outcome is Outcome.SATISFIED, Outcome.WAIVED in {each.outcome for each in covered}) == (
        not says,
        not says,
    )
    assert state.reason.startswith(says)


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
        ({"subject": "*a*"}, "covers every subject"),
        ({"subject": "**"}, "covers every subject"),
        ({"subject": "?*"}, "covers every subject"),
        ({"subject": "????????????????????"}, "covers every subject"),
        ({"subject": "*s3*"}, "covers every subject"),
        ({"subject": "*\u200b\u200b\u200b*"}, "covers every subject"),
        ({"subject": "*aws_*"}, "covers every subject"),
        ({"subject": "data.aws_*.*"}, "covers every subject"),
        ({"most": 100_000}, "covers more than 25"),
        ({"reason": "\u200b"}, "gives no reason"),
        ({"reason": "\u2060\ufeff"}, "gives no reason"),
        ({"reason": "\u3164\u115f"}, "gives no reason"),
        ({"reason": "… – !"}, "gives no reason"),
        ({"reason": "tbd"}, "gives no reason"),
        ({"reason": "xxxxxx"}, "gives no reason"),
        ({"owner": "\u200b"}, "has no owner"),
        ({"approver": "n/a"}, "has no approver"),
        ({"approver": "ana@ example.com"}, "approved by its own owner"),
        ({"approver": "a\u200bna@example.com"}, "approved by its own owner"),
        ({"approver": "ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ"}, "approved by its own owner"),
        ({"owner": "Zo\u00eb", "approver": "Zoe\u0308"}, "approved by its own owner"),
        ({"owner": "Straße", "approver": "STRASSE"}, "approved by its own owner"),
        ({"approver": "Ana <ANA@example.com>"}, "approved by its own owner"),
        ({"approver": "ana+security@example.com"}, "approved by its own owner"),
        ({"approver": "an\u0430@example.com"}, "mixes letters of several scripts"),
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
    assert "matches 2 findings, not 1; narrow" in state.observed
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


def test_a_waiver_covers_exactly_as_many_findings_as_it_says() -> None:
    both = [finding(Outcome.NOT_SATISFIED, subject=f"aws_rds_cluster.{name}") for name in "ab"]
    three = waiver(subject="aws_rds_cluster.*", most=3)
    findings, (state,) = apply_waivers(both, [three], NOW)
    assert all(f.outcome is Outcome.WAIVED for f in findings)
    assert (state.outcome, "write most = 2" in state.reason) == (Outcome.UNDETERMINED, True)
    _, (partial,) = apply_waivers(both, [three], NOW, whole=False, partly={both[0].criterion})
    assert partial.outcome is Outcome.NOT_APPLICABLE
    _, (all_looked_at,) = apply_waivers(both, [three], NOW, whole=False, partly={"another"})
    assert all_looked_at.outcome is Outcome.UNDETERMINED


def measured(observed: str, expected: str = "< 200 ms") -> Finding:
    return finding(Outcome.NOT_SATISFIED, expected=expected, observed=observed)


@pytest.mark.parametrize(
    ("expected", "observed", "accepted", "covered"),
    [
        ("< 200 ms", "500 ms", "0.5 s", True),
        ("< 200 ms", "499 ms", "0.5 s", True),
        ("< 200 ms", "501 ms", "0.5 s", False),
        ("< 200 ms", "501 ms (95 % each end: 480–520 ms, 1,000 requests)", "0.5 s", False),
        (">= 30 d", "7 d", "7 d", True),
        (">= 30 d", "6 d", "7 d", False),
        ("== 0", "3", "3", True),
        ("== 0", "4", "3", False),
        ("== 4 ACU", "2 ACU", "3 ACU", False),
        ("== 0", "1,200", "1200", True),
        ("< 200 ms", "500 ms", "", False),
        ("< 200 ms", "500 ms", "5 %", False),
        ("< 200 ms", "500 ms", "as agreed", False),
        ("no open port", "22", "", True),
        ("no open port", "22", "22", True),
        ("no open port", "22, 3389", "22", False),
        ("== 'mw1.medium'", "mw1.small", "mw1.small", True),
        ("== 'mw1.medium'", "mw1.micro", "mw1.small", False),
    ],
)
def test_a_waiver_covers_no_more_than_what_was_accepted(
    expected: str, observed: str, accepted: str, covered: bool
) -> None:
    (found,), (state,) = apply_waivers([measured(observed, expected)], [waiver(observed=accepted)], NOW)
    assert (found.outcome is Outcome.WAIVED) is covered
    assert (state.outcome is Outcome.SATISFIED) is covered
    assert covered or state.outcome is Outcome.UNDETERMINED


def test_what_to_write_of_what_was_accepted_is_said() -> None:
    _, (state,) = apply_waivers([measured("0.5 s (1,000 requests)")], [waiver()], NOW)
    assert 'write observed = "0.5 s"' in state.reason


def test_a_clock_that_is_set_back_revives_no_waiver() -> None:
    commit = datetime(2026, 12, 1, tzinfo=UTC)
    (still,), (state,) = apply_waivers([OPEN], [waiver()], NOW, not_before=commit)
    assert (still.outcome, state.outcome) == (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)
    assert "before the commit of 2026-12-01 00:00; set the clock" in state.reason
    later = waiver(id="later", subject="aws_db_proxy.this", opened=date(2026, 12, 1))
    _, (first, _) = apply_waivers([OPEN], [waiver(), later], NOW)
    assert "before the waiver that was opened on 2026-12-01" in first.reason


def test_brackets_in_addresses_are_not_patterns() -> None:
    indexed = finding(Outcome.NOT_SATISFIED, subject='aws_subnet.this["a"]')
    assert waiver(subject='aws_subnet.this["a"]').names(indexed)
    assert not waiver(subject="aws_subnet.this[ab]").names(finding(subject="aws_subnet.thisa"))


VALID = """
[waivers.one]
covers = "PG_REC_1"
subject = "aws_rds_cluster.this"
reason = "The cluster is rebuilt every night."
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
        (VALID + 'observed = "\u200b"', ["waivers.one.observed: is '\\u200b', which says nothing; write what was"]),
        (VALID + "observed = 3", ["waivers.one.observed: is 3; write a text"]),
        (VALID + "most = 0", ["waivers.one.most: is 0; write a whole number"]),
        (VALID.replace('"The cluster is rebuilt every night."', "3"), ["waivers.one.reason: is 3; write a text"]),
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


def test_what_no_day_makes_right_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    wide = VALID.replace('"aws_rds_cluster.this"', '"*a*"').replace('"b"', '"A\\u2060"') + "most = 100000"
    file.write_text(wide, "utf-8")
    with pytest.raises(WaiverError) as refused:
        load_waivers(file)
    assert [line.removeprefix(f"{file}: waivers.one.").split(": ")[0] for line in str(refused.value).splitlines()] == [
        "approver",
        "subject",
        "most",
    ]
    assert len(parse_waivers(wide, file)) == 1  # a run that was made before is still read


def test_a_valid_file_is_read_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    assert [w.id for w in parse_waivers(VALID, tmp_path)] == ["one"]
    assert load_waivers(tmp_path / "waivers.toml") == ()
    with pytest.raises(WaiverError, match="can't be read|cannot be read"):
        load_waivers(tmp_path)
