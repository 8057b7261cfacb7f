"""Traceability: from requirements to criteria to what judges them, and what leads nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..criteria import Criteria
from ..layers import BUILT
from ..layers.live.policies import KINDS
from ..sections.criteria_file import CriteriaFile
from ..sections.judges import WrittenJudge


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Something that answers a criterion in one layer: a policy, a check, or what a layer concludes by itself."""

    name: str
    criterion: str
    layer: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Requirements, criteria and judges, joined."""

    stated: CriteriaFile
    judges: Mapping[str, Sequence[Judge]]
    """Judges by criterion id."""

    def orphans(self) -> tuple[str, ...]:
        """Say what leads nowhere, one line each."""
        return (*self._find_unasked_requirements(), *self._find_unjudged_criteria(), *self._find_unknown_criteria())

    def _find_unasked_requirements(self) -> Iterator[str]:
        """Requirement lines, and layers of them, that no criterion stands for."""
        for requirement, layer in self.stated.list_unasked():
            yield f"requirement {requirement.id}: no criterion for its {layer} layer"

    def _find_unjudged_criteria(self) -> Iterator[str]:
        """Criteria that no policy or check answers in one of their layers."""
        for criterion in self.stated.criteria.values():
            judging = {judge.layer for judge in self.judges.get(criterion.id, ())}
            for layer in criterion.layers:
                if layer not in judging:
                    yield f"criterion {criterion.id}: nothing judges it in the {layer} layer"

    def _find_unknown_criteria(self) -> Iterator[str]:
        """Policies and checks whose criterion does not exist."""
        for id_, judges in self.judges.items():
            if id_ not in self.stated.criteria:
                yield from (f"{judge.place}: {judge.name} judges {id_!r}, which is no criterion" for judge in judges)


def trace(stated: CriteriaFile, judges: Iterable[Judge]) -> Trace:
    """Join what is stated with what judges it."""
    found: dict[str, list[Judge]] = {}
    for judge in judges:
        found.setdefault(judge.criterion, []).append(judge)
    return Trace(stated=stated, judges=found)


def list_judges(written: Iterable[tuple[str, WrittenJudge]], root: Path) -> Iterator[Judge]:
    """Yield what is written in the files of a project, each with its layer, as judges."""
    for layer, judge in written:
        yield Judge(name=judge.name, criterion=judge.criterion, layer=layer, place=judge.place_in(root))


def list_conclusions(stated: CriteriaFile, written: Iterable[tuple[str, WrittenJudge]]) -> Iterator[Judge]:
    """Yield what layers conclude by themselves, and the policies by which the live layer judges as well."""
    for layer in BUILT.values():
        for name, criterion in layer.concludes(stated):
            yield Judge(name=name, criterion=criterion, layer=layer.name, place=f"{layer.name} layer")
    for _, judge in written:
        criteria = stated.criteria
        if judge.name in KINDS and judge.criterion in criteria and "live" in criteria[judge.criterion].layers:
            yield Judge(name=judge.name, criterion=judge.criterion, layer="live", place="live layer")


def render(found: Trace) -> str:
    """Return the trace as text: requirement, its criteria, and under each what judges it."""
    lines = [
        line
        for requirement in found.stated.requirements
        for line in _render_source(found, requirement.id, requirement.asks)
    ]
    known = {requirement.id for requirement in found.stated.requirements}
    others = {c.source for c in found.stated.criteria.values()} - known
    lines += [line for source in sorted(others) for line in _render_source(found, source, "")]
    return "\n".join(lines)


def _render_source(found: Trace, source: str, asks: str) -> Iterator[str]:
    yield f"{source}  {asks}".rstrip()
    for criterion in (c for c in found.stated.criteria.values() if c.source == source):
        bound = f"  {criterion.bound}" if criterion.bound else ""
        yield f"  {criterion.id}{bound}"
        for layer in criterion.layers:
            names = [judge.name for judge in found.judges.get(criterion.id, ()) if judge.layer == layer]
            yield f"    {layer:9}{', '.join(names) or 'NOTHING'}"


def as_json(found: Trace) -> dict[str, object]:
    """Return the trace as JSON values."""
    criteria: Criteria = found.stated.criteria
    return {
        "requirements": {
            r.id: [c.id for c in criteria.values() if c.source == r.id] for r in found.stated.requirements
        },
        "criteria": {
            c.id: {
                "source": c.source,
                "layers": list(c.layers),
                "judges": [{"name": j.name, "layer": j.layer, "place": j.place} for j in found.judges.get(c.id, ())],
            }
            for c in criteria.values()
        },
        "orphans": list(found.orphans()),
    }
