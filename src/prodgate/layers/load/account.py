"""What CloudWatch counted while a real site was under load: awaited, and stored as evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from time import sleep
from typing import TYPE_CHECKING, Any, Final

from ...aws.answers import Absent, Unreadable
from ...criteria import UsageError
from ...facts.load.account_view import PROFILES, account_at, host_of, view_through
from ...facts.load.ingress import IngressCounts, count_at_ingress
from ...facts.load.whole_minutes import find_whole_minutes
from ..layer import LayerContext
from ..observing_layer import Evidence
from .kinds import ACCOUNT

if TYPE_CHECKING:
    from ..live.target import LiveTarget

#: How long CloudWatch may still add to a minute, how long it is waited for at most, and seconds between queries.
SETTLED: Final = timedelta(minutes=3)
LATEST: Final = timedelta(minutes=10)
PAUSE: Final = 20.0


def observe_account(all_runs: Iterable[Mapping[str, Any]], context: LayerContext) -> Iterator[Evidence]:
    """Yield what the account counted in the minutes of the runs; nothing in a rehearsal, where the site has a log."""
    runs = [run for run in all_runs if run["record"]["profile"]["name"] in PROFILES]
    if context.target.rehearsal or not runs:
        return
    from ..live.target import open_target  # noqa: PLC0415  boto3 takes as long to import as all the rest

    kept: dict[str, Any] = {"unreadable": "", "foreign": context.stated.foreign, "answers": []}
    try:
        with open_target(context) as target:
            kept |= {"id": target.id, "region": target.region, "library": target.library}
            for run in runs:
                _query_counts(target, run, kept, context)
            kept["answers"] = [
                {"service": service, "region": region, "calls": calls}
                for service, region, calls in target.calls.recording.by_place()
            ]
    except UsageError as error:
        kept["unreadable"] = str(error)
    source = f"CloudWatch, asked with {kept.get('library', 'nothing')}"
    yield Evidence(kind=ACCOUNT, value=kept, subject=context.stated.account or context.target.url, source=source)


def _query_counts(target: LiveTarget, run: Mapping[str, Any], about: Mapping[str, Any], context: LayerContext) -> None:
    """Wait for the counts of a run, then make every call that its facts need, so that the answers are recorded."""
    name, calls = run["record"]["profile"]["name"], target.calls
    with suppress(Absent, Unreadable):  # whoever makes facts of it meets the same answer
        begun, ended = find_whole_minutes(run["record"])
        told = partial(
            context.progress, f"load: {name}: waiting until CloudWatch tells of the minutes before {ended:%H:%M} UTC"
        )

        def look() -> IngressCounts | None:
            with account_at(ended, calls, about) as account:
                return count_at_ingress(account, host_of(run["record"]), about["foreign"], begun)

        if wait_until_settled(look, begun, ended, told) is None:
            context.note("load", f"account {target.id} has no distribution and no load balancer that counts requests")
        tuple(view_through(calls, run, about))


def wait_until_settled(
    look: Callable[[], IngressCounts | None],
    begun: datetime,
    ended: datetime,
    told: Callable[[], object],
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: Callable[[float], object] = sleep,
) -> IngressCounts | None:
    """Query until every minute has a count and two answers agree, or until LATEST; return the last answer."""
    before: IngressCounts | None = None
    while True:
        seen = look()
        again = seen == before and seen is not None and not seen.missing(begun, ended)
        if seen is None or now() >= ended + LATEST or (again and now() >= ended + SETTLED):
            return seen
        told()
        before = seen
        wait(PAUSE)
