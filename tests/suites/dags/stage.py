"""A real Airflow on which faults are done: DAGs of one task each, and a gate that only looks."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from prodgate.airflow.direct import HttpTransport, HttpWriter, Login
from prodgate.engines.environments import ensure_python
from prodgate.rehearsal.airflow.process import Airflow, running

VERSION: Final = "3.0.6"
#: How long anything may take on a busy machine, in seconds.
PATIENCE: Final = 180.0
DAG: Final = """
import os, signal
import pendulum
from airflow.decorators import dag, task

@dag(dag_id="{name}", schedule="{schedule}", start_date=pendulum.datetime(2024, 1, 1, tz="{zone}"), catchup=False,
     max_active_runs=2)
def made():
    @task
    def collect():
        {work}

    @task(trigger_rule="all_done")
    def settle():
        pass

    collect() {then}

made()
"""
USUAL: Final = {"schedule": "0 * * * *", "zone": "Asia/Tokyo", "work": "pass", "then": ""}


@dataclass(frozen=True)
class Stage:
    """A real Airflow with an admin who breaks things."""

    airflow: Airflow
    gate: HttpTransport
    admin: HttpTransport

    @property
    def writer(self) -> HttpWriter:
        return HttpWriter(self.admin)

    def change(self, path: str, document: Mapping[str, Any]) -> None:
        reply = self.admin.send_request("PATCH", f"{self.admin.sign_in()}{path}", document)
        assert reply.status == 200, reply.body

    def wait(self, seconds: float) -> None:
        """Let the clock of Airflow run: slots come by time alone."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.airflow.wait(left)

    def until(self, true: Callable[[], object], what: str) -> None:
        """Ask every now and then until it is true."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, f"{what}: not within {PATIENCE:g} s"
            self.airflow.wait(0.5)

    def served(self) -> set[str]:
        return {dag["dag_id"] for dag in self.gate.get("/dags", {"limit": "100"})["dags"]}

    def runs(self, dag: str, state: str) -> list[Mapping[str, Any]]:
        """Return the runs of a DAG in a state, the newest first."""
        rows = self.gate.get(f"/dags/{dag}/dagRuns", {"limit": "100", "order_by": "-run_after"})["dag_runs"]
        return [row for row in rows if row["state"] == state]

    def ran_after(self, dag: str, instant: datetime) -> bool:
        """Whether a run of a DAG that began after an instant has succeeded."""
        return any(datetime.fromisoformat(row["start_date"]) > instant for row in self.runs(dag, "success"))


@contextmanager
def staged(
    scratch: Path, dags: Mapping[str, Mapping[str, str]], schedules: Mapping[str, str], server: str = ""
) -> Iterator[Stage]:
    """Run an Airflow with DAGs, each with its stated differences from the usual one."""
    folder = scratch / "dags"
    folder.mkdir()
    for name, how in dags.items():
        write(folder, name, **how)
    python = ensure_python(f"airflow-{VERSION}", print)
    with (
        running(folder, scratch, python=python, version=VERSION, schedules=schedules, server=server) as airflow,
        opened(airflow, airflow.viewer) as gate,
        opened(airflow, airflow.admin) as admin,
    ):
        yield Stage(airflow, gate, admin)


def write(folder: Path, name: str, **how: str) -> None:
    (folder / f"{name}.py").write_text(DAG.format_map({"name": name} | USUAL | how), "utf-8")


@contextmanager
def opened(airflow: Airflow, who: Any) -> Iterator[HttpTransport]:
    with HttpTransport(airflow.url, Login(who.name, who.password), limit=60.0) as transport:
        yield transport
