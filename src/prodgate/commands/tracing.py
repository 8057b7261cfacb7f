"""Traceability: from requirements to criteria to what judges them, and what leads nowhere."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from ..criteria import LAYERS, Criteria
from ..layers import BUILT
from ..layers.live.judging import KINDS
from ..run.planning import list_written
from ..sections.bundled import BUNDLED
from ..sections.criteria_file import CriteriaFile
from ..sections.project import Project, load_built_in
from .explaining import NEEDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Something that answers a criterion in one layer: a policy, a check, or what a layer concludes by itself."""

    name: str
    criterion: str
    layer: str
    place: str
    statement: str
    """Statement of a policy, question of a check; empty for what a layer concludes by itself."""


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


def trace(project: Project) -> Trace:
    """Join what a project states with what judges it."""
    found: dict[str, list[Judge]] = {}
    for judge in _list_judges(project, project.stated.criteria):
        found.setdefault(judge.criterion, []).append(judge)
    return Trace(stated=project.stated, judges=found)


def _list_judges(project: Project, criteria: Criteria) -> Iterator[Judge]:
    """Yield the judges in the files of a project, the conclusions of layers, and the policies that judge live, too."""
    for layer in BUILT.values():
        for name, criterion in layer.concludes(project.stated):
            yield Judge(name=name, criterion=criterion, layer=layer.name, place=f"{layer.name} layer", statement="")
    for name, judge in list_written(project):
        made = Judge(
            name=judge.name, criterion=judge.criterion, layer=name, place=judge.place_in(project.root),
            statement=judge.statement,
        )  # fmt: skip
        yield made
        if judge.name in KINDS and judge.criterion in criteria and "live" in criteria[judge.criterion].layers:
            yield replace(made, layer="live", place="live layer")


def list_built_in(layers: Container[str]) -> list[dict[str, Any]]:
    """Return each criterion that comes with the gate, in each of some layers, as JSON values."""
    stated, taken = load_built_in()
    found = trace(Project(root=BUNDLED, stated=stated))
    return [
        {
            "layer": layer,
            "id": each.id,
            "statement": each.statement,
            "bound": str(taken.get(each.id, each).bound or "whether it holds"),
            "extends": taken[each.id].source if each.id in taken else "",
            "needs": NEEDS[layer],
            "judges": {judge.name: judge.statement for judge in found.judges.get(each.id, ()) if judge.layer == layer},
        }
        for layer in LAYERS
        if layer in layers
        for each in sorted(stated.criteria.values(), key=lambda criterion: criterion.id)
        if layer in each.layers
    ]


def render_built_in(shown: Iterable[Mapping[str, Any]]) -> str:
    """Return the criteria that come with the gate as text, layer by layer."""
    lines = []
    for layer, group in groupby(shown, lambda each: (each["layer"], each["needs"])):
        lines += [f"{layer[0]}: needs {layer[1]}", ""]
        for each in group:
            taken = f"; taken over by extends = {each['extends']!r}" if each["extends"] else ""
            judges = (f"    {name}{f': {said}' if said else ''}" for name, said in each["judges"].items())
            lines += [f"  {each['id']}: {each['bound']}{taken}", f"    {each['statement']}", *judges, ""]
    return "\n".join((*lines, "prodgate explain ID: why, what to write, and how to ask it"))


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
