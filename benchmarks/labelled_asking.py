"""The question behind each labelled example: its policies, their faults that count, the bound, and the resources."""

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

#: Our message on a policy document that AWS refuses, whatever the question.
_REFUSED: Final = re.compile("is not JSON: |is not a policy document: |has a statement with")


@dataclass(frozen=True, slots=True)
class Question:
    """A policy that judges the same as a check of others."""

    policy: Policy
    faults: tuple[str, ...] = ()
    """Words of those of its faults that count, if it checks more than theirs; none if all count."""
    bound: Bound | None = None
    """Their bound, if they require more or less."""
    about: Mapping[str, re.Pattern[str]] | None = None
    """Arguments and the values that they have in the resources that they check, if they check fewer."""

    def judge(self, found: Configuration, criteria: Criteria) -> Iterator[Finding]:
        """Yield the policy's findings on the resources that they check. A fault that doesn't count is left out."""
        criterion = criteria[self.policy.criterion]
        asked = replace(criterion, bound=self.bound or criterion.bound)
        beside = {one.address for one in found.resources if not is_about(one, self.about or {})}
        for each in apply(self.policy, found, asked):
            said = f"{each.subject} {each.expected} {each.observed}"
            uncounted = each.outcome is Outcome.NOT_SATISFIED and not any(map(said.__contains__, self.faults or ("",)))
            if each.subject not in beside:
                yield replace(each, outcome=Outcome.SATISFIED) if uncounted else each


def read_questions(stated: Sequence[str], about: Mapping[str, str]) -> tuple[Question, ...]:
    """Parse the question of a check from ``ID``, ``ID word|other`` and ``ID >= 1 d``."""
    patterns = {name: re.compile(pattern) for name, pattern in about.items()}
    return tuple(_read(each, patterns) for each in stated)


def _read(stated: str, about: Mapping[str, re.Pattern[str]]) -> Question:
    id_, _, rest = stated.partition(" ")
    if rest.startswith((">", "<")):
        return Question(POLICIES[id_], bound=Bound.parse(rest), about=about)
    return Question(POLICIES[id_], tuple(rest.split("|")) if rest else (), about=about)


def is_about(resource: Resource, about: Mapping[str, re.Pattern[str]]) -> bool:
    """Whether a check covers a resource. An unknown or missing argument leaves it covered."""
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
    """Whether one of these policies is about a type of resource, or about a whole root."""
    return any(type_ in each.policy.resources or not each.policy.resources for each in questions)


def is_refused(reasons: str) -> bool:
    """Whether something is unknown because its policy document is invalid, so that AWS refuses it."""
    return bool(_REFUSED.search(reasons))
