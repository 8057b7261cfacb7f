"""The account is asked when it may know something, and its answers are kept and yield the same facts again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.criteria import UsageError
from prodgate.evidence import journal, runs
from prodgate.evidence.artifacts import load_json
from prodgate.facts import Facts
from prodgate.facts.load.account_view import BalancerTimes, EntranceCount
from prodgate.facts.load.ingress import IngressCounts
from prodgate.findings import Undetermined
from prodgate.layers.layer import LayerContext
from prodgate.layers.load import account as account_layer
from prodgate.layers.load.account import LATEST, PAUSE, SETTLED, wait_until_settled
from prodgate.layers.load.kinds import ACCOUNT, RECORD
from prodgate.layers.load.layer import LoadLayer
from prodgate.layers.load.target import LoadTarget
from prodgate.layers.observing_layer import Evidence
from prodgate.sections.targets import Target
from tests.loadtests.counted_account import EACH, HOST, MINUTES, balancer, distribution, run, tell_of_balancer
from tests.loadtests.counted_account import tell_of_distribution as tell
from tests.prodgate.layers.context import layer_context, observe_and_recall
from tests.prodgate.rehearsal.emulated import REGION, Account, Zygote

pytestmark = pytest.mark.xdist_group("emulator")
CRITERIA = """
system = "shop"

[account]
id = "123456789012"
exempt = ["other-*"]

