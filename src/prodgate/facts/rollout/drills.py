"""Releases that were made to fail on purpose, and a good one, with their results and leftovers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...aws.answers import Unread, Unreadable
from ...estimates import UNBOUNDED, Estimate
from ...quantities import Quantity
from .. import Fact
from .deployments import OVER, State
from .requests import require_stream
from .watched import Away, Look, Route, find_away, looks_at, require_routes, state_of

#: Version of the records of drills.
FORMAT: Final = 1
#: The build of a drill that readers reach before it is rolled back: it is healthy, and fails only on their requests.
IN_PUBLIC: Final = "failing-in-public"
#: Builds of a drill that must be rolled back: one that never becomes healthy, one whose hook fails, and the one that
#: fails in public.
BAD: Final = ("never-healthy", "failing-hook", IN_PUBLIC)
#: Words in the state of a deployment that only a person's request puts there.
_BY_A_PERSON: Final = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "MANUAL_STOP")
#: Statuses of a pause that waits for a person, or that one has ended. One that nobody ended is TIMED_OUT.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentLifecycleHookDetail.html
_PAUSED_FOR_A_PERSON: Final = ("AWAITING_ACTION", "SUCCEEDED", "FAILED")
#: CodeDeploy's status while traffic waits for a person to move it.
#: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentReadyOption.html
_AWAITS_A_PERSON: Final = "Ready"


#: The fields of a drilled release that describe faults.
FLAWS: Final = ("ended", "by_person", "not_back", "left", "failed")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DrilledRelease(Fact):
    """A build that was deployed in a drill; ``subject`` is such as ``build never-healthy``."""

    age: Quantity
    """How long ago the drill began."""
    ended: str
    """Services that did not end as they had to; empty if all did."""
    by_person: str
    """The signs that a person stopped it; empty if nobody did."""
    not_back: str
    """Target groups, or versions, that must not serve but do; empty if readers get the right one."""
    left: str
    """Leftover targets and tasks; empty if there are none."""
    failed: str
    """Requests that failed while the earlier version had all of the traffic; empty if none did."""

    def list_flaws(self, names: Sequence[str] = FLAWS) -> tuple[str, ...]:
        """Return the faults, and why the rest is unknown, for people."""
        seen = [self.peek(name) for name in names]
        return tuple(dict.fromkeys(one.reason if isinstance(one, Unread) else one for one in seen if one))


def drill_facts(value: Mapping[str, Any]) -> Iterator[DrilledRelease]:
    """Yield the facts in a drill's record for each build; it was ``asked`` for at that time. Raises Unreadable."""
    if value.get("format") != FORMAT:
        raise Unreadable(f"the drill was recorded in form {value.get('format')!r}, this version reads {FORMAT}")
    asked, began = (datetime.fromisoformat(value[key]) for key in ("asked", "began"))
    age = Quantity.between(began, asked)
    yield from (_drilled(f"build {one['build']}", age, one) for one in value["tried"])
    for build in _list_untried(value["tried"]):
        yield DrilledRelease.unread(build, "it was not tried in the drill; drill again", age=age)


