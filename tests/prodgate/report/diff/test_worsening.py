"""What a change made worse: of what is new, and of that alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from prodgate.criteria import Scope
from prodgate.findings import Finding
from prodgate.report.diff.worsening import Worsening, find_worse
from prodgate.verdict import Verdict, decide

from ..samples import criterion, failing, finding, waiver

STATIC = Scope(layers=frozenset({"static"}))
GOOD = finding("c", "satisfied", "aws_rds_cluster.kept")


def judged(*findings: Finding, **options: object) -> Verdict:
    stated = {"c": criterion("c", where_present=True, some_subjects=True)}
    waivers = options.get("waivers", ())
    return decide(stated, [GOOD, *findings], waivers, datetime(2026, 12, 1, tzinfo=UTC), STATIC)  # type: ignore[arg-type]


def worse(before: list[Finding], after: list[Finding]) -> Worsening:
    return find_worse(judged(*before), judged(*after), since="main")


def said(expected: str, observed: str) -> Finding:
    return failing("c", expected=expected, observed=observed)


OPEN, SHUT, FAILS = finding("c", "undetermined"), finding("c", "satisfied"), failing("c")


@pytest.mark.parametrize(
    ("before", "after", "code", "standing"),
    [
        ([], [FAILS], 1, 0),
        ([SHUT], [FAILS], 1, 0),
        ([OPEN], [FAILS], 1, 0),
        ([FAILS], [FAILS], 0, 1),
        ([FAILS], [], 0, 0),
        ([], [OPEN], 2, 0),
        ([SHUT], [OPEN], 2, 0),
        ([OPEN], [OPEN], 0, 1),
        ([FAILS], [OPEN], 0, 1),
        ([FAILS], [FAILS, FAILS], 1, 1),
        ([FAILS], [FAILS, said("closed", "port 22 is open")], 1, 1),
        ([said("closed", "port 22 is open")], [said("closed", "port 3389 is open")], 2, 0),
        ([said(">= 7 d", "3 d")], [said(">= 7 d", "1 d")], 1, 0),
        ([said(">= 7 d", "3 d")], [said(">= 7 d", "6 d")], 0, 1),
        ([said(">= 7 d", "3 d")], [said(">= 7 d", "72 h")], 0, 1),
        ([said("<= 2", "3")], [said("<= 2", "4")], 1, 0),
        ([said("<= 2", "3")], [said("<= 2", "3 d")], 2, 0),
    ],
)
def test_what_is_new_decides_and_what_stood_before_does_not(
    before: list[Finding], after: list[Finding], code: int, standing: int
) -> None:
    found = worse(before, after)
    assert (found.verdict.decision.exit_code, found.standing) == (code, standing)


@pytest.mark.parametrize(
    ("after", "fixed", "hidden", "gone"),
    [
        ([SHUT], 1, 0, 0),
        ([], 0, 0, 1),
        ([OPEN], 0, 1, 0),
        ([finding("c", "not-applicable")], 0, 1, 0),
        ([FAILS], 0, 0, 0),
    ],
)
def test_gone_and_hidden_are_not_fixed(after: list[Finding], fixed: int, hidden: int, gone: int) -> None:
    found = worse([FAILS], after)
    assert (len(found.fixed), len(found.hidden), len(found.gone)) == (fixed, hidden, gone)


def test_one_of_two_faults_on_a_subject_is_fixed() -> None:
    other = said("closed", "port 22 is open")
    found = worse([FAILS, other], [FAILS])
    assert ([f.observed for f in found.fixed], found.standing) == (["port 22 is open"], 1)


def test_an_aspect_that_fails_is_new_beside_another_and_instead_of_it() -> None:
    cpu, memory = (failing("c", aspect=name, observed=f"no alarm on {name}") for name in ("CPU", "memory"))
    found = worse([cpu], [cpu, memory])
    assert (found.verdict.decision.exit_code, found.standing) == (1, 1)
    assert [f.aspect for f in found.verdict.blocking] == ["memory"]
    swapped = worse([cpu], [memory])
    assert ([f.aspect for f in swapped.verdict.blocking], [f.aspect for f in swapped.fixed]) == (["memory"], ["CPU"])
    assert worse([cpu], [replace(cpu, observed="an alarm that is off")]).verdict.decision.exit_code == 2


def test_what_a_waiver_of_the_same_change_admits_is_named() -> None:
    admits = [waiver(covers="c", subject=FAILS.subject)]
    found = find_worse(judged(), judged(FAILS, waivers=admits), since="main")
    assert ([f.subject for f in found.admitted], found.verdict.decision.exit_code) == ([FAILS.subject], 0)
    stood = find_worse(judged(FAILS, waivers=admits), judged(FAILS, waivers=admits), since="main")
    assert not stood.admitted


def test_a_waiver_hides_and_one_that_is_taken_away_brings_back() -> None:
    accepted = judged(FAILS, waivers=[waiver(covers="c", subject=FAILS.subject)])
    found = find_worse(judged(FAILS), accepted, since="main")
    assert (len(found.fixed), len(found.hidden), found.verdict.decision.exit_code) == (0, 1, 0)
    assert find_worse(accepted, judged(FAILS), since="main").verdict.decision.exit_code == 1


def test_the_verdict_holds_nothing_that_stood_before() -> None:
    new = failing("c", "aws_rds_cluster.new")
    found = worse([FAILS], [FAILS, new])
    assert {f.subject for f in found.verdict.findings} == {GOOD.subject, new.subject}
    assert [str(ruling.outcome) for ruling in found.verdict.rulings] == ["not-satisfied"]


def test_nothing_that_was_judged_is_no_go() -> None:
    nothing = decide({}, [], [], datetime(2026, 12, 1, tzinfo=UTC), STATIC)
    assert find_worse(judged(FAILS), nothing, since="main").verdict.decision.exit_code == 2
