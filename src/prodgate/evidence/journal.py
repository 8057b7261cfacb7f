"""The journal of a run: one JSON object a line, appended and flushed, so that a killed run still says what it knew."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..findings import Finding

#: Name of the journal in a run directory.
NAME = "journal.jsonl"


class JournalError(Exception):
    """The journal can't be read as one; the message names the line."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Appends events to a run's journal; several processes may append to the same one."""

    path: Path

    @classmethod
    def of(cls, run: Path) -> Journal:
        """Return the journal of a run directory."""
        return cls(run / NAME)

    def write(self, event: str, **fields: Any) -> None:
        """Append one event with the time it was written, unless ``at`` is given.

        One write call, so that lines never interleave.
        """
        line = json.dumps({"event": event, "at": datetime.now(UTC).isoformat(), **fields}, ensure_ascii=False)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            data = line.encode("utf-8", "backslashreplace") + b"\n"
            if (written := os.write(descriptor, data)) != len(data):
                # the next event must not be glued to half a line
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            error.filename = str(self.path)
            raise
        finally:
            os.close(descriptor)

    def record_planned(self, layer: str, check: str, criterion: str, place: str = "") -> None:
        """Say that a check is going to be judged; ``place`` says where it is written, if it is a team's to write."""
        self.write("planned", layer=layer, check=check, criterion=criterion, **({"place": place} if place else {}))

    def record_started(self, layer: str, check: str, place: str = "") -> None:
        """Say that a check begins; ``place`` says where the function is written that answers."""
        self.write("started", layer=layer, check=check, **({"place": place} if place else {}))

    def record_finding(self, finding: Finding) -> None:
        """Keep one finding."""
        self.write("finding", **finding.to_json())

    def record_finished(self, layer: str, check: str, findings: int) -> None:
        """Say that a check has given all its findings, and how many; without it the check is undetermined."""
        self.write("finished", layer=layer, check=check, findings=findings)

    def record_fact(self, layer: str, kind: str, subject: str, digest: str, source: str) -> None:
        """Say that something was observed, from where, and in which evidence file it is."""
        self.write("fact", layer=layer, kind=kind, subject=subject, digest=digest, source=source)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a journal; a last line that was cut off in writing is left out.

    Raises JournalError for a line in the middle that is not an event, OSError when the file can't be read.
    """
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if number == len(lines):
            return
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise JournalError(f"{path}:{number}: is not an event; the journal was changed after it was written")
        yield event
