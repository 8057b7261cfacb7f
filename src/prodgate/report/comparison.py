"""What changed between two runs: a vanished subject is no fix, and a run that looked at less mended nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from ..criteria import Criterion
from ..evidence.runs import Run
from ..findings import Finding, Outcome
from ..verdict import Decision, Verdict
from ..waivers import Waiver
from .text import one_line
from .view import all_findings

Key = tuple[str, str, str, str]

#: Lines of one kind that the text shows before it counts the rest.
_MOST: Final = 10

#: Kinds of change to one finding: the lists of a Comparison.
_KINDS: Final = ("failing", "mended", "still", "waived", "unaccounted", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One finding before and after; None in a run that has none for its subject."""

    before: Finding | None
    after: Finding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Subjects that one criterion met in one layer: how many then and now, which came and which went."""

    criterion: str
    layer: str
    before: int
    after: int
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The differences between two runs, each finding in at most one list."""

    before: Run
    after: Run
    decisions: tuple[Decision, Decision]
    failing: tuple[Change, ...]
    """Not satisfied now, and not known to be before."""
    mended: tuple[Change, ...]
    """Not satisfied before, satisfied now."""
    still: tuple[Change, ...]
    """Not satisfied in both."""
    waived: tuple[Change, ...]
    """Not satisfied before, waived now."""
    unaccounted: tuple[Change, ...]
    """Not satisfied before; now gone, not applicable or undetermined. None of these is a fix."""
    unknown: tuple[Change, ...]
    """Answered before, undetermined now."""
    waivers: tuple[str, ...]
    populations: tuple[Population, ...]
    criteria: tuple[str, ...]
    conditions: tuple[str, ...]
    """Why the two runs are not alike: target, layers, versions, a run that was cut off."""


def compare(before: Run, after: Run) -> Comparison:
    """Return what changed from one run to the next."""
    then, now = before.verdict(), after.verdict()
    changes = _changes(_by_key(then), _by_key(now))
    return Comparison(
        before=before,
        after=after,
        decisions=(then.decision, now.decision),
        waivers=tuple(_waiver_changes(before.waivers, after.waivers)),
        populations=tuple(_populations(then, now)),
        criteria=tuple(_criteria_changes(before.criteria.criteria, after.criteria.criteria)),
        conditions=tuple(_conditions(before, after)),
        **{kind: tuple(changes[kind]) for kind in _KINDS},
    )


def _changes(old: Mapping[Key, Finding], new: Mapping[Key, Finding]) -> dict[str, list[Change]]:
    """Return the changes by kind."""
    found: dict[str, list[Change]] = {kind: [] for kind in (*_KINDS, "same")}
    for key in {**new, **old}:
        change = Change(before=old.get(key), after=new.get(key))
        found[_classify(change.before, change.after)].append(change)
    return found


def _by_key(verdict: Verdict) -> dict[Key, Finding]:
    """Return findings by what they answer; the worse one where a check spoke twice of a subject."""
    found: dict[Key, Finding] = {}
    for finding in all_findings(verdict):
        key = (finding.criterion, finding.layer, finding.check, finding.subject)
        if key not in found or finding.outcome is Outcome.NOT_SATISFIED:
            found[key] = finding
    return found


def _classify(before: Finding | None, after: Finding | None) -> str:
    then, now = before and before.outcome, after and after.outcome
    failed = then is Outcome.NOT_SATISFIED
    if now is Outcome.NOT_SATISFIED:
        return "still" if failed else "failing"
    if failed:
        return {Outcome.SATISFIED: "mended", Outcome.WAIVED: "waived"}.get(now or Outcome.UNDETERMINED, "unaccounted")
    answered = then in (Outcome.SATISFIED, Outcome.WAIVED, Outcome.NOT_APPLICABLE)
    return "unknown" if answered and now is Outcome.UNDETERMINED else "same"


def _waiver_changes(before: Sequence[Waiver], after: Sequence[Waiver]) -> Iterator[str]:
    old, new = {w.id: w for w in before}, {w.id: w for w in after}
    yield from (f"{id_}: added, expires {new[id_].expires}" for id_ in new if id_ not in old)
    yield from (f"{id_}: removed" for id_ in old if id_ not in new)
    yield from _find_edits(old, new)


def _criteria_changes(before: Mapping[str, Criterion], after: Mapping[str, Criterion]) -> Iterator[str]:
    yield from (f"{id_}: added" for id_ in after if id_ not in before)
    yield from (f"{id_}: removed" for id_ in before if id_ not in after)
    yield from _find_edits(before, after)


