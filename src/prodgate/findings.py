"""Conclusions of a check about one subject, and the exceptions that carry them.

Concluded(AssertionError)   a check ended with an outcome other than satisfied
├── NotSatisfied            the observed value breaks the criterion
├── Undetermined            the check could not tell; counts against promotion
│   └── NotObserved         a field of a fact that could not be observed was read
└── NotApplicable           the question does not arise for this subject

The first two count from the moment they are made; whoever catches them changes nothing.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from .judgement import Doubt, NotKnown, is_going_on, record_comparison, record_doubt


class Outcome(StrEnum):
    """The five things a finding can say. Everything but the first and the last two blocks promotion."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not-satisfied"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not-applicable"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The conclusion of a check; the runner adds check, subject and place to make a finding."""

    outcome: Outcome
    expected: str = ""
    observed: str = ""
    reason: str = ""
    needs: str = ""
    """``production`` when the check said that only production can answer."""
    aspect: str = ""
    """Which of several things that are wrong with the subject it is about, the same in each run."""
    words: tuple[str, ...] = field(default=(), compare=False)
    """Fields whose text comes from the author of the judge, and not from the gate."""

    def name_words(self, remedy: str, *, but: str = "") -> tuple[str, ...]:
        """Return which fields of a finding are in the judge's words, except ``but``; ``remedy`` is the judge's own."""
        return (*(each for each in self.words if each != but), *(["remedy"] if remedy else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check, one subject, one outcome."""

    criterion: str
    check: str
    layer: str
    subject: str
    outcome: Outcome
    expected: str = ""
    observed: str = ""
    reason: str = ""
    remedy: str = ""
    where: tuple[str, ...] = field(default=())
    """Places as ``file:line``, the deciding argument first, then where its value came from."""
    evidence: tuple[str, ...] = field(default=())
    """Digests of the evidence files that the facts were read from."""
    needs: str = ""
    """``production`` when the check said that only production can answer; nothing else of it defers the criterion."""
    waiver: str = ""
    """Id of the waiver that accepted this finding; only on waived findings."""
    aspect: str = ""
    """Which of the things that are judged of the subject it is about, the same in each run; empty where it is one."""
    severity: str = field(default="", compare=False)
    """How bad it is, where the policy states another severity than its criterion."""
    words: tuple[str, ...] = field(default=(), compare=False)
    """Fields in the words of a team that wrote the judge, which are shown as they are written in every language."""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON values; empty fields are left out."""
        return {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name))}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuild a finding that ``to_json`` wrote."""
        lists = {key: tuple(data.get(key, ())) for key in ("where", "evidence", "words")}
        return cls(**{**data, **lists, "outcome": Outcome(data["outcome"])})

    def __str__(self) -> str:
        return f"{self.criterion}: {_render(self) or self.outcome} on {self.subject}"


def _render(said: Conclusion | Finding) -> str:
    """Return what was expected, what was observed and why, as far as each is stated."""
    parts = (said.expected and f"expected {said.expected}", said.observed and f"observed {said.observed}", said.reason)
    return ", ".join(filter(None, parts))


def explain_unasked(reason: str) -> Conclusion:
    """Return the conclusion of a judge that the criteria file does not ask."""
    return Conclusion(outcome=Outcome.NOT_APPLICABLE, reason=f"is not asked: {reason}")


class Concluded(AssertionError):
    """A check reached an outcome other than satisfied; ``conclusion`` says which and why."""

    def __init__(self, conclusion: Conclusion) -> None:
        super().__init__(_render(conclusion))
        self.conclusion = conclusion


class NotSatisfied(Concluded):
    """The observed value breaks the criterion."""

    def __init__(self, conclusion: Conclusion) -> None:
        super().__init__(conclusion)
        record_comparison(conclusion)


class Undetermined(Concluded):
    """The check could not tell; the gate counts this against promotion."""

    def __init__(self, conclusion: Conclusion) -> None:
        super().__init__(conclusion)
        said = Doubt(
            reason=conclusion.reason,
            expected=conclusion.expected,
            observed=conclusion.observed,
            needs=conclusion.needs,
            words=conclusion.words,
        )
        record_doubt(said, optional=isinstance(self, NotKnown))


class NotObserved(Undetermined, NotKnown):
    """A field of a fact that could not be observed was read."""


class NotApplicable(Concluded):
    """The question does not arise for this subject."""


def refuse_silence(judge: str, subjects: int) -> Conclusion:
    """Return the conclusion about a judge that exempts all of its subjects.

    Only the criterion can say that the question need not arise for any.
    """
    allowed = 'write applicability = "where-present" in the criterion if it may arise for none'
    reason = (
        f"{judge} says of all {subjects:,} that it is not applicable, and the criterion does not allow that; {allowed}"
    )
    return Conclusion(outcome=Outcome.UNDETERMINED, reason=reason)


def note_comparison(ok: bool, expected: str, observed: str) -> None:
    """Note what was compared with a bound; raise when it does not hold."""
    __tracebackhide__ = True
    note_conclusion(
        Conclusion(outcome=Outcome.SATISFIED if ok else Outcome.NOT_SATISFIED, expected=expected, observed=observed)
    )


def note_conclusion(conclusion: Conclusion, *, ends: bool = False) -> None:
    """Note what was compared, so that a satisfied finding can show it too; raise when it does not hold."""
    __tracebackhide__ = True
    if conclusion.outcome is Outcome.NOT_SATISFIED and (ends or not is_going_on()):
        raise NotSatisfied(conclusion)
    record_comparison(conclusion)
