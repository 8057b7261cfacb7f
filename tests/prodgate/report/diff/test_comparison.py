import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from prodgate.criteria import Scope
from prodgate.estimates import Estimate
from prodgate.evidence import artifacts, runs
from prodgate.evidence.runs import Run
from prodgate.findings import Finding
from prodgate.quantities import Bound, Quantity
from prodgate.report.catalogue import Catalogue
from prodgate.report.diff.comparison import (
    KINDS,
    Worsening,
    compare,
    comparison_to_json,
    find_worse,
    read_figure,
    render_comparison,
    render_comparison_markdown,
    render_comparison_page,
    say_edit,
)
from prodgate.report.summary import LIMIT
from prodgate.verdict import Verdict, decide
from tests.prodgate.conftest import Gate

from ...sample_run import ABOUT, CRITERIA, judge
from ..samples import criterion, failing, finding, not_built, run, showcase, waiver
from ..test_summary import Page


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
    assert [*map(say_edit, made.criteria)] == ["d: added", "c: require >= 30 d -> >= 7 d"]
    assert [*map(say_edit, made.waivers)] == ["W-7: owner sato -> kato; most 1 -> 2"]


def test_what_one_layer_alone_reads_is_named_key_by_key() -> None:
    before, after = of(), of()
    stated = before.criteria.criteria["c"]
    before.criteria.criteria["c"] = replace(stated, layer_keys={"rate": "100 /s", "attested_by": 2})
    after.criteria.criteria["c"] = replace(stated, layer_keys={"rate": "1 /s", "shown_by": "load", "attested_by": 2})
    (edit,) = compare(before, after).criteria
    assert say_edit(edit) == "c: rate 100 /s -> 1 /s; shown_by none -> load"


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
        "rehearsal: no -> yes",
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
    text = render_comparison(compare(before, run([criterion("c", layers=("live",))], [not_built("c")])))
    assert "verdict: GO -> INSUFFICIENT EVIDENCE" in text
    assert "populations changed: 1" in text


def test_everything_renders() -> None:
    assert render_comparison(compare(showcase(), showcase(rehearsal=False, finished=False)))


NUMBERS = st.decimals(min_value=-99_999, max_value=99_999, places=3)
FAST = "182 ms (95 % each end: 170–190 ms, 2,995 requests, worth 1,200)"
SLOW = "240 ms (95 % each end: 215.5–260 ms, 2,995 requests; of them 3 s of a deploy)"
NEARLY = "188 ms (95 % each end: 175–200 ms, 2,995 requests)"


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.sampled_from(["ms", "%", "", "/s"]), st.booleans(), st.booleans())
def test_an_estimate_is_read_as_it_was_written(
    numbers: tuple[Decimal, Decimal, Decimal], unit: str, worth: bool, endless: bool
) -> None:
    low, value, high = sorted(numbers)
    top = Quantity(Decimal("Infinity"), unit) if endless else Quantity(high, unit)
    made = Estimate(
        value=Quantity(value, unit), low=Quantity(low, unit), high=top, samples=12_345,
        effective=678 if worth else 12_345, confidence=Quantity.parse("97.5 %"), detail="with (what) it is made of",
    )  # fmt: skip
    read = read_figure(str(made))
    assert abs(read.value - made.value.base) <= abs(made.value.base) / 1000
    if made.low != made.high:
        assert read.low <= made.low.base <= made.high.base <= read.high
    else:
        assert read.low == read.value == read.high


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("7 d", (604800, 604800)),
        ("0 (2,995 requests)", (0, 0)),
        ("3 (100 % each end: 3–∞, 12 requests; the run was stopped)", (3, Decimal("Infinity"))),
        ("rotation", None),
        ("", None),
        ("about (95 % each end: 1–2 ms, 3 requests)", None),
        ("12 apples (4 requests)", None),
    ],
)
def test_what_is_no_figure_is_none(text: str, ends: tuple[int, int] | None) -> None:
    read = read_figure(text)
    assert (read and (read.low, read.high)) == ends