[criteria.load-counts-agree]
statement = { en = "Agrees.", ja = "一致する。" }
why = "Nobody sees it."
require = "<= 0.1 %"
source = "X-1"
layers = ["load"]
"""


@pytest.fixture(scope="module")
def account(zygote: Zygote) -> Iterator[Account]:
    with zygote.branch() as running:
        tell(running, distribution(running, HOST), EACH, EACH)
        tell_of_balancer(running, balancer(running), EACH, EACH)
        yield running


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LayerContext:
    """An observation of a real account, whose load was run before."""

    @contextmanager
    def opened(_at: LayerContext, _section: Any) -> Iterator[LoadTarget]:
        yield LoadTarget(f"https://{HOST}", f"https://{HOST}")

    def carried_out(*_given: Any) -> Iterator[Evidence]:
        yield Evidence(kind=RECORD, value=run(), subject="steady", source="Locust")

    monkeypatch.setattr("prodgate.layers.load.runs.require_section", lambda _at: None)
    monkeypatch.setattr("prodgate.layers.load.runs.run_profiles", carried_out)
    monkeypatch.setattr("prodgate.layers.load.target.open_target", opened)
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    return layer_context(tmp_path, "load", f"aws://prod@{REGION}")


def opens(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    clients = rehearsal_clients(account.endpoint, REGION, reads=True, attempts=1)
    monkeypatch.setattr("prodgate.layers.live.target.open_account", lambda *_given: LiveCalls(clients))


def observed(context: LayerContext) -> Facts:
    return observe_and_recall(LoadLayer(), context)


def test_what_the_account_counted_is_asked_kept_and_recalled(
    context: LayerContext, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(monkeypatch, account)
    seen = observed(context)
    (count,), (times,) = seen.of(EntranceCount), seen.of(BalancerTimes)
    assert (str(count.unknown), str(count.unknown_errors), str(times.apart)) == ("0 %", "0 %", "10 ms")
    (kept,) = [one for one in runs.read(context.run).facts if one["kind"] == ACCOUNT]
    answers = load_json(context.run, kept["digest"])["answers"]
    assert {one["service"] for one in answers} == {"cloudfront", "cloudwatch", "elbv2"}
    assert all(call["requests"][0]["id"] for one in answers for call in one["calls"])


def test_a_denied_answer_is_kept_as_one(
    context: LayerContext, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(monkeypatch, account)
    account.fault(service="cloudwatch", kind="deny")
    try:
        (count,) = observed(context).of(EntranceCount)
    finally:
        account.heal()
    with pytest.raises(Undetermined, match="access denied .* allow cloudwatch:GetMetricData"):
        _ = count.unknown


def test_an_account_that_can_not_be_opened_is_said(context: LayerContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: Any) -> LiveCalls:
        raise UsageError("profile 'prod': is not configured")

    monkeypatch.setattr("prodgate.layers.live.target.open_account", refuse)
    (count,) = observed(context).of(EntranceCount)
    with pytest.raises(Undetermined, match="profile 'prod': is not configured"):
        _ = count.unknown_errors


def test_an_account_that_is_not_stated_is_not_opened(context: LayerContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.layers.live.target.open_account", pytest.fail)
    (times,) = observed(replace(context, stated=replace(context.stated, account=""))).of(BalancerTimes)
    with pytest.raises(Undetermined, match=r"criteria\.toml: names no account; write \[account\] with id"):
        _ = times.apart


def test_who_is_interrupted_while_waiting_knows_nothing_of_the_account(
    context: LayerContext, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_given: Any) -> None:
        raise KeyboardInterrupt

    opens(monkeypatch, account)
    monkeypatch.setattr(account_layer, "wait_until_settled", interrupt)
    with pytest.raises(KeyboardInterrupt):
        LoadLayer().observe(context)
    (count,) = LoadLayer().recall(context.run, runs.read(context.run).facts).of(EntranceCount)
    with pytest.raises(Undetermined, match="the account was not asked"):
        _ = count.unknown


def test_a_rehearsal_has_its_own_log_and_no_account_is_opened(
    context: LayerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prodgate.layers.live.target.open_account", pytest.fail)
    assert list(account_layer.observe_account([run()], replace(context, target=Target("rehearsal://")))) == []
    deploy = run(profile={**run()["record"]["profile"], "name": "deploy"})
    assert list(account_layer.observe_account([deploy], context)) == []


def test_where_nothing_counts_requests_that_is_noted(
    context: LayerContext, zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zygote.branch() as empty:
        opens(monkeypatch, empty)
        assert observed(context).of(EntranceCount) == ()
    notes = [one["text"] for one in journal.read(context.journal.path) if one["event"] == "note"]
    assert notes == ["account 123456789012 has no distribution and no load balancer that counts requests"]


BEGUN, ENDED = MINUTES[0], MINUTES[1] + timedelta(minutes=1)


class Clock:
    """A clock that moves when somebody waits, and what CloudWatch tells by the seconds since the last minute ended."""

    def __init__(self, tells: Callable[[float], Any]) -> None:
        self.time, self.looks, self._tells = ENDED + timedelta(seconds=30), 0, tells

    def look(self) -> IngressCounts | None:
        self.looks += 1
        told = self._tells((self.time - ENDED).total_seconds())
        return told and IngressCounts(
            entrance="distribution E1",
            requests={minute: Decimal(count) for minute, count in zip(MINUTES, told, strict=False)},
            errors=0,
            cached=True,
            balancers=(),
            answers=0,
        )

    def wait(self, seconds: float) -> None:
        assert seconds == PAUSE
        self.time += timedelta(seconds=seconds)

    def settled(self) -> Any:
        return wait_until_settled(self.look, BEGUN, ENDED, lambda: None, now=lambda: self.time, wait=self.wait)

    @property
    def waited(self) -> timedelta:
        return self.time - ENDED


@pytest.mark.parametrize(
    ("tells", "last", "waited"),
    [
        (lambda _: (5, 6), (5, 6), SETTLED + timedelta(seconds=10)),
        (lambda late: (5, 6) if late > 200 else (5,), (5, 6), timedelta(seconds=230)),
        (lambda late: (5, min(int(late), 300)), (5, 300), timedelta(seconds=330)),
        (lambda _: (5,), (5,), LATEST + timedelta(seconds=10)),
        (lambda late: (5, int(late)), (5, 610), LATEST + timedelta(seconds=10)),
        (lambda _: None, None, timedelta(seconds=30)),
    ],
)
def test_it_is_waited_until_every_minute_is_told_and_stays_as_it_is(
    tells: Callable[[float], Any], last: Any, waited: timedelta
) -> None:
    clock = Clock(tells)
    seen = clock.settled()
    assert (seen and tuple(seen.requests.values()), clock.waited) == (last, waited)


def test_of_minutes_long_ago_nothing_is_waited_for() -> None:
    clock = Clock(lambda _: (5,))
    clock.time = datetime(2026, 2, 1, tzinfo=UTC)
    clock.settled()
    assert clock.looks == 1
