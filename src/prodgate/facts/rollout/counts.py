"""Counts of what a criterion allows none of, with the names of what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ...estimates import Estimate, exact_count

#: Names that are shown.
_SHOWN: Final = 3


def count_names(names: Sequence[str], of: str, *, total: int | None = None, unfinished: str = "") -> Estimate:
    """Return how many there are, and the first names; ``of`` says in the singular where they were looked for.

    ``total`` is how many there are when not all names were kept, ``unfinished`` why there may be more.
    """
    number = len(names) if total is None else total
    more = [f"and {number - _SHOWN:,} more"] if number > _SHOWN else []
    return replace(
        exact_count(number, samples=1, unfinished=unfinished, detail=", ".join([*names[:_SHOWN], *more])), of=of
    )
