"""How often the same version was put under the same load: who tries until it passes, passes in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from ...evidence import runs
from ...evidence.artifacts import load_json
from ...findings import Outcome
from ...semantics.json_texts import read_json
from ..layer import LayerContext
from .kinds import RECORD

#: What must be the same for a pass to have answered the question that is asked now.
_ASKED = ("criteria", "included", "inputs", "moment")
#: Runs of other commits of which it is looked up which build answered, the newest first.
_MOST_LOOKED_UP: Final = 50


def count_attempts(context: LayerContext, profile: str, *, place: str = "", served: str = "") -> int:
    """Return which attempt this is on its version, from 1 on; 0 in a rehearsal, which is a screen and promotes nothing.

    Every run in the same folder counts that began the load, whatever came of it: who ended one has seen it, too. The
    same load is one at the same ``place``, whatever account was named with it. The same version is the same commit,
    with changes or without, or the same build, if the site says which is ``served``. One that passed what is asked now
    ends the series: who asks again after a pass doesn't try until it passes.
    """
    if context.target.rehearsal:
        return 0
    own = _read_about(context.run)
    began = (path for path in _list_earlier(context) if _is_same_site(own, path, profile, place))
    same = (path for path in _list_same_version(own, began, profile, served) if _has_begun(path, profile))
    return 1 + sum(1 for _ in takewhile(lambda path: not _has_passed(own, path), same))


def _list_earlier(context: LayerContext) -> Iterator[Path]:
    path = runs.latest(context.run.parent, before=context.run)
    while path is not None:
        yield path
        path = runs.latest(context.run.parent, before=path)


def _is_same_site(own: Mapping[str, Any], path: Path, profile: str, place: str) -> bool:
    other = _read_about(path)
    if other.get("rehearsal") or own.get("system") != other.get("system"):
        return False
    return own.get("target") == other.get("target") or (bool(place) and _find_place(path, profile) == place)


def _find_place(path: Path, profile: str) -> str:
    """Return where a run sent a load, "" where it does not say: its log does, and what it stored."""
    with suppress(OSError, ValueError, KeyError):
        return str(read_json((path / "logs" / "load" / profile / "settings.json").read_text("utf-8"))["host"])
    with suppress(runs.RunError):
        said = (str(fact["subject"]) for fact in runs.read(path).facts_of("load", RECORD))
        return next((each.removeprefix(f"{profile} at ") for each in said if each.startswith(f"{profile} at ")), "")
    return ""


def _list_same_version(own: Mapping[str, Any], earlier: Iterator[Path], profile: str, served: str) -> Iterator[Path]:
    """Yield the runs of the same commit, and of as many others as are looked up those of the same build."""
    looked_up = 0
    for path in earlier:
        if _name_commit(own) == _name_commit(_read_about(path)):
            yield path
        elif served and looked_up < _MOST_LOOKED_UP:
            looked_up += 1
            if _find_served(path, profile) == served:
                yield path


def _name_commit(about: Mapping[str, Any]) -> str:
    """Return the commit without what says that files were changed since: else each edit would begin anew."""
    return str(about.get("commit") or "").partition("+")[0]


def _find_served(path: Path, profile: str) -> str:
    with suppress(runs.RunError, LookupError):
        for fact in runs.read(path).facts_of("load", RECORD):
            if str(fact["subject"]).startswith(f"{profile} at "):
                return str(load_json(path, fact["digest"])["build"]["served"])
    return ""


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
