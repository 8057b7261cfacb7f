"""A verdict and its findings as JSON values, for machines."""

from __future__ import annotations

from typing import Any

from ..findings import Finding
from ..verdict import Verdict


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict and its findings as JSON values, each with policy, address, file, line, outcome."""
    return {
        "verdict": str(verdict.decision),
        "exit_code": verdict.decision.exit_code,
        "promotes": verdict.promotes,
        "left_out": list(verdict.scope.left_out()),
        "layers_without_criteria": list(verdict.scope.not_asked()),
        "findings": [_row(f, ruling.criterion.severity) for ruling in verdict.rulings for f in ruling.findings],
        "waivers": [_row(finding) for finding in verdict.waivers],
    }


def _row(finding: Finding, severity: str = "") -> dict[str, Any]:
    file, _, line = (finding.where[0] if finding.where else "").rpartition(":")
    return {
        "policy": finding.check,
        "criterion": finding.criterion,
        "layer": finding.layer,
        "address": finding.subject,
        "aspect": finding.aspect or None,
        "file": file or None,
        "line": int(line) if line.isdigit() else None,
        "outcome": str(finding.outcome),
        "severity": severity or None,
        "expected": finding.expected or None,
        "observed": finding.observed or None,
        "reason": finding.reason or None,
        "remedy": finding.remedy or None,
        "where": list(finding.where),
        "waiver": finding.waiver or None,
    }
