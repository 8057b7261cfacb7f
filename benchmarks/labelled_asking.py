"""What is asked of labelled examples: by which policies, which of their faults count, by what bound, and of what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from prodgate.criteria import Criteria
from prodgate.findings import Finding, Outcome
from prodgate.quantities import Bound
from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.policy import POLICIES, Policy, apply
from prodgate.terraform.resources import Configuration, Resource

#: What is said of a policy document that AWS refuses, whatever is asked of it.
_REFUSED: Final = re.compile("is not JSON: |is not a policy document: |has a statement with")


@dataclass(frozen=True, slots=True)
class Question:
    """A policy that asks what a check of others asks."""

    policy: Policy
    faults: tuple[str, ...] = ()
    """Words of those of its faults that count, where it asks more than they; all of them where there is none."""
    bound: Bound | None = None
    """Theirs, where they ask for more or less."""
    about: Mapping[str, re.Pattern[str]] | None = None
    """Arguments and what they must be in what they ask of, where they ask of less."""

    def judge(self, found: Configuration, criteria: Criteria) -> Iterator[Finding]:
        """Yield what the policy finds of what they ask of. A fault that doesn't count is none."""
        criterion = criteria[self.policy.criterion]
        asked = replace(criterion, bound=self.bound or criterion.bound)
        beside = {one.address for one in found.resources if not is_about(one, self.about or {})}
        for each in apply(self.policy, found, asked):
            said = f"{each.subject} {each.expected} {each.observed}"
            uncounted = each.outcome is Outcome.NOT_SATISFIED and not any(map(said.__contains__, self.faults or ("",)))
            if each.subject not in beside:
                yield replace(each, outcome=Outcome.SATISFIED) if uncounted else each


def read_questions(stated: Sequence[str], about: Mapping[str, str]) -> tuple[Question, ...]:
    """Return what a check asks, of ``ID``, ``ID word|other`` and ``ID >= 1 d``."""
    patterns = {name: re.compile(pattern) for name, pattern in about.items()}
    return tuple(_read(each, patterns) for each in stated)


def _read(stated: str, about: Mapping[str, re.Pattern[str]]) -> Question:
    id_, _, rest = stated.partition(" ")
    if rest.startswith((">", "<")):
        return Question(POLICIES[id_], bound=Bound.parse(rest), about=about)
    return Question(POLICIES[id_], tuple(rest.split("|")) if rest else (), about=about)


def is_about(resource: Resource, about: Mapping[str, re.Pattern[str]]) -> bool:
    """Whether a check asks of a resource. What is not known, or no argument of it, leaves it asked."""
    found = {name: _find(resource.search(), name) for name in about if name.partition(".")[0] in resource.search()}
    return all(isinstance(each, Unknown) or about[name].fullmatch(_write(each)) for name, each in found.items())


def _find(value: Any, name: str) -> Any:
    for part in name.split("."):
        inner = (value[0] if value else None) if isinstance(value, list | tuple) else value
        value = inner.get(part) if isinstance(inner, Mapping) else inner if isinstance(inner, Unknown) else None
    return value


def _write(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def asks_of(questions: Sequence[Question], type_: str) -> bool:
    """Whether a policy among them is about a type of resource, or about all of a root."""
    return any(type_ in each.policy.resources or not each.policy.resources for each in questions)


def is_refused(reasons: str) -> bool:
    """Whether something is not known because a policy document is none, so that AWS refuses it."""
    return bool(_REFUSED.search(reasons))
