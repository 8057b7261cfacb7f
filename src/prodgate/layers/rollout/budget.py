"""The error budget that failures of a deployment are taken from: what an availability objective leaves."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from ...sections.criteria_file import CriteriaFile

#: The criterion that states the objective.
_OBJECTIVE: Final = "availability"


def find_budget(stated: CriteriaFile) -> Mapping[str, Any] | None:
    """Return how many seconds of outage the objective allows in its window, and in words; None when none is stated."""
    criterion = stated.criteria.get(_OBJECTIVE)
    if criterion is None or criterion.bound is None or criterion.bound.limit is None or criterion.window is None:
        return None
    seconds = float((1 - criterion.bound.limit.base) * criterion.window.base)
    if seconds <= 0:
        return None
    minutes = Decimal(seconds / 60).quantize(Decimal("0.1"))
    return {"seconds": seconds, "words": f"{minutes} min in {criterion.window}"}