def measured(observed: str, layer: str = "load", **fields: object) -> Run:
    stated = criterion("latency-p95", require="< 200 ms", layers=(layer,))
    seen = finding(
        "latency-p95", "satisfied", "steady", layer=layer, check="test_p95", observed=observed, expected="< 200 ms"
    )
    return run([stated], [seen], layers=(layer,), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (FAST, SLOW, "worse"),
        (SLOW, FAST, "better"),
        (FAST, NEARLY, "within-intervals"),
        (FAST, FAST, "within-intervals"),
    ],
)
def test_a_figure_changes_only_beyond_the_intervals(before: str, after: str, change: str) -> None:
    (figure,) = compare(measured(before), measured(after)).figures
    assert (figure.before, figure.after, figure.change) == (before, after, change)


def test_a_plain_figure_is_said_when_it_changed() -> None:
    def of(observed: str) -> Run:
        return run([criterion("backup-retention", require=">= 30 d")], [failing(observed=observed)], layers=("static",))

    assert [f.change for f in compare(of("7 d"), of("1 d")).figures] == ["worse"]
    assert not compare(of("7 d"), of("7 d")).figures
    assert not compare(of("7 d"), of("168 h")).figures
    assert not compare(of("0 (1 scan)"), of("0 (1 scan)")).figures
    assert [f.change for f in compare(of("9 (1 scan)"), of("0 (1 scan)")).figures] == ["worse"]


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"target": "rehearsal://"}, "target: aws://prod@ap-northeast-1 -> rehearsal://"),
        (
            {"versions": {"platform": "Linux-6", "processors": "2 x A"}},
            "platform: none -> Linux-6; processors: none -> 2 x A",
        ),
    ],
)
@pytest.mark.parametrize("layer", ["load", "e2e", "dags", "rollout"])
def test_figures_of_different_machines_are_shown_and_not_compared(
    layer: str, about: dict[str, object], reason: str
) -> None:
    made = compare(measured(FAST, layer), measured(SLOW, layer, **about))
    assert [(f.change, f.why) for f in made.figures] == [("not-compared", reason)]
    assert f"{FAST} -> {SLOW}; not compared: {reason}" in " ".join(render_comparison(made).split("\n"))


def test_facts_that_are_judged_again_were_measured_where_they_were_observed() -> None:
    first = measured(FAST)
    again = replace(
        measured(SLOW, judged_again=first.path.name), path=first.path.with_name("2026-11-25T130000Z-aaaaaaa")
    )
    other = replace(measured(SLOW), path=first.path.with_name("2026-11-26T130000Z-bbbbbbb"))
    assert [f.change for f in compare(first, again).figures] == ["worse"]
    assert f"the later run judges the facts of another again: {first.path.name}" in compare(first, again).conditions
    (figure,) = compare(other, again).figures
    assert figure.change == "not-compared"
    assert figure.why == f"{again.path.name} judges what {first.path.name} measured, and does not name its machine"


def test_what_an_account_measured_does_not_depend_on_the_machine_that_asks() -> None:
    other = {"versions": {"platform": "Linux-6"}}
    assert [f.change for f in compare(measured(FAST, "live"), measured(SLOW, "live", **other)).figures] == ["worse"]


def loaded(path: object, rate: int = 50, lag: float = 0.001, observed: str = FAST) -> Run:
    stored = {
        "place": "https://www.example.com",
        "record": {
            "profile": {"name": "steady", "rate": rate, "duration": 40, "timeout": 5, "workers": 1},
            "requests": [{"name": "GET /"}],
            "health": {"send_lag": {"p99": lag}},
        },
    }
    made = replace(measured(observed), path=path)  # type: ignore[arg-type]
    digest = artifacts.store_json(made.path, stored)
    fact = {"event": "fact", "layer": "load", "kind": "load", "subject": "steady", "digest": digest}
    return replace(made, facts=(fact,), findings=tuple(replace(f, evidence=(digest,)) for f in made.findings))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({}, ""),
        ({"rate": 100}, "rate of the load: 50 -> 100"),
        ({"lag": 0.5}, "requests were sent, and answers received, 500 ms late in one of a hundred cases"),
    ],
)
def test_figures_of_different_loads_are_not_compared(tmp_path: object, other: dict[str, float], why: str) -> None:
    before, after = loaded(tmp_path / "a"), loaded(tmp_path / "b", observed=SLOW, **other)  # type: ignore[operator, arg-type]
    (figure,) = compare(before, after).figures
    assert figure.change == ("not-compared" if why else "worse")
    assert figure.why.startswith(why)


