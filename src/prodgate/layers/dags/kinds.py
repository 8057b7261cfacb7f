"""What the layer of DAGs keeps as evidence, and the kinds of fact that are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...facts import Fact
from ...facts.dags.canaries import KilledOrFailed, Retried
from ...facts.dags.collected import CollectedSlots, CollectedSource
from ...facts.dags.dead_letters import DeadLetters, FailedRuns
from ...facts.dags.files import DagFile, DagFolder
from ...facts.dags.record import AirflowComponent, AirflowVersion, DagRecord, DurationChange
from ...facts.dags.slots import CollectionSlots, RealRun, SlotHistory, TaskAttempts
from ...facts.dags.structure import DagStructure, DeclaredFile

#: Kind of the evidence that holds what the DAG files say.
FILES: Final = "dag-files"
#: Kind of the evidence that holds what was declared of the DAGs when they were observed.
DECLARED: Final = "dags-declared"
#: Kind of the evidence that holds where they were observed, and on which schedule they had to run there.
OBSERVED: Final = "dags-observed"
#: Kind of the evidence that holds what Airflow answered.
HISTORY: Final = "airflow"
#: Kind of the evidence that holds what Airflow answered in the last good run, to compare with.
BEFORE: Final = "airflow-before"
#: Kind of the evidence that holds the data that the slots of one DAG left.
DATA: Final = "dag-data"
#: Kind of the evidence that holds what is known of the queue of dead letters.
LETTERS: Final = "dead-letters"
#: Kind of the evidence that holds what became of the canary.
CANARY: Final = "dag-canary"

#: Kinds of fact that are made of each kind of evidence.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    FILES: (DagFile, DagFolder, DagStructure, DeclaredFile),
    HISTORY: (
        SlotHistory, CollectionSlots, RealRun, TaskAttempts, DagRecord, AirflowVersion, AirflowComponent,
    ),
    BEFORE: (DurationChange,),
    DATA: (CollectedSlots, CollectedSource),
    LETTERS: (DeadLetters, FailedRuns),
    CANARY: (Retried, KilledOrFailed),
}  # fmt: skip
#: Kinds of evidence without which DAGs are not judged. There need not be anything to compare with.
REQUIRED: Final = tuple(kind for kind in KINDS if kind != BEFORE)
