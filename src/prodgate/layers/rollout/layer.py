"""The rollout layer: a deployment before, while and after it is carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...facts import Fact, Facts
from ..layer import LayerContext, Pace
from ..observing_layer import Evidence, ObservingLayer, StoredEvidence


class RolloutLayer(ObservingLayer):
    """Follows a deployment by AWS's API and by the answers of the site; in a rehearsal one is carried out first."""

    name = "rollout"
    folders: tuple[str, ...] = ("suites/rollout",)
    pace = Pace.MEASURES
    uses_account = True
    about = "a deployment"

    def observe_evidence(self, context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
        """Look at what there is before the deployment, at the deployment, and at what it left."""
        from .observing import observe_rollout  # noqa: PLC0415  judging needs nothing of it

        return observe_rollout(context, unreadable)

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
        from .facts import facts_of  # noqa: PLC0415  every command imports the layer itself

        return facts_of(stored, unreadable)
