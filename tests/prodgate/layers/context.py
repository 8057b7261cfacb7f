"""The setting for tests of a layer: the context of a new run, which recalls its observations."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.facts import Facts
from prodgate.layers import Layer
from prodgate.layers.layer import LayerContext
from prodgate.sections.criteria_file import parse_criteria
from prodgate.sections.targets import Target


def layer_context(
    project: Path, layer: str, target: str = "rehearsal://", *, commit: str = "", **changes: Any
) -> LayerContext:
    """Create a run of one layer of the project in a folder, whose criteria file is there."""
    criteria, rehearsal = project / "criteria.toml", target == "rehearsal://"
    about = {"system": "shop", "target": target, "rehearsal": rehearsal, "layers": [layer], "commit": commit}
    about |= {"moment": changes["moment"]} if "moment" in changes else {}
    run = runs.create(project / "runs", about, criteria, project / "waivers.toml")
    return LayerContext(
        run=run,
        target=Target(target),
        project=project,
        stated=parse_criteria(criteria.read_text("utf-8"), criteria),
        journal=Journal.of(run),
        progress=lambda _step: None,
        **changes,
    )


def recall(layer: Layer, run: Path) -> Facts:
    kept = runs.read(run)
    return layer.recall(run, [*kept.facts, *kept.unreadable])


def observe_and_recall(layer: Layer, context: LayerContext) -> Facts:
    """A layer's observations, which it also recalls."""
    observed = layer.observe(context)
    recalled = recall(layer, context.run)
    assert contents(recalled) == contents(observed)
    assert recalled.unreadable == observed.unreadable
    return observed


def contents(facts: Facts) -> list[Any]:
    """Every field of every fact, including unreadable ones."""
    return [(type(fact), [object.__getattribute__(fact, each.name) for each in fields(fact)]) for fact in facts.known]
