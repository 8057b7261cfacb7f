"""What was prepared and never compared is a doubt, and a judge has a criterion of its own that nobody keeps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from prodgate import Criterion, Unresolved, allow_unknown
from prodgate.checks import check, check_of
from prodgate.facts import Fact, Facts
from prodgate.findings import Concluded, Conclusion, Finding, NotApplicable, Outcome
from prodgate.run.judging import judge
from prodgate.run.watching import watch_judgements
from prodgate.waivers import apply_waivers
from tests.prodgate.samples import NOW, criterion, waiver

watch_judgements()
SAID = {"expected": "a", "observed": "b"}
KEPT: list[Any] = []


def judged(body: Callable[[Criterion], Any], stated: Criterion | None = None, subjects: int = 1) -> list[Finding]:
    def test_it(fact: Fact, criterion: Criterion) -> None:
        """Does it hold?"""
        body(criterion)

    return judged_by(test_it, stated, subjects)


def judged_by(test_it: Callable[..., None], stated: Criterion | None = None, subjects: int = 1) -> list[Finding]:
    test_it.__annotations__ = {"fact": Fact, "criterion": Criterion, "return": None}
    made = check_of(check("truth", remedy="Mend it.")(test_it))
    assert made is not None
    facts = Facts(tuple(Fact(subject=str(number)) for number in range(subjects)))
    return list(judge(made, stated or criterion("truth", bound=None), facts, layer="static", fixtures={}))


def then_hold(body: Callable[[Criterion], Any]) -> Finding:
    def both(criterion: Criterion) -> None:
        body(criterion)
        criterion.hold(True, **SAID)

    return judged(both)[0]


def ask_lazily(given: Criterion) -> Any:
    given.hold(False, **SAID)
    yield


async def ask_later(given: Criterion) -> None:
    given.hold(False, **SAID)


@pytest.mark.parametrize(
    "put_aside",
    [
        KEPT.append,
        lambda c: KEPT.append(lambda: c.hold(False, **SAID)),
        lambda c: KEPT.append(ask_lazily(c)),
        lambda c: KEPT.append(ask_later(c)),
        lambda c: KEPT.append({"in": [(c,)]}),
        lambda c: KEPT.append(functools.partial(ask_lazily, c)),
    ],
)
def test_a_criterion_that_is_kept_for_later_is_a_doubt(put_aside: Callable[[Criterion], Any]) -> None:
    found = then_hold(put_aside)
    for each in KEPT:
        getattr(each, "close", lambda: None)()
    KEPT.clear()
    assert found.outcome is Outcome.UNDETERMINED
    assert found.reason == "kept its criterion for later, where comparisons don't count; compare before it ends"


def test_what_refers_only_to_itself_keeps_nothing() -> None:
    def turn(given: Criterion) -> None:
        def inner() -> Any:
            return inner, given

        inner()

    assert then_hold(turn).outcome is Outcome.SATISFIED


@pytest.mark.parametrize("name", ["hold", "require", "cover"])
def test_a_comparison_that_is_taken_and_never_called_is_a_doubt(name: str) -> None:
    found = then_hold(lambda c: functools.partial(getattr(c, name), False))
    assert found.outcome is Outcome.UNDETERMINED
    assert found.reason == f"took {name}() out of its criterion and never called it; call it, so that it compares"


def test_what_is_called_once_is_called() -> None:
    def several(given: Criterion) -> None:
        hold = given.hold
        for _ in range(3):
            hold(True, **SAID)
        Criterion.hold(given, True, **SAID)

    assert judged(several)[0].outcome is Outcome.SATISFIED


def test_a_value_that_may_be_unknown_leaves_nothing_behind() -> None:
    def look(given: Criterion) -> None:
        with allow_unknown(because="the name says it, too"):
            given.hold(fail(), **SAID)

    def fail() -> bool:
        raise Unresolved("aws_x.it.arn", "is decided later")

    assert then_hold(look).outcome is Outcome.SATISFIED


@pytest.mark.parametrize("field", ["population", "samples", "bound", "needs_production"])
def test_a_criterion_that_was_changed_is_a_doubt(field: str) -> None:
    found = then_hold(lambda c: object.__setattr__(c, field, 7))
    assert (found.outcome, found.reason) == (Outcome.UNDETERMINED, "changed its criterion; leave it as it is")


def test_the_criterion_of_one_subject_is_not_that_of_the_next() -> None:
    seen: list[bool] = []

    def change(given: Criterion) -> None:
        seen.append(given.population == 1)
        object.__setattr__(given, "population", 0)
        given.hold(True, **SAID)

    judged(change, subjects=3)
    assert seen == [True, True, True]


def exempt(given: Criterion) -> None:
    raise given.not_applicable("not this one")


def exempt_by_hand(_: Criterion) -> None:
    raise NotApplicable(Conclusion(outcome=Outcome.NOT_APPLICABLE, reason="not this one"))


@pytest.mark.parametrize("body", [exempt, exempt_by_hand])
def test_only_the_criterion_lets_a_subject_be_exempt(body: Callable[[Criterion], None]) -> None:
    stated = criterion("truth", bound=None)
    (found,) = judged(body, stated)
    assert found.outcome is Outcome.UNDETERMINED
    assert found.reason == (
        "was called not applicable (not this one), and the criterion does not allow that; "
        'write applicability = "some-subjects" in the criterion if the question need not arise for each'
    )
    for allowed in (replace(stated, some_subjects=True), replace(stated, where_present=True)):
        first, *more = judged(body, allowed)
        assert first.outcome is Outcome.NOT_APPLICABLE
        assert [each.outcome for each in more] == ([] if allowed.where_present else [Outcome.UNDETERMINED])


@pytest.mark.parametrize(
    ("expected", "observed", "held", "said"),
    [
        ("deletion_protection = true", "unprotected", "", ""),
        ("force_destroy = false", True, "", ""),
        ("status = Enabled", "Enabled", "", "Enabled"),
        ("FARGATE", "FARGATE", "", "FARGATE"),
        ("COMPLIANCE or GOVERNANCE", "GOVERNANCE", "", "GOVERNANCE"),
        ("no public address", "public address", "", ""),
        ("an alarm", "none", "alarm/cpu", "alarm/cpu"),
    ],
)
def test_what_holds_is_not_said_to_be_otherwise(expected: str, observed: object, held: str, said: str) -> None:
    """What a check says is there instead of what is expected is not there."""
    (found,) = judged(lambda asked: asked.hold(True, expected=expected, observed=observed, held=held))
    assert (found.outcome, found.observed) == (Outcome.SATISFIED, said)


def test_nobody_but_a_waiver_accepts_a_risk() -> None:
    def accept(_: Criterion) -> None:
        raise Concluded(Conclusion(outcome=Outcome.WAIVED, reason="accepted"))

    (found,) = judged(accept, criterion("truth", bound=None, where_present=True))
    assert (found.outcome, found.reason) == (Outcome.UNDETERMINED, "ended without comparing anything")


def say_either(first: bool, second: bool) -> list[Finding]:
    def test_it(fact: Fact, criterion: Criterion) -> None:
        """Does it hold?"""
        criterion.hold(first, expected="encrypted", observed="plain")
        criterion.hold(second, expected="locked", observed="open")

    return judged_by(test_it)


@pytest.mark.parametrize(
    ("accepted", "says"),
    [
        ({}, 'says not which fault of 0 was accepted; write aspect = "encrypted"'),
        ({"aspect": "locked"}, "covers no finding"),
        ({"observed": "open"}, "0 is 'plain' now, not 'open'"),
        ({"aspect": "encrypted"}, ""),
        ({"observed": "plain"}, ""),
    ],
)
def test_what_was_accepted_of_a_check_that_stops_covers_no_next_fault(accepted: dict[str, str], says: str) -> None:
    stated = waiver(**{"covers": "test_it", "subject": "0", "observed": "", **accepted})
    (found,), (state,) = apply_waivers(say_either(first=False, second=False), [stated], NOW)
    assert (found.outcome is Outcome.WAIVED) == (not says)
    assert state.reason.startswith(says)
    assert [each.aspect for each in say_either(first=True, second=False)] == ["locked"]
    assert [each.aspect for each in judged(lambda c: c.hold(False, **SAID))] == ["a"]
