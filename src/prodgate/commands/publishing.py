"""Importing the findings of a run into AWS Security Hub."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from ..aws.refusals import refusals_are_mistakes
from ..criteria import UsageError
from ..evidence import runs
from ..report.formats.asff import list_asff
from ..report.formats.source import read_source
from ..sections.targets import parse_account

#: Findings that one call takes.
_BATCH: Final = 100


def publish(args: argparse.Namespace) -> int:
    """Import every finding of a run, which is checked first. Raises UsageError, also where one was not taken."""
    findings = list_asff(read_source(runs.read(args.run)))
    target = parse_account(args.via, "whose Security Hub nobody reads")
    from ..aws.sessions import open_elsewhere  # noqa: PLC0415  boto3 takes as long to import as all the rest

    with refusals_are_mistakes("securityhub", "the role needs securityhub:BatchImportFindings"):
        taken = _import(open_elsewhere(target.profile, target.region)("securityhub"), findings)
    sys.stdout.write(f"imported: {taken:,} findings, the verdict first\n")
    return 0


def _import(hub: Any, findings: list[dict[str, Any]]) -> int:
    """Import findings, some at once, and return how many were taken. Raises UsageError for the first that was not."""
    taken = 0
    for start in range(0, len(findings), _BATCH):
        answer = hub.batch_import_findings(Findings=findings[start : start + _BATCH])
        if failed := answer.get("FailedFindings"):
            first = failed[0]
            raise UsageError(
                f"securityhub: {taken + answer['SuccessCount']:,} of {len(findings):,} findings were taken; "
                f"{first['Id']}: {first['ErrorCode']}: {first['ErrorMessage']}; run it again when that is mended"
            )
        taken += answer["SuccessCount"]
    return taken
