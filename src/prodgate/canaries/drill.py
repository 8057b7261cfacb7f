"""Fails on purpose: runs of the canary DAG that must be retried, leave a dead letter and notify people."""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from ..airflow.history import Reader, open_reader
from ..airflow.records import Run, Task
from ..airflow.transport import Writer
from ..aws.answers import Absent, Unreadable
from ..aws.clock import SKEW
from ..criteria import UsageError
from ..evidence.journal import Journal
from ..evidence.runs import list_records
from .cleanup import PREFIX, Aws, Cleanup, cleanup, receive_notifications, subscribe_queue, undoes

#: Folder beside the runs in which drills leave their records.
FOLDER: Final = "drills"
#: Kind of the fact that holds the record of a drill of a canary.
KIND: Final = "canary drill"
#: Modes of a canary: fail once and then succeed, fail for good, kill its own process.
MODES: Final = ("retry", "fail", "kill")
#: Those whose run must end as failed, and leave a dead letter and a notice.
FAILING: Final = ("fail", "kill")
#: Version of the record's format.
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryRun:
    """One run of a canary."""

    mode: str
    run_id: str = ""
    """Empty when it could not be triggered."""
    state: str = ""
    """The last state that Airflow reported; empty when the run was never seen."""
    tries: int = 0
    """How often its task was tried."""
    dead_letter: float | None = None
    """Seconds from the run's end (its trigger, if it has not ended) to the first message in the queue that names it;
    None when there is none."""
    dead_letters: int = 0
    letter_names: tuple[str, ...] = ()
    """Which of ``dag``, ``run`` and ``task`` the message names."""
    notice: float | None = None
    """The same for the first notification."""
    notices: int = 0
    notice_names: tuple[str, ...] = ()
    reason: str = ""
    """Why its end is unknown, where it could not be read."""
    began: str = ""
    over: str = ""
    """When it was triggered, and from when on nothing more of it was waited for; in ISO form, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryDrill:
    """A drill: each of some modes once."""

    dag_id: str
    target: str
    """URL of the target."""
    queue: str
    topic: str
    """ARNs of the dead-letter queue and of the topic."""
    started: str
    """In ISO form, UTC."""
    tried: tuple[CanaryRun, ...]
    left: tuple[str, ...] = ()
    """Changes that could not be undone, and why."""

    @property
    def flaws(self) -> tuple[str, ...]:
        """The faults, in words."""
        return tuple(f"{one.mode}: {words}" for one in self.tried for words in _find_flaws(one))

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return {"format": FORMAT, **asdict(self)}


def _find_flaws(one: CanaryRun) -> list[str]:
    failing = one.mode in FAILING
    meant = "failed" if failing else "success"
    found = [one.reason] if one.reason else []
    if one.state != meant:
        found.append(f"the run {one.run_id or 'that was never made'} is {one.state or 'not seen'}, and must be {meant}")
    if one.mode == "retry" and one.state == meant and one.tries < 2:
        found.append(f"the run {one.run_id} succeeded at its first try, and must fail once")
    for what, seconds in (("dead letter", one.dead_letter), ("notice", one.notice)):
        if failing and seconds is None:
            found.append(f"no {what} of the run {one.run_id}")
    if not failing and one.dead_letters:
        found.append(f"a dead letter of the run {one.run_id}, which failed once only")
    if failing and one.dead_letters > 1:
        found.append(f"{one.dead_letters} dead letters of the run {one.run_id}")
    return found


#: Seconds for which a message stays hidden from others if this process is killed while it looks at it.
VISIBILITY_TIMEOUT: Final = 30
#: A queue that holds more messages than this is not searched.
MAX_MESSAGES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text that arrived, and when it was sent, in Unix seconds."""

    text: str
    sent: float


@dataclass(slots=True)
class DeadLetters:
    """Searches a dead-letter queue: takes messages that name one of our runs and gives back all others."""

    sqs: Any
    url: str
    own: list[str] = field(default_factory=list)
    """Ids of our runs."""
    taken: dict[str, list[Message]] = field(default_factory=dict)
    """By run."""
    _held: list[str] = field(default_factory=list)

    def collect(self) -> None:
        """Take the messages of our runs that have arrived."""
        request = {"QueueUrl": self.url, "MaxNumberOfMessages": 10, "VisibilityTimeout": VISIBILITY_TIMEOUT}
        for _ in range(MAX_MESSAGES):
            found = self.sqs.receive_message(**request, AttributeNames=["SentTimestamp"]).get("Messages", ())
            for message in found:
                self._sort(message)
            if not found:
                return

    def close(self) -> None:
        """Make everybody else's messages visible again at once."""
        while self._held:
            handle = self._held.pop()
            with suppress(self.sqs.exceptions.ClientError):  # visible again already, or dealt with
                self.sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=0)

    def _sort(self, message: Mapping[str, Any]) -> None:
        if not (own := next((run_id for run_id in self.own if mentions(message["Body"], run_id)), "")):
            self._held.append(message["ReceiptHandle"])
            return
        sent = int(message["Attributes"]["SentTimestamp"]) / 1000
        self.taken.setdefault(own, []).append(Message(text=message["Body"], sent=sent))
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])


