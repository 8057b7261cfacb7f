"""The parts of a comparison in the order in which they are read, each entry as one text, whatever shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...findings import Finding
from .changes import KINDS, Change
from .comparison import Comparison
from .figures import FigureChange
from .populations import Population


def verdict_line(comparison: Comparison) -> str:
    """Return how the verdict changed, in one line."""
    then, now = comparison.verdict_texts
    return f"verdict: {now}, as before" if comparison.same_verdict else f"verdict: {then} -> {now}"


def list_sections(comparison: Comparison) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield titles with their entries, the worst first; titles without entries, too."""
    yield "conditions that differ", comparison.conditions
    for kind, title in KINDS.items():
        yield title, [_render_change(change) for change in getattr(comparison.changes, kind)]
    yield "waivers", [str(edit) for edit in comparison.waivers]
    yield "figures", [_render_figure(figure) for figure in comparison.figures]
    yield "criteria changed", [str(edit) for edit in comparison.criteria]
    yield "populations changed", [_render_population(population) for population in comparison.populations]


def _render_change(change: Change) -> str:
    finding = change.finding
    place = f"{finding.where[0]}: " if finding.where else ""
    then, now = _render_outcome(change.before), _render_outcome(change.after)
    return f"{place}{finding.criterion} on {finding.subject}: {then} -> {now}"


def _render_outcome(finding: Finding | None) -> str:
    if finding is None:
        return "(not there)"
    seen = finding.observed or finding.reason
    return f"{finding.outcome.replace('-', ' ')} ({seen})" if seen else finding.outcome.replace("-", " ")


def _render_figure(figure: FigureChange) -> str:
    said = {
        "within-intervals": "no change that can be told from chance",
        "not-compared": f"not compared: {figure.why}",
    }.get(figure.change, figure.change)
    return f"{figure.criterion} on {figure.subject}: {figure.before} -> {figure.after}; {said}"


def _render_population(p: Population) -> str:
    gone = f", gone: {', '.join(p.vanished[:5])}" if p.vanished else ""
    come = f", new: {', '.join(p.appeared[:5])}" if p.appeared else ""
    return f"{p.layer} {p.criterion}: {p.before:,} -> {p.after:,} subjects{gone}{come}"
