"""Copies what the processes write to stderr into the log groups that their tasks are declared to write to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .declared import Service

#: The stream in each group.
_STREAM = "rehearsal"


@dataclass(slots=True)
class LogCopies:
    """How far the log of each service has been copied."""

    client: Any
    """Of CloudWatch Logs."""
    folder: Path
    _read: dict[str, int] = field(default_factory=dict)

    def copy(self, service: Service) -> None:
        """Copy the lines that are new, each with the time that it states."""
        if not service.log_group or not (lines := list(self._new_lines(service))):
            return
        where = {"logGroupName": service.log_group, "logStreamName": _STREAM}
        if service.name not in self._read:
            with suppress(self.client.exceptions.ResourceAlreadyExistsException):
                self.client.create_log_stream(**where)
        timed = sorted((_time_of(line), line) for line in lines)
        self.client.put_log_events(**where, logEvents=[{"timestamp": at, "message": line} for at, line in timed])
        self._read[service.name] = self._read.get(service.name, 0) + sum(len(line.encode()) + 1 for line in lines)

    def _new_lines(self, service: Service) -> Iterator[str]:
        path = log_of(self.folder, service.name)
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read.get(service.name, 0))
            for line in file:
                if not line.endswith(b"\n"):
                    return  # the rest of it is being written
                yield line[:-1].decode("utf-8", "replace")


def log_of(folder: Path, service: str) -> Path:
    """Return the file to which the tasks of a service write what is no request."""
    return folder / f"{service}.jsonl"


def _time_of(line: str) -> int:
    """Return the time of a line in ms; now for one that states none."""
    with suppress(ValueError, TypeError, KeyError):
        return int(json.loads(line)["at"] * 1000)
    return int(time.time() * 1000)
