"""One thing that is looked at in a rollout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..layer import LayerContext
from ..observing_layer import Evidence

#: Is given the scene, or None where it needs none.
Observe = Callable[[LayerContext, Any, dict[str, str]], Iterator[Evidence]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that is looked at; one that fails does not take the others with it."""

    observe: Observe
    """Yields evidence, and notes in its last argument, by kind, what can't be had. May raise Unreadable."""
    kinds: tuple[str, ...]
    """The kinds of evidence that it yields."""
    moments: tuple[str, ...] = ("during", "after")
    """The moments of a release that need it, when a run is about one of them alone."""
    beside: bool = False
    """Whether it is looked at while the other parts of its group are."""
    needs_scene: bool = True
    """Whether it looks at the scene; what doesn't is looked at while that is opened."""
