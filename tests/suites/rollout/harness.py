"""The rollout suites' findings on evidence, and ways to change it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prodgate.aws.recording import to_plain
from prodgate.layers.rollout.facts import facts_of
from tests.suites.judging import Findings, checks_in, judged

#: Kind of evidence -> each piece of it.
Stored = dict[str, list[Any]]


def of(stored: Stored, kind: str) -> Any:
    """Return the first evidence of a kind, to be changed in place."""
    return stored[kind][0]


def change(kind: str, **changes: Any) -> Callable[[Stored], object]:
    """Return what changes members of the first evidence of a kind."""
    return lambda stored: of(stored, kind).update(to_plain(changes))


def judged_evidence(stored: Stored, suites: Iterable[str], unreadable: Mapping[str, str] | None = None) -> Findings:
    """Judge evidence by suites, such as ``traffic``."""
    facts = facts_of([(kind, value) for kind, values in stored.items() for value in values], unreadable or {})
    return judged(facts, checks_in(*(f"suites/rollout/test_{name}.py" for name in suites)), "rollout")
