"""A criterion compares what was observed with its own numbers, and states them."""

from collections.abc import Callable
from typing import Any

import pytest

from prodgate.criteria import LAYERS, PROMOTING, PROMOTION, SEVERITIES, Criteria, CriteriaError, Criterion, Scope
from prodgate.estimates import Estimate
from prodgate.findings import Concluded, Outcome
from prodgate.judgement import open_judgement
from prodgate.quantities import Bound, Quantity

from .samples import criterion

HOLDS = (Outcome.SATISFIED, "")


def conclude(compare: Callable[[], object]) -> tuple[Outcome, str]:
    try:
        compare()
    except Concluded as said:
        return said.conclusion.outcome, said.conclusion.reason
    return HOLDS


def share(low: str, high: str, samples: int = 10, unfinished: str = "") -> Estimate:
    ends = {"value": Quantity.of("2", "%"), "low": Quantity.of(low, "%"), "high": Quantity.of(high, "%")}
    sure = Quantity.of(95, "%")
    return Estimate(**ends, samples=samples, effective=samples, confidence=sure, unfinished=unfinished)


@pytest.mark.parametrize(
    ("changes", "observed", "samples", "concluded"),
    [
        ({}, "30 d", None, HOLDS),
        ({}, "29 d", None, (Outcome.NOT_SATISFIED, "")),
        ({"samples": 3}, "30 d", 3, HOLDS),
        ({"samples": 3}, "30 d", 2, (Outcome.UNDETERMINED, "only 2 of 3 samples")),
        ({"samples": 2}, "30 d", None, (Outcome.UNDETERMINED, "an unstated number of 2 samples")),
        ({"bound": Bound.parse("< 3 %"), "samples": 10}, share("1", "2.5"), None, HOLDS),
        ({"bound": Bound.parse("< 3 %"), "samples": 11}, share("1", "2.5"), None, (Outcome.UNDETERMINED, "only 10 of 11 samples")),
        ({"bound": Bound.parse("< 3 %")}, share("1", "2.5", 0), None, (Outcome.UNDETERMINED, "none of 1 samples")),
        ({"bound": Bound.parse("< 2 %"), "samples": 10}, share("1", "3"), None, (Outcome.NOT_SATISFIED, "")),
        ({"bound": Bound.parse("< 2 %"), "samples": 11}, share("1", "3"), None, (Outcome.UNDETERMINED, "only 10 of 11 samples")),
        ({"bound": Bound.parse("< 1 %"), "samples": 11}, share("1", "3"), None, (Outcome.NOT_SATISFIED, "")),
        ({"bound": Bound.parse("< 3 %"), "decides": "bound"}, share("1", "3"), None, (Outcome.UNDETERMINED, "the bound may hold or not within the interval")),
        ({"bound": Bound.parse("< 3 %")}, share("1", "2.5", unfinished="cut off"), None, (Outcome.UNDETERMINED, "cut off")),
    ],
)  # fmt: skip
def test_what_is_observed_is_compared_with_bound_and_samples(
    changes: dict[str, Any], observed: Any, samples: int | None, concluded: tuple[Outcome, str]
) -> None:
    seen = Quantity.parse(observed) if isinstance(observed, str) else observed
    assert conclude(lambda: criterion(**changes).require(seen, samples=samples)) == concluded


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"bound": None}, "has no bound to compare 30 d"), ({"decides": "bound"}, "give an Estimate")],
)
def test_what_cannot_be_compared_is_a_mistake_of_the_check(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        criterion(**changes).require(Quantity.days(30))


@pytest.mark.parametrize(
    ("window", "observed", "concluded"),
    [
        (Quantity.days(30), "720 h", HOLDS),
        (Quantity.days(30), "31 d", HOLDS),
        (Quantity.days(30), "719 h", (Outcome.UNDETERMINED, "there is data for 719 h of 30 d")),
        (None, "31 d", (Outcome.UNDETERMINED, "there is data for 31 d of an unstated window")),
    ],
)
def test_less_than_the_window_is_no_answer(
    window: Quantity | None, observed: str, concluded: tuple[Outcome, str]
) -> None:
    assert conclude(lambda: criterion(window=window).cover(Quantity.parse(observed))) == concluded


@pytest.mark.parametrize("needs_production", [True, False])
def test_too_little_is_left_to_production_where_the_criterion_is(needs_production: bool) -> None:
    asked = criterion(needs_production=needs_production)
    with pytest.raises(Concluded) as said:
        asked.cover(Quantity.days(1))
    assert (said.value.conclusion.needs, said.value.conclusion.expected) == ("production" * needs_production, ">= 30 d")
    assert criterion(bound=None).undetermined("denied").conclusion.expected == ""


@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize("found", [(), ("a",), ("a", "b", "a")])
def test_each_thing_that_must_not_be_there_is_a_fault(found: tuple[str, ...], goes_on: bool) -> None:
    with open_judgement(goes_on=goes_on) as judgement:
        ended = conclude(lambda: criterion().exclude(found, expected="none", observed="{} is open"))
    assert (ended != HOLDS) == bool(found and not goes_on)
    faults = [each for each in judgement.compared if each.outcome is Outcome.NOT_SATISFIED]
    assert sorted((each.aspect, each.observed) for each in faults) == [
        (each, f"{each} is open") for each in sorted({*found})
    ]
    assert [each.observed for each in judgement.compared if each.outcome is Outcome.SATISFIED] == ["none"] * (not found)


def test_whose_words_a_conclusion_is_in_is_said() -> None:
    with open_judgement(goes_on=True) as judgement:
        criterion().exclude(["a"], expected="none")
        criterion().exclude([], expected="none")
        criterion().hold(True, expected="on", observed="on")
    assert [each.words for each in judgement.compared] == [
        ("expected", "observed"),
        ("expected",),
        ("expected", "observed"),
    ]
    assert criterion().undetermined("denied").conclusion.words == ("reason", "observed")
    assert criterion().not_applicable("none is there").conclusion.words == ("reason",)


@pytest.mark.parametrize(
    ("wording", "english", "japanese"),
    [
        ("Kept {limit}.", "Kept 30 days.", "Kept 30 日."),
        ("Seen {window}.", "Seen 1 hour.", "Seen 1 時間."),
        ("Of {samples}, {population} at {confidence}.", "Of 2,000, 3 at 95 %.", "Of 2,000, 3 at 95 %."),
        ("At {rate}, and {other}.", "At 5 /s, and {other}.", "At 5 /s, and {other}."),
    ],
)
def test_a_statement_shows_the_numbers_of_the_criterion(wording: str, english: str, japanese: str) -> None:
    numbers = {"samples": 2000, "population": 3, "confidence": Quantity.of(95, "%"), "layer_keys": {"rate": "5 /s"}}
    made = criterion(wording=wording, wording_ja=f"{wording}。", window=Quantity.of(1, "h"), **numbers)
    assert (made.statement, made.statement_ja) == (english, f"{japanese}。")
    assert criterion(wording=wording, wording_ja=wording, window=made.window, **numbers).statement == japanese
    assert criterion(wording="Seen {window}.").statement == "Seen ."


def test_a_criterion_that_is_not_stated_is_answered_with_the_nearest() -> None:
    known: dict[str, Criterion] = {"backup-retention": criterion()}
    with pytest.raises(CriteriaError, match=r"no criterion 'backup-retentoin'; did you mean 'backup-retention'\?"):
        Criteria(known)["backup-retentoin"]


def test_layers_and_severities_are_in_the_order_of_the_requirements() -> None:
    letters = "static S, live L, load T, e2e E, dags D, rollout R, attested A"
    assert ", ".join(f"{name} {letter}" for name, letter in LAYERS.items()) == letters
    assert SEVERITIES == ("critical", "high", "medium", "low")


def test_a_promotion_asks_what_precedes_a_deployment() -> None:
    assert (PROMOTION, {*PROMOTING}) == ("promotion", {"static", "live", "rollout", "attested"})
    assert [Scope(moment=each).when for each in ("promotion", "during", "")] == ["before", "during", ""]
