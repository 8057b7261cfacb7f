"""Earlier runs in the same folder, to compare this one with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from ..evidence import runs
from ..evidence.artifacts import load_json
from ..findings import Outcome
from .layer import LayerContext

#: Runs that are considered at most, the newest first.
_MOST_RUNS: Final = 20


def list_previous(context: LayerContext, layer: str, kind: str) -> Iterator[tuple[str, Any]]:
    """Yield (run, evidence) of one kind from the runs in which nothing of a layer failed, the newest first."""
    for run in islice(_list_good_runs(context, layer), _MOST_RUNS):
        for fact in run.facts_of(layer, kind):
            with suppress(LookupError):
                yield run.path.name, load_json(run.path, fact["digest"])


def _list_good_runs(context: LayerContext, layer: str) -> Iterator[runs.Run]:
    """Yield runs on the same target in which a layer was judged and nothing of it failed."""
    path = runs.latest(context.run.parent, before=context.run)
    while path is not None:
        with suppress(runs.RunError):
            run = runs.read(path)
            same = (run.about["target"], run.criteria.system) == (context.target.url, context.stated.system)
            if same and run.finished and _is_good(run, layer):
                yield run
        path = runs.latest(context.run.parent, before=path)


def _is_good(run: runs.Run, layer: str) -> bool:
    outcomes = {finding.outcome for finding in run.findings if finding.layer == layer}
    return Outcome.SATISFIED in outcomes and Outcome.NOT_SATISFIED not in outcomes
