"""The load layer: a site under load as users make it, with a generator that is tested before it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...facts import Fact, Facts
from ..layer import LayerContext, Pace
from ..observing_layer import Evidence, ObservingLayer, StoredEvidence


class LoadLayer(ObservingLayer):
    """Puts a site under load and measures how it answers."""

    name = "load"
    folders: tuple[str, ...] = ("loadtests",)
    pace = Pace.MEASURES
    about = "load"

    def observe_evidence(self, context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
        """Test the generator, run each profile, then ask the account what it counted."""
        from .account import observe_account  # noqa: PLC0415
        from .kinds import RECORD  # noqa: PLC0415
        from .runs import require_section, run_profiles  # noqa: PLC0415  judging needs nothing of it
        from .target import open_target  # noqa: PLC0415

        section, runs = require_section(context), list[Mapping[str, Any]]()
        with open_target(context, section) as target:
            for seen in run_profiles(target, section, context, unreadable):
                yield seen
                if seen.kind == RECORD:
                    runs.append(seen.value)
        yield from observe_account(runs, context)

    def kinds(self) -> Mapping[str, tuple[type[Fact], ...]]:
        """Return each kind of evidence with the kinds of fact that are made of it; each run is one of the same kind."""
        from .facts import list_kinds  # noqa: PLC0415  every command imports the layer itself

        return list_kinds()

    def missing_kinds(self, stored: Iterable[StoredEvidence]) -> Iterable[str]:
        """Return the names of the required kinds of fact that are in no run."""
        from .facts import find_missing  # noqa: PLC0415  every command imports the layer itself

        return [kind.__name__ for kind in find_missing(stored)]

    def facts_of(self, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
        """Return the facts of stored runs; ``unreadable`` is by the name of a kind of fact."""
        from .facts import facts_of  # noqa: PLC0415  every command imports the layer itself

        return facts_of(stored, unreadable)
