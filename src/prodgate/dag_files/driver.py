"""Imports every DAG file as Airflow does, and prints the result as one JSON document.

Run as a plain file by the python of an Airflow environment (2.11 or newer); imports nothing of this package. While
files are imported, nothing may be reached: the network, programs and databases are refused, and every attempt is
reported. The end of standard input means that nobody waits for the answer any more.
"""

import hashlib
import json
import os
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

#: Exit code when the end of standard input came first.
ABANDONED = 75
#: Event that Python audits before it acts -> the act, in words. Each is refused while files are imported.
REFUSED = {
    "socket.connect": "a network connection",
    "socket.getaddrinfo": "a name of the network",
    "socket.gethostbyname": "a name of the network",
    "socket.sendto": "a network connection",
    "sqlite3.connect": "a database",
    "subprocess.Popen": "another program",
    "os.system": "another program",
    "os.posix_spawn": "another program",
}


class Refused(Exception):
    """A DAG file reached out while it was imported."""


def main(arguments: list[str]) -> int:
    """Import the files below a folder and print what they declare."""
    folder = os.path.realpath(arguments[0])
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever is printed while files are imported is noise
    threading.Thread(target=listen, daemon=True).start()
    json.dump(import_folder(folder), answer)
    answer.flush()
    return 0


def listen() -> None:
    """End this process when nobody waits for it."""
    sys.stdin.read()
    os._exit(ABANDONED)


def import_folder(folder: str) -> dict[str, Any]:
    """Return what Airflow finds below a folder."""
    sys.path.insert(0, folder)
    from airflow import __version__  # noqa: PLC0415  Airflow reads its settings when it is imported

    if __version__.startswith("3.0."):
        hold_no_variables()
    bag_class, to_dict = find_airflow_api()
    reached: list[dict[str, Any]] = []
    watching = [True]
    sys.addaudithook(lambda event, given: refuse(event, given, folder, reached) if watching[0] else None)
    bag = bag_class(folder)
    watching[0] = False
    errors = {relative(file, folder): str(text).strip() for file, text in bag.import_errors.items()}
    dags = []
    for _, dag in sorted(bag.dags.items()):
        told = describe_dag(dag, folder)
        try:
            told["digest"] = digest(to_dict(dag))
        except Exception as error:  # noqa: BLE001  a DAG of any team may hold what can't be stored
            errors.setdefault(told["file"], f"{dag.dag_id} can't be stored: {type(error).__name__}: {error}")
        dags.append(told)
    return {
        "version": __version__,
        "import_errors": errors,
        "reached": sorted(reached, key=lambda one: (one["file"], one["line"])),
        "dags": dags,
        "files": list_concerned(folder),
    }


def hold_no_variables() -> None:
    """Answer as an Airflow without Variables; 3.0 asks the process that imports for it, which there is none of here."""
    from airflow.sdk.exceptions import ErrorType  # noqa: PLC0415
    from airflow.sdk.execution_time import comms, task_runner  # noqa: PLC0415

    class Supervisor:
        def send(self, asked: Any) -> Any:
            return comms.ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND, detail={"asked": repr(asked)})

    task_runner.SUPERVISOR_COMMS = Supervisor()


def list_concerned(folder: str) -> list[str]:
    """Return the files below a folder that Airflow does not ignore, and those that were imported by them."""
    from airflow.utils.file import list_py_file_paths  # noqa: PLC0415

    imported = (getattr(module, "__file__", None) for module in [*sys.modules.values()])
    found = {*map(str, list_py_file_paths(folder, safe_mode=False)), *filter(None, imported)}
    return sorted({relative(each, folder) for each in found if os.path.realpath(each).startswith(folder + os.sep)})


def find_airflow_api() -> tuple[Any, Any]:
    """Return the class that imports files, and the function that stores a DAG; each version has its own places."""
    from airflow.serialization import serialized_objects  # noqa: PLC0415

    try:
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415
    except ImportError:
        from airflow.models.dagbag import DagBag  # noqa: PLC0415
    storing = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
    return DagBag, storing.to_dict


