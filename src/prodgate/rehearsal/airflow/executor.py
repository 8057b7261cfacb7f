"""The executor of a rehearsal's Airflow 3.0, copied to its home as ``airflow_executor.py``.

Its own LocalExecutor hands a task to a worker before the scheduler has committed that the task is queued. On a busy
machine the worker is faster, and the try counts as failed. This one waits for the scheduler's next heartbeat, which
comes after the commit, as MWAA's executor does, and Airflow's own from 3.1 on (apache/airflow#56010).
"""

from typing import Any

from airflow.executors import local_executor


class LocalExecutor(local_executor.LocalExecutor):  # type: ignore[misc]  # Airflow is in an environment of its own
    """A LocalExecutor that starts no task that is not yet committed as queued."""

    def queue_workload(self, workload: Any, **_: Any) -> None:
        """Keep a task until the next heartbeat."""
        self.queued_tasks[workload.ti.key] = workload

    def _process_workloads(self, workloads: list[Any]) -> None:
        """Hand over tasks; the heartbeat calls this."""
        for workload in workloads:
            del self.queued_tasks[workload.ti.key]
            super().queue_workload(workload)
