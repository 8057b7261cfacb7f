"""A stream of requests in a process of its own, beside whatever else goes on."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ...aws.answers import Unreadable
from ...processes.child import Process, clean_environment, ends_within, running
from .plan import Plan

#: Seconds that the process may take to write its record, beyond the last timeout.
ALLOWANCE: Final = 20.0


@dataclass(slots=True)
class Stream:
    """A stream that runs; its record is there once it was left."""

    _process: Process
    record: Mapping[str, Any] = field(default_factory=dict)

    def wait(self, seconds: float) -> bool:
        """Wait for its limit to be reached, and return whether it was."""
        return ends_within(self._process.child, seconds)


@contextmanager
def streaming(plan: Plan, folder: Path) -> Iterator[Stream]:
    """Send requests while the context is open. Raises Unreadable when they could not be sent."""
    command = (sys.executable, "-P", "-m", "prodgate.load.stream", json.dumps(plan.to_json()))
    with running(command, cwd=folder, environment=clean_environment()) as (process, sending):
        stream = Stream(process)
        try:
            yield stream
        finally:
            with suppress(BrokenPipeError):  # of one that reached its limit
                os.write(sending, b"\n")  # its input ends only when the context of its process does
            ends_within(process.child, plan.timeout + plan.longest_read_back + ALLOWANCE)
            stream.record = _read_record(process)


def _read_record(process: Process) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(process.output())
    except ValueError:
        code = process.child.poll()
        how = "did not end" if code is None else process.describe_failure(code)
        raise Unreadable(f"the stream of requests {how}; run it again") from None
    return found