def test_a_record_that_can_not_be_read_is_not_compared(tmp_path: object) -> None:
    before, after = loaded(tmp_path / "a"), loaded(tmp_path / "b", observed=SLOW)  # type: ignore[operator]
    next((after.path / "evidence").iterdir()).unlink()
    (figure,) = compare(before, after).figures
    assert figure.change == "not-compared"
    assert "the record of the load can't be read" in figure.why


def test_the_name_of_the_run_before_and_a_port_are_no_other_subject() -> None:
    def of(name: str, outcome: str) -> Run:
        subject = f"steady at http://127.0.0.1:4{name[8:10]}05 against the run {name}"
        seen = finding("latency-p95", outcome, subject, layer="load", check="test_p95", observed=FAST)
        return run([criterion("latency-p95", layers=("load",))], [seen], layers=("load",))

    made = compare(of("2026-11-24T130000Z-3f2a9c1", "not-satisfied"), of("2026-11-25T130000Z-aaaaaaa", "satisfied"))
    assert (len(made.changes.fixed), len(made.changes.vanished), len(made.figures)) == (1, 0, 1)


# ── Renderings

HOSTILE = "a|b `c` <img src=x onerror=alert(1)> \u202e [d](e)"


def hostile(*subjects: str) -> object:
    return compare(
        run([criterion("c", where_present=True)], [], layers=("static",)),
        run([criterion("c")], [failing("c", name) for name in subjects], layers=("static",)),
    )


def test_markdown_fits_and_holds_nothing_of_its_subjects() -> None:
    text = render_comparison_markdown(hostile(HOSTILE))  # type: ignore[arg-type]
    assert text.startswith("## verdict: INSUFFICIENT EVIDENCE -\\> NO-GO\n")
    assert "### newly failing: 1\n" in text
    assert "\u202e" not in text
    assert re.search(r"``.*a\\\|b `c` <img.*``", text)
    many = render_comparison_markdown(hostile(*(f"{n:04}{'x' * 2000}" for n in range(4000))))  # type: ignore[arg-type]
    assert len(many.encode()) <= LIMIT
    assert "and 3,950 more" in many


def test_the_page_loads_nothing_and_shows_subjects_as_they_are() -> None:
    text = render_comparison_page(hostile(HOSTILE))  # type: ignore[arg-type]
    page = Page(text)
    assert not {"script", "img", "iframe"} & {tag for tag, _ in page.tags}
    assert [a["href"] for tag, a in page.tags if tag == "link"] == ["data:,"]
    assert "&lt;img src=x" in text
    assert "\u202e" not in text
    assert render_comparison_page(hostile(HOSTILE)) == text  # type: ignore[arg-type]


def test_json_has_every_kind_and_cuts_nothing() -> None:
    made = json.loads(json.dumps(comparison_to_json(compare(showcase(), showcase(rehearsal=False, finished=False)))))
    assert made.keys() >= set(KINDS) | {"figures", "criteria", "waivers", "populations", "conditions"}
    assert (made["before"]["verdict"], made["before"]["rehearsal"], made["after"]["rehearsal"]) == (
        "NO-GO",
        True,
        False,
    )
    assert len(comparison_to_json(hostile(*map(str, range(500))))["new"]) == 500  # type: ignore[arg-type]


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    made = [runs.create(tmp_path, ABOUT, tmp_path / "criteria.toml", tmp_path / "none.toml") for _ in range(2)]
    for each in made:
        judge(each)
    return made[0], made[1]


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_the_command_writes_each_format(two: tuple[Path, Path], form: str, gate: Gate) -> None:
    said = gate("diff", *map(str, two), "--format", form).out
    target = two[0].parent / "out"
    gate("diff", *map(str, two), "--format", form, "--output", target)
    assert target.read_text("utf-8") == said
    assert "the same before" in said if form == "html" else "verdict" in said


def test_a_run_that_was_edited_is_not_compared(two: tuple[Path, Path], gate: Gate) -> None:
    journal = two[0] / "journal.jsonl"
    journal.write_text(journal.read_text("utf-8").replace("satisfied", "undetermined"), "utf-8")
    assert "CHANGED" in gate("diff", *map(str, two), ends=4).err


# ── Things that a change made worse

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
    found = worse([FAILS, said("closed", "port 22 is open")], [FAILS])
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
    assert not find_worse(judged(FAILS, waivers=admits), judged(FAILS, waivers=admits), since="main").admitted


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
