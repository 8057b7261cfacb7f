"""Failed runs beside the messages sent: each needs one of its own, and an unknown is no pass."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prodgate.airflow.records import Run
from prodgate.aws.account import Account
from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.facts.dags.failures import FailedRuns, dead_letter_facts, observe
from prodgate.findings import Undetermined
from prodgate.sections.dags import AIRFLOW, parse_acknowledged
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account as Emulated

NOW = datetime(2026, 11, 26, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AIRFLOWS = {"version": "3.0.6", "environment": "shop"}
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"


def failed(number: int, ago: float, dag_id: str = "collect", state: str = "failed") -> Run:
    ended = NOW - timedelta(minutes=ago)
    return Run(dag_id=dag_id, run_id=f"run-{number}", kind="scheduled", state=state, slot=ended, ended=ended)


def evidence(minutes: Mapping[float, int], **changed: Any) -> dict[str, Any]:
    """CloudWatch's answer: so many messages in the minute that began so many minutes ago."""
    told = [[(NOW - timedelta(minutes=ago)).isoformat(), count] for ago, count in sorted(minutes.items(), reverse=True)]
    stated = {"queue": QUEUE, "read": NOW.isoformat(), "settling": 900, "period": 60}
    return {**stated, "sent": told, **changed}


def of(
    runs: Sequence[Run],
    minutes: Mapping[float, int],
    known: Mapping[tuple[str, str], str] = {},
    dag_id: str = "collect",
    **changed: Any,
) -> FailedRuns:
    found = {fact.subject: fact for fact in dead_letter_facts(evidence(minutes, **changed), [dag_id], runs, known)}
    fact = found[dag_id]
    assert isinstance(fact, FailedRuns)
    return fact


def names(fact: FailedRuns) -> list[str]:
    return [one.partition(":")[0] for one in fact.unaccounted]


def test_a_failed_run_with_a_message_is_accounted_for() -> None:
    fact = of([failed(1, 60), failed(2, 90, state="success")], {60: 1})
    assert (fact.failed, fact.unaccounted) == (1, ())


TWO, CANARY = [failed(1, 60), failed(2, 59)], [failed(1, 60.5, "canary"), failed(2, 60)]


@pytest.mark.parametrize(
    ("runs", "sent", "silent"),
    [
        *(([failed(1, 60)], sent, ["run-1"]) for sent in ({}, {62: 1}, {49: 1})),
        *(([failed(1, 60)], sent, []) for sent in ({61: 1}, {60: 1}, {50: 1})),
        (TWO, {59: 1}, ["run-2"]),
        (TWO, {59: 2}, []),
        (TWO, {59: 1, 55: 1}, []),
        (CANARY, {60: 1}, ["run-2"]),
        (CANARY[1:], {60: 1}, []),
    ],
)
def test_each_run_needs_a_message_of_its_own_around_its_end(
    runs: list[Run], sent: Mapping[float, int], silent: list[str]
) -> None:
    assert names(of(runs, sent)) == silent


def test_what_a_person_dealt_with_needs_no_message() -> None:
    known = parse_acknowledged(["collect/run-1: the source had moved; run again by Sato"])
    assert of([failed(1, 60)], {}, known).unaccounted == ()
    assert names(of([failed(1, 60)], {}, known, dag_id="collect")) == []
    assert names(of([failed(1, 60, "other")], {}, known, dag_id="other")) == ["run-1"]


def test_while_cloudwatch_may_still_tell_nothing_is_known() -> None:
    with pytest.raises(Undetermined, match="run-1: ended less than 15 min ago"):
        _ = of([failed(1, 14)], {}).unaccounted
    assert of([failed(1, 14)], {13: 1}).unaccounted == ()
    assert names(of([failed(1, 14)], {}, settling=60)) == ["run-1"]
    assert names(of([failed(1, 14), failed(2, 60)], {})) == ["run-2"]


def test_what_cloudwatch_did_not_tell_is_undetermined_where_a_run_failed() -> None:
    unread = {"unreadable": "denied"}
    with pytest.raises(Undetermined, match="denied"):
        _ = of([failed(1, 60)], {}, sent=unread).unaccounted
    assert of([failed(1, 60, state="success")], {}, sent=unread).unaccounted == ()
    known = {("collect", "run-1"): "done"}
    assert of([failed(1, 60)], {}, known, sent=unread).unaccounted == ()


def test_a_run_without_an_end_is_told() -> None:
    run = Run(dag_id="collect", run_id="run-1", kind="scheduled", state="failed", slot=NOW)
    assert of([run], {60: 1}).unaccounted == ("run-1: no message was sent when it ended",)


