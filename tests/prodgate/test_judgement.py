"""A doubt counts from where it arises, and so does a comparison, whatever a check does with the exception; an
estimate states the other possible values, and a criterion compares all of them."""

import contextvars
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from prodgate import Criterion, Resource, Unresolved, allow_unknown, estimates
from prodgate.aws.answers import Unread
from prodgate.checks import check, check_of
from prodgate.estimates import Estimate
from prodgate.facts import Fact, Facts
from prodgate.faults import conclude
from prodgate.findings import Concluded, Conclusion, Finding, NotApplicable, NotSatisfied, Outcome, Undetermined
from prodgate.judgement import Judgement, open_judgement
from prodgate.quantities import Bound, Quantity, UnitError
from prodgate.run.judging import judge
from prodgate.terraform.policy import Policy, apply
from prodgate.terraform.resources import UNKNOWN, Configuration
from prodgate.waivers import apply_waivers

from .samples import NOW, criterion, waiver

SAID = {"expected": "a", "observed": "b"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Thing(Fact):
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SpecialThing(Thing):
    colour: str = "red"
    place: str = ""


class LooseThing(Thing):
    """A fact without slots."""

    def __init__(self, subject: str, place: str) -> None:
        super().__init__(subject=subject, size=2)
        object.__setattr__(self, "place", place)


def partly() -> Thing:
    """A thing with only the name known."""
    return Thing.unread("partly", "denied")


def judged(body: Callable[[Thing, Criterion], Any], *, facts: Facts = Facts((Thing(subject="it"),))) -> Finding:  # noqa: B008
    def test_it(thing: Thing, criterion: Criterion) -> Any:
        """Does it hold?"""
        return body(thing, criterion)

    test_it.__annotations__ = {"thing": Thing, "criterion": Criterion, "return": None}
    found = check_of(check("truth", remedy="Mend it.")(test_it))
    finding, *_ = judge(found, criterion("truth"), facts, layer="static", fixtures={})
    return finding


def test_what_the_criteria_file_does_not_ask_is_not_judged() -> None:
    def test_it(thing: Thing, criterion: Criterion) -> None:
        """Does it hold?"""
        criterion.hold(thing.size > 1, **SAID)

    test_it.__annotations__ = {"thing": Thing, "criterion": Criterion, "return": None}
    asked = criterion("truth", without={"test_it": "A toy.", "X_1": "A toy."})
    found = check_of(check("truth", remedy="Mend it.")(test_it))
    facts = Facts((), {Thing: "access denied"})
    stated = Policy(
        id="X_1", criterion="truth", resources=("aws_x",), remedy="Mend.", judge=test_it, population=1, required=True
    )
    empty = Configuration(root=".", engine="none", resources=[])
    findings = [*judge(found, asked, facts, layer="static", fixtures={}), *apply(stated, empty, asked)]
    assert [(each.check, each.outcome, each.reason) for each in findings] == [
        (name, Outcome.NOT_APPLICABLE, "is not asked: A toy.") for name in ("test_it", "X_1")
    ]


def swallowed(body: Callable[[Criterion], Any]) -> Finding:
    """Judge with a check that swallows whatever ``body`` raises, and then reports that all is well."""

    def swallow(_: Thing, criterion: Criterion) -> None:
        with suppress(BaseException):
            body(criterion)
        criterion.hold(True, **SAID)

    return judged(swallow)


class Stubborn:
    def __bool__(self) -> bool:
        raise ValueError("neither")

    def __str__(self) -> str:
        raise ValueError("nothing to see")


def test_what_holds_is_satisfied() -> None:
    assert judged(lambda _, c: c.hold(True, **SAID)) == swallowed(lambda c: c.hold(True, **SAID))
    assert swallowed(lambda c: c.hold(True, **SAID)).outcome is Outcome.SATISFIED


@pytest.mark.parametrize(
    "body",
    [
        lambda c: contextvars.Context().run(c.hold, False, **SAID),
        lambda c: contextvars.copy_context().run(c.hold, False, **SAID),
        lambda c: next(each for each in (c.hold(False, **SAID),)),
        lambda c: replace(c, id="other").hold(False, **SAID),
        lambda c: c.hold(False, expected="a", observed=Stubborn()),
    ],
)
def test_a_comparison_that_fails_counts_wherever_it_was_made(body: Callable[[Criterion], Any]) -> None:
    assert swallowed(body).outcome is Outcome.NOT_SATISFIED


def test_a_nested_judgement_keeps_nothing_to_itself() -> None:
    def nested(criterion: Criterion) -> None:
        with open_judgement():
            criterion.hold(False, **SAID)

    assert swallowed(nested).outcome is Outcome.NOT_SATISFIED


def test_what_failed_is_not_made_inapplicable_or_satisfied_afterwards() -> None:
    def ends_with(ended: Conclusion) -> Finding:
        def body(_: Thing, criterion: Criterion) -> None:
            with suppress(AssertionError):
                criterion.hold(False, **SAID)
            raise NotApplicable(ended)

        return judged(body)

    for outcome in (Outcome.NOT_APPLICABLE, Outcome.SATISFIED):
        assert ends_with(Conclusion(outcome=outcome)).outcome is Outcome.NOT_SATISFIED


def test_an_end_that_says_satisfied_compared_nothing() -> None:
    def body(_: Thing, __: Criterion) -> None:
        raise Concluded(Conclusion(outcome=Outcome.SATISFIED))

    assert judged(body).outcome is Outcome.UNDETERMINED


def raise_(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (lambda c: raise_(c.undetermined("dark")), "dark"),
        (lambda c: c.undetermined("dark"), "dark"),
        (lambda c: raise_(ExceptionGroup("all", [c.undetermined("dark")])), "dark"),
        (lambda _: partly().size, "denied"),
        (lambda _: getattr(partly(), "size", 3), "denied"),
        (lambda _: raise_(Unresolved("aws_x.it.arn", "is decided later")), "aws_x.it.arn is decided later"),
        (lambda c: c.cover(Quantity.days(3)), "there is data for 3 d of an unstated window"),
        (lambda c: c.hold("no", **SAID), "hold() was given 'no', a str; give it True or False"),
        (lambda c: c.hold(1, **SAID), "hold() was given '1', a int; give it True or False"),
        (lambda c: c.hold(None, **SAID), "hold() was given 'None', a NoneType; give it True or False"),
        (lambda c: c.hold([False], **SAID), "hold() was given '[False]', a list; give it True or False"),
        (
            lambda c: c.hold(Stubborn(), **SAID),
            'hold() was given "<Stubborn that can\'t be shown: ValueError>", a Stubborn; give it True or False',
        ),
    ],
)
def test_doubt_is_not_swallowed(body: Callable[[Criterion], Any], reason: str) -> None:
    found = swallowed(body)
    assert (found.outcome, found.reason[: len(reason)]) == (Outcome.UNDETERMINED, reason) or reason in found.reason
    assert found.outcome is Outcome.UNDETERMINED


