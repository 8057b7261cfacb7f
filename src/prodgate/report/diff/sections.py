"""The parts of a comparison in the order in which they are read, each entry as one text, whatever shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...findings import Finding
from ..catalogue import ENGLISH, Catalogue
from ..own_words import keep_finding
from .changes import KINDS, Change
from .comparison import Comparison
from .figures import FigureChange
from .populations import Population
from .statements import Edit


def verdict_line(comparison: Comparison) -> str:
    """Return how the verdict changed, in one line."""
    then, now = comparison.verdict_texts()
    return f"verdict: {now}, as before" if comparison.same_verdict else f"verdict: {then} -> {now}"


def seals_line(comparison: Comparison) -> str:
    """Return how both runs are sealed, in one line."""
    then, now = map(str, comparison.seals)
    return f"both {now}" if then == now else f"{then} -> {now}"


def list_sections(comparison: Comparison, words: Catalogue = ENGLISH) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield titles with their entries, the worst first; titles without entries, too."""
    yield words.text("diff-conditions"), [words.say(condition) for condition in comparison.conditions]
    for kind in KINDS:
        yield words.text(f"diff-{kind}"), [_say_change(each, words) for each in getattr(comparison.changes, kind)]
    yield words.text("section-waivers").lower(), [say_edit(edit, words) for edit in comparison.waivers]
    yield words.text("diff-figures"), [_say_figure(figure, words) for figure in comparison.figures]
    yield words.text("diff-criteria"), [say_edit(edit, words) for edit in comparison.criteria]
    yield words.text("diff-populations"), [_say_population(each, words) for each in comparison.populations]


def _say_change(change: Change, words: Catalogue) -> str:
    finding = change.finding
    return words.text(
        "diff-change",
        place=f"{finding.where[0]}: " if finding.where else "",
        criterion=finding.criterion,
        subject=finding.subject,
        then=_say_outcome(change.before, words),
        now=_say_outcome(change.after, words),
    )


def _say_outcome(finding: Finding | None, words: Catalogue) -> str:
    if finding is None:
        return words.text("diff-not-there")
    kept = keep_finding(finding)
    outcome, seen = words.text(f"outcome-{finding.outcome}"), words.say(kept.observed or kept.reason)
    return f"{outcome} ({seen})" if seen else outcome


def say_edit(edit: Edit, words: Catalogue = ENGLISH) -> str:
    """Say what happened; what a person wrote into a key stays as it was written."""
    if edit.kind == "changed":
        return f"{edit.id}: {edit.detail}"
    said = (words.text(f"diff-edit-{edit.kind}"), words.say(edit.detail))
    return f"{edit.id}: {', '.join(filter(None, said))}"


def _say_figure(figure: FigureChange, words: Catalogue) -> str:
    return words.text(
        "diff-figure",
        criterion=figure.criterion,
        subject=figure.subject,
        before=words.say(figure.before),
        after=words.say(figure.after),
        said=words.text(f"diff-figure-{figure.change}", why=words.say(figure.why)),
    )


def _say_population(found: Population, words: Catalogue) -> str:
    gone = words.text("diff-gone", names=", ".join(found.vanished[:5])) if found.vanished else ""
    come = words.text("diff-come", names=", ".join(found.appeared[:5])) if found.appeared else ""
    count = words.text("diff-population", before=f"{found.before:,}", after=f"{found.after:,}")
    return f"{found.layer} {found.criterion}: {count}{gone}{come}"
