"""Runs DAGs by `dag.test()` in an Airflow environment. Each line of standard input is a JSON request, each line of
standard output its answer: `{"run": dag_id, "slot": iso, "conf": {}, "retries": 0}`, `{"read": feed, "now": iso}` or `{"fetch": home}`.

Run as a plain file by the python of an Airflow environment.
"""

import json
import os
import sys
import traceback
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import Any

answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def main(folder: str) -> None:
    sys.path.insert(0, folder)
    from airflow import __version__

    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag
    one_api_for_all_tasks()
    bag = DagBag(folder)
    put({"version": __version__, "import_errors": {k: str(v) for k, v in bag.import_errors.items()}})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            put(ran(bag.dags[asked["run"]], asked) if "run" in asked else asked_of_feeds(asked))
        except Exception as error:  # noqa: BLE001  a test wants to know what it was
            traceback.print_exc()
            put({"raised": f"{type(error).__name__}: {error}"})


def one_api_for_all_tasks() -> None:
    """Airflow 3 creates a whole API for each task that it tests, which takes seconds."""
    with suppress(ImportError):
        from airflow.sdk.execution_time import supervisor

        supervisor.in_process_api_server = cache(supervisor.in_process_api_server)


def ran(dag: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Run a DAG once, without waiting a minute for a retry."""
    for task in dag.tasks:
        settings = task.partial_kwargs if hasattr(task, "partial_kwargs") else task.__dict__
        settings["retries"], settings["retry_delay"] = asked.get("retries", 0), timedelta(0)
        settings["retry_exponential_backoff"] = False
    slot = datetime.fromisoformat(asked["slot"])
    if sys.modules["airflow"].__version__.startswith("2."):
        import airflow.providers.fab.auth_manager.models  # noqa: F401  a second run of a slot needs its tables

        run = dag.test(execution_date=slot, run_conf=asked.get("conf"))
    else:
        run = dag.test(run_after=slot, logical_date=slot, run_conf=asked.get("conf"))
    from airflow.utils.session import create_session

    with create_session() as session:
        run = session.merge(run)
        session.refresh(run)
        tasks = [
            {"task_id": each.task_id, "map_index": each.map_index, "state": str(each.state), "tries": each.try_number}
            for each in run.get_task_instances(session=session)
        ]
        return {"state": str(run.state), "run_id": run.run_id, "tasks": tasks}


def asked_of_feeds(asked: dict[str, Any]) -> dict[str, Any]:
    from nba_news import feeds

    if "fetch" in asked:
        return {"fetched": feeds.fetch(asked["fetch"]).decode()}
    feed = feeds.parse(asked["read"].encode(), datetime.fromisoformat(asked["now"]))
    told = [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in feed.stories]
    return {"skipped": feed.skipped, "stories": [{**each, "published_at": str(each["published_at"])} for each in told]}


def put(value: dict[str, Any]) -> None:
    answer.write(json.dumps(value) + "\n")
    answer.flush()


main(sys.argv[1])