def test_an_early_comparison_that_holds_does_not_outweigh_a_later_doubt() -> None:
    def body(_: Thing, criterion: Criterion) -> None:
        criterion.hold(True, **SAID)
        with suppress(AssertionError):
            raise criterion.undetermined("dark")

    assert judged(body).reason == "dark"


def test_only_what_a_check_itself_leaves_to_production_needs_it() -> None:
    later = criterion("truth", needs_production=True)

    def needs(body: Callable[[Criterion], Any]) -> str:
        with open_judgement() as judgement, pytest.raises(Undetermined) as ended:
            body(later)
        return conclude(judgement, later, ended=ended.value.conclusion).needs

    def after_a_doubt(criterion: Criterion) -> None:
        criterion.undetermined("dark")
        raise criterion.only_production("no traffic yet")

    assert needs(lambda c: raise_(c.only_production("no traffic yet"))) == "production"
    assert needs(lambda c: c.cover(Quantity.days(3))) == "production"
    assert needs(lambda c: raise_(c.undetermined("dark"))) == ""
    assert needs(lambda _: partly().size) == ""
    assert needs(after_a_doubt) == ""


def test_a_check_returns_nothing() -> None:
    def body(_: Thing, criterion: Criterion) -> Any:
        criterion.hold(True, **SAID)
        return (criterion.hold(False, **SAID) for _ in range(1))

    assert judged(body).reason == "test_it returned a generator; it must return nothing"


def test_a_fact_of_which_not_even_the_place_is_known_is_judged() -> None:
    found = judged(
        lambda thing, c: c.hold(thing.size == 1, **SAID), facts=Facts((SpecialThing.unread("it", "denied"),))
    )
    assert (found.outcome, found.reason, found.where) == (Outcome.UNDETERMINED, "denied", ())


