"""The instant of the schedule that a run is for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def slot_of(context: Mapping[str, Any]) -> datetime:
    """Return the slot of the run that a context belongs to, in UTC.

    It is ``run_after`` in Airflow 3, and the end of the data interval in Airflow 2.
    """
    instant: datetime = getattr(context["dag_run"], "run_after", None) or context["data_interval_end"]
    return datetime.fromtimestamp(instant.timestamp(), UTC)
