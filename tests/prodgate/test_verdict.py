"""The laws of the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.criteria import LAYERS, Scope
from prodgate.findings import Finding, Outcome
from prodgate.verdict import Decision, decide
from prodgate.waivers import Waiver

from .samples import NOW, criterion, finding, waiver

CRITERIA = {
    c.id: c
    for c in (
        criterion("backup-retention"),
        criterion("encryption", bound=None, layers=("static", "live")),
        criterion("availability", layers=("live",), needs_production=True),
        criterion("optional", bound=None, where_present=True),
    )
}
IDS = [*CRITERIA, "unstated"]
OUTCOMES = [Outcome.SATISFIED, Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.NOT_APPLICABLE]
SCOPES = [Scope(), Scope(rehearsal=True), Scope(staging=True), Scope(layers=frozenset({"static"}))]

FINDINGS = st.lists(
    st.builds(
        finding,
        outcome=st.sampled_from(OUTCOMES),
        criterion=st.sampled_from(IDS),
        check=st.sampled_from(["PG_REC_1", "PG_ENC_1"]),
        layer=st.sampled_from(list(LAYERS)),
        subject=st.sampled_from(["a", "b", "c[0]", "*"]),
    ),
    max_size=12,
)
WAIVERS = st.lists(
    st.builds(
        waiver,
        id=st.sampled_from(["one", "two", "three"]),
        covers=st.sampled_from([*IDS, "PG_REC_1"]),
        subject=st.sampled_from(["a", "b", "c[0]", "?", "a*"]),
        most=st.integers(1, 3),
        expires=st.sampled_from([date(2026, 11, 20), date(2026, 12, 24), date(2027, 12, 24)]),
        owner=st.sampled_from(["ana@example.com", ""]),
    ),
    max_size=3,
    unique_by=lambda w: w.id,
)
EVERYTHING = [finding(criterion=c.id, layer=layer, subject="all") for c in CRITERIA.values() for layer in c.layers]


def test_nothing_judged_is_never_go() -> None:
    assert decide(CRITERIA, [], [], NOW).decision is Decision.INSUFFICIENT
    assert decide({}, [], [], NOW).decision is Decision.INSUFFICIENT


def test_everything_satisfied_is_go_and_promotes() -> None:
    verdict = decide(CRITERIA, EVERYTHING, [], NOW)
    assert verdict.decision is Decision.GO
    assert verdict.promotes


@pytest.mark.parametrize("missing", range(len(EVERYTHING)))
def test_a_question_without_a_finding_is_never_go(missing: int) -> None:
    findings = EVERYTHING[:missing] + EVERYTHING[missing + 1 :]
    assert decide(CRITERIA, findings, [], NOW).decision is Decision.INSUFFICIENT


@pytest.mark.parametrize(
    ("outcome", "decision"),
    [
        (Outcome.NOT_SATISFIED, Decision.NO_GO),
        (Outcome.UNDETERMINED, Decision.INSUFFICIENT),
        (Outcome.SATISFIED, Decision.GO),
    ],
)
@pytest.mark.parametrize("id_", CRITERIA)
def test_one_more_finding_decides(id_: str, outcome: Outcome, decision: Decision) -> None:
    layer = CRITERIA[id_].layers[0]
    verdict = decide(CRITERIA, [*EVERYTHING, finding(outcome, criterion=id_, layer=layer, subject="x")], [], NOW)
    assert verdict.decision is decision


def test_a_finding_under_a_criterion_that_is_not_stated_still_counts() -> None:
    stray = finding(Outcome.NOT_SATISFIED, criterion="unstated")
    assert decide(CRITERIA, [*EVERYTHING, stray], [], NOW).decision is Decision.NO_GO


def test_not_applicable_everywhere_is_an_answer_only_where_the_criterion_says_so() -> None:
    def answered(id_: str) -> Decision:
        rest = [f for f in EVERYTHING if f.criterion != id_]
        return decide(CRITERIA, [*rest, finding(Outcome.NOT_APPLICABLE, criterion=id_)], [], NOW).decision

    assert answered("optional") is Decision.GO
    assert answered("backup-retention") is Decision.INSUFFICIENT


def test_too_few_subjects_are_undetermined() -> None:
    criteria = {"backup-retention": criterion(population=2)}
    assert decide(criteria, [finding()], [], NOW, Scope()).decision is Decision.INSUFFICIENT
    both = [finding(), finding(subject="another")]
    assert decide(criteria, both, [], NOW).decision is Decision.GO


def test_a_rehearsal_defers_what_only_production_can_answer_and_promotes_nothing() -> None:
    later = finding(Outcome.UNDETERMINED, criterion="availability", layer="live", needs="production")
    open_ = [*(f for f in EVERYTHING if f.criterion != "availability"), later]
    verdict = decide(CRITERIA, open_, [], NOW, Scope(rehearsal=True))
    assert verdict.decision is Decision.GO
    assert not verdict.promotes
    assert [r.criterion.id for r in verdict.rulings if r.deferred] == ["availability"]
    assert decide(CRITERIA, open_, [], NOW, Scope()).decision is Decision.INSUFFICIENT
    failed = finding(Outcome.NOT_SATISFIED, criterion="availability", layer="live")
    assert decide(CRITERIA, [*open_, failed], [], NOW, Scope(rehearsal=True)).decision is Decision.NO_GO


@pytest.mark.parametrize(
    "silence",
    [
        (),
        (finding(Outcome.UNDETERMINED, criterion="availability", layer="live", reason="it failed: KeyError"),),
        (
            finding(
                Outcome.UNDETERMINED, criterion="availability", check="live", layer="live", reason="died of SIGKILL"
            ),
        ),
        (
            finding(Outcome.UNDETERMINED, criterion="availability", layer="live", needs="production"),
            finding(Outcome.UNDETERMINED, criterion="availability", layer="live", reason="denied"),
        ),
        (finding(Outcome.NOT_APPLICABLE, criterion="availability", layer="live"),),
    ],
)
def test_a_crash_a_gap_or_a_missing_layer_is_no_answer_that_only_production_has(silence: tuple[Finding, ...]) -> None:
    open_ = [*(f for f in EVERYTHING if f.criterion != "availability"), *silence]
    verdict = decide(CRITERIA, open_, [], NOW, Scope(rehearsal=True))
    assert verdict.decision is Decision.INSUFFICIENT
    assert not verdict.deferred


def test_some_layers_alone_promote_nothing() -> None:
    scope = Scope(layers=frozenset({"static"}))
    verdict = decide(CRITERIA, [f for f in EVERYTHING if f.layer == "static"], [], NOW, scope)
    assert verdict.decision is Decision.GO
    assert not verdict.promotes
    assert "live" in scope.left_out()


@given(findings=FINDINGS, waivers=WAIVERS, data=st.data())
def test_order_does_not_matter(findings: list[Finding], waivers: list[Waiver], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(findings))
    one, other = (decide(CRITERIA, given_, waivers, NOW) for given_ in (findings, shuffled))
    assert one.decision is other.decision
    assert {(r.criterion.id, r.layer): r.outcome for r in one.rulings} == {
        (r.criterion.id, r.layer): r.outcome for r in other.rulings
    }


@given(findings=FINDINGS, waivers=WAIVERS, more=FINDINGS, scope=st.sampled_from(SCOPES))
def test_a_further_finding_that_is_not_satisfied_never_turns_no_go_into_go(
    findings: list[Finding], waivers: list[Waiver], more: list[Finding], scope: Scope
) -> None:
    worse = [*findings, *(replace(f, outcome=Outcome.NOT_SATISFIED) for f in more)]
    if decide(CRITERIA, findings, waivers, NOW, scope).decision is Decision.NO_GO:
        assert decide(CRITERIA, worse, waivers, NOW, scope).decision is not Decision.GO


@given(findings=FINDINGS, waivers=WAIVERS)
def test_a_waiver_touches_only_what_it_names_and_never_undetermined(
    findings: list[Finding], waivers: list[Waiver]
) -> None:
    judged = [f for ruling in decide(CRITERIA, findings, waivers, NOW).rulings for f in ruling.findings]
    for found in judged:
        if found.outcome is Outcome.WAIVED:
            used = next(w for w in waivers if w.id == found.waiver)
            assert used.names(replace(found, outcome=Outcome.NOT_SATISFIED))
            assert used.in_force(NOW)
    for outcome in (Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE):
        before = [f for f in findings if f.outcome is outcome]
        assert all(f in judged for f in before)


@given(findings=FINDINGS, waivers=WAIVERS, scope=st.sampled_from(SCOPES))
def test_go_needs_every_question_answered(findings: list[Finding], waivers: list[Waiver], scope: Scope) -> None:
    verdict = decide(CRITERIA, findings, waivers, NOW, scope)
    if verdict.decision is Decision.GO:
        for ruling in verdict.rulings:
            assert ruling.deferred or ruling.outcome not in (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)
        asked = {(c.id, layer) for c in CRITERIA.values() for layer in c.layers if layer in scope.layers}
        assert asked <= {(r.criterion.id, r.layer) for r in verdict.rulings}
        assert not any(f.outcome is Outcome.NOT_SATISFIED for f in verdict.waivers)


@given(findings=FINDINGS, waivers=WAIVERS, scope=st.sampled_from(SCOPES))
def test_the_same_findings_give_the_same_verdict(findings: list[Finding], waivers: list[Waiver], scope: Scope) -> None:
    assert decide(CRITERIA, findings, waivers, NOW, scope) == decide(CRITERIA, findings, waivers, NOW, scope)


def test_a_layer_of_which_nobody_asks_anything_is_not_left_out() -> None:
    criteria = {"backup-retention": criterion("backup-retention", layers=("static",))}
    part = Scope(layers=frozenset({"static"}))
    whole = replace(part, undeclared=frozenset(LAYERS) - {"static", "load"})
    assert part.left_out() == tuple(layer for layer in LAYERS if layer != "static")
    assert (whole.left_out(), "load" in whole.not_asked()) == (("load",), False)
    assert not decide(criteria, [finding()], [], NOW, whole).promotes
    whole = replace(whole, undeclared=frozenset(LAYERS) - {"static"})
    assert decide(criteria, [finding()], [], NOW, whole).promotes


def test_one_moment_of_a_release_is_a_part_of_it_even_where_every_layer_that_is_asked_was() -> None:
    criteria = {"backup-retention": criterion("backup-retention", layers=("static",))}
    scope = Scope(layers=frozenset({"static"}), undeclared=frozenset(LAYERS) - {"static"}, moment="before")
    verdict = decide(criteria, [finding()], [waiver(covers="alarm-threshold")], NOW, scope)
    assert (scope.left_out(), verdict.decision, verdict.promotes) == ((), Decision.GO, False)


def test_exit_codes() -> None:
    assert [decision.exit_code for decision in (Decision.GO, Decision.NO_GO, Decision.INSUFFICIENT)] == [0, 1, 2]
