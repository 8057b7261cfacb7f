"""The kinds of evidence that the DAG layer stores, and the kinds of fact in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...facts import Fact
from ...facts.dags.canaries import KilledOrFailed, Retried
from ...facts.dags.collected import CollectedSlots, CollectedSource
from ...facts.dags.dead_letters import FailedRuns
from ...facts.dags.files import DagFile, DagFolder
from ...facts.dags.record import AirflowComponent, AirflowVersion, DagRecord, DurationChange
from ...facts.dags.slots import CollectionSlots, RealRun, SlotHistory, TaskAttempts
from ...facts.dags.structure import DagStructure, DeclaredFile

#: What the DAG files say.
FILES: Final = "dag-files"
#: What the criteria file declared of the DAGs when they were observed.
DECLARED: Final = "dags-declared"
#: Where they were observed, and the schedules that applied there.
OBSERVED: Final = "dags-observed"
#: What Airflow answered.
HISTORY: Final = "airflow"
#: What Airflow answered in the last good run, to compare with.
BEFORE: Final = "airflow-before"
#: The data that the slots of one DAG left.
DATA: Final = "dag-data"
#: What is known of the dead-letter queue.
LETTERS: Final = "dead-letters"
#: What became of the canary.
CANARY: Final = "dag-canary"
#: The files that the environment reads beside the repository's, and its state; the rollout layer asks about them.
DEPLOYED: Final = "dags-deployed"

#: Kind of evidence -> the kinds of fact in it.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    FILES: (DagFile, DagFolder, DagStructure, DeclaredFile),
    HISTORY: (
        SlotHistory, CollectionSlots, RealRun, TaskAttempts, DagRecord, AirflowVersion, AirflowComponent,
    ),
    BEFORE: (DurationChange,),
    DATA: (CollectedSlots, CollectedSource),
    LETTERS: (FailedRuns,),
    CANARY: (Retried, KilledOrFailed),
    DEPLOYED: (),
}  # fmt: skip
#: Kinds of evidence that must be there; a run to compare with need not, nor what another layer asks about.
REQUIRED: Final = tuple(kind for kind in KINDS if kind not in (BEFORE, DEPLOYED))
