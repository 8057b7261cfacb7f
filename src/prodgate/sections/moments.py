"""The three moments of a release, and the criteria that belong to each."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..criteria import Criteria, UsageError
from .criteria_file import MOMENTS, CriteriaFile

__all__ = ["JUDGED", "MOMENTS", "narrow", "require_judges"]

#: Layers that judge a moment; what they rest on is observed by others.
JUDGED: Final = frozenset({"rollout", "attested"})


def narrow(stated: CriteriaFile, moment: str) -> CriteriaFile:
    """Return what is stated of one moment of a release alone, without requirements; all of it without a moment."""
    if not moment:
        return stated
    kept = {id_: criterion for id_, criterion in stated.criteria.items() if stated.moments.get(id_) == moment}
    return replace(stated, criteria=Criteria(kept), requirements=())


def require_judges(layers: frozenset[str], moment: str) -> frozenset[str]:
    """Return the layers that judge a moment, of those that were asked for. Raises UsageError when none is left."""
    if not moment:
        return layers
    if not layers & JUDGED:
        raise UsageError(
            f"--moment {moment}: is judged by {' and '.join(sorted(JUDGED))}, and --only leaves both out; name one"
        )
    return layers & JUDGED