def test_the_place_of_a_fact_is_named_however_its_class_is_made() -> None:
    found = judged(lambda _thing, c: c.hold(False, **SAID), facts=Facts((LooseThing("it", place="a.tf:3"),)))
    assert found.where == ("a.tf:3",)


def test_who_looks_without_judging_is_given_what_is_there() -> None:
    assert (partly().peek("subject"), partly().peek("size")) == ("partly", Unread("denied"))


def test_a_value_that_decides_nothing_is_done_without_in_the_open() -> None:
    def body(_: Thing, criterion: Criterion) -> None:
        with allow_unknown(because="the name says it, too"):
            criterion.hold(partly().size == 1, **SAID)
        criterion.hold(True, **SAID)

    found = judged(body)
    assert found.outcome is Outcome.SATISFIED
    assert found.reason == "denied, which decides nothing: the name says it, too"


def test_only_what_is_not_known_may_be_done_without() -> None:
    def allowing(body: Callable[[Criterion], Any]) -> Finding:
        def allow(criterion: Criterion) -> None:
            with allow_unknown(because="it is not needed"):
                body(criterion)

        return swallowed(allow)

    assert allowing(lambda c: raise_(c.undetermined("dark"))).reason == "dark"
    assert allowing(lambda c: c.hold(False, **SAID)).outcome is Outcome.NOT_SATISFIED


def test_an_allowance_ends_with_its_block() -> None:
    def body(criterion: Criterion) -> None:
        with allow_unknown(because="it is not needed"):
            context = contextvars.copy_context()
        context.run(lambda: criterion.hold(partly().size == 1, **SAID))

    assert swallowed(body).reason == "denied"


@pytest.mark.parametrize("because", ["", "  ", None, 3])
def test_an_allowance_without_a_reason_is_refused(because: Any) -> None:
    with pytest.raises(TypeError, match="say why"), allow_unknown(because):
        pass


@pytest.mark.parametrize("unreadable", [{Thing: "denied"}, {SpecialThing: "denied"}])
def test_a_check_of_a_kind_hears_that_a_kind_of_it_is_unreadable(unreadable: dict[type, str]) -> None:
    def test_it(thing: Thing, criterion: Criterion) -> None:
        """Does it hold?"""
        criterion.hold(thing.size == 1, **SAID)

    found = check_of(check("truth", remedy="Mend it.")(test_it))
    facts = Facts((Thing(subject="it"),), unreadable)
    _, last = judge(found, criterion("truth"), facts, layer="live", fixtures={})
    assert last.outcome is Outcome.UNDETERMINED
    assert "denied" in last.reason


GOOD, BAD, NONE = (Thing(subject=str(size), size=size) for size in (1, 2, 0))
ONE, ANY = {"some_subjects": True, "bound": None}, {"population": 0, "bound": None}


