"""Reads a history as evidence, from which it is made again without asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from time import monotonic, sleep
from typing import Any, Final

from ..aws.answers import Absent, Unreadable
from .history import open_reader, read_history
from .records import History
from .rows import parse_instant
from .transport import RecordingTransport, Transport, replay

#: Seconds that a component which Airflow calls unhealthy has to recover, and seconds between polls. A DAG processor is
#: unhealthy after 10.5 s without a heartbeat, which happens now and then on a busy database or machine.
PATIENCE: Final = 60.0
POLL_INTERVAL: Final = 2.0


def observe_history(
    transport: Transport,
    dag_ids: Sequence[str],
    *,
    since: datetime,
    now: datetime,
    patience: float = PATIENCE,
    wait: Callable[[float], object] = sleep,
) -> dict[str, Any]:
    """Return all answers as JSON values, from which ``recall_history`` makes the same history.

    Unhealthy components are polled until they recover, for ``patience`` seconds at most; the last answer counts.
    """
    memory = RecordingTransport(transport)
    with suppress(Absent, Unreadable):  # the answers hold the reason
        read_history(memory, dag_ids, since=since, now=now)
        reader, until = open_reader(memory, since=since, now=now), monotonic() + patience
        while any(not beat.healthy for beat in reader.heartbeats()) and monotonic() < until:
            wait(POLL_INTERVAL)
    return {"dags": [*dag_ids], "since": since.isoformat(), "now": now.isoformat(), "answers": memory.answers}


def recall_history(evidence: Mapping[str, Any]) -> History:
    """Return the history that ``observe_history`` read. Raises Unreadable when not even the version could be read."""
    since, now = parse_instant(evidence["since"]), parse_instant(evidence["now"])
    assert since is not None
    assert now is not None
    return read_history(replay(evidence["answers"]), evidence["dags"], since=since, now=now)
