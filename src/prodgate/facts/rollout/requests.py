"""The outcomes of the requests during a deployment and after it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from math import ceil
from typing import Any, Final, TypeVar

from ... import estimates
from ...aws.answers import Unread, Unreadable
from ...criteria import Criterion
from ...estimates import Estimate, exact_count
from ...load.health import MAX_LAG_AS_SENT
from ...load.record import STREAM_FORMAT
from ...quantities import figure, percentage
from .. import Fact
from ..load.measurements import SLOWEST, count_slower, describe_classes, require_bound
from ..load.soundness import AS_SENT
from .watched import Look, require_format

F = TypeVar("F", bound=Fact)

#: Failures in which nothing reached the site.
_OWN: Final = ("no socket left here",)
#: Classes of failure in which an open request was cut off.
_CUT: Final = ("closed", "answer cut short")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The requests of a stream by the second in which they were due, all of them sent once."""

    record: Mapping[str, Any]
    latencies: tuple[Mapping[int, int], ...]
    """Tenths of a millisecond -> how many succeeded, for each second."""
    failed: tuple[int, ...]
    classes: Mapping[str, int]
    """How many failed, by class of failure."""

    @property
    def trials(self) -> int:
        """All requests."""
        return sum(map(sum, (second.values() for second in self.latencies))) + sum(self.failed)

    def describe_failures(self) -> str:
        """Describe the failures for people."""
        return describe_classes(self.classes)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedRequests(Fact):
    """Requests from before the first stage of a deployment to after its clean-up."""

    failed: Estimate
    """How many failed, with the outage that would have been seen, and the cost of those seen."""
    cut_off: str
    """Requests that were cut off after traffic began to move; empty if all were finished."""
    sent: Stream

    def failed_share(self, criterion: Criterion) -> Estimate:
        """Return the share of requests that failed. Raises TypeError for a criterion without a bound."""
        return estimates.estimate_share(
            self.sent.failed,
            self.sent.trials,
            bound=require_bound(criterion),
            confidence=criterion.confidence,
            unfinished=self.failed.unfinished,
            detail=self.sent.describe_failures(),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RequestsAfterwards(Fact):
    """Requests that were due after the clean-up of a deployment; each is timed from when it was due."""

    sent: Stream
    aside: str
    """How much measured time does not count because the generator was at fault, and why; empty if all counts."""
    disturbed: str = ""
    """Why all of it counts, and response times may be shorter: more than half was disturbed."""

    def p95(self, criterion: Criterion) -> Estimate:
        """Return the 95th percentile of response times. Raises TypeError for a criterion without a bound."""
        found = estimates.estimate_percentile(
            partial(count_slower, self.sent.latencies, self.sent.failed),
            sorted({latency for second in self.sent.latencies for latency in second}),
            self.sent.trials,
            slowest=SLOWEST,
            bound=require_bound(criterion),
            confidence=criterion.confidence,
            detail=", ".join(filter(None, (self.sent.describe_failures(), self.aside))),
        )
        return replace(found, at_most=self.disturbed)


def request_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the facts in the requests of a watch. Raises Unreadable for a record of another version."""
    require_format(record)
    place = record["stream"]["plan"]["url"] if record["stream"] else record["place"]
    subject = f"requests to {place} during {name_deployments(record) or 'a deployment'}"
    yield read_or_unread(WatchedRequests, subject, _read_watched, record)
    yield read_or_unread(RequestsAfterwards, subject, _read_afterwards, record)


def name_deployments(record: Mapping[str, Any]) -> str:
    """Return the ids of the deployments of a watch, for people; empty for none."""
    return ", ".join(sorted(id_.rpartition("/")[2] for id_ in record["ids"].values()))


def read_or_unread(
    kind: type[F], subject: str, read: Callable[[str, Mapping[str, Any]], F], record: Mapping[str, Any]
) -> F:
    """Return the result of ``read`` on a record; if that raises Unreadable, a fact with no known field."""
    try:
        return read(subject, record)
    except Unreadable as error:
        return kind.unread(subject, error.reason)


def require_stream(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the requests of a record. Raises Unreadable if nothing that depends on time follows from them."""
    stream = require_complete(record)
    if why := why_late(stream):
        raise Unreadable(why)
    return stream


def require_complete(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the requests of a record. Raises Unreadable if nothing at all follows from them."""
    stream: Mapping[str, Any] | None = record["stream"]
    if stream is None:
        raise Unreadable(record["silent"] or "no requests were sent")
    if stream["format"] != STREAM_FORMAT:
        raise Unreadable(f"the requests were recorded in form {stream['format']!r}, this version reads {STREAM_FORMAT}")
    if own := sum(second["failed"].get(kind, 0) for second in stream["seconds"] for kind in _OWN):
        raise Unreadable(f"{own:,} requests found no socket left here; let a process open more files (ulimit -n)")
    if stream["unknown"]:
        raise Unreadable(f"of {stream['unknown']:,} requests nobody knows what became; watch again")
    if not stream["due"]:
        raise Unreadable("no request was sent")
    return stream


def _read_watched(subject: str, record: Mapping[str, Any]) -> WatchedRequests:
    stream = require_stream(record)
    sent = _select(stream, 0, len(stream["seconds"]) + 1)
    cut_off = _find_cut_off(record, stream)
    return WatchedRequests(subject=subject, failed=_count_failed(record, sent), cut_off=cut_off, sent=sent)


def _read_afterwards(subject: str, record: Mapping[str, Any]) -> RequestsAfterwards:
    """Return the requests after the clean-up, without windows that were disturbed here, or with all if most were.

    If the record has windows, each stands for itself. Raises Unreadable.
    """
    stream = require_complete(record) if "windows" in (record["stream"] or {}) else require_stream(record)
    if record["why"] and not record["ended"]:
        raise Unreadable(record["why"])
    began = stream["began"]
    first = int(datetime.fromisoformat(record["ended"]).timestamp() - began) + 1
    end = int(stream["ended"] - began) + 1
    windows = [one for one in stream.get("windows", ()) if one["sick"]]
    lost = {second for one in windows for second in range(one["second"], ceil(one["second"] + one["seconds"]))}
    aside = len(lost & set(range(first, end)))
    said = f"{aside} of {end - first} s were set aside: {stream['disturbed']}" if aside else ""
    if 2 * aside <= end - first:
        return RequestsAfterwards(subject=subject, sent=_select(stream, first, end, lost), aside=said)
    if max(one["sick"].get("late", 0.0) for one in windows) > MAX_LAG_AS_SENT:
        raise Unreadable(f"{said}; run it on a machine with less other work")
    said = f"{aside} of {end - first} s were disturbed: {stream['disturbed']}"
    sent = _select(stream, first, end)
    return RequestsAfterwards(subject=subject, sent=sent, aside="", disturbed="; ".join((said, AS_SENT)))


def why_late(stream: Mapping[str, Any]) -> str:
    """Return that a request that timed out may have done so because of its sender, or an empty text."""
    late, most = stream["lag"]["max"], stream["plan"]["timeout"] / 2
    if late <= most:
        return ""
    shown = figure(late, most)
    return f"a request was sent {shown} s late, at most {most:g} s keeps timeouts the site's own; watch again"


def _select(stream: Mapping[str, Any], first: int, end: int, but: Collection[int] = ()) -> Stream:
    """Return the requests that were due from one second up to another, except for some."""
    cells = {cell["second"]: cell for cell in stream["seconds"] if first <= cell["second"] < end}
    seconds = (second for second in range(min(cells, default=0), max(cells, default=-1) + 1) if second not in but)
    each = [cells.get(second, {}) for second in seconds]
    classes = sum((Counter(cell.get("failed", {})) for cell in each), Counter[str]())
    return Stream(
        record=stream,
        latencies=tuple({int(took): count for took, count in cell.get("latency", {}).items()} for cell in each),
        failed=tuple(sum(cell.get("failed", {}).values()) for cell in each),
        classes=classes,
    )


def _count_failed(record: Mapping[str, Any], whole: Stream) -> Estimate:
    stream = whole.record
    begin, end = (_parse(record[key]) for key in ("acted", "ended"))
    unfinished = record["why"]
    if (begin is None or stream["began"] > begin) and not _had_moved_nothing(record):
        unfinished = unfinished or "requests were sent only after the deployment had begun"
    first = begin if begin is not None else stream["began"]
    last = min(end if end is not None else stream["ended"], stream["ended"])
    return exact_count(
        sum(whole.failed),
        samples=max(0, round((last - first) * stream["plan"]["rate"])),
        unfinished=unfinished,
        detail="; ".join(filter(None, (whole.describe_failures(), *_describe_outages(record, stream)))),
    )


def _had_moved_nothing(record: Mapping[str, Any]) -> bool:
    """Whether the first sample found one group with all traffic, and no target in any other, for each service."""
    first = [Look.of(sample, service) for sample in record["samples"][:1] for service in record["ids"]]
    return bool(record["samples"]) and all(
        len(look.receiving) == 1 and look.targets is not None and not look.idle for look in first
    )


def _parse(text: str) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def _describe_outages(record: Mapping[str, Any], stream: Mapping[str, Any]) -> Iterator[str]:
    """Describe the outage that would have been seen, the one that was, and its share of the error budget."""
    step = 1 / stream["plan"]["rate"]
    lasted = [outage["ended"] - outage["began"] + step for outage in stream["outages"]]
    if lasted:
        longest = f"{max(lasted) * 1000:,.0f} ms"
        yield f"{len(lasted)} outages, the longest of {longest}" if len(lasted) > 1 else f"one outage, of {longest}"
    yield f"an outage of {step * 1000:,.0f} ms or longer would have been seen"
    if budget := record.get("budget"):
        yield f"{percentage(sum(lasted) / budget['seconds'], decimals=2)} of the error budget ({budget['words']})"


def _find_cut_off(record: Mapping[str, Any], stream: Mapping[str, Any]) -> Any:
    moved = find_first_move(record)
    if moved is None:
        return Unread("traffic was never seen to move")
    cut = [
        failure
        for failure in stream["failures"]
        if failure["class"].startswith(_CUT) and stream["began"] + failure["at"] >= moved
    ]
    return f"{len(cut):,} requests, the first a {cut[0]['method']} {cut[0]['class']}" if cut else ""


def find_first_move(record: Mapping[str, Any]) -> float | None:
    """Return the time of the last sample before any weight changed, seconds since 1970."""
    before: Any = None
    last = 0.0
    for sample in record["samples"]:
        weights = {service: seen["weights"] for service, seen in sample["services"].items() if "weights" in seen}
        if before is not None and any(before.get(service, now) != now for service, now in weights.items()):
            return last
        before, last = {**(before or {}), **weights}, datetime.fromisoformat(sample["at"]).timestamp()
    return None


# ── Whether readers' writes during a deployment are there when it is over, once each


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AcknowledgedWrites(Fact):
    """Writes that the site answered with success during a deployment; ``subject`` says of which."""

    wrong: Estimate
    """How many were missing afterwards, or there more than once, with the builds that had acknowledged them."""


def write_facts(record: Mapping[str, Any], during: str) -> Iterator[AcknowledgedWrites]:
    """Yield the facts about the writes of a watch. Raises Unreadable for a record of another version."""
    require_format(record)
    yield read_or_unread(AcknowledgedWrites, f"writes during {during}", _read_writes, record)


def _read_writes(subject: str, record: Mapping[str, Any]) -> AcknowledgedWrites:
    stream = require_complete(record)
    told = stream.get("writes")
    if told is None:
        raise Unreadable(_why_not_read(stream["plan"]))
    if not told["acknowledged"]:
        raise Unreadable("no write was acknowledged; look why each of them failed")
    return AcknowledgedWrites(subject=subject, wrong=_count_wrong(told))


def _why_not_read(plan: Mapping[str, Any]) -> str:
    if not plan["write"]:
        return "nothing was written; state [rollout] write = a path that takes an Idempotency-Key"
    return "nothing was read back; state [rollout] written = the path of one write, with {key} for its key"


def _count_wrong(told: Mapping[str, Any]) -> Estimate:
    lines = [f"{told[what]:,} {what}" for what in ("lost", "doubled") if told[what]]
    if told["first"]:
        one = told["first"][0]
        by = f" by build {one['build']}" if one["build"] else ""
        lines.append(f"the first acknowledged{by} after {one['at']:.1f} s")
    lines.append(f"{told['again']:,} were sent again when it was over")
    return exact_count(
        told["lost"] + told["doubled"],
        samples=told["acknowledged"],
        unfinished=f"{told['unread']:,} writes could not be read back: {told['why']}" if told["unread"] else "",
        detail="; ".join(lines),
        of="writes",
    )
