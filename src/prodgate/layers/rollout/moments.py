"""Which layers observe what the criteria of the rollout layer rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

#: Criterion -> the layer whose observation it rests on.
RESTS_ON: Final[Mapping[str, str]] = {
    "before-security-scan": "static",
    "before-performance-test": "load",
    "before-dag-tests": "dags",
    "during-mwaa-up": "dags",
    "dags-deployed": "dags",
    "after-dags-ran": "dags",
    "after-e2e": "e2e",
}
#: Criteria that the rollout layer of a rehearsal answers by itself: nobody else has met what it deploys.
_BY_ITSELF: Final = frozenset({"after-e2e"})


def find_supporting(criteria: Iterable[str], *, rehearsal: bool) -> frozenset[str]:
    """Return the layers that must observe something for these criteria to be answered."""
    asked = set(criteria) - (_BY_ITSELF if rehearsal else frozenset())
    return frozenset(layer for criterion, layer in RESTS_ON.items() if criterion in asked)