def open_dead_letters(sqs: Any, arn: str) -> DeadLetters:
    """Return a search of the queue with this ARN. Raises UsageError for one that must not be searched."""
    account, name = arn.split(":")[4:6]
    url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    if attributes.get("RedrivePolicy"):
        raise UsageError(f"queue {name}: has a redrive policy, and looking could move others' messages; take it out")
    if (there := int(attributes["ApproximateNumberOfMessages"])) > MAX_MESSAGES:
        raise UsageError(f"queue {name}: holds {there} messages; deal with them, then drill")
    return DeadLetters(sqs, url)


def mentions(text: str, name: str) -> bool:
    """Whether a text holds a name as a word of its own: ``act`` is not in ``exactly``, nor in ``act_2``."""
    return bool(name) and re.search(rf"(?<![\w.:+-]){re.escape(name)}(?![\w:+-]|\.\w)", text) is not None


@dataclass(frozen=True, slots=True)
class AirflowCanaries:
    """An Airflow in which canaries may be triggered."""

    writer: Writer
    since: datetime = field(default_factory=lambda: datetime.now(UTC) - SKEW)
    """Runs before this are none of ours."""

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Make a run of this id. Raises Absent when there is no such DAG, and Unreadable."""
        path, dialect = f"/dags/{dag_id}/dagRuns", self._reader().dialect
        made = self.writer.post(path, {"dag_run_id": run_id, "conf": dict(conf), **dialect.trigger})
        if not isinstance(made, dict) or made.get("dag_run_id") != run_id:
            raise Unreadable(f"POST {path}: does not say that it made {run_id}")

    def runs(self, dag_id: str) -> Sequence[Run]:
        """Return the runs of a DAG as they are now. Raises Absent and Unreadable."""
        return self._reader().runs(dag_id)

    def tasks(self, dag_id: str, runs: Iterable[Run]) -> Sequence[Task]:
        """Return the tasks of runs of a DAG. Raises Absent and Unreadable."""
        return self._reader().tasks(dag_id, runs)[0]

    def _reader(self) -> Reader:
        return open_reader(self.writer, since=self.since, now=datetime.now(UTC) + SKEW)


#: States in which a run stays.
_ENDED: Final = frozenset({"success", "failed"})
#: How often a run is triggered at most; with the same id, Airflow makes it once.
_TRIES: Final = 3
#: Seconds between polls of the runs and the queues.
_POLL_INTERVAL: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The target of a drill, and where its failures must arrive."""

    dag_id: str
    target: str
    """URL of the target."""
    queue: str
    topic: str
    """ARNs of the dead-letter queue and of the topic, in one region."""


@dataclass(slots=True, kw_only=True)
class _ObservedRun:
    """The state of one run so far."""

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
    over: float = 0.0

    @property
    def state(self) -> str:
        return self.airflow_run.state if self.airflow_run else ""

    @property
    def ended(self) -> bool:
        return self.given_up or self.state in _ENDED