def refuse(event: str, given: tuple[Any, ...], folder: str, reached: list[dict[str, Any]]) -> None:
    """Record who does what is refused, even where the error is caught; raise Refused.

    Airflow itself goes on to the default of a Variable that it can't look up, so that is not recorded.
    """
    if what := REFUSED.get(event):
        if (found := find_caller(sys._getframe(2), folder)) and not looks_up_variable(sys._getframe(2)):
            reached.append({"file": found[0], "line": found[1], "what": f"{what} ({describe_target(event, given)})"})
        raise Refused(f"{what} was asked for while DAG files are imported; do it inside a task")


def looks_up_variable(frame: FrameType | None) -> bool:
    """Whether Airflow's own lookup of a Variable in its database led here."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "get_variable" and code.co_filename.endswith("airflow/secrets/metastore.py"):
            return True
        frame = frame.f_back
    return False


def find_caller(frame: FrameType | None, folder: str) -> tuple[str, int] | None:
    """Return the innermost place in a DAG file that led here, or None when Airflow itself did."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(folder + os.sep):
            return relative(frame.f_code.co_filename, folder), frame.f_lineno
        frame = frame.f_back
    return None


def describe_target(event: str, given: tuple[Any, ...]) -> str:
    """Return the requested host or program only: the rest may hold a password."""
    if event in ("socket.connect", "socket.sendto"):
        return str(given[1][0] if isinstance(given[1], tuple) else given[1])
    return Path(str(given[0]).split()[0]).name if given and given[0] else event


def relative(file: str, folder: str) -> str:
    """Return the name by which a person knows a file."""
    return Path(os.path.relpath(os.path.realpath(file), folder)).as_posix() if Path(file).is_absolute() else file


def describe_dag(dag: Any, folder: str) -> dict[str, Any]:
    """Return what a DAG declares."""
    clock = getattr(dag.timetable, "timetable", dag.timetable)  # beside assets, which start runs besides those of it
    cron = getattr(clock, "_expression", None) or getattr(clock, "expression", None)
    zone = getattr(clock, "_timezone", None) or getattr(clock, "timezone", None)
    return {
        "dag_id": dag.dag_id,
        "file": relative(dag.fileloc, folder),
        "timetable": type(dag.timetable).__name__,
        "cron": cron or "",
        "timezone": str(getattr(zone, "name", None) or zone or ""),
        "start": dag.start_date.isoformat() if dag.start_date else None,
        "catchup": bool(dag.catchup),
        "max_active_runs": dag.max_active_runs,
        "timeout": seconds(dag.dagrun_timeout),
        "failure_callback": bool(dag.on_failure_callback),
        "tasks": [describe_task(task) for task in sorted(dag.tasks, key=lambda each: each.task_id)],
    }


def describe_task(task: Any) -> dict[str, Any]:
    """Return what a task declares; a mapped one answers for all that will be made of it."""
    return {
        "task_id": task.task_id,
        "mapped": hasattr(task, "partial_kwargs"),
        "teardown": bool(task.is_teardown and not task.on_failure_fail_dagrun),
        "retries": int(task.retries or 0),
        "retry_delay": seconds(task.retry_delay),
        "backoff": bool(task.retry_exponential_backoff),
        "timeout": seconds(task.execution_timeout),
        "failure_callback": bool(task.on_failure_callback),
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "upstream": sorted(task.upstream_task_ids),
        "downstream": sorted(task.downstream_task_ids),
    }


def seconds(time: Any) -> float | None:
    """Return a duration in seconds; some versions keep it so already."""
    return None if time is None else float(time.total_seconds() if hasattr(time, "total_seconds") else time)


def digest(stored: Any) -> str:
    """Return a digest of the form in which Airflow would store a DAG."""
    return hashlib.sha256(json.dumps(stored, sort_keys=True, default=str).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
