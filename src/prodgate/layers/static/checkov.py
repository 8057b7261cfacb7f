"""Checkov's opinion of the declared infrastructure: it scans while Terraform evaluates, and is judged with it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from ...engines.checkov import Scan, ScannerReport, scanning
from ...engines.checkov_findings import CHECK, INDEPENDENT, NOT_SILENCED, findings, report_skip_comments
from ...engines.checkov_table import load_table
from ...facts import Facts
from ...findings import Finding
from ...sections.criteria_file import CriteriaFile
from ...terraform.resources import Configuration
from ..layer import LayerContext

#: Kind of the evidence that holds the scanner's report.
KIND: Final = "checkov"

_QUESTIONS: Final = (("checkov", INDEPENDENT), ("checkov-comments", NOT_SILENCED))
#: What the scanner's answers are called.
NAMES: Final = tuple(name for name, _ in _QUESTIONS)
_UNSEEN: Final = ScannerReport(titles={}, faults=("no scan was observed",))


def list_questions(stated: CriteriaFile) -> Sequence[tuple[str, str]]:
    """Return (check, criterion) of what the scanner answers."""
    return tuple(question for question in _QUESTIONS if question[1] in stated.criteria)


def start_scan(context: LayerContext) -> AbstractContextManager[Scan | None]:
    """Start to scan the root when a criterion asks for it; the scan ends with the context at the latest."""
    root = context.stated.terraform_root
    if not root or not list_questions(context.stated):
        return nullcontext()
    progress = context.progress_of("static")
    return scanning(
        context.project / context.stated.applied_root, context.project, var_files=context.var_files, progress=progress
    )


def wait_for_report(scan: Scan | None, context: LayerContext) -> Facts:
    """Wait for the scan and store its report as evidence."""
    if scan is None:
        return Facts()
    context.progress("static: waiting for Checkov")
    report = scan.report()
    source = f"Checkov {report.version} with {report.count} checks" if report.version else "Checkov"
    context.store_fact("static", KIND, context.stated.terraform_root, report.to_json(), source)
    return Facts((report,))


def conclude(facts: Facts, stated: CriteriaFile) -> Mapping[tuple[str, str], Sequence[Finding]]:
    """Judge what the scanner said, by (check, criterion)."""
    report = next(iter(facts.of(ScannerReport)), _UNSEEN)
    judges = {
        INDEPENDENT: lambda: _judge_scan(report, facts, stated),
        NOT_SILENCED: lambda: report_skip_comments(report),
    }
    return {question: tuple(judges[question[1]]()) for question in list_questions(stated)}


def _judge_scan(report: ScannerReport, facts: Facts, stated: CriteriaFile) -> Iterator[Finding]:
    configuration = next(iter(facts.of(Configuration)), None)
    static = [criterion.id for criterion in stated.criteria.values() if "static" in criterion.layers]
    without = {check: why for check, why in stated.without.items() if CHECK.fullmatch(check)}
    return findings(report, configuration, load_table(), static, without)