@given(st.lists(st.integers(20, 40), max_size=6), st.lists(st.integers(15, 45), max_size=6))
def test_taking_the_first_leaves_as_few_as_possible(ends: list[int], minutes: list[int]) -> None:
    runs = [failed(number, ago) for number, ago in enumerate(ends)]
    sent = {float(ago): minutes.count(ago) for ago in minutes}
    fits = {
        number: [place for place, at in enumerate(minutes) if ago - 10 <= at <= ago + 1]
        for number, ago in enumerate(ends)
    }
    assert len(of(runs, sent, settling=0).unaccounted) == len(runs) - matched(fits)


def matched(fits: Mapping[int, list[int]]) -> int:
    """How many can be matched at most: each in turn, those before moving over."""
    taken: dict[int, int] = {}

    def place(one: int, tried: set[int]) -> bool:
        for each in fits[one]:
            if each not in tried:
                tried.add(each)
                if each not in taken or place(taken[each], tried):
                    taken[each] = one
                    return True
        return False

    return sum(place(one, set()) for one in fits)


@pytest.mark.parametrize(
    "line", ["collect/run-1", "collect: done", "collect/run 1: done", "collect/run-1: ", "collect/run-1:done", 7]
)
def test_an_acknowledgement_says_which_run_and_what_was_done(line: Any) -> None:
    (mistake,) = AIRFLOW.find("airflow", {**AIRFLOWS, "acknowledged": [line]})
    assert mistake.startswith(f"airflow.acknowledged: {line!r} does not say which run")


def test_acknowledgements_are_a_list() -> None:
    (mistake,) = AIRFLOW.find("airflow", {**AIRFLOWS, "acknowledged": "collect/run-1: done"})
    assert mistake.startswith("airflow.acknowledged: is 'collect/run-1: done'")
    stated = {**AIRFLOWS, "acknowledged": ["a.b/scheduled__2026-11-20T00:00:00+00:00: the source moved"]}
    assert list(AIRFLOW.find("airflow", stated)) == []
    assert parse_acknowledged(["a.b/x: y: z"]) == {("a.b", "x"): "y: z"}


Seen = Callable[[], Account]


@pytest.fixture
def dead(account: Emulated) -> Iterator[tuple[Emulated, Seen]]:
    """An emulated account with a dead-letter queue, and a function that returns the gate's present view of it."""
    account("sqs").create_queue(QueueName="dead")
    policy = json.dumps({"deadLetterTargetArn": QUEUE, "maxReceiveCount": 3})
    account("sqs").create_queue(QueueName="work", Attributes={"RedrivePolicy": policy})
    with ThreadPoolExecutor(2, thread_name_prefix="calls") as pool:
        calls = LiveCalls(rehearsal_clients(account.endpoint, REGION, reads=True))
        nothing: Any = lambda _: {}  # noqa: E731
        stated: dict[str, Any] = {"calls": calls, "pool": pool, "declared": nothing, "files": nothing}
        yield account, lambda: Account(id=ACCOUNT, region=REGION, now=datetime.now(UTC), **stated)


@pytest.mark.once
@pytest.mark.xdist_group("emulator")
@pytest.mark.parametrize("days", [1, 30])
def test_an_account_is_asked_what_was_sent(dead: tuple[Emulated, Seen], days: int) -> None:
    account, seen = dead
    url = account("sqs").get_queue_url(QueueName="dead")["QueueUrl"]
    account("sqs").send_message(QueueUrl=url, MessageBody="one")
    entries = [{"Id": "a", "MessageBody": "two"}, {"Id": "b", "MessageBody": "three"}]
    account("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    told = json.loads(json.dumps(observe(seen(), QUEUE, datetime.now(UTC) - timedelta(days=days))))
    assert told["period"] == (60 if days == 1 else 300)
    assert sum(count for _, count in told["sent"]) == 3
    run = Run(dag_id="collect", run_id="r", kind="scheduled", state="failed", slot=None, ended=datetime.now(UTC))
    (fact,) = dead_letter_facts(told, ["collect"], [run], {})
    assert isinstance(fact, FailedRuns)
    assert fact.unaccounted == ()


@pytest.mark.once
@pytest.mark.xdist_group("emulator")
def test_a_queue_to_which_nothing_was_sent_says_so(dead: tuple[Emulated, Seen]) -> None:
    _, seen = dead
    told = observe(seen(), QUEUE, datetime.now(UTC) - timedelta(days=1))
    assert told["sent"] == []


@pytest.mark.once
@pytest.mark.xdist_group("emulator")
def test_what_is_denied_is_unreadable(dead: tuple[Emulated, Seen]) -> None:
    account, seen = dead
    account.fault(service="cloudwatch", operation="GetMetricData", code="AccessDenied")
    told = observe(seen(), QUEUE, datetime.now(UTC) - timedelta(days=1))
    assert "GetMetricData" in told["sent"]["unreadable"]
