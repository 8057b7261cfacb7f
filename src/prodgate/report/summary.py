"""The summary of a run for the page of a CI job: Markdown, never more than such a page may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..evidence.runs import Run
from ..findings import Outcome
from ..sealing.standing import UNSEALED, SealState
from ..verdict import Verdict
from .grouping import Batch, batches, gaps, layer_states, tally
from .markdown import code_span, fit_lines, prose
from .matrix import criterion_rows
from .uncommitted import name_uncommitted
from .verdict_words import verdict_text
from .view import WORST_FIRST, all_findings, judged_again, waiver_rows

#: Most bytes of a summary: what a comment may hold, a sixteenth of what a step summary may.
LIMIT: Final = 64 * 1024


def render_summary(run: Run, verdict: Verdict, seal: SealState = UNSEALED) -> str:
    """Return Markdown of at most LIMIT bytes, the weightiest rows first; it says how many rows were cut."""
    return fit_lines(_lines(run, verdict, seal), LIMIT)


def _lines(run: Run, verdict: Verdict, seal: SealState) -> Iterator[str]:
    yield f"## {verdict_text(verdict, str(run.about.get('moment') or ''))}"
    yield ""
    target = code_span(str(run.about.get("target", "")))
    yield f"{code_span(run.criteria.system)} on {target}, run {code_span(run.path.name)}."
    if run.finished and run.head:
        yield f"Head of its journal: {code_span(run.head)}."
    yield f"**{prose(str(seal).capitalize())}.**"
    yield from _cautions(run, verdict)
    yield ""
    yield from _counts(verdict)
    yield from _failing(verdict)
    yield from _unknown(verdict)
    yield from _waivers(run, verdict)
    yield from _criteria(run, verdict)


def _cautions(run: Run, verdict: Verdict) -> Iterator[str]:
    earlier, observed = judged_again(run)
    if earlier:
        yield f"**Judged again**: the facts are those of run {code_span(earlier)}, observed {prose(observed)}."
    if run.finished is None:
        yield "**The run was cut off**; what it had not finished is undetermined."
    if not verdict.promotes:
        yield "**This is not a promotion verdict.**"
    if named := name_uncommitted(run.about):
        yield f"Not in the commit, and yet judged: {prose(named)}."
    if moment := run.about.get("moment"):
        yield f"**Partial**: only what must hold {prose(str(moment))} a deployment was asked."
    if verdict.scope.left_out():
        yield f"Left out: {', '.join(verdict.scope.left_out())}."
    if verdict.scope.not_asked():
        yield f"Layers without criteria, of which nobody asks anything: {', '.join(verdict.scope.not_asked())}."
    for state in layer_states(verdict):
        if state.state == "silent":
            yield f"No answer from {state.layer}: {prose('; '.join(state.reasons))}."


def _counts(verdict: Verdict) -> Iterator[str]:
    counts = tally(verdict)
    yield f"| {' | '.join(outcome.replace('-', ' ') for outcome in WORST_FIRST)} | only production can answer |"
    yield "|" + " ---: |" * (len(WORST_FIRST) + 1)
    yield f"| {' | '.join(str(counts[outcome]) for outcome in WORST_FIRST)} | {verdict.deferred} |"


def _failing(verdict: Verdict) -> Iterator[str]:
    failing = [f for f in all_findings(verdict) if f.outcome is Outcome.NOT_SATISFIED]
    if not failing:
        return
    yield from ("", "### Not satisfied", "", "| Criterion | Observed | Expected | Where | Remedy |", "|" + " --- |" * 5)
    for batch in batches(failing):
        yield _batch_row(batch)


def _batch_row(batch: Batch) -> str:
    first = batch.findings[0]
    more = f" and {len(batch.findings) - 1:,} more" if len(batch.findings) > 1 else ""
    where = f"{code_span(first.where[0])}<br>" if first.where else ""
    cells = (
        f"{code_span(batch.criterion)}<br>{code_span(batch.check)}",
        code_span(first.observed or first.reason),
        code_span(batch.expected),
        f"{where}{code_span(first.subject)}{more}",
        prose(batch.remedy),
    )
    return f"| {' | '.join(cells)} |"


def _unknown(verdict: Verdict) -> Iterator[str]:
    found = gaps(f for f in verdict.blocking if f.outcome is Outcome.UNDETERMINED)
    if not found:
        return
    yield from ("", "### Undetermined", "", "| Reason | Criteria |", "| --- | --- |")
    for gap in found:
        reason = gap.reason or f"{gap.findings[0].reason}, and {len(gap.findings) - 1:,} more findings"
        named = ", ".join(code_span(id_) for id_ in gap.criteria[:20])
        more = f" and {len(gap.criteria) - 20} more" if len(gap.criteria) > 20 else ""
        yield f"| {prose(reason)} | {len(gap.criteria)}: {named}{more} |"


def _waivers(run: Run, verdict: Verdict) -> Iterator[str]:
    if not run.waivers:
        return
    yield from ("", "### Waivers", "", "| Waiver | State | Covers | Owner | Approver | Expires |", "|" + " --- |" * 6)
    for row in waiver_rows(run, verdict):
        state = row.state.observed or row.state.reason or f"covers {len(row.covered)}"
        covers = f"{code_span(row.waiver.covers)} on {code_span(row.waiver.subject)}"
        people = f"{prose(row.waiver.owner)} | {prose(row.waiver.approver)}"
        yield f"| {code_span(row.waiver.id)} | {prose(state)} | {covers} | {people} | {row.waiver.expires} |"


def _criteria(run: Run, verdict: Verdict) -> Iterator[str]:
    yield from ("", "### Criteria", "", "| Criterion | Requirement | Requires | Answers |", "|" + " --- |" * 4)
    for row in criterion_rows(run, verdict):
        answers = [f"{answer.ruling.layer} {answer.ruling.outcome.replace('-', ' ')}" for answer in row.answers]
        answers += [f"{layer} left out" for layer in row.left_out]
        criterion = row.criterion
        bound = code_span(str(criterion.bound)) if criterion.bound else "holds"
        yield f"| {code_span(criterion.id)} | {prose(criterion.source)} | {bound} | {'; '.join(answers)} |"
