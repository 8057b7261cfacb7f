"""The report as one self-contained page: no script, no request, the same bytes for the same run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ..criteria import Criterion
from ..evidence.runs import Run
from ..findings import Finding, Outcome
from ..sealing.standing import UNSEALED, SealState
from ..verdict import Verdict
from .attested import record_rows
from .browser import browser_part
from .catalogue import FILES, Catalogue
from .circumstances import describe_circumstances, is_partial
from .dags.view import dags_part
from .grouping import batches, by_criterion, gaps, headlines, layer_states, shared_evidence, tally
from .load.scales import latency_text
from .load.self_test import self_test
from .load.view import PERCENTILES, load_blocks
from .made_up import list_made_up
from .matrix import citations, criterion_rows, find_orphans, requirements
from .rollout.view import rollout_part
from .rows import make_rows
from .text import is_harmless, pieces, visible
from .uncommitted import name_uncommitted
from .view import (
    GIVEN,
    WORST_FIRST,
    all_findings,
    evidence_rows,
    judged_again,
    moment,
    notes,
    observed_account,
    other_facts,
    waiver_rows,
)

#: A name longer than this is folded; its whole text stays in the page.
LONG: Final = 240

#: Findings of one batch that are shown unfolded.
UNFOLDED: Final = 20


def render_html(run: Run, verdict: Verdict, seal: SealState = UNSEALED, *, language: str = "en") -> str:
    """Return the report of a run in one language. Pure: the same run gives the same bytes."""
    catalogue = Catalogue(language)
    return render_page(
        "report.html.j2",
        **_words(catalogue),
        **_make_context(run, verdict),
        run=run,
        verdict=verdict,
        seal=seal,
        load=load_blocks(run, catalogue.text),
        self_test=self_test(run),
        made_up=list_made_up(run, verdict, catalogue.text),
        browser=browser_part(run, verdict),
        rollout=rollout_part(run),
        dags=dags_part(run, catalogue.text),
        records=record_rows(run, verdict),
    )


def render_page(template: str, **context: Any) -> str:
    """Return a page made of one of the templates, with the one style sheet and nothing that loads or runs."""
    return _environment().get_template(template).render(**context, style=_style(), policy=_policy())


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


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("prodgate.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(prose=_prose, moment=moment, plain=visible, short=lambda digest: digest[:12])
    environment.globals.update(
        LONG=LONG,
        UNFOLDED=UNFOLDED,
        rows_of=make_rows,
        shared_evidence=shared_evidence,
        latency=latency_text,
        percentile_names=PERCENTILES,
    )
    return environment


def finalize(value: Any) -> Any:
    """Return what a template prints with each invisible character as a marked escape; every output passes here."""
    return _mark_invisible(value, "") if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> str | Markup:
    """Return a text whose line breaks stay."""
    return _mark_invisible(text, "\n")


def _mark_invisible(text: str, keep: str) -> str | Markup:
    if is_harmless(text):
        return text
    parts = [
        Markup('<span class="esc">{}</span>').format(piece) if hidden else escape(piece)
        for piece, hidden in pieces(text, keep=keep)
    ]
    return Markup("").join(parts)


@cache
def _style() -> Markup:
    """Return the style sheet: a constant of this package."""
    return Markup(resources.files(__package__).joinpath("templates/report.css").read_text("utf-8"))  # noqa: S704


@cache
def _policy() -> str:
    """Return the content security policy: nothing may load or run, and only this very style sheet applies."""
    digest = base64.b64encode(hashlib.sha256(_style().encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
