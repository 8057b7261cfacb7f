"""Judging one check: apply it to every fact it asks for, and conclude, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

from ..checks import Check, find_mismatch
from ..criteria import Criteria, CriteriaError, Criterion
from ..facts import Fact, Facts
from ..faults import conclude, list_faults
from ..findings import Concluded, Conclusion, Finding, Outcome, refuse_silence
from ..judgement import describe, open_judgement
from ..sections import bundled
from ..semantics.comparisons import compares_several
from ..terraform.policy import Policy


def find_mistake(subject: Policy | Check, criteria: Criteria) -> str:
    """Return what is wrong between a policy or check and the criteria, or nothing."""
    try:
        criterion = criteria[subject.criterion]
        wrong = find_mismatch(subject, criterion) if isinstance(subject, Check) else ""
        if not wrong and not subject.remedy and not criterion.remedy:
            wrong = f"states no remedy, and neither does criterion {criterion.id!r}; write remedy in one of them"
    except CriteriaError as error:
        wrong = f"judges a criterion that does not exist: {error}"
    return f"{subject.place}: {subject.name} {wrong}" if wrong else ""


def judge(
    check: Check,
    criterion: Criterion,
    facts: Facts,
    *,
    layer: str,
    fixtures: Mapping[str, Any],
    interruptions: tuple[type[BaseException], ...] = (),
) -> Iterator[Finding]:
    """Yield a finding for each fact, and one for a population that is too small or could not be observed.

    ``interruptions`` are exceptions, such as a skip, that end the check for one fact without an answer.
    """
    subjects: tuple[Fact, ...] = facts.of(check.kind)
    make = partial(_make_finding, check, criterion, layer)
    applies = not subjects
    for subject in subjects:
        for conclusion in _run_check(check, criterion, subject, fixtures, interruptions):
            applies = applies or conclusion.outcome is not Outcome.NOT_APPLICABLE
            told = _allow_for(facts.unrehearsed.get(check.kind, ""), conclusion)
            yield make(subject.subject, told, place=getattr(subject, "place", ""))
    kind = check.kind.__name__
    if not applies and not criterion.where_present:
        yield make(f"({kind})", refuse_silence(check.name, len(subjects)))
    if reason := facts.why_unreadable(check.kind):
        yield make(f"({kind})", Conclusion(outcome=Outcome.UNDETERMINED, reason=reason))
    elif len(subjects) < check.population and criterion.population:
        reason = f"{len(subjects) or 'no'} {kind} observed, at least {check.population} expected"
        yield make(f"({kind})", Conclusion(outcome=Outcome.UNDETERMINED, reason=reason))
    elif not subjects:
        yield make(f"({kind})", Conclusion(outcome=Outcome.NOT_APPLICABLE, reason=f"no {kind} observed"))


def _allow_for(missing: str, conclusion: Conclusion) -> Conclusion:
    """Return a conclusion as far as it holds of an account that lacks something."""
    if not missing or conclusion.outcome is not Outcome.NOT_SATISFIED:
        return conclusion
    return replace(conclusion, outcome=Outcome.UNDETERMINED, reason=f"may be so for want of a part of it: {missing}")


def _run_check(
    check: Check,
    criterion: Criterion,
    subject: Fact,
    fixtures: Mapping[str, Any],
    interruptions: tuple[type[BaseException], ...],
) -> list[Conclusion]:
    """Run the check. Whatever it raises besides a conclusion is a bug in it or a skip, and neither is an answer."""
    ended, function = None, cast("Callable[..., object]", check.function)
    with open_judgement(criterion) as judgement:
        try:
            returned = function(**{check.takes_fact: subject, check.takes_criterion: judgement.criterion}, **fixtures)
            judgement.ended()
            if returned is not None:
                judgement.doubt(f"{check.name} returned a {type(returned).__name__}; it must return nothing")
        except Concluded as conclusion:
            ended = conclusion.conclusion
        except interruptions as interruption:
            ended = Conclusion(outcome=Outcome.UNDETERMINED, reason=f"was not judged: {describe(interruption)}")
        except Exception as bug:  # noqa: BLE001  a check of any team may raise anything; the gate must still conclude
            reason = f"{check.name} failed: {type(bug).__name__}: {describe(bug)}"
            ended = Conclusion(outcome=Outcome.UNDETERMINED, reason=reason)
    first = conclude(judgement, criterion, ended=ended)
    if first.outcome is not Outcome.NOT_SATISFIED:
        return [first]
    several, bound = compares_several(function), str(criterion.bound or "")
    return [fault for fault, _ in list_faults(first, judgement.compared, several=several, bound=bound)]


def _make_finding(
    check: Check, criterion: Criterion, layer: str, subject: str, conclusion: Conclusion, *, place: str = ""
) -> Finding:
    return Finding(
        criterion=check.criterion,
        check=check.name,
        layer=layer,
        subject=subject,
        outcome=conclusion.outcome,
        expected=conclusion.expected,
        observed=conclusion.observed,
        reason=conclusion.reason,
        needs=conclusion.needs,
        remedy="" if conclusion.outcome is Outcome.SATISFIED else check.remedy or criterion.remedy,
        where=(place,) if place else (),
        aspect=conclusion.aspect,
        words=() if _is_ours(check) else conclusion.name_words(check.remedy),
    )


def _is_ours(check: Check) -> bool:
    """Whether a check comes with the gate, which has its words in other languages, too."""
    code = getattr(check.function, "__code__", None)
    return code is not None and bundled.comes_with_gate(code.co_filename)
