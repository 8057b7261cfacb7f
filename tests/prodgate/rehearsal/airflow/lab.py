"""A rehearsal's Airflow in a process of its own that takes commands, and that a test can kill."""

import json
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from prodgate.engines.environments import ensure_python
from prodgate.processes.child import read_first_line
from prodgate.rehearsal.airflow.home import Login
from prodgate.rehearsal.airflow.process import authorization, request_json, running

#: Seconds between slots in the lab.
EVERY = 10
DAG = """
from datetime import timedelta
import pendulum
from airflow.decorators import dag, task

@dag(
    schedule="0 */6 * * *", start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Tokyo"), catchup=False,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
)
def demo():
    @task
    def flaky(ti=None):
        if ti.try_number < 2:
            raise RuntimeError("the first try")
    flaky()

demo()
"""
#: Seconds in which an awaited event must have come, on a machine with other load.
LIMIT = 120.0


@dataclass
class Lab:
    """A running Airflow, seen from outside."""

    process: subprocess.Popen[bytes]
    version: str
    api: str
    viewer: Login
    admin: Login
    home: Path

    @cached_property
    def looking(self) -> dict[str, str]:
        """The headers of one who may look."""
        return {"Authorization": authorization(self.api, self.viewer)}

    def get(self, path: str) -> Any:
        return request_json(self.api + path, self.looking)

    def runs(self) -> list[dict[str, Any]]:
        return list(self.get("/dags/demo/dagRuns?limit=100&order_by=start_date")["dag_runs"])

    def tell(self, word: str) -> str:
        """Call a method of the Airflow, with one word more if it takes one; return what it returned, as JSON."""
        self.process.stdin.write(word.encode() + b"\n")
        return read_first_line(self.process.stdout.fileno())

    def processes(self) -> list[int]:
        """Return the processes that work in its home: all of Airflow's do, and their supervisor."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (place / "cwd").readlink() == self.home:
                    found.append(int(place.name))
        return found


@contextmanager
def lab(folder: Path, version: str) -> Iterator[Lab]:
    """Run one; the process is killed in the end if it still runs."""
    (folder / "dags").mkdir()
    (folder / "dags" / "demo.py").write_text(DAG)
    python = ensure_python(f"airflow-{version}", lambda _step: None)
    command = [sys.executable, "-m", __name__, str(folder), version, str(python)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0, cwd=Path(__file__).parents[4]) as process:
        try:
            said = json.loads(heard(process.stdout.fileno()))
            yield Lab(
                process=process,
                version=version,
                api=said["api"],
                viewer=Login(*said["viewer"]),
                admin=Login(*said["admin"]),
                home=Path(said["home"]),
            )
        finally:
            process.send_signal(signal.SIGKILL)


def heard(descriptor: int) -> str:
    assert select.select([descriptor], [], [], 3 * LIMIT)[0], "Airflow did not start"
    return read_first_line(descriptor)


def main(folder: str, version: str, python: str) -> None:
    """Run Airflow, print its address, and do the commands at stdin."""
    schedules: Mapping[str, str] = {"demo": f"* * * * * */{EVERY}"}
    with running(
        Path(folder, "dags"), Path(folder), python=Path(python), version=version, schedules=schedules
    ) as airflow:
        users = {
            name: [user.name, user.password] for name, user in (("viewer", airflow.viewer), ("admin", airflow.admin))
        }
        say({"api": airflow.api, "home": str(airflow.home), **users})
        for line in sys.stdin:
            word, *more = line.strip().split(" ", 1)
            say(getattr(airflow, word)(*more))


def say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
