"""The last good run of the same load, to compare this one with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from ...facts.load.soundness import why_not_comparable, why_unsound
from ..layer import LayerContext
from ..previous_run import list_previous

#: Settings that two comparable runs share.
_SAME: Final = ("rate", "duration", "timeout", "workers")


def find_last_good(context: LayerContext, kind: str, stored: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the stored record of the same load in the last run in which the load layer failed nothing, or None."""
    for run, before in list_previous(context, "load", kind):
        with suppress(LookupError):
            if _is_comparable(before, stored):
                return {**before, "run": run}
    return None


def _is_comparable(before: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    one, other = before["record"], stored["record"]
    same = all(one["profile"].get(key) == other["profile"].get(key) for key in _SAME)
    named = one["profile"]["name"] == other["profile"]["name"]
    told = one["complete"] and not (why_unsound(one) or why_not_comparable(one))
    return (
        same and named and told and before["place"] == stored["place"] and _request_names(one) == _request_names(other)
    )


def _request_names(record: Mapping[str, Any]) -> set[str]:
    """Return what readers asked for; another locustfile is another load."""
    return {request["name"] for request in record["requests"]}