@pytest.mark.parametrize(
    ("facts", "asked", "found"),
    [
        (Facts(), ONE, ["undetermined: no Thing observed, at least 1 expected"]),
        (Facts(), ANY, ["not-applicable: no Thing observed"]),
        (Facts((), {Thing: "denied"}), ANY, ["undetermined: denied"]),
        (Facts((GOOD,), {Thing: "denied"}), ONE, ["satisfied: ", "undetermined: denied"]),
        (Facts((GOOD, NONE)), ONE, ["satisfied: ", "not-applicable: it has no size"]),
        (Facts((BAD, GOOD), unrehearsed={Thing: "a zone"}), ONE, ["undetermined: may be so for want of a part of it: a zone", "satisfied: "]),
        (Facts((BAD,)), ONE, ["not-satisfied: Mend it."]),
        (Facts((BAD,)), ONE | {"remedy": "Write less."}, ["not-satisfied: Mend it."]),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_and_what_is_wrong_has_a_remedy(
    facts: Facts, asked: dict[str, Any], found: list[str]
) -> None:
    def test_sized(thing: Thing, criterion: Criterion) -> None:
        """Is it of the first size? Nobody asks that of one without a size."""
        if not thing.size:
            raise criterion.not_applicable("it has no size")
        criterion.hold(thing.size == 1, **SAID)

    sized = check_of(check("truth", remedy="Mend it.")(test_sized))
    said = [*judge(sized, criterion("truth", **asked), facts, layer="static", fixtures={})]
    assert [f"{one.outcome}: {one.reason or one.remedy}" for one in said] == found
    assert all(one.words for one in said if one.subject == "2")


def concluded(body: Callable[[Resource], Any]) -> Finding:
    """Judge a resource with an unknown ``arn`` with a policy that reports at the end that all is well."""

    def policy(resource: Resource, criterion: Criterion) -> None:
        """All is well."""
        with suppress(Exception):
            body(resource)
        criterion.hold(True, **SAID)

    it = Resource(address="aws_x.it", type="aws_x", name="it", values={"arn": UNKNOWN, "name": "it"})
    stated = Policy(
        id="X_1", criterion="truth", resources=("aws_x",), remedy="", judge=policy, population=1, required=False
    )
    (finding,) = apply(stated, Configuration(root=".", engine="none", resources=[it]), criterion("truth"))
    return finding


@pytest.mark.parametrize(
    "body",
    [
        lambda it: it.text("arn"),
        lambda it: it.texts("arn"),
        lambda it: it.related("arn", "aws_y"),
        lambda it: it.text("anr"),
        lambda it: bool(it.values["arn"]),
        lambda it: it.values["arn"] == "*",
        lambda it: it.values["arn"] not in ("*", "a"),
        lambda it: "*" in str(it.values["arn"]),
        lambda it: f"{it.values['arn']}",
    ],
)
def test_a_value_that_is_not_known_is_a_doubt_however_it_is_read(body: Callable[[Resource], Any]) -> None:
    assert concluded(body).outcome is Outcome.UNDETERMINED


def test_a_policy_that_reads_what_is_known_is_satisfied() -> None:
    assert concluded(lambda it: it.text("name")).outcome is Outcome.SATISFIED


# ── A criterion's comparisons

SHARE = criterion("error-rate", bound=Bound.parse("< 1 %"), samples=299)


@pytest.mark.parametrize(("samples", "reason"), [(298, "only 298 of 299 samples"), (None, "an unstated number of 299")])
def test_a_share_that_rests_on_too_few_or_unstated_samples_is_undetermined(samples: int | None, reason: str) -> None:
    with pytest.raises(Undetermined, match=reason):
        SHARE.require(Quantity.of(0, "%"), samples=samples)


def test_enough_samples_decide() -> None:
    SHARE.require(Quantity.of(0, "%"), samples=299)
    with pytest.raises(NotSatisfied):
        SHARE.require(Quantity.of(2, "%"), samples=299)


def test_a_comparison_that_broke_the_bound_counts_although_it_was_caught() -> None:
    backups = criterion()
    with open_judgement() as judgement:
        with pytest.raises(NotSatisfied):
            backups.require(Quantity.days(7))
        backups.require(Quantity.days(30))
    found = conclude(judgement, backups)
    assert (found.outcome, found.observed) == (Outcome.NOT_SATISFIED, "7 d")


@pytest.mark.parametrize(
    ("bound", "looked", "outcome"),
    [
        (Bound.parse(">= 30 d"), True, Outcome.UNDETERMINED),
        (None, False, Outcome.UNDETERMINED),
        (None, True, Outcome.SATISFIED),
    ],
)
def test_comparing_nothing_holds_only_for_who_looked_for_what_a_statement_forbids(
    bound: Bound | None, looked: bool, outcome: Outcome
) -> None:
    assert conclude(Judgement(), criterion(bound=bound), looked=looked).outcome is outcome


# ── What a check ends with


def judge_each(body: Callable[[Criterion], Any], stated: Criterion | None = None, subjects: int = 1) -> list[Finding]:
    def test_it(fact: Fact, criterion: Criterion) -> None:
        """Does it hold?"""
        body(criterion)

    return judged_by(test_it, stated, subjects)


def judged_by(test_it: Callable[..., None], stated: Criterion | None = None, subjects: int = 1) -> list[Finding]:
    test_it.__annotations__ = {"fact": Fact, "criterion": Criterion, "return": None}
    made = check_of(check("truth", remedy="Mend it.")(test_it))
    facts = Facts(tuple(Fact(subject=str(number)) for number in range(subjects)))
    return list(judge(made, stated or criterion("truth", bound=None), facts, layer="static", fixtures={}))


def then_hold(body: Callable[[Criterion], Any]) -> Finding:
    def both(criterion: Criterion) -> None:
        body(criterion)
        criterion.hold(True, **SAID)

    return judge_each(both)[0]


def test_a_value_that_may_be_unknown_leaves_nothing_behind() -> None:
    def look(given: Criterion) -> None:
        with allow_unknown(because="the name says it, too"):
            given.hold(fail(), **SAID)

    def fail() -> bool:
        raise Unresolved("aws_x.it.arn", "is decided later")

    assert then_hold(look).outcome is Outcome.SATISFIED


def exempt(given: Criterion) -> None:
    raise given.not_applicable("not this one")


def exempt_by_hand(_: Criterion) -> None:
    raise NotApplicable(Conclusion(outcome=Outcome.NOT_APPLICABLE, reason="not this one"))


@pytest.mark.parametrize("body", [exempt, exempt_by_hand])
def test_only_the_criterion_lets_a_subject_be_exempt(body: Callable[[Criterion], None]) -> None:
    stated = criterion("truth", bound=None)
    (found,) = judge_each(body, stated)
    assert found.outcome is Outcome.UNDETERMINED
    assert found.reason == (
        "was called not applicable (not this one), and the criterion does not allow that; "
        'write applicability = "some-subjects" in the criterion if the question need not arise for each'
    )
    for allowed in (replace(stated, some_subjects=True), replace(stated, where_present=True)):
        first, *more = judge_each(body, allowed)
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
    """A satisfied finding shows no observation that contradicts it."""
    (found,) = judge_each(lambda asked: asked.hold(True, expected=expected, observed=observed, held=held))
    assert (found.outcome, found.observed) == (Outcome.SATISFIED, said)


def test_nobody_but_a_waiver_accepts_a_risk() -> None:
    def accept(_: Criterion) -> None:
        raise Concluded(Conclusion(outcome=Outcome.WAIVED, reason="accepted"))

    (found,) = judge_each(accept, criterion("truth", bound=None, where_present=True))
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
    assert [each.aspect for each in judge_each(lambda c: c.hold(False, **SAID))] == ["a"]


# ── An estimate states the other possible values, and a criterion compares all of them

SURE = Quantity.parse("95 %")
FAST = criterion("latency-p95", bound=Bound.parse("< 200 ms"), samples=1000, confidence=SURE, decides="bound")
BY_POINT = criterion("latency-p95", bound=Bound.parse("< 200 ms"), samples=1000)
NONE = criterion("zero-downtime-deploy", bound=Bound.parse("== 0"), samples=2995)


def estimate(value: str, low: str, high: str, **changes: Any) -> Estimate:
    given = {"samples": 4000, "effective": 4000, "confidence": SURE, **changes}
    return Estimate(value=Quantity.parse(value), low=Quantity.parse(low), high=Quantity.parse(high), **given)


def outcome(asked: Any, observed: Estimate) -> Outcome:
    try:
        asked.require(observed)
    except Concluded as ended:
        return ended.conclusion.outcome
    return Outcome.SATISFIED


BELOW, ACROSS, ABOVE = (estimate(f"{middle} ms", f"{middle - 9} ms", f"{middle + 9} ms") for middle in (180, 195, 220))


@pytest.mark.parametrize(
    ("asked", "observed", "expected"),
    [
        (FAST, BELOW, Outcome.SATISFIED),
        (FAST, ACROSS, Outcome.UNDETERMINED),
        (FAST, estimate("205 ms", "196 ms", "214 ms"), Outcome.UNDETERMINED),
        (FAST, ABOVE, Outcome.NOT_SATISFIED),
        (FAST, estimate("220 ms", "200 ms", "230 ms"), Outcome.NOT_SATISFIED),
        (BY_POINT, ACROSS, Outcome.SATISFIED),
        (BY_POINT, estimate("205 ms", "196 ms", "214 ms"), Outcome.NOT_SATISFIED),
        (FAST, estimate("180 ms", "171 ms", "189 ms", samples=999), Outcome.UNDETERMINED),
        (BY_POINT, estimate("180 ms", "171 ms", "189 ms", samples=999), Outcome.UNDETERMINED),
        (BY_POINT, estimate("205 ms", "196 ms", "214 ms", samples=999), Outcome.UNDETERMINED),
        (BY_POINT, estimate("220 ms", "211 ms", "229 ms", samples=999), Outcome.NOT_SATISFIED),
        (FAST, estimate("180 ms", "171 ms", "189 ms", unfinished="stopped"), Outcome.UNDETERMINED),
        (FAST, estimate("220 ms", "211 ms", "229 ms", unfinished="stopped"), Outcome.NOT_SATISFIED),
    ],
)
def test_the_whole_interval_decides_or_the_point_where_that_is_asked(
    asked: Any, observed: Estimate, expected: Outcome
) -> None:
    assert outcome(asked, observed) is expected


@pytest.mark.parametrize("asked", [FAST, BY_POINT, NONE, criterion(bound=Bound.parse("< 1"), samples=0)])
def test_nothing_observed_decides_nothing(asked: Any) -> None:
    unit = asked.bound.limit.unit
    empty = estimate(f"0 {unit}", f"0 {unit}", f"0 {unit}", samples=0, effective=0)
    assert outcome(asked, empty) is Outcome.UNDETERMINED
    assert outcome(asked, estimate(f"999 {unit}", f"999 {unit}", f"999 {unit}", samples=0)) is Outcome.UNDETERMINED


def test_what_was_compared_is_shown() -> None:
    with open_judgement() as judgement:
        FAST.require(BELOW)
    assert judgement.compared[0].observed == "180 ms (95 % each end: 171–189 ms, 4,000 requests)"
    with pytest.raises(Undetermined) as undecided:
        FAST.require(estimate("195 ms", "186 ms", "204 ms", settles="900 more requests like these would settle it"))
    assert undecided.value.conclusion.reason == (
        "the bound may hold or not within the interval; 900 more requests like these would settle it"
    )
    assert undecided.value.conclusion.observed == "195 ms (95 % each end: 186–204 ms, 4,000 requests)"


def test_a_criterion_that_the_bound_decides_takes_no_bare_value() -> None:
    with pytest.raises(TypeError, match="give an Estimate"):
        FAST.require(Quantity.parse("180 ms"), samples=4000)


def test_a_value_that_must_be_exact_is_refused_only_where_no_part_of_the_interval_is_it() -> None:
    exact = Bound.parse("== 5")
    assert estimate("6", "6", "8").is_outside(exact)
    assert not estimate("6", "4", "8").is_outside(exact)
    assert not estimate("6", "4", "8").is_within(exact)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (estimate("0.05 %", "0.0123456 %", "0.0999753 %"), "0.05 % (95 % each end: 0.01234–0.09998 %, 4,000 requests)"),
        (estimate("5 %", "2 %", "9 %", effective=812, of="runs"), "5 % (95 % each end: 2–9 %, 4,000 runs, worth 812)"),
        (estimate("3", "3", "3", detail="3 refused"), "3 (4,000 requests; 3 refused)"),
        (estimate("12345.6", "12345.6", "12345.6"), "12350 (4,000 requests)"),
    ],
)
def test_it_reads_as_a_person_would_say_it(shown: Estimate, text: str) -> None:
    assert str(shown) == text


