"""The end-to-end layer: what a person can do at the site, in a real browser, and what the site answers without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...aws.answers import Unreadable
from ...facts import Fact, Facts
from ..layer import LayerContext, Pace
from ..observing_layer import Evidence, ObservingLayer, StoredEvidence


class E2eLayer(ObservingLayer):
    """Opens the pages of a site, runs journeys there, and probes it."""

    name = "e2e"
    #: Journeys are tests of pytest and no checks, so their folder is not among these.
    folders: tuple[str, ...] = ("e2e/quality", "e2e/release", "e2e/probes")
    #: Pages are measured, too, far from their limits: sharing a core with Airflow does not decide (decision 32).
    pace = Pace.WORKS
    about = "the site"

    def observe_evidence(self, context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
        """Open the site and observe it."""
        from .observing import observe_site  # noqa: PLC0415  judging needs nothing of it
        from .target import open_target  # noqa: PLC0415

        if context.stated.e2e is None:
            raise Unreadable(f"{context.stated.path}: says nothing of the site; write [e2e] with base_url and pages")
        with open_target(context, context.stated.e2e) as target:
            yield from observe_site(target, context.stated.e2e, context, unreadable)

    def kinds(self) -> Mapping[str, tuple[type[Fact], ...]]:
        """Return each kind of evidence with the kinds of fact that are made of it."""
        from .kinds import KINDS  # noqa: PLC0415  every command imports the layer itself

        return KINDS

    def missing_kinds(self, stored: Iterable[StoredEvidence]) -> Iterable[str]:
        """Return the kinds of evidence that are missing."""
        from .kinds import KINDS  # noqa: PLC0415  every command imports the layer itself

        there = {kind for kind, _ in stored}
        return [kind for kind in KINDS if kind not in there]

    def facts_of(self, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
        """Return the facts of stored evidence; ``unreadable`` is by kind of evidence."""
        from .kinds import facts_of  # noqa: PLC0415  every command imports the layer itself

        return facts_of(stored, unreadable)
