"""The report as one self-contained page: no script, no request, the same bytes for the same run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..criteria import Criterion
from ..evidence.runs import Run
from ..findings import Finding, Outcome
from ..sealing.standing import UNSEALED, SealState
from ..verdict import Verdict
from .attested import record_rows
from .catalogue import FILES, Catalogue
from .circumstances import describe_circumstances, is_partial
from .grouping import batches, by_criterion, gaps, headlines, layer_states, tally
from .history.nights import MARKS, Night
from .history.trends import list_trends
from .made_up import list_made_up
from .matrix import citations, criterion_rows, find_orphans, requirements
from .own_words import keep_words
from .pages import render_page
from .parts import make_parts
from .permissions.view import permission_parts
from .uncommitted import name_uncommitted
from .view import (
    GIVEN,
    WORST_FIRST,
    all_findings,
    evidence_rows,
    judged_again,
    notes,
    observed_account,
    other_facts,
    waiver_rows,
)


def render_html(
    run: Run, verdict: Verdict, seal: SealState = UNSEALED, *, language: str = "en", nights: Sequence[Night] = ()
) -> str:
    """Return the report of a run in one language, with the nights before it. Pure: the same give the same bytes."""
    catalogue = Catalogue(language)
    run, verdict = (run, verdict) if language == "en" else keep_words(run, verdict, catalogue)
    trends, undrawn = list_trends(nights)
    return render_page(
        "report.html.j2",
        **_words(catalogue),
        **_make_context(run, verdict),
        run=run,
        verdict=verdict,
        seal=seal,
        **make_parts(run, verdict, catalogue.text),
        made_up=list_made_up(run, verdict, catalogue.text),
        records=record_rows(run, verdict),
        permissions=permission_parts(run),
        nights=nights,
        marks=MARKS,
        trends=trends,
        undrawn=undrawn,
    )


def _words(catalogue: Catalogue) -> dict[str, Any]:
    def statement(criterion: Criterion) -> str:
        if not criterion.statement_ja:
            return catalogue.text("untranslated", statement=criterion.statement)
        return criterion.statement_ja if catalogue.language == "ja" else criterion.statement

    def conditions(criterion: Criterion) -> list[str]:
        return list(_say_conditions(criterion, catalogue))

    other = next(language for language in FILES if language != catalogue.language)
    return {
        "t": catalogue.text,
        "count": catalogue.count,
        "say": catalogue.say,
        "words": catalogue,
        "statement": statement,
        "conditions": conditions,
        "language": catalogue.language,
        "other": other,
        "other_file": FILES[other],
    }


def _say_conditions(criterion: Criterion, words: Catalogue) -> Iterator[str]:
    """Yield under which conditions a criterion is decided, and which controls it serves."""
    if criterion.samples > 1:
        yield words.count("samples", criterion.samples)
    if criterion.confidence:
        yield words.text(f"decides-{criterion.decides}", confidence=criterion.confidence)
    if criterion.window:
        yield words.text("window", window=criterion.window)
    if criterion.rate:
        yield words.text("rate", rate=criterion.rate)
    if criterion.needs_production:
        yield words.text("production-only-short")
    yield from criterion.controls


def _make_context(run: Run, verdict: Verdict) -> dict[str, Any]:
    rows = criterion_rows(run, verdict)
    evidence = evidence_rows(run, verdict)
    return {
        **_by_outcome(verdict),
        "about": {**dict.fromkeys(("target", "actor", "commit", "moment", *GIVEN), ""), **run.about},
        "outcomes": WORST_FIRST,
        "uncommitted": name_uncommitted(run.about),
        **_describe_observation(run),
        **_describe_verdict(run, verdict),
        "production_only": [r.criterion for r in rows if r.criterion.needs_production and verdict.scope.rehearsal],
        "deferred": verdict.deferred,
        "criteria": {row.criterion.id: row.criterion for row in rows},
        "anchors": {row.criterion.id: f"c{number}" for number, row in enumerate(rows, start=1)},
        "waivers": waiver_rows(run, verdict),
        "requirements": requirements(run, rows),
        "orphans": find_orphans(run, verdict, evidence),
        "citations": citations(verdict),
        "evidence": evidence,
        "evidence_anchors": {row.digest: row.anchor for row in reversed(evidence)},
        "offset": str(run.about.get("utc_offset", "")),
        "other_facts": other_facts(run.about),
    }


def _describe_observation(run: Run) -> dict[str, Any]:
    return {"account": observed_account(run), "judged_again": judged_again(run), "notes": notes(run)}


def _describe_verdict(run: Run, verdict: Verdict) -> dict[str, Any]:
    top, rest = headlines(verdict)
    return {
        "at": describe_circumstances(run, verdict),
        "partial": is_partial(run, verdict),
        "tally": tally(verdict),
        "headlines": top,
        "more_headlines": rest,
        "layers": layer_states(verdict),
    }


def _by_outcome(verdict: Verdict) -> dict[str, Any]:
    """Return the findings by outcome; the state of a waiver is among them only where it stands in the way."""

    def of(outcome: Outcome, among: list[Finding]) -> list[Finding]:
        return [finding for finding in among if finding.outcome is outcome]

    whole, system = all_findings(verdict), list(verdict.findings)
    return {
        "failing": by_criterion(of(Outcome.NOT_SATISFIED, whole)),
        "unknown": [(gap, batches(gap.findings)) for gap in gaps(of(Outcome.UNDETERMINED, whole))],
        "satisfied": by_criterion(of(Outcome.SATISFIED, system)),
        "excluded": by_criterion(of(Outcome.NOT_APPLICABLE, system)),
    }
