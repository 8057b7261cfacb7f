"""Which subjects came and which went, for each criterion and layer that both runs judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Subjects that one criterion met in one layer: how many then and now, which came and which went."""

    criterion: str
    layer: str
    before: int
    after: int
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]


def compare_populations(before: Verdict, after: Verdict) -> Iterator[Population]:
    """Yield the populations that changed, in layers that both runs judged."""
    old, new = _subjects(before), _subjects(after)
    for key in dict.fromkeys((*new, *old)):
        then, now = old.get(key, {}), new.get(key, {})
        if then.keys() != now.keys() and key[1] in before.scope.layers & after.scope.layers:
            yield Population(
                criterion=key[0],
                layer=key[1],
                before=len(then),
                after=len(now),
                appeared=tuple(name for name in now if name not in then),
                vanished=tuple(name for name in then if name not in now),
            )


def _subjects(verdict: Verdict) -> dict[tuple[str, str], dict[str, None]]:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for finding in verdict.findings:
        subjects = found.setdefault((finding.criterion, finding.layer), {})
        if finding.check not in ("verdict", finding.layer):
            subjects[finding.subject] = None
    return found
