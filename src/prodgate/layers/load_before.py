"""The last good run that is kept beside this one, to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from .. import runs
from ..evidence import load_json
from ..facts.load.soundness import hurried, unsound
from ..findings import Outcome
from .layer import Observation

#: Runs that are looked at, the newest first; whoever has no good one among these has other things to do.
_LOOKED: Final = 20
#: What two runs must have had in common.
_SAME: Final = ("rate", "duration", "timeout", "workers")


def last_good(at: Observation, kind: str, stored: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what was stored of the same load in the last run in which nothing of the load layer failed, or None."""
    for run in islice(_earlier(at), _LOOKED):
        for fact in run.facts:
            with suppress(LookupError):
                if fact["layer"] == "load" and fact["kind"] == kind:
                    before: Mapping[str, Any] = load_json(run.path, fact["digest"])
                    if _comparable(before, stored):
                        return {**before, "run": run.path.name}
    return None


def _earlier(at: Observation) -> Iterator[runs.Run]:
    """Yield earlier runs on the same target in which load was judged and nothing of it failed, the newest first."""
    path = runs.latest(at.run.parent, before=at.run)
    while path is not None:
        with suppress(runs.RunError):
            run = runs.read(path)
            same = (run.about["target"], run.criteria.system) == (at.target.url, at.stated.system)
            if same and run.finished and _good(run):
                yield run
        path = runs.latest(at.run.parent, before=path)


def _good(run: runs.Run) -> bool:
    outcomes = {finding.outcome for finding in run.findings if finding.layer == "load"}
    return Outcome.SATISFIED in outcomes and Outcome.NOT_SATISFIED not in outcomes


def _comparable(before: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    one, other = before["record"], stored["record"]
    same = all(one["profile"].get(key) == other["profile"].get(key) for key in _SAME)
    named = one["profile"]["name"] == other["profile"]["name"]
    told = one["complete"] and not (unsound(one) or hurried(one))
    return same and named and told and before["place"] == stored["place"] and _asked(one) == _asked(other)


def _asked(record: Mapping[str, Any]) -> set[str]:
    """Return what readers asked for; another locustfile is another load."""
    return {request["name"] for request in record["requests"]}
