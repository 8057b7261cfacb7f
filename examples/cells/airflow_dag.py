"""Airflow: a mapped task for each cell, and one verdict over all. Written for Airflow 2.11 and 3.

PRODGATE_PROJECT is the checkout that holds criteria.toml, PRODGATE_GATHERED a folder that all workers share, such as
EFS; where `prodgate` is not on the path, PRODGATE_COMMAND is how it is called.
"""

import json
import os
import shlex
import subprocess
from datetime import timedelta
from pathlib import Path

import pendulum

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task

#: Exit codes of a verdict: GO, NO-GO, INSUFFICIENT EVIDENCE. Another one means that there is no run to merge.
VERDICTS = (0, 1, 2)
#: How long a cell may take: its layer ends by itself before Airflow ends the task.
LAYER_LIMIT, TASK_LIMIT = timedelta(minutes=20), timedelta(minutes=25)


def prodgate(*words: str, more: dict[str, str] | None = None) -> int:
    """Run a command of the gate in the checkout, and return its exit code."""
    command = [*shlex.split(os.environ.get("PRODGATE_COMMAND", "prodgate")), *words]
    limit = {"PRODGATE_LAYER_TIMEOUT": str(int(LAYER_LIMIT.total_seconds()))}
    environment = {**limit, **os.environ, **(more or {})}
    folder = os.environ["PRODGATE_PROJECT"]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode  # noqa: S603


def gathered(run_id: str | None) -> Path:
    """Return the folder of one run of this DAG: the list of its cells, and the run of each."""
    return Path(os.environ["PRODGATE_GATHERED"]) / "".join(each if each.isalnum() else "-" for each in str(run_id))


@dag(
    schedule="0 4 * * *",
    start_date=pendulum.datetime(2026, 11, 1, tz="Asia/Tokyo"),
    catchup=False,
    max_active_runs=1,
)
def observe_cells() -> None:
    """List the cells, observe each of them, and merge what came of it."""

    @task
    def list_cells(run_id: str | None = None) -> list[str]:
        """Write the list before anything is observed; a rehearsal has its own."""
        (folder := gathered(run_id)).mkdir(parents=True, exist_ok=True)
        rehearsal = ["--rehearsal"] if os.environ.get("PRODGATE_REHEARSAL") else []
        if prodgate("cells", "--to", str(folder / "cells.json"), *rehearsal):
            raise RuntimeError("the list of cells could not be written; nothing may be merged without it")
        return [each["cell"] for each in json.loads((folder / "cells.json").read_text("utf-8"))["cells"]]

    @task(max_active_tis_per_dag=16, execution_timeout=TASK_LIMIT)
    def observe(cell: str, run_id: str | None = None) -> None:
        """Observe one cell; what it finds is for the verdict over all, where a cell without a run is undetermined."""
        folder, (account, region, _) = gathered(run_id), cell.split("/")
        made = {"TF_VAR_account": account, "TF_VAR_region": region} if os.environ.get("PRODGATE_REHEARSAL") else {}
        words = ["observe", cell, "--cells", str(folder / "cells.json"), "--runs", str(folder / "runs")]
        if (code := prodgate(*words, more=made)) not in VERDICTS:
            raise RuntimeError(f"{cell} was not observed: exit code {code}")

    @task(trigger_rule="all_done")
    def merge(run_id: str | None = None) -> None:
        """Give the verdict, also where tasks failed: their cells are undetermined, by the list."""
        folder = gathered(run_id)
        words = ["merge", str(folder / "runs"), "--cells", str(folder / "cells.json"), "--unsigned"]
        if code := prodgate(*words, "--runs", str(folder / "merged")):
            raise RuntimeError(f"the verdict over all cells is not GO: exit code {code}")

    cells = list_cells()
    observed = observe.expand(cell=cells)
    observed >> merge()


observe_cells()
