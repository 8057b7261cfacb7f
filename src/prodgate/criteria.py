"""A stated requirement, and the only place where an observed value meets its bound."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn

from .estimates import Estimate
from .findings import (
    Conclusion,
    Finding,
    NotApplicable,
    NotSatisfied,
    Outcome,
    Undetermined,
    note_comparison,
    note_conclusion,
)
from .judgement import describe, is_going_on, record_comparison
from .quantities import Bound, Quantity

#: layer -> letter in the "How" column of the requirements
LAYERS: dict[str, str] = {
    "static": "S", "live": "L", "load": "T", "e2e": "E", "dags": "D", "rollout": "R", "attested": "A",
}  # fmt: skip
#: How bad it is when a criterion does not hold, the worst first.
SEVERITIES: Final = ("critical", "high", "medium", "low")
_PARTS: Final = re.compile(", | or |= ")  # between expected values, as in ``status = a, b or c``
#: Where the wording of a statement takes a number that the criterion states.
PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_COMPARED, _UNKNOWN = ("expected", "observed"), ("reason", "observed")  # fields in the words of whoever wrote a judge


class UsageError(Exception):
    """Something the user gave cannot be used; the message says where and what to write instead."""


class CriteriaError(UsageError):
    """The criteria cannot be used; each line of the message is one mistake."""


def suggest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return ``; did you mean 'x'?`` for the known name nearest to ``name``, or nothing below ``cutoff`` of 1."""
    return "".join(f"; did you mean {each!r}?" for each in difflib.get_close_matches(name, sorted(known), 1, cutoff))


