"""Showing a verdict: the report files of a run, the last lines of the terminal, and the exit code."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..evidence import runs
from ..findings import Finding, Outcome
from ..processes.ending import naming
from ..report.catalogue import FILES
from ..report.diff.comparison import compare
from ..report.diff.text import render_comparison
from ..report.grouping import batches
from ..report.html import render_html
from ..report.summary import render_summary
from ..report.terminal import render_terminal
from ..report.text import visible
from ..report.verdict_json import verdict_to_json
from ..report.view import value_origin
from ..verdict import Verdict

#: Findings of one kind that ``show`` prints before it counts the rest.
MOST_SHOWN: Final = 5


def publish(path: Path, *, as_json: bool, before: Path | None = None) -> int:
    """Write the reports of a run, show its verdict and return the exit code. Raises RunError.

    ``before`` is an earlier run; what has changed since then is said.
    """
    run = runs.read(path)
    verdict = run.verdict()
    for language, name in FILES.items():
        _write(path / name, render_html(run, verdict, language=language))
    _write(path / "summary.md", render_summary(run, verdict))
    if as_json:
        _print(
            json.dumps({"run": str(path), "head": run.head, **verdict_to_json(verdict)}, ensure_ascii=False, indent=2)
        )
        return verdict.decision.exit_code
    if before is not None:
        _print(f"{_render_changes(before, run)}\n")
    columns = shutil.get_terminal_size().columns
    encoding = sys.stdout.encoding or "ascii"
    report = path / FILES["en"]
    _print(render_terminal(run, verdict, colour=_has_colour(), report=report, width=columns, encoding=encoding))
    return verdict.decision.exit_code


def _write(path: Path, text: str) -> None:
    with naming(path):
        path.write_text(text, "utf-8")


def _render_changes(before: Path, run: runs.Run) -> str:
    """Say what changed since an earlier run; one that can't be read takes nothing from the verdict of this one."""
    try:
        return render_comparison(compare(runs.read(before), run))
    except UsageError as error:
        return visible(f"nothing to compare with: {error}")


def show(verdict: Verdict, *, subject: str, as_json: bool) -> int:
    """Show a verdict that belongs to no run, the first findings of each policy, and return the exit code."""
    if as_json:
        _print(json.dumps(verdict_to_json(verdict), ensure_ascii=False, indent=2))
        return verdict.decision.exit_code
    for batch in batches(verdict.blocking):
        for finding in batch.findings[:MOST_SHOWN]:
            _print_finding(finding)
        if (more := len(batch.findings) - MOST_SHOWN) > 0:
            _print(visible(f"{batch.outcome}: [{batch.check}] and {more:,} more; --json lists them all"))
    counts = ", ".join(f"{sum(f.outcome is o for f in verdict.findings)} {o}" for o in Outcome)
    _print(f"{verdict.decision} for what {subject} declares: {counts}")
    _print("This judges declarations alone; it is not a promotion verdict.")
    return verdict.decision.exit_code


def _print_finding(finding: Finding) -> None:
    place = f"{finding.where[0]}: " if finding.where else ""
    _print(visible(f"{place}{finding.outcome}: [{finding.check}] {finding}"))
    for label, text in (("set in", value_origin(finding)), ("remedy", finding.remedy)):
        if text:
            _print(visible(f"    {label}: {text}"))


def _has_colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
