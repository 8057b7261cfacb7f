"""What is remembered of a run, so that it is known when it is gone: a line of the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Self

from ...evidence.runs import Run
from ...findings import Outcome
from ...sealing.standing import read_state
from ...verdict import Decision, Verdict
from ..diff.conditions import MEASURED
from ..diff.figures import read_figure
from ..view import find_worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run of a folder, or why it can't be read."""

    run: str
    journal: str
    """SHA-256 of the journal that this was read from."""
    day: str
    """Day on which the run began, in UTC."""
    problem: str = ""
    head: str = ""
    system: str = ""
    target: str = ""
    verdict: str = ""
    rehearsal: bool = False
    partial: bool = False
    """Whether layers were left out, or only one moment of a release was asked about."""
    closed: bool = True
    """Whether the run was over when it was read; one that was not, or could not be read, may be another later."""
    gone: bool = False
    """Whether the run is no longer in its folder, so that nothing shows whether this was edited."""
    signed: bool = False
    """Whether somebody put their name to it; who verifies it says whether that holds."""
    machine: str = ""
    criteria: Mapping[str, str] = field(default_factory=dict)
    """Criterion -> its worst outcome."""
    figures: Mapping[str, tuple[str, str, bool]] = field(default_factory=dict)
    """``criterion on subject`` -> what was measured, its bound, and whether that depends on the machine."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild an entry that ``to_json`` wrote. Raises TypeError or ValueError for anything else."""
        made = cls(**data)
        if not all(isinstance(text, str) for text in (made.run, made.journal, made.day, made.verdict, made.problem)):
            raise TypeError("texts are expected")
        date.fromisoformat(made.day)
        if not made.problem:
            Decision(made.verdict)
        criteria = {name: str(Outcome(outcome)) for name, outcome in made.criteria.items()}
        figures = {name: (str(seen), str(bound), bool(own)) for name, (seen, bound, own) in made.figures.items()}
        return cls(**{**data, "criteria": criteria, "figures": figures})


def make_entry(run: Run, journal: str) -> Entry:
    """Return what is remembered of a run; ``journal`` is the digest of the file."""
    verdict, versions = run.verdict(), run.about.get("versions", {})
    return Entry(
        run=run.path.name,
        journal=journal,
        day=f"{run.started:%Y-%m-%d}",
        head=run.head,
        system=run.criteria.system,
        target=str(run.about.get("target", "")),
        verdict=str(verdict.decision),
        rehearsal=verdict.scope.rehearsal,
        partial=bool(verdict.scope.left_out() or run.about.get("moment") or run.finished is None),
        closed=run.finished is not None,
        signed=bool(read_state(run).keyid),
        machine=str(run.about.get("judged_again") or "")
        or f"{versions.get('platform', '')} {versions.get('processors', '')}".strip(),
        criteria=_worst_outcomes(verdict),
        figures={
            f"{f.criterion} on {f.subject}": (f.observed, f.expected, f.layer in MEASURED)
            for f in verdict.findings
            if " each end: " in f.observed and read_figure(f.observed)
        },
    )


def _worst_outcomes(verdict: Verdict) -> dict[str, str]:
    """Return the worst outcome of each criterion; what only production can answer is no worse than not applicable."""
    found: dict[str, Outcome] = {}
    for ruling in verdict.rulings:
        outcome = Outcome.NOT_APPLICABLE if ruling.deferred else ruling.outcome
        known = found.get(ruling.criterion.id, outcome)
        found[ruling.criterion.id] = find_worst((known, outcome))
    return {id_: str(outcome) for id_, outcome in found.items()}
