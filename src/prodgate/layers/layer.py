"""What a layer is: one way to learn about the system, and the checks that judge what was learnt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, Protocol

from ..evidence.artifacts import store_json
from ..evidence.journal import Journal
from ..facts import Facts
from ..findings import Finding
from ..processes.progress import Progress
from ..sections.criteria_file import CriteriaFile
from ..sections.targets import Target

#: Why a kind of evidence that an earlier run lacks is unreadable.
NOT_OBSERVED: Final = "it was not observed in that run"


class Pace(Enum):
    """What a layer's time goes into, and so what may run beside it."""

    WORKS = "works"
    """Computing, or asking: one such layer after another."""
    WAITS = "waits"
    """Letting time pass: beside the others."""
    MEASURES = "measures"
    """Measuring time: nothing may run beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerContext:
    """What a layer is given to observe with."""

    run: Path
    target: Target
    project: Path
    """The directory that holds the criteria file; paths in it are relative to this."""
    stated: CriteriaFile
    journal: Journal
    progress: Progress
    load_allowed: str = ""
    """The host that may be put under load, as whoever runs the gate says."""
    attack_allowed: str = ""
    """The host that attack strings may be sent to, as whoever runs the gate says."""
    moment: str = ""
    """The moment of a release that the run is about, ``before``, ``during`` or ``after``; empty for all of them."""
    shared_account: int | None = None
    """The line on which the run shares the account of its rehearsal; None where there is none to share."""

    @property
    def var_files(self) -> list[Path]:
        """Variable files of the Terraform root."""
        return [self.project / file for file in self.stated.var_files]

    def progress_of(self, layer: str) -> Progress:
        """Return a function that reports the progress of one layer."""
        return lambda step: self.progress(f"{layer}: {step}")

    def store_fact(
        self, layer: str, kind: str, subject: str, value: Any, source: str, *, concluded: bool = False
    ) -> str:
        """Store a JSON value as evidence, record it in the journal, and return its digest."""
        digest = store_json(self.run, value)
        self.journal.record_fact(layer, kind, subject, digest, source, concluded=concluded)
        return digest

    def note(self, layer: str, text: str) -> None:
        """Record a remark on how a layer observed, for whoever reads the run."""
        self.journal.write("note", layer=layer, text=text)
        self.progress(f"{layer}: note: {text}")


class Layer(Protocol):
    """One way to learn about the system."""

    name: str
    folders: tuple[str, ...]
    """Folders of the project whose checks pytest collects for this layer."""
    judges_policies: bool
    """Whether what it observes is a Terraform configuration, which policies judge."""
    pace: Pace
    uses_account: bool
    """Whether a rehearsal needs the emulated account for it, which is applied once for all such layers."""

    def observe(self, context: LayerContext) -> Facts:
        """Observe the system, keep what was seen as evidence, and return it."""
        ...

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Return the facts of an earlier run from its evidence.

        ``events`` are the journal's ``fact`` events, then the ``unreadable`` ones that the layer wrote.
        """
        ...

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:
        """Return (check, criterion) of each finding that ``conclude`` may make."""
        ...

    def conclude(self, facts: Facts, context: LayerContext) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Return the findings that no check function makes, by (check, criterion); an empty list answers nothing."""
        ...