def _in_words(stated: Bound | Quantity | int | str | None, language: str) -> str:
    """Return a number as a sentence shows it; one that only a layer reads is not parsed yet, and stays as written."""
    if isinstance(stated, Bound):
        return stated.limit_in_words(language)
    quantity = Quantity.parse(stated) if isinstance(stated, str) else stated
    if isinstance(quantity, Quantity):
        return quantity.in_words(language)
    return "" if quantity is None else f"{quantity:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One stated requirement with the bound that decides it and the layers that must answer it."""

    id: str
    wording: str
    """The statement, with ``{limit}``, ``{window}``, ``{samples}`` … where these numbers stand."""
    wording_ja: str = ""
    """Empty for a statement that was not translated."""
    why: str
    source: str
    """Line of the requirements this stands for, such as ``OPS-2``."""
    layers: tuple[str, ...]
    bound: Bound | None = None
    remedy: str = ""
    """What to do when it does not hold, for checks and policies that say nothing of their own."""
    controls: tuple[str, ...] = ()
    population: int = 1
    """Least number of subjects that must be judged in each layer; with 0 there need be none, whatever judges it."""
    samples: int = 1
    """Least sample size under a rate or a percentile."""
    confidence: Quantity | None = None
    decides: str = "point"
    """Whether the point value or the confidence bound is compared: ``point`` or ``bound``."""
    window: Quantity | None = None
    """Least time that must have been observed."""
    needs_production: bool = False
    some_subjects: bool | None = None
    """Whether a judge may say of some subjects that the question does not arise for them; None when not stated."""
    where_present: bool = False
    """Whether it may say so of all: the question may be not-applicable to a system."""
    baseline: bool = False
    """Good practice for any team; judged by ``prodgate check`` without a criteria file."""
    baseline_bound: Bound | None = None
    """The bound for any team, where this system's own is stricter than most teams accept; None for its own."""
    severity: str = ""
    """How bad it is when it does not hold: one of `SEVERITIES`; empty when that is not stated. It decides nothing."""
    layer_keys: Mapping[str, Any] = field(default_factory=dict)
    """Keys that one layer alone reads, as they are written; the section of that layer types them."""
    asked: tuple[str, ...] = ()
    """What the criteria file asks of its site: ``https://HOST`` of a name, ``POST https://HOST/PATH`` of a request.

    ``ANY https://HOST`` is another name of the site, which others may serve.
    """
    without: Mapping[str, str] = field(default_factory=dict)
    """Policy or check that the criteria file does not ask -> why not."""

    def rate(self, finding: Finding) -> str:
        """Return how bad a finding is: as its policy states, else as the criterion does; empty where neither does."""
        return finding.severity or self.severity

    @property
    def statement(self) -> str:
        """The statement, with the numbers that the criterion states."""
        return self._state(self.wording, "ja" if self.wording == self.wording_ja else "en")

    @property
    def statement_ja(self) -> str:
        """The same in Japanese; empty for a statement that was not translated."""
        return self._state(self.wording_ja, "ja")

    def _state(self, wording: str, language: str) -> str:
        stated: dict[str, Bound | Quantity | int | str | None] = {
            **self.layer_keys,
            **{key: getattr(self, key) for key in ("window", "samples", "population", "confidence")},
            "limit": self.bound,
        }
        return PLACEHOLDER.sub(
            lambda found: _in_words(stated[found[1]], language) if found[1] in stated else found[0], wording
        )

    def require(self, observed: Quantity | str | Estimate, *, samples: int | None = None) -> None:
        """Raise unless ``observed`` keeps the bound and rests on enough samples; an Estimate says on how many itself.

        With ``decides`` ``bound`` an Estimate keeps the bound when its whole interval does, and breaks it when nothing
        of the interval keeps it; else it is undetermined.
        """
        __tracebackhide__ = True
        if self.bound is None:
            raise TypeError(f"criterion {self.id!r} has no bound to compare {observed} with; use hold()")
        if isinstance(observed, Estimate):
            self._require_estimate(observed, self.bound)
            return
        if self.decides == "bound":
            raise TypeError(f"criterion {self.id!r} is decided by the interval of what was observed; give an Estimate")
        if (samples or 1) < self.samples:
            seen = "an unstated number" if samples is None else f"only {samples:,}"
            raise self._lack(f"{seen} of {self.samples:,} samples", observed)
        note_comparison(self.bound.admits(observed), str(self.bound), str(observed))

    def _require_estimate(self, observed: Estimate, bound: Bound) -> None:
        """Raise unless an estimate keeps the bound. An estimate wholly outside it needs no further samples."""
        __tracebackhide__ = True
        least = max(self.samples, 1)
        by_point = self.decides == "point" and observed.samples >= least and not bound.admits(observed.value)
        broken = observed.samples and (by_point or observed.is_outside(bound))
        none = Quantity.of(0, observed.value.unit)
        if observed.at_most and (broken or not bound.admits(none)):  # the truth lies between nothing and this
            raise Undetermined(self._not_known(observed.at_most, observed))
        if broken:
            note_comparison(False, str(bound), observed.beside(bound))
        if observed.samples < least:
            seen = f"only {observed.samples:,}" if observed.samples else "none"
            raise self._lack(f"{seen} of {least:,} samples", observed)
        if self.decides == "bound" and not observed.is_within(bound):
            settles = f"; {observed.settles}" if observed.settles else ""
            raise self._lack(f"the bound may hold or not within the interval{settles}", observed)
        if observed.unfinished:
            raise Undetermined(self._not_known(observed.unfinished, observed))
        note_comparison(True, str(bound), observed.beside(bound))

    def hold(
        self,
        ok: bool,
        *,
        expected: str,
        observed: object,
        held: object = "",
        aspect: object = "",
        premise: bool = False,
    ) -> None:
        """Raise unless ``ok`` is True; for criteria that state a fact rather than a bound. Only a bool answers.

        ``observed`` says what is there instead; where it holds, the finding shows ``held``, or ``observed`` if it is an
        expected value. ``aspect`` names which of several like things of the subject it is about, the same in each run.
        A ``premise`` that fails ends the judge: the questions after it would make no sense.
        """
        __tracebackhide__ = True
        if not isinstance(ok, bool):
            said = f"hold() was given {describe(ok)!r}, a {type(ok).__name__}; give it True or False"
            raise Undetermined(self._not_known(said, observed))
        seen = describe(observed)
        if ok:
            seen = describe(held) or (seen if seen in _PARTS.split(expected) else "")
        outcome, about = Outcome.SATISFIED if ok else Outcome.NOT_SATISFIED, describe(aspect)
        told = Conclusion(outcome=outcome, expected=expected, observed=seen, words=_COMPARED, aspect=about)
        note_conclusion(told, ends=premise)

    def exclude(self, found: Iterable[object], *, expected: str, observed: str = "{}") -> None:
        """Raise if anything was ``found``: each is a fault of its own, with a row, a waiver and a remedy of its own.

        ``observed`` says what is wrong with one; ``{}`` in it stands for the found item's text, the same in each run.
        """
        __tracebackhide__ = True
        told = Conclusion(outcome=Outcome.NOT_SATISFIED, expected=expected, words=_COMPARED)
        faults = dict.fromkeys(map(describe, found))
        said = [replace(told, observed=observed.replace("{}", each), aspect=each) for each in faults]
        if not said:
            record_comparison(replace(told, outcome=Outcome.SATISFIED, observed="none", words=_COMPARED[:1]))
        for conclusion in said if is_going_on() else said[1:]:
            record_comparison(conclusion)
        if said and not is_going_on():
            raise NotSatisfied(said[0])

    def cover(self, observed: Quantity) -> None:
        """Raise unless at least as much time as the window was observed, in days or in any unit of time."""
        __tracebackhide__ = True
        if self.window is None or observed.base < self.window.base:
            raise self._lack(f"there is data for {observed} of {self.window or 'an unstated window'}")

    def undetermined(self, reason: str, *, observed: object = "") -> Undetermined:
        """Return the exception to raise when the answer cannot be known."""
        return Undetermined(replace(self._not_known(reason, observed), words=_UNKNOWN))

    def _not_known(self, reason: str, observed: object) -> Conclusion:
        expected = str(self.bound) if self.bound else ""
        seen = observed.beside(self.bound) if isinstance(observed, Estimate) else describe(observed)
        return Conclusion(outcome=Outcome.UNDETERMINED, expected=expected, observed=seen, reason=reason)

    def _lack(self, reason: str, observed: object = "", by: tuple[str, ...] = ()) -> Undetermined:
        lacking = self._not_known(reason, observed)
        return Undetermined(replace(lacking, needs="production" * self.needs_production, words=by))

    def only_production(self, reason: str, *, observed: object = "") -> Undetermined:
        """Return the exception to raise when a rehearsal can't know the answer, and production can.

        Where the criterion ``needs`` production, a rehearsal names it and goes on; a crash or a gap is never deferred.
        ``cover`` does so by itself for too little time, and ``require`` for too few samples.
        """
        return self._lack(reason, observed, _UNKNOWN)

    @property
    def exempts(self) -> bool:
        """Whether a judge may call a subject not applicable."""
        return bool(self.some_subjects) or self.where_present

    def not_applicable(self, reason: str) -> NotApplicable:
        """Return the exception to raise when the question does not arise for this subject."""
        return NotApplicable(Conclusion(outcome=Outcome.NOT_APPLICABLE, reason=reason, words=_UNKNOWN[:1]))


