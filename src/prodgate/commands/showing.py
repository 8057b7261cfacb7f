"""Showing a verdict that belongs to no run: the first findings of each policy, and what they come to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, Final

from ..findings import Finding, Outcome
from ..report.diff.worsening import Worsening
from ..report.grouping import batches
from ..report.text import visible
from ..report.verdict_json import verdict_to_json
from ..report.view import value_origin
from ..verdict import Verdict

#: Findings of one kind that are printed before the rest is counted.
MOST_SHOWN: Final = 5


def show(verdict: Verdict, *, subject: str, as_json: bool) -> int:
    """Show a verdict on what a subject declares, and return the exit code."""
    if as_json:
        _print_json(verdict_to_json(verdict))
        return verdict.decision.exit_code
    _print_findings(verdict)
    counts = ", ".join(f"{sum(f.outcome is o for f in verdict.findings)} {o}" for o in Outcome)
    _print(f"{verdict.decision} for what {subject} declares: {counts}")
    _print("This judges declarations alone; it is not a promotion verdict.")
    return verdict.decision.exit_code


def show_worse(found: Worsening, *, subject: str, since: str, as_json: bool) -> int:
    """Show what is worse than at a revision, and what became of what failed there; return the exit code."""
    verdict = found.verdict
    if as_json:
        named = {"fixed": found.fixed, "hidden": found.hidden, "gone": found.gone}
        rows = {name: [finding.to_json() for finding in each] for name, each in named.items()}
        _print_json({**verdict_to_json(verdict), "since": since, "standing": found.standing, **rows})
        return verdict.decision.exit_code
    _print_findings(verdict)
    _print_mended("fixed", found.fixed)
    _print_mended("waived, not applicable or not known now (which is not fixed)", found.hidden)
    _print_mended("gone (which is not fixed)", found.gone)
    counts = ", ".join(f"{sum(f.outcome is o for f in verdict.blocking)} {o}" for o in _WORSE)
    mended = f"{len(found.fixed)} fixed, {found.standing} as before"
    _print(visible(f"{verdict.decision} for what changed in {subject} since {since}: newly {counts}; {mended}"))
    _print("This judges declarations alone; it is not a promotion verdict.")
    return verdict.decision.exit_code


_WORSE: Final = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)


def _print_findings(verdict: Verdict) -> None:
    for batch in batches(verdict.blocking):
        for finding in batch.findings[:MOST_SHOWN]:
            _print_finding(finding)
        if (more := len(batch.findings) - MOST_SHOWN) > 0:
            _print(visible(f"{batch.outcome}: [{batch.check}] and {more:,} more; --json lists them all"))


def _print_finding(finding: Finding) -> None:
    place = f"{finding.where[0]}: " if finding.where else ""
    _print(visible(f"{place}{finding.outcome}: [{finding.check}] {finding}"))
    for label, text in (("set in", value_origin(finding)), ("remedy", finding.remedy)):
        if text:
            _print(visible(f"    {label}: {text}"))


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
