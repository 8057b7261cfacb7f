"""Failures: runs that failed for good, the drill of the canary, and the destinations of failures.

Receiving a message hides it from others, so nothing receives any: CloudWatch counts those sent in each minute. Only the
canary shows the content of a message.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ...airflow.records import Run
from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from ...criteria import suggest
from ...quantities import Quantity
from .. import Fact
from ..live.airflow import list_environments
from ..live.cloudwatch import Query, read_series
from ..live.permissions import read_rights
from ..live.queues import find_dead_letter_sources, list_queues, may_send
from ..live.stores import list_topics

#: The longest time until CloudWatch counts a message, such as one that came after idle hours.
SETTLING: Final = timedelta(minutes=15)
#: How far back CloudWatch counts by the minute; older ones it counts by five.
_BY_MINUTE: Final = timedelta(days=14)
#: When a run's message is sent: a task's a little before the run ends, the DAG's when its file is read next.
_BEFORE: Final = timedelta(minutes=1)
_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FailedRuns(Fact):
    """The runs of a DAG that failed for good; ``subject`` is the DAG's id."""

    failed: int
    unaccounted: tuple[str, ...]
    """Runs without a message that nobody has acknowledged, with the reason."""


def observe(account: Account, queue: str, since: datetime, settling: timedelta = SETTLING) -> dict[str, Any]:
    """Return as JSON how many messages were sent to a queue, by ARN, in each period, or why that can't be read.

    ``settling`` is how long CloudWatch may take to count a message.
    """
    period = timedelta(minutes=1 if account.now - since < _BY_MINUTE else 5)
    # CloudWatch also counts the minute that has not ended, and the next may begin during the call
    whole = replace(account, now=account.now.replace(second=0, microsecond=0) + timedelta(minutes=2))
    return {
        "queue": queue,
        "read": account.now.isoformat(),
        "settling": settling.total_seconds(),
        "period": period.total_seconds(),
        "sent": _list_sent(whole, queue, since, period),
    }


def dead_letter_facts(
    evidence: Mapping[str, Any],
    dag_ids: Sequence[str],
    runs: Iterable[Run],
    acknowledged: Mapping[tuple[str, str], str],
) -> Iterator[Fact]:
    """Yield for each DAG the failed runs that nothing accounts for.

    ``runs`` may include those of further DAGs, such as a canary: each that failed accounts for one message.
    ``acknowledged`` holds a person's action by (DAG, run).
    """
    failed, sent = [run for run in runs if run.state == "failed"], evidence["sent"]
    unread = Unread(sent["unreadable"]) if isinstance(sent, Mapping) else None
    silent = [] if unread else _find_runs_without_message(failed, sent, timedelta(seconds=evidence["period"]))
    for dag_id in dag_ids:
        own = [run for run in failed if run.dag_id == dag_id]
        asked = [run for run in own if (dag_id, run.run_id) not in acknowledged]
        unaccounted: Any = _describe_unaccounted([run for run in asked if run in silent], evidence)
        if asked and unread:
            unaccounted = unread
        yield FailedRuns(subject=dag_id, failed=len(own), unaccounted=unaccounted)


def _list_sent(account: Account, queue: str, since: datetime, period: timedelta) -> Any:
    query = Query("AWS/SQS", "NumberOfMessagesSent", (("QueueName", queue.rpartition(":")[2]),), "Sum")
    try:
        sent = read_series(account, [query], window=account.now - since + period, period=period)[query]
    except Unreadable as error:
        return {"unreadable": error.reason}
    return [[start.isoformat(), int(count)] for start, count in sorted(sent.items()) if count]


def _find_runs_without_message(failed: Iterable[Run], sent: Iterable[Sequence[Any]], period: timedelta) -> list[Run]:
    """Return the runs left without a message once each has taken the first that may be its own.

    The window is the same for all, so no other order leaves fewer runs without one than taking in order of failure.
    """
    left = [[datetime.fromisoformat(start), count] for start, count in sent]
    without = [run for run in failed if run.ended is None]
    for end, run in sorted(((run.ended, run) for run in failed if run.ended), key=lambda pair: pair[0]):
        fits = (one for one in left if one[1] and end - _BEFORE < one[0] + period and one[0] <= end + _AFTER)
        if own := next(fits, None):
            own[1] -= 1
        else:
            without.append(run)
    return without


def _describe_unaccounted(runs: Iterable[Run], evidence: Mapping[str, Any]) -> Any:
    """Describe the runs without a message; nothing is known while one may still be sent or counted."""
    told = datetime.fromisoformat(evidence["read"]) - timedelta(seconds=evidence["settling"])
    open_ = [run for run in runs if run.ended and run.ended > told]
    certain = tuple(
        f"{run.run_id}: no message was sent when it ended{f' at {run.ended:%Y-%m-%dT%H:%M:%SZ}' if run.ended else ''}"
        for run in runs
        if run not in open_
    )
    if open_ and not certain:
        names = ", ".join(run.run_id for run in open_)
        minutes = f"{evidence['settling'] / 60:g} min"
        return Unread(
            f"{names}: ended less than {minutes} ago, and CloudWatch may not tell of a message before; run it again"
        )
    return certain


