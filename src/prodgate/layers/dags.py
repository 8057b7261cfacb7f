"""The layer of DAGs: what their files say, what Airflow did in every slot, and what that left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..aws.answers import Unreadable
from ..criteria_file import CriteriaFile
from ..evidence import load_json, store_json
from ..facts import Facts
from ..findings import Finding
from .dags_kinds import Stored
from .layer import Observation


class DagsLayer:
    """Reads DAG files in the Airflow that they are for, and asks the Airflow that runs them what it did."""

    name: str = "dags"
    folders: tuple[str, ...] = ("suites/dags",)
    judges_policies: bool = False

    def observe(self, at: Observation) -> Facts:
        """Read the files, open Airflow and ask it; each answer is kept as evidence."""
        if not any(self.name in criterion.layers for criterion in at.stated.criteria.values()):
            at.progress("dags: no criterion asks about DAGs")
            return Facts()
        from .dags_facts import facts_of  # noqa: PLC0415  the layer itself is imported by every command
        from .dags_looking import looked  # noqa: PLC0415  judging needs nothing of it

        stored: list[Stored] = []
        unreadable: dict[str, str] = {}
        try:
            for kind, value, source in looked(at, unreadable):
                at.journal.fact(self.name, kind, _subject(kind, value), store_json(at.run, value), source)
                stored.append((kind, value))
        except Unreadable as error:
            unreadable = {**dict.fromkeys(_missing(stored), error.reason), **unreadable}
        for kind, reason in unreadable.items():
            at.journal.write("unreadable", layer=self.name, kind=kind, reason=reason)
        return facts_of(stored, unreadable)

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Make the facts of what was kept; what was not observed then is unreadable."""
        from .dags_facts import facts_of  # noqa: PLC0415

        known = list(events)
        unreadable = {one["kind"]: one["reason"] for one in known if one["event"] == "unreadable"}
        stored = [(one["kind"], load_json(run, one["digest"])) for one in known if one["event"] == "fact"]
        return facts_of(stored, unreadable)

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:  # noqa: ARG002  as every layer is asked
        """Checks answer everything."""
        return ()

    def conclude(
        self,
        facts: Facts,  # noqa: ARG002
        at: Observation,  # noqa: ARG002
    ) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Checks answer everything."""
        return {}


def _missing(stored: Iterable[Stored]) -> tuple[str, ...]:
    """Return the kinds of evidence that are needed and not there."""
    from .dags_kinds import REQUIRED  # noqa: PLC0415  imports every kind of fact

    there = {kind for kind, _ in stored}
    return tuple(kind for kind in REQUIRED if kind not in there)


def _subject(kind: str, value: Mapping[str, Any]) -> str:
    """Say in few words what evidence is about."""
    return str(value.get("place") or value.get("dag") or value.get("queue") or kind)
