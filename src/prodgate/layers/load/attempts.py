"""How often the same commit was put under the same load: who tries until it passes, passes in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from ...evidence import runs
from ...findings import Outcome
from ...semantics.json_texts import read_json
from ..layer import LayerContext
from .kinds import RECORD

#: What of a run makes another one of the same system an attempt at the same.
_SAME = ("target", "system", "commit")
#: What must be the same, too, for a pass to have answered the question that is asked now.
_ASKED = ("criteria", "included", "inputs", "moment")


def count_attempts(context: LayerContext, profile: str) -> int:
    """Return which attempt this is on its commit, from 1 on; 0 in a rehearsal, which is a screen and promotes nothing.

    Every run in the same folder counts that began the load, whatever came of it: who ended one has seen it, too. One
    that passed what is asked now ends the series: who asks again after a pass doesn't try until it passes.
    """
    if context.target.rehearsal:
        return 0
    own = _read_about(context.run)
    earlier = (path for path in _list_earlier(context) if _is_same(own, path) and _has_begun(path, profile))
    return 1 + sum(1 for _ in takewhile(lambda path: not _has_passed(own, path), earlier))


def _list_earlier(context: LayerContext) -> Iterator[Path]:
    path = runs.latest(context.run.parent, before=context.run)
    while path is not None:
        yield path
        path = runs.latest(context.run.parent, before=path)


def _is_same(own: Mapping[str, Any], path: Path) -> bool:
    other = _read_about(path)
    return all(own.get(key) == other.get(key) for key in _SAME)


def _has_begun(path: Path, profile: str) -> bool:
    if (path / "logs" / "load" / profile).exists():
        return True
    try:
        facts = runs.read(path).facts_of("load", RECORD)
    except runs.RunError:
        return True
    return any(str(fact["subject"]).startswith(f"{profile} at ") for fact in facts)


def _has_passed(own: Mapping[str, Any], path: Path) -> bool:
    """Whether nothing of the load layer failed or stayed open in a run that was asked the same."""
    try:
        run = runs.read(path)
    except runs.RunError:
        return False
    outcomes = {finding.outcome for finding in run.findings if finding.layer == "load"}
    passed = Outcome.SATISFIED in outcomes <= {Outcome.SATISFIED, Outcome.NOT_APPLICABLE}
    return passed and run.finished is not None and all(own.get(key) == run.about.get(key) for key in _ASKED)


def _read_about(path: Path) -> Mapping[str, Any]:
    """Return what a run was made from; nothing of one that can't be read, which is then another system's."""
    try:
        found = read_json((path / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
