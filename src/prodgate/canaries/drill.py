"""Fails on purpose: runs of the canary DAG that must be retried, leave a dead letter and notify people."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from time import monotonic, sleep
from typing import Any, Final, Protocol

from ..airflow.records import Run, Task
from ..aws.answers import Absent, Unreadable
from .cleanup import Cleanup, cleanup
from .dead_letters import DeadLetters, Message, mentions, open_dead_letters
from .record import FAILING, MODES, CanaryDrill, CanaryRun
from .temporary_queue import Aws, receive_notifications, subscribe_queue

#: States in which a run stays.
_ENDED: Final = frozenset({"success", "failed"})
#: How often a run is triggered at most; with the same id, Airflow makes it once.
_TRIES: Final = 3
#: Seconds between polls of the runs and the queues.
_POLL_INTERVAL: Final = 0.5


class Canaries(Protocol):
    """An Airflow in which canaries may be triggered. Every method raises Absent and Unreadable."""

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Make a run of this id."""
        ...

    def runs(self, dag_id: str) -> Sequence[Run]:
        """Return the runs of a DAG as they are now."""
        ...

    def tasks(self, dag_id: str, runs: Iterable[Run]) -> Sequence[Task]:
        """Return the tasks of runs of a DAG."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is drilled, and where its failures must arrive."""

    dag_id: str
    target: str
    """URL of the target."""
    queue: str
    topic: str
    """ARNs of the dead-letter queue and of the topic, in one region."""


@dataclass(slots=True, kw_only=True)
class _ObservedRun:
    """What is known of one run so far."""

    mode: str
    run_id: str
    triggered: float
    given_up: bool = False
    """Whether it could not be triggered."""
    airflow_run: Run | None = None
    """As Airflow reported it last."""
    tasks: tuple[Task, ...] = ()
    notices: list[Message] = field(default_factory=list)
    reason: str = ""

    @property
    def state(self) -> str:
        return self.airflow_run.state if self.airflow_run else ""

    @property
    def ended(self) -> bool:
        return self.given_up or self.state in _ENDED


def drill_canary(
    airflow: Canaries, aws: Aws, place: Place, tell: Callable[[str], None], *, patience: float, delivery: float
) -> CanaryDrill:
    """Trigger a canary in every mode and watch each run.

    Runs have ``patience`` seconds to end, and from then on their messages ``delivery`` seconds to arrive. The messages
    that name these runs are taken from the dead-letter queue, and no others. Raises UsageError for a queue that must
    not be searched.
    """
    region, started = place.queue.split(":")[3], datetime.now(UTC).isoformat()
    with cleanup(tell) as steps:
        letters = open_dead_letters(aws("sqs", region), place.queue)
        steps.add(f"messages of others in {place.queue}", letters.release)
        url = subscribe_queue(aws, region, (place.topic,), secrets.token_hex(16), steps)
        notifications = partial(receive_notifications, aws("sqs", region), url, 0)
        tell(f"triggering {place.dag_id}: {', '.join(MODES)}")
        runs = [_trigger_run(airflow, place, mode, letters, steps) for mode in MODES]
        poll = partial(_observe, airflow, place, runs, letters, notifications)
        _wait_until(poll, lambda: all(one.ended for one in runs), patience)
        tell(f"runs as they are now: {', '.join(f'{one.mode} {one.state}' for one in runs)}")
        _wait_until(poll, lambda: all(_is_settled(one, letters) for one in runs), delivery)
    tried = tuple(_build_run_record(place, one, letters.taken.get(one.run_id, [])) for one in runs)
    return CanaryDrill(**asdict(place), started=started, tried=tried, left=tuple(steps.left))


def _trigger_run(airflow: Canaries, place: Place, mode: str, letters: DeadLetters, steps: Cleanup) -> _ObservedRun:
    """Make a run with an id chosen beforehand: an interruption or a lost answer must not hide what it leaves."""
    now = datetime.now(UTC)
    run = _ObservedRun(mode=mode, run_id=f"prodgate-{mode}-{secrets.token_hex(6)}", triggered=now.timestamp())
    letters.own.append(run.run_id)
    if mode in FAILING:
        steps.add(f"dead letter of run {run.run_id} in {place.queue}", partial(_take_late_letter, letters, run))
    for _ in range(_TRIES):
        try:
            airflow.trigger(place.dag_id, run.run_id, {"mode": mode})
        except Absent:
            run.reason = f"Airflow knows no DAG {place.dag_id!r}; deploy it"
            break
        except Unreadable as error:
            run.reason = error.reason
        else:
            run.reason = ""
            return run
        _observe_runs(airflow, place, [run])
        if run.airflow_run is not None:
            return run
    run.given_up = True
    return run


