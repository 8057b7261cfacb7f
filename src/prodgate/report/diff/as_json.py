"""A comparison as JSON values, for machines; nothing is cut."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ...evidence.runs import Run
from ...sealing.standing import SealState
from ...verdict import Verdict
from .changes import KINDS, Change
from .comparison import Comparison


def comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON values: ``before``, ``after``, ``same_verdict`` and a list for each kind."""
    (then, now), changes = comparison.verdicts, comparison.changes
    return {
        "before": _run(comparison.before, then, comparison.seals[0]),
        "after": _run(comparison.after, now, comparison.seals[1]),
        "same_verdict": comparison.same_verdict,
        "conditions": list(comparison.conditions),
        **{kind: [_change(change) for change in getattr(changes, kind)] for kind in KINDS},
        "waivers": [asdict(edit) for edit in comparison.waivers],
        "figures": [asdict(figure) for figure in comparison.figures],
        "criteria": [asdict(edit) for edit in comparison.criteria],
        "populations": [asdict(population) for population in comparison.populations],
    }


def _run(run: Run, verdict: Verdict, seal: SealState) -> dict[str, Any]:
    return {
        "run": run.path.name,
        "head": run.head,
        "seal": str(seal),
        "verdict": str(verdict.decision),
        "rehearsal": verdict.scope.rehearsal,
        "promotes": verdict.promotes,
        "left_out": list(verdict.scope.left_out()),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "before": change.before.to_json() if change.before else None,
        "after": change.after.to_json() if change.after else None,
    }