#: The names that a message must contain: a dead letter so that its run can be repeated, a notice so that people
#: understand it.
_OF_LETTER = ("dag", "run")
_OF_NOTICE = ("dag", "run", "task")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Retried(Fact):
    """A run whose task was made to fail once; ``subject`` is such as ``canary: retry``."""

    age: Quantity
    """How long ago the drill began."""
    run_id: str
    state: str
    """In Airflow's words; empty if the run was never seen."""
    tries: int
    dead_letters: int
    """Must be 0, since nothing failed for good."""

    @property
    def succeeded(self) -> bool:
        """Whether the run did what a retry is for."""
        return self.state == "success" and self.tries > 1 and not self.dead_letters


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KilledOrFailed(Fact):
    """A run that was made to fail for good; ``subject`` is such as ``canary: kill``."""

    age: Quantity
    run_id: str
    state: str
    tries: int
    dead_letter: Quantity | None
    """Time from the run's end to its message in the dead-letter queue; None if there was none."""
    notice: Quantity | None
    """Time from the run's end to its first notification."""
    unkept: str
    """The fault of its dead letter; empty if one names DAG and run. Airflow may run a callback twice."""
    untold: str
    """The fault of its notice; empty if one names DAG, run and task."""


def canary_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the facts in a drill's record for each mode of the canary; it was ``asked`` for at that time."""
    asked, began = (datetime.fromisoformat(record[key]) for key in ("asked", "started"))
    age = Quantity.lasting(asked - began, "s", at_most=True)
    for one in record["tried"]:
        subject = f"{record['dag_id']}: {one['mode']}"
        yield _retry_fact(subject, one, age) if one["mode"] == "retry" else _failure_fact(subject, one, age)


def _retry_fact(subject: str, one: Mapping[str, Any], age: Quantity) -> Retried:
    fact = Retried(
        subject=subject,
        age=age,
        run_id=one["run_id"],
        state=one["state"],
        tries=one["tries"],
        dead_letters=one["dead_letters"],
    )
    flaw = "" if fact.succeeded else f"the run is {one['state'] or 'not seen'} after {one['tries']} tries"
    why = one["reason"] or _describe_disturbance(one, flaw)
    return Retried.unread(subject, why, age=age, run_id=one["run_id"]) if why else fact


def _failure_fact(subject: str, one: Mapping[str, Any], age: Quantity) -> KilledOrFailed:
    if one["reason"]:
        return KilledOrFailed.unread(subject, one["reason"], age=age, run_id=one["run_id"])
    wrong = "" if one["state"] == "failed" else f"the run is {one['state'] or 'not seen'}, and had to fail; "
    letter = _describe_flaw("message", one["dead_letters"], one["letter_names"], _OF_LETTER)
    notice = _describe_flaw("notice", one["notices"], one["notice_names"], _OF_NOTICE)
    unkept, untold = (_mark_doubt(one, f"{wrong}{flaw}".removesuffix("; ")) for flaw in (letter, notice))
    return KilledOrFailed(
        subject=subject,
        age=age,
        run_id=one["run_id"],
        state=one["state"],
        tries=one["tries"],
        dead_letter=_seconds(one["dead_letter"]),
        notice=_seconds(one["notice"]),
        unkept=unkept,
        untold=untold,
    )


def _mark_doubt(one: Mapping[str, Any], flaw: str) -> Any:
    """Return a flaw, as unknown where the machine was not in order: what came did come, and the rest may be late."""
    why = _describe_disturbance(one, flaw)
    return Unread(why) if why else flaw


def _describe_disturbance(one: Mapping[str, Any], flaw: str) -> str:
    return f"{flaw}, while {one['disturbed']}; drill again" if flaw and one.get("disturbed") else ""


def _describe_flaw(kind: str, number: int, names: list[str], wanted: tuple[str, ...]) -> str:
    lacking = [what for what in wanted if what not in names]
    if not number:
        return f"no {kind}"
    return f"the {kind} does not name the {' and the '.join(lacking)}" if lacking else ""


def _seconds(value: float | None) -> Quantity | None:
    return None if value is None else Quantity.seconds(Quantity.parse(f"{value:.3f} s").magnitude)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDestinations:
    """The ARNs to which an environment may send its failures."""

    environment: str
    """Its name."""
    queue: str
    topic: str


def find_failure_destinations(account: Account, environment: str = "", role: str = "") -> FailureDestinations:
    """Return the destinations of an environment, or of the only one. Raises Unreadable if they are not certain.

    They are those that its execution role may send to, under the keys that encrypt them, so that no file has to name
    them. Elsewhere than on MWAA it is the ``role`` of the workers.
    """
    name = environment
    if not role:
        roles = {one["Name"]: one["ExecutionRoleArn"] for one in list_environments(account)}
        where = "name it in [airflow] environment, or write the role of the workers at url"
        name = name or _require_one("Airflow environment", [*roles], where)
        if name not in roles:
            raise Unreadable(f"there is no Airflow environment {name!r}{suggest(name, roles)}")
        role = roles[name]
    sources = find_dead_letter_sources(account)
    queues = (one for one in list_queues(account) if one.get("QueueArn") in sources)
    topics = ({**row, "TopicArn": arn} for arn, row in account.once(list_topics))
    return FailureDestinations(
        environment=name,
        queue=_find_allowed(account, role, "sqs:SendMessage", "dead-letter queue", queues),
        topic=_find_allowed(account, role, "sns:Publish", "topic", topics),
    )


def _find_allowed(account: Account, role: str, action: str, kind: str, places: Iterable[Mapping[str, str]]) -> str:
    allowed = read_rights(account, role)
    found = [
        place.get("QueueArn") or place["TopicArn"]
        for place in places
        if may_send(account, role, allowed, action, place)
    ]
    remedy = f"allow it {action} on one, and its key where a customer's encrypts it"
    return _require_one(f"{kind} that {role} may send to", [*dict.fromkeys(found)], remedy)


def _require_one(kind: str, found: Sequence[str], remedy: str) -> str:
    if len(found) != 1:
        raise Unreadable(
            f"there is {'more than one' if found else 'no'} {kind}: {', '.join(found) or 'none'}; {remedy}"
        )
    return found[0]