def _take_late_letter(letters: DeadLetters, run: _ObservedRun) -> None:
    """Take a dead letter that the drill no longer waits for. Raises LookupError when it is not there yet."""
    if run.run_id not in letters.taken:
        letters.collect()
    if run.run_id not in letters.taken and not run.given_up:
        raise LookupError("it was not there; delete it should it come")


def _wait_until(poll: Callable[[], None], done: Callable[[], bool], seconds: float) -> None:
    """Poll at least once, then until ``done`` or the seconds are over."""
    until = monotonic() + seconds
    poll()
    while not done() and monotonic() < until:
        sleep(_POLL_INTERVAL)
        poll()


def _observe(
    airflow: Canaries,
    place: Place,
    runs: Sequence[_ObservedRun],
    letters: DeadLetters,
    notifications: Callable[[], Iterator[Mapping[str, Any]]],
) -> None:
    """Update the runs, their dead letters and their notifications."""
    running = [one for one in runs if not one.ended]
    if running:
        _observe_runs(airflow, place, running)
    letters.collect()
    for notice in notifications():
        sent = datetime.fromisoformat(notice["Timestamp"]).timestamp()
        message = Message(text=f"{notice.get('Subject', '')}\n{notice['Message']}", sent=sent)
        for one in runs:
            if mentions(message.text, one.run_id):
                one.notices.append(message)


def _observe_runs(airflow: Canaries, place: Place, running: Sequence[_ObservedRun]) -> None:
    try:
        found = {run.run_id: run for run in airflow.runs(place.dag_id)}
        tasks = airflow.tasks(place.dag_id, found.values())
    except (Absent, Unreadable) as error:
        for one in running:
            one.reason = one.reason or str(error)
        return
    for one in running:
        if one.run_id in found:
            one.airflow_run, one.reason = found[one.run_id], ""
            one.tasks = tuple(task for task in tasks if task.run_id == one.run_id)


def _is_settled(one: _ObservedRun, letters: DeadLetters) -> bool:
    """Whether everything expected has arrived; a message that must not come can't be waited for."""
    return one.mode not in FAILING or one.given_up or (one.run_id in letters.taken and bool(one.notices))


def _build_run_record(place: Place, one: _ObservedRun, letters: Sequence[Message]) -> CanaryRun:
    end = one.airflow_run.ended.timestamp() if one.airflow_run and one.airflow_run.ended else one.triggered
    failed = {task.task_id for task in one.tasks if task.state == "failed"} or {task.task_id for task in one.tasks}
    named = partial(_list_names, place.dag_id, one.run_id, failed)
    return CanaryRun(
        mode=one.mode,
        run_id="" if one.given_up else one.run_id,
        state=one.state,
        tries=max((task.tries for task in one.tasks), default=0),
        dead_letter=_seconds_after(end, letters),
        dead_letters=len(letters),
        letter_names=named(letters),
        notice=_seconds_after(end, one.notices),
        notices=len(one.notices),
        notice_names=named(one.notices),
        reason=one.reason,
    )


def _seconds_after(end: float, messages: Iterable[Message]) -> float | None:
    """Return the seconds from a run's end to its first message; 0 for one that a task sent before that."""
    sent = min((message.sent for message in messages), default=None)
    return None if sent is None else max(0.0, round(sent - end, 3))


def _list_names(dag_id: str, run_id: str, tasks: Iterable[str], messages: Iterable[Message]) -> tuple[str, ...]:
    """Return what the most explicit of the messages names."""
    wanted = {"dag": [dag_id], "run": [run_id], "task": [*tasks]}
    each = [
        tuple(what for what, names in wanted.items() if any(mentions(message.text, name) for name in names))
        for message in messages
    ]
    return max(each, key=len, default=())
