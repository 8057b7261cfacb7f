"""A simulated Airflow, except for the real messages that its failures send to an emulated account."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from threading import Timer
from typing import Any

from prodgate.airflow.records import Run, Task
from tests.prodgate.rehearsal.emulated import Account

DAG = "news_canary"
#: Seconds by which a message is late: longer than a look takes.
LATE = 2.0


@dataclass
class FakeAirflow:
    """A run ends at the second look at it, as its mode asks; one that fails sends its messages then."""

    account: Account
    queue: str
    """Address of the dead-letter queue."""
    topic: str
    letters: Mapping[str, int] = field(default_factory=lambda: {"fail": 1, "kill": 1})
    """How many messages a run of a mode sends."""
    notices: frozenset[str] = frozenset({"fail", "kill"})
    tasks_named: bool = True
    states: Mapping[str, str] = field(default_factory=dict)
    """The end of runs that end differently than they should."""
    late: str = ""
    """Sent a while after the run's end: ``letter`` or ``notice``."""
    runs_made: dict[str, Run] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    looks: Counter[str] = field(default_factory=Counter)

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        self.modes[run_id] = conf["mode"]
        self.runs_made[run_id] = Run(dag_id=dag_id, run_id=run_id, kind="manual", state="running", slot=None)

    def runs(self, dag_id: str) -> Sequence[Run]:
        self.looks.update([*self.modes])
        for run_id, mode in self.modes.items():
            if self.looks[run_id] == 2:
                self._end(dag_id, run_id, mode)
        return tuple(self.runs_made.values())

    def tasks(self, dag_id: str, runs: Iterable[Run]) -> Sequence[Task]:
        failed = {"success": "success", "failed": "failed"}
        return tuple(
            Task(dag_id=dag_id, run_id=run.run_id, task_id="act", state=failed.get(run.state, "running"), tries=2)
            for run in runs
        )

    def _end(self, dag_id: str, run_id: str, mode: str) -> None:
        state = self.states.get(mode, "success" if mode == "retry" else "failed")
        stated: dict[str, Any] = {"dag_id": dag_id, "run_id": run_id, "kind": "manual", "slot": None}
        self.runs_made[run_id] = Run(**stated, state=state, ended=datetime.now(UTC))
        said = {"dag_id": dag_id, "run_id": run_id, "tasks": ["act"] if self.tasks_named else []}
        for _ in range(self.letters.get(mode, 0)):
            self._say("letter", "sqs", "send_message", QueueUrl=self.queue, MessageBody=json.dumps(said))
        if mode in self.notices:
            self._say(
                "notice", "sns", "publish", TopicArn=self.topic, Subject=f"{dag_id} failed", Message=json.dumps(said)
            )

    def _say(self, kind: str, service: str, operation: str, **told: str) -> None:
        send = partial(getattr(self.account(service), operation), **told)
        if kind == self.late:
            Timer(LATE, send).start()
        else:
            send()