def _list_untried(tried: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    names = {one["build"] for one in tried}
    yield from (f"build {build}" for build in BAD if build not in names)
    if not any(one["expects"] == State.SUCCEEDED for one in tried):
        yield "a good build"


def _drilled(subject: str, age: Quantity, one: Mapping[str, Any]) -> DrilledRelease:
    if one.get("unreadable"):
        return DrilledRelease.unread(subject, one["unreadable"], age=age)
    record, back = one["watch"], one["expects"] == State.ROLLED_BACK
    routes = require_routes(record)
    return DrilledRelease(
        subject=subject,
        age=age,
        ended=record["why"] or "; ".join(filter(None, (_wrong_end(r, record, one["expects"]) for r in routes))),
        by_person="; ".join(dict.fromkeys(_list_requests_of_people(routes, record, back=back))),
        not_back="; ".join(filter(None, (_not_back(r, record, back=back) for r in routes))),
        left="; ".join(filter(None, (_left(r, record) for r in routes))),
        failed=_failed_before_and_after(routes, record),
    )


def _wrong_end(route: Route, record: Mapping[str, Any], expects: str) -> str:
    last = next((look.deployment for look in reversed(looks_at(route.service, record)) if look.deployment), None)
    if last is None:
        return f"{route.name}: its deployment was never seen"
    state = state_of(last)
    return "" if state == expects else f"{route.name} {state}, and had to be {expects}"


def _list_requests_of_people(routes: list[Route], record: Mapping[str, Any], *, back: bool) -> Iterator[str]:
    """Yield what a person did. Whoever lets a good build go on did no harm; a bad one had to go ``back`` by itself."""
    for route in routes:
        looks = looks_at(route.service, record)
        first = next((look.receiving for look in looks if look.tells_what_serves), None)
        for look in looks:
            said = look.deployment or {}
            words = [word for word in (said.get("status"), said.get("error")) if word in _BY_A_PERSON]
            if back:
                words += [
                    f"a pause for a person is {status}"
                    for status in said.get("pauses", ())
                    if status in _PAUSED_FOR_A_PERSON
                ]
            # once traffic has moved, earlier tasks that wait for their end are told by the same word
            if back and said.get("status") == _AWAITS_A_PERSON and look.receiving == first:
                words.append(_AWAITS_A_PERSON)
            yield from (f"{route.name}: {word}" for word in words)


def _not_back(route: Route, record: Mapping[str, Any], *, back: bool) -> str:
    known = [look for look in looks_at(route.service, record) if look.tells_what_serves]
    if not known:
        return f"{route.name}: what serves was never seen"
    first, last = known[0], known[-1]
    if not back:
        return "" if last.primary != first.primary else f"{route.name}: the earlier version still serves"
    if new := last.receiving ^ first.receiving:
        return f"{route.name}: {', '.join(map(_short, sorted(new - first.receiving))) or 'too few groups'} serves"
    return "" if last.primary == first.primary else f"{route.name}: {', '.join(map(_short, sorted(last.primary)))} runs"


def _left(route: Route, record: Mapping[str, Any]) -> str:
    """Return the targets outside of the serving groups, and the tasks that are not primary, at the end."""
    last = Look.of(record["samples"][-1], route.service)
    if not last.tells_what_serves:
        return f"{route.name}: what was left could not be read"
    targets = [f"{sum(states.values())} targets in {_short(group)}" for group, states in last.idle.items()]
    tasks = [
        f"{one['running']} tasks of {_short(one['definition'])}"
        for one in last.tasks or ()
        if one["state"] != "PRIMARY" and one["running"]
    ]
    return f"{route.name}: {', '.join((*targets, *tasks))}" if targets or tasks else ""


def _failed_before_and_after(routes: list[Route], record: Mapping[str, Any]) -> Any:
    """Return the failures while no traffic went to the new build: the earlier one had to serve throughout."""
    stream = record["stream"]
    if stream is None:
        return Unread(record["silent"] or "no requests were sent")
    away, slack = find_away(routes, record), stream["plan"]["timeout"]
    failed = [
        one
        for one in stream["failures"]
        if away is None or not away.before - slack <= stream["began"] + one["at"] <= away.back + slack
    ]
    return f"{len(failed):,} requests, the first a {failed[0]['method']} {failed[0]['class']}" if failed else ""


def _short(arn: str) -> str:
    return arn.split("/")[1] if ":targetgroup/" in arn else arn.rpartition("/")[2]


# ── How long a bad release failed readers before the earlier version had all of the traffic again

_ALARM: Final = "ALARM"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WayBack(Fact):
    """The rollback of a build that readers had reached; ``subject`` is such as ``build failing-in-public``."""

    took: Estimate
    """From its first sign of failure to all traffic on the earlier version, with the requests that failed meanwhile.

    Its value is the longest time that the observations allow. If traffic was never seen to be back, it is the minimum,
    and nothing limits it.
    """


def way_back_facts(value: Mapping[str, Any]) -> Iterator[WayBack]:
    """Yield the rollback of each bad build of a drill that readers reached; the one that they must reach, always.

    If it is unknown whether they did, the build has an unobserved one.
    """
    tried = {one["build"]: one for one in value["tried"] if one["expects"] != State.SUCCEEDED}
    for build, one in ({IN_PUBLIC: {"unreadable": "it was not tried in the drill; drill again"}} | tried).items():
        try:
            took = _measure(one)
        except Unreadable as error:
            yield WayBack.unread(f"build {build}", error.reason)
            continue
        if took is not None or build == IN_PUBLIC:
            nothing: Any = Unread("traffic never went to it, so that there was no way back; drill again")
            yield WayBack(subject=f"build {build}", took=took or nothing)


def _measure(one: Mapping[str, Any]) -> Estimate | None:
    """Return how long the rollback took; None if no traffic ever went to the build. Raises Unreadable."""
    if one.get("unreadable"):
        raise Unreadable(one["unreadable"])
    record = one["watch"]
    routes = require_routes(record)
    away = find_away(routes, record)
    if away is None:
        return None
    require_stream(record)
    return _estimate(away, [*_list_signs(routes, record, away)] or [(away.sure, away.first)], record)


def _estimate(away: Away, signs: list[tuple[float, float]], record: Mapping[str, Any]) -> Estimate:
    """Return the time from the first of the signs, each of which came between two times."""
    earliest, latest = (min(times) for times in zip(*signs, strict=True))
    low = Quantity.seconds(math.floor(round(max(0.0, away.last - latest) * record["speed"], 3)))
    back = math.isfinite(away.back)
    longest = math.ceil(round((away.back - earliest) * record["speed"], 3)) if back else UNBOUNDED
    failed, sent = _count_requests(record["stream"], away)
    return Estimate(
        value=Quantity.seconds(longest) if back else low,
        low=low,
        high=Quantity.of(longest, "s"),
        samples=sent,
        effective=sent,
        confidence=Quantity.of(100, "%"),
        unfinished="" if back else "traffic was never seen to be back; drill again, and watch for longer",
        detail=f"{failed:,} of them failed" if failed else "none of them failed",
    )


def _list_signs(routes: list[Route], record: Mapping[str, Any], away: Away) -> Iterator[tuple[float, float]]:
    """Yield the pair of times between which a sign of the build's failure came, while traffic went to it.

    In seconds since 1970. A failed request has its time; a sign in an observation came after the last readable one.
    """
    began, previous = record["stream"]["began"], away.sure
    yield from (
        (at, at) for failure in record["stream"]["failures"] if away.sure <= (at := began + failure["at"]) <= away.back
    )
    for sample in record["samples"]:
        at = datetime.fromisoformat(sample["at"]).timestamp()
        if away.sure < at <= away.back and any(_shows_failure(route, sample) for route in routes):
            yield previous, at
        if not sample["unread"]:
            previous = max(away.sure, at)


def _shows_failure(route: Route, sample: Mapping[str, Any]) -> bool:
    if any(sample["alarms"].get(name, {}).get("state") == _ALARM for name in route.alarms):
        return True
    deployment = Look.of(sample, route.service).deployment
    try:
        return deployment is not None and state_of(deployment) in OVER | {State.ROLLING_BACK}
    except Unreadable:
        return False


def _count_requests(stream: Mapping[str, Any], away: Away) -> tuple[int, int]:
    """Return how many requests failed in the seconds in which traffic went to the build, and how many were due."""
    first, last = (int(at - stream["began"]) for at in (away.sure, min(away.back, stream["ended"])))
    cells = [cell for cell in stream["seconds"] if first <= cell["second"] <= last]
    failed = sum(sum(cell.get("failed", {}).values()) for cell in cells)
    return failed, failed + sum(sum(cell.get("latency", {}).values()) for cell in cells)
