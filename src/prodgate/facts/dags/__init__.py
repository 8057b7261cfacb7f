"""Facts about DAGs: their files, their slots, what they left, and what became of their failures."""

from .canaries import KilledOrFailed, Retried
from .collected import CollectedSlots, CollectedSource
from .dead_letters import FailedRuns
from .files import DagFile, DagFolder
from .record import AirflowComponent, AirflowVersion, DagRecord, DurationChange
from .slots import CollectionSlots, RealRun, SlotHistory, TaskAttempts
from .structure import DagStructure, DeclaredFile

__all__ = [
    "AirflowComponent", "AirflowVersion", "CollectedSlots", "CollectedSource", "CollectionSlots", "DagFile",
    "DagFolder", "DagRecord", "DagStructure", "DeclaredFile", "DurationChange", "FailedRuns", "KilledOrFailed",
    "RealRun", "Retried", "SlotHistory", "TaskAttempts",
]  # fmt: skip
