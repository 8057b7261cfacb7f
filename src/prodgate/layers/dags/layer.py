"""The DAG layer: what DAG files say, what Airflow did in every slot, and what data that left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...facts import Fact, Facts
from ..layer import LayerContext, Pace
from ..observing_layer import Evidence, ObservingLayer, StoredEvidence


class DagsLayer(ObservingLayer):
    """Reads DAG files with the Airflow version that they are for, and asks the Airflow that runs them what it did."""

    name = "dags"
    folders: tuple[str, ...] = ("suites/dags",)
    pace = Pace.WAITS
    uses_account = True
    about = "DAGs"

    def observe_evidence(self, context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
        """Read the files, open Airflow and ask it."""
        from .observing import observe_dags  # noqa: PLC0415  judging needs nothing of it

        return observe_dags(context, unreadable)

    def kinds(self) -> Mapping[str, tuple[type[Fact], ...]]:
        """Return each kind of evidence with the kinds of fact that are made of it."""
        from .kinds import KINDS  # noqa: PLC0415  every command imports the layer itself

        return KINDS

    def missing_kinds(self, stored: Iterable[StoredEvidence]) -> Iterable[str]:
        """Return the required kinds of evidence that are missing."""
        from .kinds import REQUIRED  # noqa: PLC0415  every command imports the layer itself

        there = {kind for kind, _ in stored}
        return [kind for kind in REQUIRED if kind not in there]

    def facts_of(self, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
        """Return the facts of stored evidence; ``unreadable`` is by kind of evidence."""
        from .facts import facts_of  # noqa: PLC0415  every command imports the layer itself

        return facts_of(stored, unreadable)
