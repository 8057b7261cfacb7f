"""The requests of a run as the account that serves them counted them, in the whole minutes of the run.

Meanwhile there are other readers, a cache answers a part of the requests, and clocks differ. So no numbers are expected
to be equal; only what none of this can explain is held against a run:

- The entrance, which is the distribution that serves the host or else the load balancers, counted no fewer requests
  than were answered, and no fewer 5xx than readers saw. Fewer means that something else answered them.
- Answers that certainly came from targets (all of them, or behind a distribution those that no cache may give) are
  among all that load balancers timed. However slow the others were, their 95th percentile lies between two percentiles
  of all. If what readers measured lies outside, they wait where no alarm sees it, or the measurement hides a wait.

That CloudFront counts more 5xx than the load balancers proves nothing: it answers errors from its cache, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.account import Account, Calls
from ...aws.answers import Absent, Unreadable
from ...aws.recording import recall
from ...quantities import Quantity
from .. import Fact
from .ingress import IngressCounts, count_at_ingress, percentile_range
from .server_view import p95
from .soundness import percent, run_name
from .whole_minutes import count_sent, find_whole_minutes

#: Profiles whose run is compared with what the account counted.
PROFILES: Final = ("steady", "surge")
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EntranceCount(Fact):
    """A run as the entrance of the account counted it; ``subject`` names both."""

    answered: int
    """Requests that readers had answered within the minutes, with success or without."""
    unknown: Quantity
    """Share of them that the account did not count."""
    unknown_errors: Quantity
    """5xx that the account did not count, as a share of all answers."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BalancerTimes(Fact):
    """A run as load balancers timed it; ``subject`` names both."""

    answers: int
    """Successes that certainly came from their targets."""
    client_p95: Quantity
    """Their 95th percentile, from the intended send to the last byte."""
    least: Quantity
    """Lower limit of their 95th percentile as load balancers timed it."""
    most: Quantity
    """Its upper limit."""
    apart: Quantity
    """How far outside these limits the readers' own is; 0 within."""


@contextmanager
def account_at(now: datetime, calls: Calls, about: Mapping[str, Any]) -> Iterator[Account]:
    """Yield an account as it was at a time; ``about`` holds its id and region."""
    with ThreadPoolExecutor(1, thread_name_prefix="calls") as pool:
        nothing: Any = lambda _: {}  # noqa: E731
        yield Account(
            id=about["id"], region=about["region"], now=now, calls=calls, pool=pool, declared=nothing, files=nothing
        )


def account_view(stored: Mapping[str, Any], account: Mapping[str, Any] | None) -> Iterator[Fact]:
    """Yield a run as the account saw it; ``account`` is what was kept of it, None if it was not asked.

    Nothing for a run whose server's own log was read.
    """
    if stored["server"] is not None or stored["record"]["profile"]["name"] not in PROFILES:
        return
    if account is None or account["unreadable"]:
        reason = "the account was not asked" if account is None else account["unreadable"]
        yield from _unread(stored, reason)
    else:
        yield from view_through(recall(account["answers"]), stored, account)


def view_through(calls: Calls, stored: Mapping[str, Any], about: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield a run as the account that answers calls saw it; nothing if nothing in it counts requests."""
    record = stored["record"]
    try:
        begun, ended = find_whole_minutes(record)
        with account_at(ended, calls, about) as account:
            seen = count_at_ingress(account, host_of(record), about["foreign"], begun)
            if seen is not None:
                yield _entrance_count(stored, seen, begun, ended)
                yield from _balancer_times(stored, seen, account, begun)
    except Unreadable as error:
        yield from _unread(stored, error.reason)
    except Absent as error:
        yield from _unread(stored, f"AWS answered {error.code}, where it should list what there is")


def host_of(record: Mapping[str, Any]) -> str:
    """Return the name of the host that was put under load."""
    return urlsplit(record["host"]).hostname or ""


def _entrance_count(stored: Mapping[str, Any], seen: IngressCounts, begun: datetime, ended: datetime) -> EntranceCount:
    own, requests = count_sent(stored["record"], begun, ended), int(sum(seen.requests.values()))
    subject = f"{run_name(stored)}, as {seen.entrance} counts"
    if missing := seen.missing(begun, ended):
        reason = (
            f"CloudWatch tells no requests of {seen.entrance} in {len(missing)} of {(ended - begun) // _MINUTE} minutes"
            f", first at {missing[0]:%H:%M} UTC: it is late, or the load does not come here; look there, and run again"
        )
        return EntranceCount.unread(subject, reason, answered=own.answered)
    return EntranceCount(
        subject=subject,
        answered=own.answered,
        unknown=percent(own.answered - requests, own.answered),
        unknown_errors=percent(own.errors - seen.errors, own.answered),
    )


def _balancer_times(
    stored: Mapping[str, Any], seen: IngressCounts, account: Account, begun: datetime
) -> Iterator[BalancerTimes]:
    """Compare response times, if a part of the load certainly came to targets of load balancers."""
    own = count_sent(stored["record"], begun, account.now)
    took = own.took_uncached if seen.cached else own.took
    client, answers = p95(took), sum(took.values())
    if client is None or not seen.balancers:
        return
    subject = f"{run_name(stored)}, as {len(seen.balancers)} load balancers time it"
    try:
        compared = _compare_percentiles(account, seen, client, answers, begun)
    except Unreadable as error:
        yield BalancerTimes.unread(subject, error.reason, answers=answers, client_p95=client)
    else:
        yield BalancerTimes(subject=subject, answers=answers, client_p95=client, **compared)


def _compare_percentiles(
    account: Account, seen: IngressCounts, client: Quantity, own: int, begun: datetime
) -> dict[str, Quantity]:
    if seen.answers < own:
        raise Unreadable(
            f"load balancers timed {seen.answers:,} answers, and readers had {own:,} that no cache may give: "
            "something else gave them, or CloudWatch is late; name what a cache may answer in the locustfile"
        )
    least, most = (1000 * seconds for seconds in percentile_range(account, seen, own, begun))
    apart = max(least - client.magnitude, client.magnitude - most, Decimal(0))
    told = {"least": least, "most": most, "apart": apart}
    return {name: Quantity.of(value.quantize(Decimal("0.1"), ROUND_UP), "ms") for name, value in told.items()}


def _unread(stored: Mapping[str, Any], reason: str) -> Iterator[Fact]:
    subject = f"{run_name(stored)}, as the account counts"
    yield EntranceCount.unread(subject, reason)
    yield BalancerTimes.unread(subject, reason)
