"""Showing a verdict that belongs to no run: the first findings of each policy, and what they come to."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ..criteria import SEVERITIES, Criterion
from ..findings import Finding, Outcome
from ..report.diff.worsening import Worsening
from ..report.grouping import batches
from ..report.text import visible
from ..report.verdict_json import verdict_to_json
from ..report.view import value_origin
from ..terraform.policy import POLICIES
from ..verdict import Verdict
from .explaining import explain_shortly

#: Findings of one kind that are printed before the rest is counted.
MOST_SHOWN: Final = 5
_BLOCKING: Final = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)


@dataclass(frozen=True, slots=True)
class Form:
    """How a verdict is shown, and of what."""

    subject: str
    as_json: bool = False
    explains: bool = False
    """Whether to say why each finding matters."""


def show(verdict: Verdict, form: Form) -> int:
    """Show a verdict on what a subject declares, and return the exit code."""
    if form.as_json:
        _print_json(verdict_to_json(verdict))
        return verdict.decision.exit_code
    _print_findings(verdict, form)
    counts = ", ".join(f"{sum(f.outcome is o for f in verdict.findings)} {o}" for o in Outcome)
    _print(f"{verdict.decision} for what {form.subject} declares: {counts}")
    _print_end(verdict)
    return verdict.decision.exit_code


def show_worse(found: Worsening, form: Form, *, since: str) -> int:
    """Show what is worse than at a revision, and what became of what failed there; return the exit code."""
    verdict = found.verdict
    if form.as_json:
        named = {"fixed": found.fixed, "hidden": found.hidden, "gone": found.gone, "admitted": found.admitted}
        rows = {name: [finding.to_json() for finding in each] for name, each in named.items()}
        _print_json({**verdict_to_json(verdict), "since": since, "standing": found.standing, **rows})
        return verdict.decision.exit_code
    _print_findings(verdict, form)
    _print_mended("worse, and waived", found.admitted)
    _print_mended("fixed", found.fixed)
    _print_mended("waived, not applicable or not known now (which is not fixed)", found.hidden)
    _print_mended("gone (which is not fixed)", found.gone)
    counts = ", ".join(f"{sum(f.outcome is o for f in verdict.blocking)} {o}" for o in _BLOCKING)
    mended = f"{len(found.admitted)} waived; {len(found.fixed)} fixed, {found.standing} as before"
    _print(visible(f"{verdict.decision} for what changed in {form.subject} since {since}: newly {counts}, {mended}"))
    _print_end(verdict)
    return verdict.decision.exit_code


def _print_findings(verdict: Verdict, form: Form) -> None:
    """Print what blocks, the worst first: of one check with its explanation once."""
    criteria = {ruling.criterion.id: ruling.criterion for ruling in verdict.rulings}
    found = batches(verdict.blocking)
    for batch in sorted(found, key=lambda each: (_BLOCKING.index(each.outcome), _rank(criteria.get(each.criterion)))):
        for number, finding in enumerate(batch.findings[:MOST_SHOWN]):
            _print_finding(finding)
            if form.explains and not number and finding.criterion in criteria:
                _print_notes(explain_shortly(finding, criteria[finding.criterion], POLICIES))
        if (more := len(batch.findings) - MOST_SHOWN) > 0:
            _print(visible(f"{batch.outcome}: [{batch.check}] and {more:,} more; --json lists them all"))


def _rank(criterion: Criterion | None) -> int:
    stated = criterion.severity if criterion else ""
    return SEVERITIES.index(stated) if stated else len(SEVERITIES)


def _print_end(verdict: Verdict) -> None:
    """Print how bad it is, where anything blocks."""
    for outcome in _BLOCKING:
        found = Counter(_rank(r.criterion) for r in verdict.rulings for f in r.findings if f.outcome is outcome)
        if found:
            named = [*SEVERITIES, "of no stated severity"]
            _print(f"{outcome} by severity: {', '.join(f'{found[rank]} {named[rank]}' for rank in sorted(found))}")
    _print("This judges declarations alone; it is not a promotion verdict.")


def _print_finding(finding: Finding) -> None:
    place = f"{finding.where[0]}: " if finding.where else ""
    _print(visible(f"{place}{finding.outcome}: [{finding.check}] {finding}"))
    _print_notes((("set in", value_origin(finding)), ("remedy", finding.remedy)))


def _print_notes(notes: Iterable[tuple[str, str]]) -> None:
    for title, text in notes:
        if text:
            _print(visible(f"    {title}: {text}"))


def _print_mended(title: str, findings: Iterable[Finding]) -> None:
    for batch in batches(findings):
        for finding in batch.findings[:MOST_SHOWN]:
            _print(visible(f"{title}: [{finding.check}] {finding.criterion} on {finding.subject}"))
        if (more := len(batch.findings) - MOST_SHOWN) > 0:
            _print(visible(f"{title}: [{batch.check}] and {more:,} more; --json lists them all"))


def _print_json(said: Any) -> None:
    _print(json.dumps(said, ensure_ascii=False, indent=2))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
