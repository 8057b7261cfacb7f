"""Lets an Airflow import the DAG files below a folder, twice, and returns the result as JSON values."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

from ..aws.answers import Unreadable
from ..processes.child import Process, running
from ..semantics.json_texts import read_json

#: Seconds that importing all files may take, Airflow's own start with it.
LIMIT: Final = 180.0
#: Run by the python of the Airflow environment.
DRIVER: Final = Path(__file__).with_name("driver.py")

_KEPT: Final = ("PATH", "LD_LIBRARY_PATH")
#: Airflow's database is one that nobody can open: a file that asks it anything while it is imported fails.
_SETTINGS: Final = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////dev/null/none.db",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AWS_EC2_METADATA_DISABLED": "true",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


def import_dags(
    folder: Path, python: Path, *, environment: Mapping[str, str] | None = None, limit: float = LIMIT
) -> dict[str, Any]:
    """Return what two imports say: ``version``, ``import_errors``, ``reached``, ``dags`` and ``unstable``.

    ``environment`` holds variables that DAG files may read. Two processes differ in how Python orders sets, so that a
    DAG that comes out of chance, or of the clock, differs as well. Raises Unreadable when Airflow gives no answer.
    """
    until = monotonic() + limit
    with ExitStack() as stack:
        begun = [stack.enter_context(_importing(folder, python, seed, environment or {})) for seed in ("1", "2")]
        first, second = (_read_answer(process, until, limit) for process in begun)
    return {**first, "unstable": _find_unstable(first, second)}


@contextmanager
def _importing(folder: Path, python: Path, seed: str, environment: Mapping[str, str]) -> Iterator[Process]:
    """Run the driver with a home of its own; it ends when the context is left, or this process is gone."""
    with tempfile.TemporaryDirectory(prefix="prodgate-airflow-") as home:
        own = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own |= {**environment, **_SETTINGS, "AIRFLOW_HOME": home, "HOME": home, "TMPDIR": home, "PYTHONHASHSEED": seed}
        own["AIRFLOW__CORE__DAGS_FOLDER"] = str(folder.resolve())
        command = (str(python), "-B", "-s", "-P", str(DRIVER), str(folder.resolve()))
        with running(command, cwd=Path(home), environment=own) as (process, _):
            yield process


def _read_answer(process: Process, until: float, limit: float) -> dict[str, Any]:
    try:
        code = process.wait(max(0.0, until - monotonic())).code
    except subprocess.TimeoutExpired:
        raise Unreadable(f"Airflow did not import the DAG files within {limit:g} s: one of them does not end") from None
    if code:
        raise Unreadable(f"Airflow {process.describe_failure(code, ' while it imported the DAG files')}")
    try:
        answer: dict[str, Any] = read_json(process.output())
    except ValueError as error:
        raise Unreadable(f"what Airflow says of the DAG files can't be read: {error}") from None
    return answer


def _find_unstable(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the ids of DAGs that are not the same both times."""
    one, other = ({dag["dag_id"]: dag.get("digest") for dag in answer["dags"]} for answer in (first, second))
    return sorted(dag_id for dag_id in {*one, *other} if one.get(dag_id) != other.get(dag_id))
