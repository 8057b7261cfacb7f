"""A running Airflow: its addresses, its users and its processes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...engines.environments import EngineError
from ...processes.child import read_first_line
from .home import Login

#: How much of the end of a log is quoted.
_QUOTED: Final = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow:
    """A running Airflow."""

    version: str
    url: str
    """Where its web server is."""
    api: str
    """Where its REST API is: the URL with /api/v2, or /api/v1."""
    viewer: Login
    admin: Login
    home: Path
    dags: Path
    """Its copy of the DAGs; changes there take effect within seconds."""
    reports: str = ""
    """Where tasks report, with a slash at the end; empty where the web server takes their reports."""
    _supervisor: subprocess.Popen[bytes] = field(repr=False)

    def start(self, *components: str) -> None:
        """Start components; returns at once."""
        for each in components:
            self.send_command(f"start {each}")

    def stop_scheduler(self) -> None:
        """End the scheduler and every task that it runs; returns when they have ended."""
        self.send_command("stop scheduler")

    def start_scheduler(self) -> None:
        """Start the scheduler again; returns at once, it takes some seconds to be up."""
        self.start("scheduler")

    def pids(self) -> Mapping[str, int]:
        """Return the ids of running processes, by component."""
        return {
            name: pid for name, (pid, code) in self.send_command("look").items() if pid is not None and code is None
        }

    def exit_codes(self) -> Mapping[str, int]:
        """Return the exit codes of the components that have ended."""
        return {name: code for name, (_, code) in self.send_command("look").items() if code is not None}

    def wait(self, seconds: float) -> None:
        """Wait some seconds, or until its supervisor ends."""
        with suppress(subprocess.TimeoutExpired):
            self._supervisor.wait(seconds)

    def log(self, component: str) -> Path:
        """Return the file that a component writes its output to."""
        return self.home / f"{component}.log"

    def last_lines(self, component: str) -> str:
        """Return the end of what a component has written."""
        path = self.log(component)
        said = path.read_text("utf-8", "replace").strip() if path.exists() else ""
        return said[-_QUOTED:] or "it said nothing"

    def send_command(self, command: str) -> dict[str, list[int | None]]:
        """Let the supervisor do something; return the pid and the exit code of each component, as far as it has one."""
        assert self._supervisor.stdin is not None
        assert self._supervisor.stdout is not None
        self._supervisor.stdin.write(f"{command}\n".encode())
        line = read_first_line(self._supervisor.stdout.fileno())
        if not line:
            reason = "was not obeyed: its supervisor has ended; start the rehearsal again"
            raise EngineError(f"airflow: {command!r} {reason}")
        state: dict[str, list[int | None]] = json.loads(line)
        return state
