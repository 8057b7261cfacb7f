"""Airflow's own settings in the rehearsal, copied to its home as ``airflow_local_settings.py``: a fast clock.

It changes DAGs while they are parsed, never their files: DAGs named in ``rehearsal.json`` beside it get another cron
expression, in their own time zone and with their own kind of timetable, and retries come soon.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

#: {"schedules": {dag id: cron}, "retry_delay": seconds}
SETTINGS: Final = Path(__file__).with_name("rehearsal.json")
#: SQLAlchemy's arguments for connections to SQLite: seconds to wait for another writer.
PATIENT: Final = {"timeout": 60}


def dag_policy(dag: Any) -> None:
    """Give a DAG its schedule in the rehearsal, and its tasks short delays before retries."""
    stated = json.loads(SETTINGS.read_text("utf-8"))
    cron = stated["schedules"].get(dag.dag_id)
    if cron:
        had = dag.timetable
        zone = had.timezone if hasattr(had, "timezone") else had._timezone  # up to Airflow 3.1
        dag.timetable = type(had)(cron, timezone=zone)
        dag.schedule_interval = cron
    longest = timedelta(seconds=stated["retry_delay"])
    for task in dag.tasks:
        task.retry_delay = min(task.retry_delay, longest)
