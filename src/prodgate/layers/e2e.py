"""The end-to-end layer: what a person can do at the site, in a real browser, and what the site answers without one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..aws.answers import Unreadable
from ..criteria_file import CriteriaFile
from ..evidence import load_json, store_json
from ..facts import Facts
from ..findings import Finding
from .layer import Observation


class E2eLayer:
    """Opens the pages of a site, carries out journeys there, and probes it."""

    name: str = "e2e"
    #: Journeys are tests of pytest and no checks, so their folder is not among these.
    folders: tuple[str, ...] = ("e2e/quality", "e2e/release", "e2e/probes")
    judges_policies: bool = False

    def observe(self, at: Observation) -> Facts:
        """Look at the site, and keep what was seen."""
        if not any(self.name in criterion.layers for criterion in at.stated.criteria.values()):
            at.progress("e2e: no criterion asks about the site")
            return Facts()
        from .e2e_kinds import KINDS, Stored, facts_of  # noqa: PLC0415  every command imports the layer itself
        from .e2e_looking import looked  # noqa: PLC0415  judging needs nothing of it
        from .e2e_target import opened  # noqa: PLC0415

        stored: list[Stored] = []
        unreadable: dict[str, str] = {}
        try:
            if at.stated.e2e is None:
                raise Unreadable(f"{at.stated.path}: says nothing of the site; write [e2e] with base_url and pages")
            with opened(at, at.stated.e2e) as target:
                for (kind, value), source in looked(target, at.stated.e2e, at, unreadable):
                    at.journal.fact(self.name, kind, target.place, store_json(at.run, value), source)
                    stored.append((kind, value))
        except Unreadable as error:
            unreadable |= {kind: error.reason for kind in KINDS if kind not in {name for name, _ in stored}}
        for kind, reason in unreadable.items():
            at.journal.write("unreadable", layer=self.name, kind=kind, reason=reason)
        return facts_of(stored, unreadable)

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Make the facts of what was kept; what was not observed then is unreadable."""
        from .e2e_kinds import facts_of  # noqa: PLC0415

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