class Criteria(dict[str, Criterion]):
    """Criteria by id; an unknown id is answered with the nearest known one."""

    def __missing__(self, key: str) -> NoReturn:
        raise CriteriaError(f"no criterion {key!r}{suggest(key, self)}")


def find_severity(finding: Finding, criteria: Mapping[str, Criterion]) -> str:
    """Return how bad a finding is: one of `SEVERITIES`, or nothing where neither policy nor criterion says it."""
    return criteria[finding.criterion].rate(finding) if finding.criterion in criteria else ""


def rank_severity(finding: Finding, criteria: Mapping[str, Criterion]) -> int:
    """Return the place of a finding's severity, the worst first; findings without one come last."""
    return [*SEVERITIES, ""].index(find_severity(finding, criteria))


#: The moment of a run that asks whether a deployment may begin: what must always hold, and what must hold before one.
PROMOTION: Final = "promotion"
#: The layers that can answer it. Until the deployment is over, the site, its load and the history of DAGs belong to
#: the previous version.
PROMOTING: Final = frozenset({"static", "live", "rollout", "attested"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The scope of a run: the questions, and the kind of target."""

    layers: frozenset[str] = frozenset(LAYERS)
    rehearsal: bool = False
    staging: bool = False
    """Whether the target is the address of a site that the criteria don't state as the production site."""
    undeclared: frozenset[str] = frozenset()
    """Layers without criteria, which decide nothing."""
    moment: str = ""
    cell: str = ""
    """The only moment of a release, and the only account, region and layer, that is asked about; empty for all."""

    @property
    def promotable(self) -> bool:
        """Whether a promotion may rest on it: on every question, or on every one that precedes a deployment."""
        return self.whole or (self.moment == PROMOTION and not (self.cell or PROMOTING & {*self.left_out()}))

    @property
    def when(self) -> str:
        """The moment of the questions: ``before``, ``during`` or ``after`` a deployment; empty for always."""
        return "before" if self.moment == PROMOTION else self.moment

    @property
    def whole(self) -> bool:
        """Whether every question is judged, at every moment, in every layer and every cell."""
        return not (self.moment or self.cell or self.left_out())

    def left_out(self) -> tuple[str, ...]:
        """The layers with questions that this run does not judge."""
        return tuple(layer for layer in LAYERS if layer not in self.layers | self.undeclared)

    def not_asked(self) -> tuple[str, ...]:
        """The layers without criteria."""
        return tuple(layer for layer in LAYERS if layer in self.undeclared)
