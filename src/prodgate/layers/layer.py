"""The context of a layer, and the nature of its time."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from ..aws.account import Account
from ..evidence.artifacts import store_json
from ..evidence.journal import Journal
from ..facts import Facts
from ..processes.progress import Progress
from ..sections.criteria_file import CriteriaFile
from ..sections.targets import Target

#: Why a kind of evidence that an earlier run lacks is unreadable.
NOT_OBSERVED: Final = "it was not observed in that run"


#: The line of a layer that waits, once it has started all of its programs; from then on it computes little.
AT_REST: Final = "at rest"


class Pace(Enum):
    """The nature of a layer's time, and so the layers that may run beside it."""

    WORKS = "works"
    """Computing, or asking: one such layer after another, once nothing that waits is starting."""
    LOOKS = "looks"
    """Computing, and measuring times that are far from their limits: as above, after those."""
    WAITS = "waits"
    """Letting time pass: beside the others, where there are processors for both."""
    MEASURES = "measures"
    """Measuring time: nothing may run beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerContext:
    """The context in which a layer observes."""

    run: Path
    target: Target
    project: Path
    """The directory that holds the criteria file; paths in it are relative to this."""
    stated: CriteriaFile
    journal: Journal
    progress: Progress
    load_allowed: str = ""
    """The host that may be put under load, as whoever runs the gate says."""
    load_record: str = ""
    """The folder in which other machines leave the record of the load; empty where this one makes it."""
    attack_allowed: str = ""
    """The host that attack strings may be sent to, as whoever runs the gate says."""
    moment: str = ""
    """The moment of a release that the run is about, ``before``, ``during`` or ``after``; empty for all of them."""
    observe_more: Callable[[Account], Facts] | None = None
    """Observes an account by a team's own observers; None where there are none."""
    shared_account: int | None = None
    """The line on which the run shares the account of its rehearsal; None where there is none to share."""

    @property
    def var_files(self) -> list[Path]:
        """Variable files of the Terraform root."""
        return [self.project / file for file in self.stated.var_files]

    def progress_of(self, layer: str) -> Progress:
        """Return a function that reports the progress of one layer."""
        return lambda step: self.progress(f"{layer}: {step}")

    def make_folder(self, *names: str) -> Path:
        """Return the folder of this name for what programs log, made if it is not there."""
        folder = self.run.joinpath("logs", *names)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def store_fact(
        self, layer: str, kind: str, subject: str, value: Any, source: str, *, concluded: bool = False, team: str = ""
    ) -> str:
        """Store a JSON value as evidence, record it in the journal, and return its digest."""
        digest = store_json(self.run, value)
        self.journal.record_fact(layer, kind, subject, digest, source, concluded=concluded, team=team)
        return digest

    def note(self, layer: str, text: str) -> None:
        """Record a remark on how a layer observed, for whoever reads the run."""
        self.journal.write("note", layer=layer, text=text)
        self.progress(f"{layer}: note: {text}")