def test_a_share_between_its_ends_says_what_would_settle_it() -> None:
    failed = estimates.estimate_share([1, 0, 2, 0, 1] * 8, 4000, bound=Bound.parse("< 1 %"), confidence=SURE)
    assert failed.value.base == Decimal("0.008")
    assert failed.low.base < Decimal("0.008") < Decimal("0.01") < failed.high.base
    assert failed.settles == "2,903 more requests like these would settle it"


@pytest.mark.parametrize(("trials", "settles"), [(2994, "1 more requests like these would settle it"), (2995, "")])
def test_no_failure_in_2995_requests_is_just_enough_for_one_in_a_thousand(trials: int, settles: str) -> None:
    asked = criterion("error-rate", bound=Bound.parse("< 0.1 %"), confidence=SURE, decides="bound")
    observed = estimates.estimate_share([0] * 40, trials, bound=Bound.parse("< 0.1 %"), confidence=SURE)
    assert observed.settles == settles
    assert outcome(asked, observed) is (Outcome.UNDETERMINED if settles else Outcome.SATISFIED)


@pytest.mark.parametrize(
    ("bound", "value", "shown"),
    [
        (">= 99.95 %", "99.9496 %", "99.9496 %"),
        (">= 99.9 %", "99.9964 %", "99.996 %"),
        ("< 200 ms", "199.96 ms", "199.96 ms"),
        ("<= 0.2 s", "200.04 ms", "200.04 ms"),
        ("< 300 ms", "200.04 ms", "200 ms"),
        ("<= 12342", "12345", "12345"),
    ],
)
def test_a_finding_shows_a_figure_on_its_own_side_of_the_bound(bound: str, value: str, shown: str) -> None:
    asked, found = criterion("p95-latency", bound=Bound.parse(bound)), Quantity.parse(value)
    observed = replace(estimates.exact_count(0, samples=12_345), value=found, low=found, high=found)
    assert observed.beside(asked.bound) == f"{shown} (12,345 requests)"
    with suppress(NotSatisfied):
        asked.require(observed)
    with pytest.raises(Undetermined) as told:
        asked.require(replace(observed, samples=0))
    assert told.value.conclusion.observed == f"{shown} (0 requests)"


