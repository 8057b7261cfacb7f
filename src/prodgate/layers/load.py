"""The load layer: a site under load as users make it, with a generator that is tested before it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..aws.answers import Unreadable
from ..criteria_file import CriteriaFile
from ..evidence import load_json
from ..facts import Fact, Facts
from ..facts.load.account_view import account_view
from ..facts.load.changes import against
from ..facts.load.runs import MADE
from ..findings import Finding
from .layer import Observation
from .load_kinds import ACCOUNT, BEFORE, KINDS, RECORD, REQUIRED, Stored


class LoadLayer:
    """Puts a site under load and measures how it answers."""

    name: str = "load"
    folders: tuple[str, ...] = ("loadtests",)
    judges_policies: bool = False

    def observe(self, at: Observation) -> Facts:
        """Test the generator, carry out each profile, and keep what was recorded."""
        if not any(self.name in criterion.layers for criterion in at.stated.criteria.values()):
            at.progress("load: no criterion asks about load")
            return Facts()
        from .load_account import account_counts  # noqa: PLC0415
        from .load_runs import carried_out, ready  # noqa: PLC0415  judging needs nothing of it
        from .load_target import opened  # noqa: PLC0415

        stored: list[Stored] = []
        unreadable: dict[type, str] = {}
        try:
            section = ready(at)
            with opened(at, section) as target:
                stored.extend(carried_out(target, section, at, unreadable))
        except Unreadable as error:
            unreadable = dict.fromkeys(REQUIRED, error.reason)
        stored.extend(account_counts(stored, at))
        for kind, reason in unreadable.items():
            at.journal.write("unreadable", layer=self.name, kind=kind.__name__, reason=reason)
        return _facts(stored, unreadable)

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Make the facts of what was kept; what was not measured then is unreadable."""
        known = list(events)
        by_name = {kind.__name__: kind for kinds in KINDS.values() for kind in kinds}
        unread = {one["kind"]: one["reason"] for one in known if one["event"] == "unreadable"}
        unreadable = {kind: unread[name] for name, kind in by_name.items() if name in unread}
        return _facts(
            [(one["kind"], load_json(run, one["digest"])) for one in known if one["event"] == "fact"], unreadable
        )

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


def _facts(stored: Iterable[Stored], unreadable: Mapping[type, str]) -> Facts:
    """Return what is known of stored runs, and why nothing is known of the others."""
    known = tuple(stored)
    runs = {value["record"]["profile"]["name"]: value for kind, value in known if kind == RECORD}
    before = {value["record"]["profile"]["name"]: value for kind, value in known if kind == BEFORE}
    seen = {kind for name in runs for kind in KINDS[name]}
    missing = {kind: "no load was measured in that run" for kind in REQUIRED if kind not in seen}
    account = next((value for kind, value in known if kind == ACCOUNT), None)
    beside = [fact for run in runs.values() for fact in account_view(run, account)]
    return Facts((*_made(runs, before), *beside), {**missing, **unreadable})


def _made(runs: Mapping[str, Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]) -> Iterator[Fact]:
    for name, run in runs.items():
        yield from MADE[name](run)
        if name in before:
            yield against(run, before[name])
