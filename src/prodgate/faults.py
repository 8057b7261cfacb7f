"""Conclusions about one subject: one for each fault, with the same name in every run."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .criteria import Criterion
from .findings import Conclusion, Outcome
from .judgement import Judgement

#: Aspect of what could not be judged beside faults of the same subject.
UNKNOWN = "what is not known"


def list_faults(
    first: Conclusion, compared: Sequence[Conclusion], *, several: bool = False, bound: str = ""
) -> Iterator[tuple[Conclusion, int]]:
    """Yield each conclusion that does not hold, ``first`` at the front, with its place in ``compared``, or -1.

    If there are several, each has an aspect. If the judge compares ``several`` things, the expected value of each is
    an aspect, even when only one fault is left, so that another fault is never taken for it. A comparison with the
    ``bound`` needs no aspect: a waiver accepts what was seen as a quantity.
    """
    failed = {number: each for number, each in enumerate(compared) if each.outcome is Outcome.NOT_SATISFIED}
    same = next((number for number, each in failed.items() if _say(each) == _say(first)), -1)
    faults = {same: failed.get(same, first), **failed}
    aspects = [
        _join(each.expected if several and each.expected != bound else "", each.aspect) for each in faults.values()
    ]
    told = _tell_apart(aspects, [each.observed for each in faults.values()])
    yield from ((replace(each, aspect=aspect), at) for (at, each), aspect in zip(faults.items(), told, strict=True))


def _say(conclusion: Conclusion) -> tuple[str, str]:
    return conclusion.expected, conclusion.observed


def _join(*parts: str) -> str:
    return ": ".join(filter(None, parts))


def _tell_apart(aspects: Sequence[str], observed: Sequence[str]) -> Iterator[str]:
    """Yield distinct aspects: equal ones get the observed value, then a number."""
    twice = _find_repeated(aspects)
    told = [_join(each, seen) if each in twice else each for each, seen in zip(aspects, observed, strict=True)]
    again, number = _find_repeated(told), Counter[str]()
    for each in told:
        number[each] += 1
        yield f"{each} ({number[each]})" if each in again else each


def _find_repeated(aspects: Iterable[str]) -> set[str]:
    return {aspect for aspect, times in Counter(aspects).items() if times > 1}


def conclude(
    judgement: Judgement, criterion: Criterion, *, ended: Conclusion | None = None, looked: bool = False
) -> Conclusion:
    """Return the conclusion of a judgement: what broke the criterion, else what was doubted, else what held last.

    ``ended`` is what it ended with by an exception. A judge that compared nothing concluded nothing, unless it
    ``looked`` for what the statement forbids and found none.
    """
    if ended and any(not doubt.needs for doubt in judgement.doubts):
        ended = replace(ended, needs="")
    ends = [ended] if ended and ended.outcome not in (Outcome.SATISFIED, Outcome.WAIVED) else []
    for outcome in (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED):
        found: list[Conclusion] = [each for each in (*ends, *judgement.compared) if each.outcome is outcome]
        if found:
            return found[0]
        if outcome is Outcome.UNDETERMINED and judgement.doubts:
            doubt = judgement.doubts[0]
            return replace(_not_known(criterion, doubt.reason), observed=doubt.observed, words=doubt.words)
    if ends:
        return ends[0] if criterion.exempts else _refuse_exemption(criterion, ends[0])
    if judgement.compared or (looked and criterion.bound is None):
        held = judgement.compared[-1] if judgement.compared else Conclusion(outcome=Outcome.SATISFIED)
        return replace(held, reason="; ".join(dict.fromkeys(judgement.set_aside)))
    return _not_known(criterion, "ended without comparing anything")


def _refuse_exemption(criterion: Criterion, said: Conclusion) -> Conclusion:
    """Return what follows when a judge exempts a subject: only the criterion can say that some may be exempt."""
    allowed = 'write applicability = "some-subjects" in the criterion if the question need not arise for each'
    reason = f"was called not applicable ({said.reason}), and the criterion does not allow that; {allowed}"
    return _not_known(criterion, reason)


def _not_known(criterion: Criterion, reason: str) -> Conclusion:
    """Return what follows of a doubt, in the words of the gate."""
    return replace(criterion.undetermined(reason).conclusion, words=())
