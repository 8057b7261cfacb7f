from dataclasses import replace
from datetime import date

import pytest

from prodgate.evidence.runs import Run
from prodgate.findings import Finding
from prodgate.quantities import Bound
from prodgate.report.catalogue import Catalogue
from prodgate.report.diff.changes import KINDS
from prodgate.report.diff.comparison import compare
from prodgate.report.diff.sections import say_edit
from prodgate.report.diff.text import render_comparison

from ..samples import criterion, failing, finding, not_built, run, showcase, waiver


def of(*findings: Finding, **options: object) -> Run:
    return run([criterion("c", require=">= 30 d", where_present=True)], list(findings), layers=("static",), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (finding("c", "satisfied"), failing("c"), "new"),
        (finding("c", "undetermined"), failing("c"), "new"),
        (None, failing("c"), "new"),
        (failing("c"), failing("c"), "still"),
        (failing("c"), finding("c", "satisfied"), "fixed"),
        (failing("c"), None, "vanished"),
        (failing("c"), finding("c", "not-applicable"), "unaccounted"),
        (failing("c"), finding("c", "undetermined"), "unaccounted"),
        (finding("c", "satisfied"), finding("c", "undetermined"), "unknown"),
    ],
)
def test_each_change_is_in_one_list(before: Finding | None, after: Finding | None, kind: str) -> None:
    made = compare(of(*filter(None, [before])), of(*filter(None, [after])))
    of_subject = {name: [c for c in getattr(made.changes, name) if c.finding.check == "PG_REC_1"] for name in KINDS}
    assert [name for name, changes in of_subject.items() if changes] == [kind]


@pytest.mark.parametrize("order", [("satisfied", "undetermined"), ("undetermined", "satisfied")])
def test_a_subject_that_one_judge_does_not_know_is_not_fixed(order: tuple[str, str]) -> None:
    made = compare(of(failing("c")), of(*(finding("c", outcome) for outcome in order)))
    assert (len(made.changes.fixed), len(made.changes.unaccounted)) == (0, 1)


def test_waiving_is_not_mending() -> None:
    bad = failing("c", "aws_cloudwatch_log_group.waf")
    made = compare(of(bad), of(bad, waivers=(waiver(covers="c"),)))
    assert (len(made.changes.waived), len(made.changes.fixed)) == (1, 0)
    assert [*map(say_edit, made.waivers)] == ["W-7: added, expires 2026-12-31"]
    back = compare(made.after, made.before)
    assert len(back.changes.new) == 1
    assert [*map(say_edit, back.waivers)] == ["W-7: removed"]


def test_a_vanished_subject_is_no_fix() -> None:
    made = compare(of(failing("c"), finding("c", "satisfied", "kept")), of(finding("c", "satisfied", "kept")))
    assert not made.changes.fixed
    assert [p.vanished for p in made.populations] == [("aws_rds_cluster.main",)]
    text = render_comparison(made)
    assert "failed before, and vanished (gone is not fixed): 1\n" in text
    assert "static c: 2 -> 1 subjects, gone: aws_rds_cluster.main" in text


def test_names_changed_criteria_and_waivers_field_by_field() -> None:
    before, after = of(waivers=(waiver(),)), of(waivers=(waiver(owner="kato", most=2),))
    bound = replace(after.criteria.criteria["c"], bound=Bound.parse(">= 7 d"))
    after.criteria.criteria.update({"c": bound, "d": criterion("d")})
    made = compare(before, after)
    assert [*map(say_edit, made.criteria)] == ["d: added", "c: bound >= 30 d -> >= 7 d"]
    assert [*map(say_edit, made.waivers)] == ["W-7: owner sato -> kato; most 1 -> 2"]


def test_says_which_waiver_covers_another_fault_than_before() -> None:
    accepted = waiver(covers="PG_REC_1", subject="main.*", observed="", aspect="*")
    found = [failing("c", "main.a", aspect=name, expected="an alarm", observed="none") for name in ("CPU", "memory")]
    then, now = (of(each, waivers=(accepted,)) for each in found)
    said = "W-7: covers another fault, PG_REC_1 main.a (CPU) -> PG_REC_1 main.a (memory)"
    assert [*map(say_edit, compare(then, now).waivers)] == [said]
    assert compare(then, then).waivers == ()
    assert compare(then, of(waivers=(accepted,))).waivers == ()  # mended, and nothing in its place
    assert "別の不備を対象としている" in say_edit(compare(then, now).waivers[0], Catalogue("ja"))


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        (date(2026, 11, 23), ["W-7: ended, it expired on 2026-11-23"]),
        (date(2026, 11, 24), ["W-7: expiring, 0 d left, until 2026-11-24"]),
        (date(2026, 12, 8), ["W-7: expiring, 14 d left, until 2026-12-08"]),
        (date(2026, 12, 9), []),
    ],
)
def test_says_which_waivers_ended_or_soon_do(expires: date, said: list[str]) -> None:
    same = of(waivers=(waiver(expires=expires),))
    assert [*map(say_edit, compare(same, same).waivers)] == said


def test_says_when_the_runs_are_not_alike() -> None:
    before = run([criterion("c")], [], layers=("static", "live"))
    after = run([criterion("c")], [], layers=("static", "dags"), finished=False, rehearsal=True)
    assert compare(before, after).conditions == (
        "target: aws://prod@ap-northeast-1 -> rehearsal://",
        "rehearsal: none -> True",
        "layers no longer judged: live",
        "layers judged for the first time: dags",
        "the later run was cut off: 2026-11-24T130000Z-3f2a9c1",
    )


def test_a_layer_that_was_left_out_is_no_change_of_population() -> None:
    both = run([criterion("c", layers=("static", "live"))], [finding("c", "satisfied", layer="live", check="t")])
    one = run([criterion("c", layers=("static", "live"))], [], layers=("static",))
    assert not compare(both, one).populations


def test_text_says_when_nothing_changed_and_is_safe() -> None:
    same = of(finding("c", "satisfied"))
    assert render_comparison(compare(same, same)).endswith(
        "verdict: PARTIAL GO, as before\nboth not sealed\nnothing changed"
    )
    text = render_comparison(compare(same, of(failing("c", "\x1b[2J\u202e"))))
    assert "verdict: PARTIAL GO -> NO-GO" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_long_lists_are_counted() -> None:
    text = render_comparison(compare(of(), of(*(failing("c", str(n)) for n in range(30)))))
    assert "newly failing: 30\n" in text
    assert "  and 20 more" in text


def test_a_layer_that_stops_answering_is_no_longer_known() -> None:
    before = run([criterion("c", layers=("live",))], [finding("c", "satisfied", layer="live", check="t")])
    after = run([criterion("c", layers=("live",))], [not_built("c")])
    text = render_comparison(compare(before, after))
    assert "verdict: GO -> INSUFFICIENT EVIDENCE" in text
    assert "populations changed: 1" in text


def test_everything_renders() -> None:
    assert render_comparison(compare(showcase(), showcase(rehearsal=False, finished=False)))
