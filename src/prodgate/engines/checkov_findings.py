"""Turns Checkov's report into findings. Pure: the same report and configuration always give the same findings.

Checkov looks at the source and at the plan. A failure in either is a failure; a pass needs the plan to agree, where
every value is resolved. A pass never satisfies a criterion of its own: it only means that the scan found nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from ..findings import Finding, Outcome, explain_unasked
from ..terraform.addresses import without_indices
from ..terraform.resources import Configuration, Resource
from .checkov import ScannerRecord, ScannerReport
from .checkov_table import Documents, Table, excuse

#: Criterion that an independent scanner finds nothing.
INDEPENDENT: Final = "independent-scan"
#: What Checkov's checks for Terraform are called.
CHECK: Final = re.compile(r"CKV2?_[A-Z]+_[0-9]+")
#: Criterion that no comment silences a scanner.
NOT_SILENCED: Final = "scan-not-silenced"


@dataclass(slots=True)
class Answers:
    """The results of one check for one resource, in the source and in the plan."""

    check: str
    subject: str
    resource: Resource | None
    source: list[ScannerRecord] = field(default_factory=list)
    plan: list[ScannerRecord] = field(default_factory=list)

    def worst(self, scan: str) -> str:
        """The answer in one scan: the worst, when there are several; nothing when there is none."""
        outcomes = {record.outcome for record in (self.source if scan == "source" else self.plan)}
        return next((each for each in ("failed", "unknown", "passed", "skipped") if each in outcomes), "")


def findings(
    report: ScannerReport,
    configuration: Configuration | None,
    table: Table,
    criteria: Iterable[str],
    without: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Finding]:
    """Yield what the scan says: failures and open questions one by one, the rest one finding for each check.

    ``criteria`` are the ids that a failure may be filed under; the others are filed under the independent scan.
    ``without`` are checks that are not asked, and why.
    """
    unasked = {check: explain_unasked(why).reason for check, why in without.items()}
    excused = replace(table, unreliable={**table.unreliable, **unasked})
    silent = sorted(without.keys() - {each.check for each in report.records}) if report.records else ()
    for check in silent:
        reason = f"without: {check} is no check of Checkov for anything that is declared; take it out"
        yield _finding(INDEPENDENT, check, "(Checkov)", Outcome.UNDETERMINED, reason=reason)
    for fault in report.faults or (() if report.records else ("Checkov has no check for anything that is declared",)):
        yield _finding(INDEPENDENT, "checkov", "(Checkov)", Outcome.UNDETERMINED, reason=fault)
    quiet: dict[tuple[str, Outcome, str], list[str]] = {}
    for answer in _judge_answers(report, configuration, excused, frozenset(criteria)):
        found = answer if configuration else _weaken_unproven(answer)
        if found.outcome in (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED):
            yield found
        else:
            quiet.setdefault((found.check, found.outcome, found.reason), []).append(found.subject)
    for (check, outcome, reason), subjects in quiet.items():
        subject = subjects[0] if len(subjects) == 1 else f"{len(subjects)} resources"
        expected = _expected_text(report.titles, check)
        yield _finding(INDEPENDENT, check, subject, outcome, expected=expected, reason=reason)


def _weaken_unproven(found: Finding) -> Finding:
    """Without an evaluated configuration nobody knows the values behind what the source seems to say."""
    if found.outcome is not Outcome.NOT_SATISFIED:
        return found
    reason = f"{found.observed or 'fails'}: Terraform gave no plan to hold that against"
    return replace(found, outcome=Outcome.UNDETERMINED, observed="", reason=reason)


def _judge_answers(
    report: ScannerReport, configuration: Configuration | None, table: Table, criteria: frozenset[str]
) -> Iterator[Finding]:
    answered, documents = merge(report.records, configuration), Documents(configuration)
    for answers in answered.values():
        excused = table.unreliable.get(answers.check, "") or _excuse(answers, answered, documents, table)
        yield judge(answers, report.titles, table, criteria, excused or _explain_unmade(answers, configuration))


def _explain_unmade(answers: Answers, configuration: Configuration | None) -> str:
    """Say that Terraform creates nothing of the module in the source, for example because its count is zero.

    A resource alone that the plan lacks proves nothing: the scanner may call it by another name.
    """
    module, inside, _ = without_indices(answers.subject).rpartition(".aws_")
    if not inside or answers.plan or configuration is None or not configuration.complete:
        return ""
    made = any(without_indices(each.address).startswith(f"{module}.") for each in configuration.resources)
    return "" if made else "Terraform makes nothing of this module"


def report_skip_comments(report: ScannerReport) -> Iterator[Finding]:
    """Yield a finding for each comment that tells Checkov to look away, or one that says there is none."""
    comments = {(each.check, each.resource, each.file, each.line): each for each in report.records}
    skipped = [each for each in comments.values() if each.outcome == "skipped"]
    for each in skipped:
        yield Finding(
            criterion=NOT_SILENCED,
            check="checkov-comments",
            layer="static",
            subject=f"{each.check} on {each.resource}",
            outcome=Outcome.NOT_SATISFIED,
            expected="no checkov:skip comment",
            observed=f"checkov:skip={each.check}: {each.reason}",
            remedy="Remove the comment and write a waiver in waivers.toml, which has an owner and an end.",
            where=(f"{each.file}:{each.line}",) if each.file else (),
        )
    if report.faults:
        yield _finding(NOT_SILENCED, "checkov-comments", "(Checkov)", Outcome.UNDETERMINED, reason=report.faults[0])
    elif not skipped:
        yield _finding(NOT_SILENCED, "checkov-comments", "(the source)", Outcome.SATISFIED)


def merge(records: Iterable[ScannerRecord], configuration: Configuration | None) -> Mapping[tuple[str, str], Answers]:
    """Merge what the scans say, by (check, address).

    The source may know a resource without the keys of count and for_each; it then speaks of all its instances.
    """
    resources = {each.address: each for each in configuration.resources} if configuration else {}
    instances: dict[str, list[str]] = {}
    for address in resources:
        instances.setdefault(without_indices(address), []).append(address)
    answers: dict[tuple[str, str], Answers] = {}
    for record in records:
        for address in _addresses(record, instances, resources):
            key = (record.check, address)
            found = answers.setdefault(key, Answers(record.check, address, resources.get(address)))
            (found.source if record.scan == "source" else found.plan).append(record)
    return answers


def _excuse(answers: Answers, answered: Mapping[tuple[str, str], Answers], documents: Documents, table: Table) -> str:
    """Return why what a check says about a policy document does not count, or nothing."""
    document, twin = answers.resource, table.documents.twins.get(answers.check)
    if document is None or twin is None or document.type != "aws_iam_policy_document":
        return ""
    uses = documents.uses(document)
    twins = {use.address: answered[twin, use.address].worst("plan") for use in uses if (twin, use.address) in answered}
    return excuse(answers.check, answers.worst("plan") or answers.worst("source"), uses, twins, table.documents)


def _addresses(
    record: ScannerRecord, instances: Mapping[str, list[str]], resources: Mapping[str, Resource]
) -> Iterable[str]:
    """Return the addresses of what a record is about, as Terraform writes them."""
    if record.resource in resources:
        return (record.resource,)
    plain = without_indices(record.resource)
    if "." not in plain:
        return (f"module.{record.resource}",)
    module, _, name = plain.rpartition(".")
    parent, _, type_ = module.rpartition(".")
    data = ".".join(filter(None, (parent, "data", type_, name)))
    return instances.get(plain) or instances.get(data) or (record.resource,)


def judge(
    answers: Answers, titles: Mapping[str, str], table: Table, criteria: frozenset[str], excused: str = ""
) -> Finding:
    """Judge what the scans say about one check and one resource; ``excused`` says why it does not count."""
    check, source, plan = answers.check, answers.worst("source"), answers.worst("plan")
    expected = _expected_text(titles, check)
    if excused:
        return _finding(INDEPENDENT, check, answers.subject, Outcome.NOT_APPLICABLE, expected=expected, reason=excused)
    if "failed" in (source, plan):
        criterion = table.criteria.get(check, INDEPENDENT)
        return Finding(
            criterion=criterion if criterion in criteria else INDEPENDENT,
            check=check,
            layer="static",
            subject=answers.subject,
            outcome=Outcome.NOT_SATISFIED,
            expected=expected,
            observed=_describe_failure(source, plan),
            remedy="Mend it, or have the risk accepted in waivers.toml, with an owner and an end.",
            where=_find_places(answers),
        )
    outcome, reason = _judge_without_failure(answers, source, plan, table)
    where = _find_places(answers) if outcome is Outcome.UNDETERMINED else ()
    return _finding(INDEPENDENT, check, answers.subject, outcome, expected=expected, reason=reason, where=where)


def _judge_without_failure(answers: Answers, source: str, plan: str, table: Table) -> tuple[Outcome, str]:
    if plan == "passed" or (source == "passed" and not plan):
        return Outcome.SATISFIED, ""
    silence = table.find_silence(answers.check, answers.resource)
    if silence and silence.source_decides and source == "passed":
        return Outcome.SATISFIED, ""
    if silence and not silence.source_decides:
        return Outcome.NOT_APPLICABLE, silence.reason
    if answers.check in table.local_modules and answers.resource is None and not plan:
        return Outcome.NOT_APPLICABLE, table.local_modules[answers.check]
    stated = next((each.reason for each in (*answers.plan, *answers.source) if each.reason), "")
    if source == "skipped":
        return Outcome.UNDETERMINED, f"was not looked at, for a comment in the source says so: {stated}"
    return Outcome.UNDETERMINED, stated or "Checkov could not tell, and its own report would not say so"


def _describe_failure(source: str, plan: str) -> str:
    said = {"passed": "passes", "unknown": "can't tell", "skipped": "is skipped by a comment", "": "does not look"}
    if source == plan:
        return "fails in the source and in the plan"
    if plan == "failed":
        return f"fails in the plan, where values are resolved; {said[source]} in the source"
    return f"fails in the source; {said[plan]} in the plan"


def _find_places(answers: Answers) -> tuple[str, ...]:
    """Return where the deciding argument is written, else the resource, else where the scanner found it."""
    origin = answers.resource.origin if answers.resource else None
    if origin is None:
        return tuple(dict.fromkeys(f"{each.file}:{each.line}" for each in answers.source if each.file))
    failing = [each for each in (*answers.plan, *answers.source) if each.outcome == "failed"]
    named = next((each.attribute for each in (*failing, *answers.plan) if each.attribute), "")
    return tuple(map(str, origin.of(named)))


def _expected_text(titles: Mapping[str, str], check: str) -> str:
    return re.sub(r"^(Ensure|Verify)( that)? ", "", titles.get(check, check))


def _finding(
    criterion: str,
    check: str,
    subject: str,
    outcome: Outcome,
    *,
    expected: str = "",
    reason: str = "",
    where: tuple[str, ...] = (),
) -> Finding:
    open_ = outcome is Outcome.UNDETERMINED
    return Finding(
        criterion=criterion,
        check=check,
        layer="static",
        subject=subject,
        outcome=outcome,
        expected=expected,
        reason=reason,
        remedy="Mend what keeps Checkov from answering; prodgate setup makes it ready." if open_ else "",
        where=where,
    )
