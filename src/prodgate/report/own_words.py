"""What a team wrote is shown as it is written in every language, though it may read like something of the gate.

A finding names its fields that are in the words of a team's judge. Of criteria, what comes with the gate is known as a
whole, and everything else is the team's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ..criteria import Criterion
from ..evidence.runs import Run
from ..findings import Finding
from ..verdict import Ruling, Verdict
from .catalogue import Catalogue
from .verbatim import Verbatim

#: What of a finding can be in words.
_TEXTS: Final = ("expected", "observed", "reason", "remedy")


def keep_words(run: Run, verdict: Verdict, words: Catalogue) -> tuple[Run, Verdict]:
    """Return a run and its verdict in which what a team wrote is marked to be shown as it is."""
    stated = run.criteria
    criteria = type(stated.criteria)({id_: _keep_stated(each, words) for id_, each in stated.criteria.items()})
    requirements = tuple(replace(each, asks=_keep(each.asks, words)) for each in stated.requirements)
    rulings = tuple(_keep_ruling(each, words) for each in verdict.rulings)
    marked = replace(run, criteria=replace(stated, criteria=criteria, requirements=requirements))
    return marked, replace(verdict, rulings=rulings)


def keep_finding(finding: Finding) -> Finding:
    """Return a finding of which the words of a team's judge are marked."""
    kept: dict[str, Any] = {name: Verbatim(getattr(finding, name)) for name in _TEXTS if name in finding.words}
    return replace(finding, **kept) if kept else finding


def _keep_ruling(ruling: Ruling, words: Catalogue) -> Ruling:
    criterion = _keep_stated(ruling.criterion, words)
    findings = [keep_finding(each) for each in ruling.findings]
    if isinstance(criterion.remedy, Verbatim):
        own = criterion.remedy
        findings = [replace(each, remedy=own) if each.remedy == own else each for each in findings]
    return replace(ruling, criterion=criterion, findings=tuple(findings))


def _keep_stated(criterion: Criterion, words: Catalogue) -> Criterion:
    return replace(criterion, why=_keep(criterion.why, words), remedy=_keep(criterion.remedy, words))


def _keep(text: str, words: Catalogue) -> str:
    """Return a text of criteria, marked unless the whole of it is one that comes with the gate."""
    return text if words.knows(text) else Verbatim(text)
