"""Runs that failed for good, and the messages that were sent to the dead-letter queue.

Receiving a message hides it from others, so none is received: CloudWatch counts those sent in each minute. What a
message says is shown by the canary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ...airflow.records import Run
from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from .. import Fact
from ..live.watching.metric_data import Query, read_series

#: Longest time until CloudWatch counts a message: one that came after idle hours.
SETTLING: Final = timedelta(minutes=15)
#: How far back CloudWatch counts by the minute; what is older it counts by five.
_BY_MINUTE: Final = timedelta(days=14)
#: When a run's message is sent: a task's a little before the run ends, the DAG's when its file is read next.
_BEFORE: Final = timedelta(minutes=1)
_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FailedRuns(Fact):
    """The runs of a DAG that failed for good; ``subject`` is the DAG's id."""

    failed: int
    unaccounted: tuple[str, ...]
    """Those without a message that nobody has acknowledged, with why."""


def observe(account: Account, queue: str, since: datetime, settling: timedelta = SETTLING) -> dict[str, Any]:
    """Return as JSON how many messages were sent to a queue, given its ARN, in each period, or why that can't be read.

    ``settling`` is how long CloudWatch may take to count a message.
    """
    period = timedelta(minutes=1 if account.now - since < _BY_MINUTE else 5)
    # CloudWatch counts the minute that has not ended, too, and the next may begin during the call
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

    ``runs`` may be those of further DAGs, such as a canary: each that failed accounts for one message. ``acknowledged``
    says by (DAG, run) what a person did.
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
    """Return the runs for which no message is left once each has taken the first that may be its own.

    The window is the same for all, so taking in order of failure leaves as few without as any way.
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
    """Describe the runs without a message. While one may still be sent or counted, nothing is known."""
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