def test_a_share_that_is_the_limit_is_never_settled() -> None:
    observed = estimates.estimate_share([5] * 40, 4000, bound=Bound.parse("< 5 %"), confidence=SURE)
    assert observed.settles == "no number of requests like these would settle it"


def test_nothing_is_estimated_for_a_bound_on_something_else() -> None:
    with pytest.raises(UnitError, match="not a share"):
        estimates.estimate_share([0], 10, bound=Bound.parse("< 5 ms"), confidence=SURE)


def test_a_rate_rests_on_independent_trials() -> None:
    asked = criterion("surge-cache-hit-rate", bound=Bound.parse(">= 80 %"), confidence=SURE, decides="bound")
    for hits, expected in ((85, Outcome.SATISFIED), (81, Outcome.UNDETERMINED), (75, Outcome.NOT_SATISFIED)):
        observed = estimates.estimate_rate(
            Quantity.of(hits, "%"), 1000, bound=Bound.parse(">= 80 %"), confidence=SURE, of="requests"
        )
        assert outcome(asked, observed) is expected


def percentile(latencies: list[int], failed: int = 0, bound: str = "< 200 ms") -> Estimate:
    return estimates.estimate_percentile(
        lambda latency: [sum(took > latency for took in latencies[start::10]) for start in range(10)] + [failed],
        sorted(set(latencies)),
        len(latencies) + failed,
        slowest=Decimal("0.05"),
        bound=Bound.parse(bound),
        confidence=SURE,
    )


