"""Doubt counts from where it arises, and so does a comparison, whatever a check does with the exception."""

import asyncio
import contextvars
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from prodgate import Criterion, Resource, Unresolved, allow_unknown
from prodgate.checks import check as check_
from prodgate.checks import check_of
from prodgate.facts import Fact, Facts
from prodgate.faults import conclude
from prodgate.findings import Concluded, Conclusion, Finding, NotApplicable, Outcome, Undetermined
from prodgate.judgement import open_judgement
from prodgate.quantities import Quantity
from prodgate.run.judging import judge
from prodgate.run.watching import watch_judgements
from prodgate.terraform.policy import Policy, apply
from prodgate.terraform.reading import UNKNOWN
from prodgate.terraform.resources import Configuration
from tests.prodgate.samples import criterion

watch_judgements()
SAID = {"expected": "a", "observed": "b"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Thing(Fact):
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SpecialThing(Thing):
    colour: str = "red"


def partly() -> Thing:
    """A thing of which only the name is known."""
    return Thing.unread("partly", "denied")


def judged(body: Callable[[Thing, Criterion], Any], *, facts: Facts = Facts((Thing(subject="it"),))) -> Finding:  # noqa: B008
    def test_it(thing: Thing, criterion: Criterion) -> Any:
        """Does it hold?"""
        return body(thing, criterion)

    test_it.__annotations__ = {"thing": Thing, "criterion": Criterion, "return": None}
    found = check_of(check_("truth", remedy="Mend it.")(test_it))
    assert found is not None
    finding, *_ = judge(found, criterion("truth"), facts, layer="static", fixtures={})
    return finding


def swallowed(body: Callable[[Criterion], Any]) -> Finding:
    """Judge by a check that swallows whatever ``body`` raises, and then says that all is well."""

    def swallow(_: Thing, criterion: Criterion) -> None:
        with suppress(BaseException):
            body(criterion)
        criterion.hold(True, **SAID)

    return judged(swallow)


def in_a_thread(body: Callable[[], Any]) -> None:
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()


def quietly(body: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        with suppress(AssertionError):
            body()

    return run


async def gathered(body: Callable[[], Any]) -> None:
    async def one() -> None:
        body()

    await asyncio.gather(one(), return_exceptions=True)


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
        lambda c: in_a_thread(quietly(lambda: c.hold(False, **SAID))),
        lambda c: ThreadPoolExecutor(1).submit(c.hold, False, **SAID).exception(),
        lambda c: contextvars.Context().run(c.hold, False, **SAID),
        lambda c: contextvars.copy_context().run(c.hold, False, **SAID),
        lambda c: asyncio.run(gathered(lambda: c.hold(False, **SAID))),
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
        (lambda c: in_a_thread(lambda: c.undetermined("dark")), "dark"),
        (lambda _: partly().size, "denied"),
        (lambda _: getattr(partly(), "size", 3), "denied"),
        (lambda _: in_a_thread(quietly(lambda: partly().size)), "denied"),
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
        (lambda c: c.hold(False), "hold() could not compare: TypeError"),
        (lambda c: c.require("a text"), "require() could not compare: UnitError"),
        (lambda c: c.require(Stubborn()), "require() could not compare"),
        (lambda c: replace(c, id="mine").hold(True, **SAID), "was compared by 'mine' as written elsewhere"),
        (pickle.dumps, "was handed to another process"),
        (lambda _: in_a_thread(lambda: 1 / 0), "a thread failed: ZeroDivisionError"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
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


def test_a_thread_that_goes_on_has_not_been_heard() -> None:
    go_on = threading.Event()
    found = swallowed(lambda _: threading.Thread(target=go_on.wait, args=(120,)).start())
    go_on.set()
    assert "left a thread running" in found.reason


def test_a_fork_takes_comparisons_where_nobody_hears_them() -> None:
    def fork(_: Criterion) -> None:
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitpid(pid, 0)

    assert swallowed(fork).reason.startswith("forked a process")


def test_only_what_a_check_itself_leaves_to_production_needs_it() -> None:
    later = criterion("truth", needs_production=True)

    def needs(body: Callable[[Criterion], Any]) -> str:
        with open_judgement(later) as judgement, pytest.raises(Undetermined) as ended:
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

    found = check_of(check_("truth", remedy="Mend it.")(test_it))
    assert found is not None
    facts = Facts((Thing(subject="it"),), unreadable)
    _, last = judge(found, criterion("truth"), facts, layer="live", fixtures={})
    assert last.outcome is Outcome.UNDETERMINED
    assert "denied" in last.reason


def concluded(body: Callable[[Resource], Any]) -> Finding:
    """Judge a resource with an unknown ``arn`` by a policy that says at the end that all is well."""

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
        lambda it: in_a_thread(quietly(lambda: it.text("anr"))),
        lambda it: bool(it.values["arn"]),
        lambda it: it.values["arn"] == "*",
        lambda it: it.values["arn"] not in ("*", "a"),
        lambda it: "*" in str(it.values["arn"]),
        lambda it: f"{it.values['arn']}",
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_value_that_is_not_known_is_a_doubt_however_it_is_read(body: Callable[[Resource], Any]) -> None:
    assert concluded(body).outcome is Outcome.UNDETERMINED


def test_a_policy_that_reads_what_is_known_is_satisfied() -> None:
    assert concluded(lambda it: it.text("name")).outcome is Outcome.SATISFIED
