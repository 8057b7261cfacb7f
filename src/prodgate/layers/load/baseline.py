"""The last good run of the same load, to compare this one with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ...facts.load.soundness import find_other_load, why_not_comparable, why_unsound
from ..layer import LayerContext
from ..previous_run import list_previous


def find_last_good(context: LayerContext, kind: str, stored: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the stored record of the same load in the last run in which the load layer failed nothing, or None."""
    for run, before in list_previous(context, "load", kind):
        with suppress(LookupError):
            if _is_comparable(before, stored):
                return {**before, "run": run}
    return None


def _is_comparable(before: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    earlier = before["record"]
    told = earlier["complete"] and not (why_unsound(earlier) or why_not_comparable(earlier))
    return told and not [*find_other_load(before, stored)]