def drill_canary(
    airflow: AirflowCanaries,
    aws: Aws,
    place: Place,
    tell: Callable[[str], None],
    *,
    patience: float,
    delivery: float,
    journal: Journal | None = None,
    modes: Sequence[str] = MODES,
) -> CanaryDrill:
    """Trigger a canary in each mode and watch each run.

    Runs have ``patience`` seconds to end, and from then on their messages ``delivery`` seconds to arrive. The messages
    that name these runs are taken from the dead-letter queue, and no others. Raises UsageError for a queue that must
    not be searched.
    """
    (region, account), started = place.queue.split(":")[3:5], datetime.now(UTC)
    letters = open_dead_letters(aws("sqs", region), place.queue)
    with closing(letters), cleanup(aws, tell, journal) as steps:
        url = subscribe_queue(account, region, (place.topic,), secrets.token_hex(16), steps)
        notifications = partial(receive_notifications, aws("sqs", region), url, 0)
        tell(f"triggering {place.dag_id}: {', '.join(modes)}")
        until = (started + timedelta(seconds=patience + delivery)).isoformat()
        runs = [_trigger_run(airflow, place, mode, letters, steps, until=until) for mode in modes]
        poll = partial(_observe, airflow, place, runs, letters, notifications)
        _wait_until(poll, lambda: all(one.ended for one in runs), patience)
        tell(f"runs as they are now: {', '.join(f'{one.mode} {one.state}' for one in runs)}")
        late = [one for one in runs if not one.ended]
        _wait_until(poll, lambda: all(_is_settled(one, letters) for one in runs), delivery)
    for one in late:  # what it leaves had not the time that is given to the others
        one.reason = one.reason or f"the run {one.run_id} had not ended after {patience:g} s; drill again"
    tried = tuple(_build_run_record(place, one, letters.taken.get(one.run_id, [])) for one in runs)
    return CanaryDrill(**asdict(place), started=started.isoformat(), tried=tried, left=tuple(steps.left))


def _trigger_run(
    airflow: AirflowCanaries, place: Place, mode: str, letters: DeadLetters, steps: Cleanup, *, until: str
) -> _ObservedRun:
    """Make a run with an id chosen beforehand: an interruption or a lost answer must not hide what it leaves."""
    now = datetime.now(UTC)
    run = _ObservedRun(mode=mode, run_id=f"{PREFIX}{mode}-{secrets.token_hex(6)}", triggered=now.timestamp())
    letters.own.append(run.run_id)
    if mode in FAILING:
        name = f"of run {run.run_id} in {place.queue}"
        known = steps.begin("dead letter", name=name, queue=place.queue, run_id=run.run_id, until=until)
        known |= {"letters": letters, "run": run}
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


@undoes("dead letter")
def _take_late_letter(
    aws: Aws,
    *,
    name: str,  # noqa: ARG001
    queue: str,
    run_id: str,
    until: str,
    letters: DeadLetters | None = None,
    run: _ObservedRun | None = None,
) -> None:
    """Take a dead letter that nobody waits for. Raises LookupError when it is not there and may still come.

    ``until`` is when a drill has waited long enough; what has not come some time later was never sent.
    """
    if letters is None:
        letters = open_dead_letters(aws("sqs", queue.split(":")[3]), queue)
        letters.own.append(run_id)
    if run_id not in letters.taken:
        with closing(letters):
            letters.collect()
    if run_id in letters.taken or (run and run.given_up):
        return
    if run is not None:
        raise LookupError("it was not there; delete it should it come")
    if datetime.now(UTC) < datetime.fromisoformat(until):
        raise LookupError(f"it was not there, and may come until {until}; recover again then")


def _wait_until(poll: Callable[[], None], done: Callable[[], bool], seconds: float) -> None:
    """Poll at least once, then until ``done`` or the seconds are over."""
    until = monotonic() + seconds
    poll()
    while not done() and monotonic() < until:
        sleep(_POLL_INTERVAL)
        poll()


def _observe(
    airflow: AirflowCanaries,
    place: Place,
    runs: Sequence[_ObservedRun],
    letters: DeadLetters,
    notifications: Callable[[], Iterator[Mapping[str, Any]]],
) -> None:
    if running := [one for one in runs if not one.ended]:
        _observe_runs(airflow, place, running)
    letters.collect()
    for notice in notifications():
        sent = datetime.fromisoformat(notice["Timestamp"]).timestamp()
        message = Message(text=f"{notice.get('Subject', '')}\n{notice['Message']}", sent=sent)
        for one in runs:
            if mentions(message.text, one.run_id):
                one.notices.append(message)
    for one in runs:
        if not one.over and one.ended and _is_settled(one, letters):
            one.over = datetime.now(UTC).timestamp()


def _observe_runs(airflow: AirflowCanaries, place: Place, running: Sequence[_ObservedRun]) -> None:
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
        began=datetime.fromtimestamp(one.triggered, UTC).isoformat(),
        over=(datetime.fromtimestamp(one.over, UTC) if one.over else datetime.now(UTC)).isoformat(),
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


def find_latest_drill(folder: Path, target: str) -> Mapping[str, Any] | None:
    """Return the record of the newest drill of a canary on a target; ``folder`` is that of the runs."""
    return next(list_records(folder / FOLDER, target, KIND), None)
