"""The laws of the verdict; and waivers, which cover what they name, for a while, and rot loudly."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prodgate.criteria import LAYERS, PROMOTING, PROMOTION, Scope
from prodgate.findings import Finding, Outcome
from prodgate.sections.waivers_file import WaiverError, load_waivers, parse_waivers
from prodgate.verdict import Decision, decide
from prodgate.waivers import Waiver, apply_waivers

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
    assert decide(criteria, [finding(), finding(subject="another")], [], NOW).decision is Decision.GO


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


LATER = finding(Outcome.UNDETERMINED, criterion="availability", layer="live", needs="production")


@pytest.mark.parametrize(
    ("changes", "found", "deferred"),
    [
        ({}, [LATER], 1),
        ({"needs_production": False}, [LATER], 0),
        ({"layers": ("static",)}, [replace(LATER, layer="static")], 0),
        ({"population": 2}, [LATER], 1),
        ({"population": 3}, [LATER, replace(LATER, subject="b", outcome=Outcome.SATISFIED, needs="")], 1),
        ({"population": 2}, [replace(LATER, outcome=Outcome.SATISFIED, needs="")], 0),
    ],
    ids=["alone", "not of the criterion", "of the source", "and of too few", "beside one that has it", "too few alone"],
)
def test_what_is_deferred_is_what_the_criterion_leaves_to_production(
    changes: dict[str, Any], found: list[Finding], deferred: int
) -> None:
    asked = criterion("availability", **{"layers": ("live",), "needs_production": True, **changes})
    others = {id_: c for id_, c in CRITERIA.items() if id_ != "availability"}
    answers = [f for f in EVERYTHING if f.criterion != "availability"]
    verdict = decide({**others, asked.id: asked}, [*answers, *found], [], NOW, Scope(rehearsal=True))
    assert (verdict.deferred, verdict.decision) == (deferred, Decision.GO if deferred else Decision.INSUFFICIENT)


@pytest.mark.parametrize(
    ("scope", "state"),
    [
        (Scope(), Outcome.UNDETERMINED),
        (Scope(layers=frozenset({"static"})), Outcome.NOT_APPLICABLE),
        (Scope(layers=frozenset({"static", "live"})), Outcome.UNDETERMINED),
        (Scope(cell="prod/ap-northeast-1/live"), Outcome.NOT_APPLICABLE),
    ],
    ids=["whole", "without a layer of the criterion", "with all its layers", "a cell"],
)
def test_a_waiver_is_stale_where_all_was_judged_that_it_could_cover(scope: Scope, state: Outcome) -> None:
    open_ = finding(Outcome.NOT_SATISFIED, criterion="encryption", check="PG_ENC_1")
    given_ = waiver(covers="PG_ENC_1", most=2)
    assert [f.outcome for f in decide(CRITERIA, [open_], [given_], NOW, scope).waivers] == [state]


def test_what_blocks_is_what_is_not_deferred_the_worst_first() -> None:
    unknown = finding(Outcome.UNDETERMINED, criterion="optional")
    broken = finding(Outcome.NOT_SATISFIED, criterion="encryption", layer="live")
    answers = [f for f in EVERYTHING if f.criterion not in ("availability", "optional")]
    scope = Scope(rehearsal=True)
    verdict = decide(CRITERIA, [*answers, LATER, unknown, broken], [waiver(expires=date(2026, 11, 20))], NOW, scope)
    assert [(f.criterion, f.outcome) for f in verdict.blocking] == [
        ("encryption", Outcome.NOT_SATISFIED),
        ("waivers", Outcome.NOT_SATISFIED),
        ("optional", Outcome.UNDETERMINED),
    ]
    assert {*verdict.findings} == {*answers, LATER, unknown, broken}
    assert [r.criterion.id for r in verdict.of(Outcome.UNDETERMINED)] == ["availability", "optional"]


def test_a_stray_answer_to_a_stated_criterion_is_ruled_by_it() -> None:
    stray = finding(Outcome.NOT_APPLICABLE, criterion="optional", layer="live")
    verdict = decide(CRITERIA, [*EVERYTHING, stray], [], NOW)
    assert (verdict.decision, verdict.rulings[-1].criterion) == (Decision.GO, CRITERIA["optional"])


def test_a_gap_is_named_by_what_finds_it_and_by_the_bound() -> None:
    (gap,) = decide({"backup-retention": criterion()}, [], [], NOW).findings
    assert (gap.check, gap.expected, gap.subject) == ("verdict", ">= 30 d", "(no finding)")


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
        assert all(f in judged for f in findings if f.outcome is outcome)


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


@pytest.mark.parametrize(
    ("change", "promotes"),
    [
        ({}, True),
        ({"layers": PROMOTING - {"live"}}, False),
        ({"layers": PROMOTING - {"attested"}, "undeclared": frozenset({"attested"})}, True),
        ({"moment": "before"}, False),
        ({"rehearsal": True}, False),
        ({"staging": True}, False),
        ({"cell": "prod/ap-northeast-1/live"}, False),
    ],
    ids=["all", "a layer left out", "a layer not asked", "a checklist", "a rehearsal", "staging", "a cell"],
)
def test_a_promotion_rests_on_what_can_be_asked_before_a_deployment(change: dict[str, Any], promotes: bool) -> None:
    criteria = {"backup-retention": criterion("backup-retention", layers=("static",))}
    scope = replace(Scope(layers=PROMOTING, moment=PROMOTION), **change)
    verdict = decide(criteria, [finding()], [], NOW, scope)
    assert (verdict.decision, verdict.promotes, scope.whole) == (Decision.GO, promotes, False)
    assert not decide(criteria, [], [], NOW, scope).promotes


def test_exit_codes() -> None:
    assert [decision.exit_code for decision in (Decision.GO, Decision.NO_GO, Decision.INSUFFICIENT)] == [0, 1, 2]


# ── Waivers cover what they name, for a while, and rot loudly

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
        ({"covers": "backup-retention"}, [{}, {"criterion": "encryption", "check": "PG_ENC_1"}], ""),
        ({"covers": "backup-retention"}, [{"check": each, "outcome": Outcome.SATISFIED} for each in ("PG_REC_1", "PG_REC_2")], "covers no finding"),
        ({"observed": "0.5 s"}, [{"aspect": "CPU", "expected": "< 200 ms", "observed": "500 ms"}], "says not which fault"),
        ({"opened": NOW.date()}, [{}], ""),
        ({"expires": NOW.date()}, [{}], ""),
    ],
)  # fmt: skip
def test_a_waiver_says_which_fault_was_accepted(changes: dict[str, Any], seen: list[dict[str, Any]], says: str) -> None:
    """Otherwise another fault would be covered in its place."""
    covered, (state,) = apply_waivers([replace(PLAIN, **each) for each in seen], [waiver(**changes)], NOW)
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
        ({"subject": "."}, "covers every subject"),
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


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"reason": "abc"}, []),
        ({"reason": "abab"}, ["reason"]),
        ({"subject": "*abc*"}, []),
        ({"subject": "*ab*"}, ["subject"]),
        ({"most": 25}, []),
        ({"most": 26}, ["most"]),
        ({"expires": date(2027, 1, 30)}, []),
        ({"expires": date(2027, 1, 31)}, ["expires"]),
        ({"expires": date(2026, 11, 2)}, []),
        ({"expires": date(2026, 11, 1)}, ["expires"]),
        ({"owner": "", "approver": ""}, ["owner", "approver"]),
        ({"owner": "an\u0430"}, ["owner"]),
        ({"approver": "an\u0430"}, ["approver"]),
        ({"approver": "ana@example.com"}, ["approver"]),
    ],
)
def test_what_is_just_too_much_is_a_fault_of_its_key(changes: dict[str, Any], keys: list[str]) -> None:
    faults = waiver(**changes).find_faults()
    assert ([*faults], [len(each) for each in faults.values()]) == (keys, [1] * len(keys))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, True),
        ({"covers": "backup-retention"}, True),
        ({"covers": "PG_REC_2"}, False),
        ({"subject": "aws_rds_cluster.th?s"}, True),
        ({"subject": "aws_rds_cluster.other"}, False),
        ({"aspect": "CPU"}, False),
        ({"aspect": "mem*"}, True),
    ],
)
def test_a_waiver_names_a_finding_by_what_judged_it_its_subject_and_its_aspect(
    changes: dict[str, Any], named: bool
) -> None:
    assert waiver(**changes).names(replace(OPEN, aspect="memory")) is named


@pytest.mark.parametrize(("minutes", "behind"), [(-120, False), (60, False), (61, True)])
def test_a_clock_may_be_an_hour_behind_the_one_of_the_commit(minutes: int, behind: bool) -> None:
    _, (state,) = apply_waivers([OPEN], [waiver()], NOW, not_before=NOW + timedelta(minutes=minutes))
    assert (state.outcome is Outcome.UNDETERMINED) is behind


@pytest.mark.parametrize(("days", "behind"), [(1, False), (2, True)])
def test_a_clock_may_be_a_day_behind_the_waiver_that_was_opened_last(days: int, behind: bool) -> None:
    later = waiver(id="later", subject="aws_db_proxy.this", opened=NOW.date() + timedelta(days=days))
    _, (state, _) = apply_waivers([OPEN], [waiver(), later], NOW)
    assert (state.outcome is Outcome.UNDETERMINED) is behind


def test_the_state_of_a_waiver_says_what_to_do_unless_it_is_sound() -> None:
    states = [apply_waivers(found, [waiver()], NOW)[1][0] for found in ([OPEN], [])]
    assert [(state.check, bool(state.remedy)) for state in states] == [("waivers", False), ("waivers", True)]


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
        ("< 200 ms", "250 ms", "0.1 s", False),
        ("< 200 ms", "501 ms (95 % each end: 480–520 ms, 1,000 requests)", "0.5 s", False),
        (">= 30 d", "7 d", "7 d", True),
        (">= 30 d", "6 d", "7 d", False),
        ("== 0", "3", "3", True),
        ("== 0", "4", "3", False),
        ("== 4 ACU", "2 ACU", "3 ACU", False),
        ("== 4 ACU", "5 ACU", "3 ACU", True),
        ("== 0", "1,200", "1200", True),
        ("< 200 ms", "500 ms", "", False),
        ("< 200 ms", "500 ms", "5 %", False),
        ("< 200 ms", "500 ms", "90 %", False),
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
        ("waivers = 3", ["waivers.toml: waivers: is 3; write [waivers.<id>]"]),
        (
            "[[waivers]]\nopened = 2026-11-24",
            ["waivers.toml: waivers: is [{ opened = 2026-11-24 }]; write [waivers.<id>]"],
        ),
        ("[waivers]\none = 3", ["waivers.toml: waivers.one: is not a table"]),
        (
            VALID.replace("owner", "owmer"),
            ["owmer: is not a key; did you mean 'owner'?", "waivers.one.owner: is missing"],
        ),
        (
            VALID.replace("2026-12-01", "2026-12-01T10:00:00"),
            ["waivers.one.expires: is 2026-12-01 10:00:00; write a date"],
        ),
        (VALID.replace("2026-12-01", '"2026-12-01"'), ["waivers.one.expires: is '2026-12-01'; write a date without"]),
        (VALID + 'observed = "\u200b"', ["waivers.one.observed: is '\\u200b'; write what was"]),
        (VALID + "observed = 3", ["waivers.one.observed: is 3; write what was"]),
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


def test_a_waiver_that_another_makes_superfluous_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(f"{VALID}\n{VALID.replace('waivers.one', 'waivers.two')}", "utf-8")
    with pytest.raises(WaiverError, match=r"waivers\.two: covers what waivers\.one covers; keep one of the two"):
        load_waivers(file)


def test_a_valid_file_is_read_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    assert [w.id for w in parse_waivers(VALID, tmp_path)] == ["one"]
    assert load_waivers(tmp_path / "waivers.toml") == ()
    with pytest.raises(WaiverError, match="can't be read|cannot be read"):
        load_waivers(tmp_path)
