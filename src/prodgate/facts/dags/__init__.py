"""Facts about DAGs: their files, their slots, their data, and their failures."""

from .collected import CollectedSlots, CollectedSource
from .failures import FailedRuns, KilledOrFailed, Retried
from .files import DagFile, DagFolder, DagStructure, DeclaredFile
from .record import ActiveDags, AirflowComponent, AirflowVersion, DagRecord, DurationChange
from .slots import CollectionSlots, RealRun, SlotHistory, TaskAttempts

__all__ = [
    "ActiveDags", "AirflowComponent", "AirflowVersion", "CollectedSlots", "CollectedSource", "CollectionSlots",
    "DagFile", "DagFolder", "DagRecord", "DagStructure", "DeclaredFile", "DurationChange", "FailedRuns",
    "KilledOrFailed", "RealRun", "Retried", "SlotHistory", "TaskAttempts",
]  # fmt: skip
