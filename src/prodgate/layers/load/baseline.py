"""The earlier runs of the same load to compare this one with: the last good one, and one that stays the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from ...aws.answers import Unreadable
from ...evidence import runs
from ...evidence.artifacts import load_json
from ...facts.load.soundness import find_other_load, why_not_comparable, why_unsound
from ..layer import LayerContext
from ..previous_run import list_previous


def find_earlier(
    context: LayerContext, kind: str, stored: Mapping[str, Any], release: str = ""
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield stored records of the same load, each with its run and why it is compared.

    The last run in which the load layer failed nothing. Since a site that becomes a little slower each night is never
    much slower than the night before, also the run of ``release``, or else the earliest of the good ones; a rehearsal,
    which screens, is compared with the last alone. Raises Unreadable when the run of the release tells nothing.
    """
    listed = list_previous(context, "load", kind)
    good = ({**before, "run": run} for run, before in listed if _is_like(before, stored))
    if last := next(good, None):
        yield last, "the last good run"
    if context.target.rehearsal:
        return
    if release:
        yield _find_release(context, kind, stored, release), "the run of the release"
    elif earliest := next(iter(deque(good, maxlen=1)), None):
        yield earliest, "the earliest good run"


def _find_release(context: LayerContext, kind: str, stored: Mapping[str, Any], release: str) -> Mapping[str, Any]:
    try:
        run = runs.read(context.run.parent / release)
    except runs.RunError as error:
        raise Unreadable(f"[load] release: {error}; name a run in {context.run.parent}") from error
    for fact in run.facts_of("load", kind):
        with suppress(LookupError):
            if _is_like(before := load_json(run.path, fact["digest"]), stored):
                return {**before, "run": release}
    raise Unreadable(f"[load] release: the run {release} holds no load like this one, so that nothing can be compared")


def _is_like(before: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    with suppress(LookupError):
        earlier = before["record"]
        told = earlier["complete"] and not (why_unsound(earlier) or why_not_comparable(earlier))
        return told and not [*find_other_load(before, stored)]
    return False