def _find_edits(before: Mapping[str, Waiver | Criterion], after: Mapping[str, Waiver | Criterion]) -> Iterator[str]:
    for id_, entry in after.items():
        if id_ in before and (changed := _render_field_changes(before[id_], entry)):
            yield f"{id_}: {'; '.join(changed)}"


def _render_field_changes(before: Waiver | Criterion, after: Waiver | Criterion) -> list[str]:
    names = [field.name for field in fields(after)]
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in names]
    return [f"{name} {_render_value(old)} -> {_render_value(new)}" for name, old, new in pairs if old != new]


def _render_value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else "none" if value is None else str(value)


def _populations(before: Verdict, after: Verdict) -> Iterator[Population]:
    """Yield the populations that changed, in layers that both runs judged."""
    old, new = _subjects(before), _subjects(after)
    for key in dict.fromkeys((*new, *old)):
        then, now = old.get(key, {}), new.get(key, {})
        if then.keys() != now.keys() and key[1] in before.scope.layers & after.scope.layers:
            yield Population(
                criterion=key[0],
                layer=key[1],
                before=len(then),
                after=len(now),
                appeared=tuple(name for name in now if name not in then),
                vanished=tuple(name for name in then if name not in now),
            )


def _subjects(verdict: Verdict) -> dict[tuple[str, str], dict[str, None]]:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for finding in verdict.findings:
        subjects = found.setdefault((finding.criterion, finding.layer), {})
        if finding.check not in ("verdict", finding.layer):
            subjects[finding.subject] = None
    return found


def _conditions(before: Run, after: Run) -> Iterator[str]:
    for name in ("system", "target", "rehearsal", "versions"):
        old, new = before.about.get(name), after.about.get(name)
        if old != new:
            yield f"{name}: {old} -> {new}"
    for verb, layers in (
        ("no longer judged", before.scope.layers - after.scope.layers),
        ("judged for the first time", after.scope.layers - before.scope.layers),
    ):
        if layers:
            yield f"layers {verb}: {', '.join(sorted(layers))}"
    for name, run in (("earlier", before), ("later", after)):
        if run.finished is None:
            yield f"the {name} run was cut off: {run.path.name}"


def render_comparison(comparison: Comparison) -> str:
    """Return the comparison as plain text, the worst first, without a line break at the end."""
    then, now = comparison.decisions
    verdict = f"verdict: {then} -> {now}" if then is not now else f"verdict: {now}, as before"
    lines = [f"{comparison.before.path.name} -> {comparison.after.path.name}", verdict]
    for title, entries in _sections(comparison):
        if entries:
            lines += [f"{title}: {len(entries):,}", *(f"  {one_line(entry, 400)}" for entry in entries[:_MOST])]
            lines += [f"  and {len(entries) - _MOST:,} more"] if len(entries) > _MOST else []
    return "\n".join(lines if len(lines) > 2 else [*lines, "nothing changed"])


def _sections(comparison: Comparison) -> Iterator[tuple[str, Sequence[str]]]:
    yield "conditions that differ", comparison.conditions
    for title, changes in (
        ("newly failing", comparison.failing),
        ("failed before, not known now (gone is not mended)", comparison.unaccounted),
        ("no longer known", comparison.unknown),
        ("still failing", comparison.still),
        ("newly waived", comparison.waived),
        ("mended", comparison.mended),
    ):
        yield title, [_render_change(change) for change in changes]
    yield "waivers changed", comparison.waivers
    yield "criteria changed", comparison.criteria
    yield "populations changed", [_render_population(population) for population in comparison.populations]


def _render_change(change: Change) -> str:
    finding = change.after or change.before
    if finding is None:
        raise ValueError("a change has neither a before nor an after")
    place = f"{finding.where[0]}: " if finding.where else ""
    then = _render_outcome(change.before)
    now = _render_outcome(change.after)
    return f"{place}{finding.criterion} on {finding.subject}: {then} -> {now}"


def _render_outcome(finding: Finding | None) -> str:
    if finding is None:
        return "(not there)"
    seen = finding.observed or finding.reason
    return f"{finding.outcome.replace('-', ' ')} ({seen})" if seen else finding.outcome.replace("-", " ")


def _render_population(p: Population) -> str:
    gone = f", gone: {', '.join(p.vanished[:5])}" if p.vanished else ""
    come = f", new: {', '.join(p.appeared[:5])}" if p.appeared else ""
    return f"{p.layer} {p.criterion}: {p.before:,} -> {p.after:,} subjects{gone}{come}"