@pytest.mark.parametrize("bound", ["< 200 ms", "<= 199.9 ms"])
@pytest.mark.parametrize("slow", range(20, 90, 3))
def test_a_limit_lies_outside_of_the_interval_exactly_when_the_count_over_it_decides(slow: int, bound: str) -> None:
    """The order statistics that bound a percentile and the test of the share over a limit are equivalent."""
    spread = [1000 + number % 900 for number in range(1000 - slow)]
    observed = percentile(spread + [2000] * slow, bound=bound)
    share = estimates.estimate_share(
        [sum(took >= 2000 for took in (spread + [2000] * slow)[start::10]) for start in range(10)] + [0],
        1000,
        bound=Bound.parse("<= 5 %"),
        confidence=SURE,
    )
    assert observed.is_within(Bound.parse(bound)) is share.is_within(Bound.parse("<= 5 %"))
    assert observed.is_outside(Bound.parse(bound)) is share.is_outside(Bound.parse("<= 5 %"))
    assert observed.settles == share.settles


def test_failures_are_slower_than_anything() -> None:
    observed = percentile([1000] * 900, failed=100)
    assert not observed.value.magnitude.is_finite()
    assert str(observed).startswith("∞ ms (95 % each end: ")
    assert percentile([1000] * 999, failed=1).value == Quantity.parse("100 ms")


def test_a_percentile_of_nothing_may_be_anything() -> None:
    observed = percentile([])
    assert (str(observed.low), str(observed.high.magnitude), observed.samples) == ("0 ms", "Infinity", 0)
    with pytest.raises(Undetermined, match="none of 1,000 samples"):
        FAST.require(observed)


def test_a_count_that_may_have_missed_some_can_only_grow() -> None:
    NONE.require(estimates.exact_count(0, samples=2995))
    with pytest.raises(NotSatisfied):
        NONE.require(estimates.exact_count(1, samples=5))
    with pytest.raises(Undetermined, match="stopped early"):
        NONE.require(estimates.exact_count(0, samples=2995, unfinished="stopped early"))
    assert str(estimates.exact_count(0, samples=9, unfinished="cut")) == "0 (100 % each end: 0–∞, 9 requests)"
