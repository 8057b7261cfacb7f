"""Judging one check: apply it to every fact it asks for, and conclude, whatever happens."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

from ..aws.answers import Unread
from ..checks import Check
from ..criteria import Criterion
from ..facts import Fact, Facts
from ..faults import conclude, list_faults
from ..findings import Concluded, Conclusion, Finding, Outcome, explain_unasked, refuse_silence
from ..judgement import describe, open_judgement
from ..sections import bundled
from ..semantics.comparisons import compares_several


def judge(
    check: Check,
    criterion: Criterion,
    facts: Facts,
    *,
    layer: str,
    fixtures: Mapping[str, Any],
) -> Iterator[Finding]:
    """Yield a finding for each fact, and one for a population that is too small or could not be observed."""
    make, kind = partial(_make_finding, check, criterion, layer), check.kind.__name__
    if unasked := criterion.without.get(check.name):
        yield make(f"({kind})", explain_unasked(unasked))
        return
    subjects: tuple[Fact, ...] = facts.of(check.kind)
    applies = not subjects
    for subject in subjects:
        for conclusion in _run_check(check, criterion, subject, fixtures):
            applies = applies or conclusion.outcome is not Outcome.NOT_APPLICABLE
            told = _allow_for(facts.unrehearsed.get(check.kind, ""), conclusion)
            yield make(subject.subject, told, place=_read_place(subject))
    if not applies and not criterion.where_present:
        yield make(f"({kind})", refuse_silence(check.name, len(subjects)))
    if reason := facts.why_unreadable(check.kind):
        yield make(f"({kind})", Conclusion(outcome=Outcome.UNDETERMINED, reason=reason))
    elif len(subjects) < check.population and criterion.population:
        reason = f"{len(subjects) or 'no'} {kind} observed, at least {check.population} expected"
        yield make(f"({kind})", Conclusion(outcome=Outcome.UNDETERMINED, reason=reason))
    elif not subjects:
        yield make(f"({kind})", Conclusion(outcome=Outcome.NOT_APPLICABLE, reason=f"no {kind} observed"))


def _read_place(subject: Fact) -> str:
    """Return where a fact lies; nothing where it does not say, or nobody could see it."""
    try:
        place = subject.peek("place")
    except AttributeError:
        return ""
    return "" if isinstance(place, Unread) else str(place)


def _allow_for(missing: str, conclusion: Conclusion) -> Conclusion:
    """Return a conclusion; a failure is undetermined if the lack of a part of the account may explain it."""
    if not missing or conclusion.outcome is not Outcome.NOT_SATISFIED:
        return conclusion
    return replace(conclusion, outcome=Outcome.UNDETERMINED, reason=f"may be so for want of a part of it: {missing}")


def _run_check(
    check: Check,
    criterion: Criterion,
    subject: Fact,
    fixtures: Mapping[str, Any],
) -> list[Conclusion]:
    """Run the check. Any exception except a conclusion is a bug, and no answer."""
    ended, function = None, cast("Callable[..., object]", check.function)
    with open_judgement() as judgement:
        try:
            returned = function(**{check.takes_fact: subject, check.takes_criterion: criterion}, **fixtures)
            if returned is not None:
                judgement.doubt(f"{check.name} returned a {type(returned).__name__}; it must return nothing")
        except Concluded as conclusion:
            ended = conclusion.conclusion
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
    """Whether a check comes with the gate, which translates its words."""
    code = getattr(check.function, "__code__", None)
    return code is not None and bundled.comes_with_gate(code.co_filename)
