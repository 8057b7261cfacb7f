from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.estimates import Estimate
from prodgate.evidence import artifacts
from prodgate.evidence.runs import Run
from prodgate.quantities import Quantity
from prodgate.report.diff.comparison import compare
from prodgate.report.diff.figures import read_figure
from prodgate.report.diff.text import render_comparison

from ..samples import criterion, failing, finding, run

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
    assert read is not None
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
