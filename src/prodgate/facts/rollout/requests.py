"""What became of the requests that were sent while a deployment was carried out, and when it was over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ... import estimates
from ...aws.answers import Unread
from ...criteria import Criterion
from ...estimates import Estimate
from .. import Fact
from .formats import STREAM_FORMAT
from .watched import require_format

#: What may be slower than the 95th percentile.
_SLOWEST: Final = Decimal("0.05")
#: Failures in which nothing reached the site.
_OWN: Final = ("no socket left here",)
#: Classes of failure in which a request that was under way was cut off.
_CUT: Final = ("closed", "answer cut short")
#: Classes of failure that are shown by name.
_SHOWN: Final = 3


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
        """Return what failed, as a person would read it."""
        most = Counter(self.classes).most_common(_SHOWN)
        rest = sum(self.classes.values()) - sum(number for _, number in most)
        return ", ".join([f"{number:,} {name}" for name, number in most] + ([f"{rest:,} other"] if rest else []))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedRequests(Fact):
    """Requests from before the first stage of a deployment to after its clean-up."""

    failed: Estimate
    """How many failed; what it says includes which outage would have been seen, and what those seen cost."""
    cut_off: str
    """Requests that were cut off once traffic had begun to move; empty if all were finished."""
    sent: Stream

    def failed_share(self, criterion: Criterion) -> Estimate:
        """Return the share of requests that failed. Raises TypeError for a criterion without a bound."""
        if criterion.bound is None:
            raise TypeError(f"criterion {criterion.id!r} has no bound, so nothing can be estimated for it")
        return estimates.estimate_share(
            self.sent.failed,
            self.sent.trials,
            bound=criterion.bound,
            confidence=criterion.confidence,
            unfinished=self.failed.unfinished,
            detail=self.sent.describe_failures(),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RequestsAfterwards(Fact):
    """Requests that were due after the clean-up of a deployment; each is timed from when it was due."""

    sent: Stream

    def p95(self, criterion: Criterion) -> Estimate:
        """Return the 95th percentile of response times. Raises TypeError for a criterion without a bound."""
        if criterion.bound is None:
            raise TypeError(f"criterion {criterion.id!r} has no bound, so nothing can be estimated for it")
        return estimates.estimate_percentile(
            partial(_count_slower, self.sent),
            sorted({latency for second in self.sent.latencies for latency in second}),
            self.sent.trials,
            slowest=_SLOWEST,
            bound=criterion.bound,
            confidence=criterion.confidence,
            detail=self.sent.describe_failures(),
        )


def _count_slower(sent: Stream, latency: int) -> list[int]:
    slow = [sum(count for took, count in second.items() if took > latency) for second in sent.latencies]
    return [late + failed for late, failed in zip(slow, sent.failed, strict=True)]


def request_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what the requests of a watch show. Raises Unreadable for a record of another version."""
    require_format(record)
    stream = record["stream"]
    named = ", ".join(sorted(id_.rpartition("/")[2] for id_ in record["ids"].values()))
    subject = f"requests to {stream['plan']['url'] if stream else record['place']} during {named or 'a deployment'}"
    reason = record["silent"] if stream is None else why_unsound(stream)
    if reason:
        yield WatchedRequests.unread(subject, reason)
        yield RequestsAfterwards.unread(subject, reason)
        return
    began = stream["began"]
    yield WatchedRequests(
        subject=subject,
        failed=_count_failed(record, stream),
        cut_off=_find_cut_off(record, stream),
        sent=_select(stream, 0, len(stream["seconds"]) + 1),
    )
    if not record["ended"]:
        yield RequestsAfterwards.unread(subject, record["why"])
        return
    after = int(datetime.fromisoformat(record["ended"]).timestamp() - began) + 1
    yield RequestsAfterwards(subject=subject, sent=_select(stream, after, int(stream["ended"] - began) + 1))


def why_unsound(stream: Mapping[str, Any]) -> str:
    """Return why nothing can be concluded from a stream, or an empty text."""
    if stream["format"] != STREAM_FORMAT:
        return f"the requests were recorded in form {stream['format']!r}, this version reads {STREAM_FORMAT}"
    own = sum(second["failed"].get(kind, 0) for second in stream["seconds"] for kind in _OWN)
    if own:
        return f"{own:,} requests found no socket left here; let a process open more files (ulimit -n)"
    if stream["unknown"]:
        return f"of {stream['unknown']:,} requests nobody knows what became; watch again"
    late, most = stream["lag"]["max"], stream["plan"]["timeout"] / 2
    if late > most:
        return f"a request was sent {late:.1f} s late, at most {most:g} s keeps timeouts the site's own; watch again"
    return "" if stream["due"] else "no request was sent"


def _select(stream: Mapping[str, Any], first: int, end: int) -> Stream:
    """Return the requests that were due from a second on, up to another."""
    cells = {cell["second"]: cell for cell in stream["seconds"] if first <= cell["second"] < end}
    chosen = [cells.get(second, {}) for second in range(min(cells, default=0), max(cells, default=-1) + 1)]
    classes = sum((Counter(cell.get("failed", {})) for cell in chosen), Counter[str]())
    return Stream(
        record=stream,
        latencies=tuple({int(took): count for took, count in cell.get("latency", {}).items()} for cell in chosen),
        failed=tuple(sum(cell.get("failed", {}).values()) for cell in chosen),
        classes=classes,
    )


def _count_failed(record: Mapping[str, Any], stream: Mapping[str, Any]) -> Any:
    whole = _select(stream, 0, len(stream["seconds"]) + 1)
    begin, end = (_parse(record[key]) for key in ("acted", "ended"))
    unfinished = record["why"]
    if (begin is None or stream["began"] > begin) and not _had_moved_nothing(record):
        unfinished = unfinished or "requests were sent only after the deployment had begun"
    first = begin if begin is not None else stream["began"]
    last = min(end if end is not None else stream["ended"], stream["ended"])
    return estimates.exact_count(
        sum(whole.failed),
        samples=max(0, round((last - first) * stream["plan"]["rate"])),
        unfinished=unfinished,
        detail="; ".join(filter(None, (whole.describe_failures(), *_describe_outages(record, stream)))),
    )


def _had_moved_nothing(record: Mapping[str, Any]) -> bool:
    """Whether the first look found one group with all of the traffic, and no target in any other, for each service."""
    if not record["samples"]:
        return False
    for service in record["ids"]:
        seen = record["samples"][0]["services"].get(service, {})
        groups = {group for rule in seen.get("weights", {}).values() for group, weight in rule.items() if weight > 0}
        others = [states for group, states in seen.get("targets", {}).items() if group not in groups and states]
        if len(groups) != 1 or "targets" not in seen or others:
            return False
    return True


def _parse(text: str) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def _describe_outages(record: Mapping[str, Any], stream: Mapping[str, Any]) -> Iterator[str]:
    """Say which outage would have been seen, which was, and how much of the error budget that took."""
    step = 1 / stream["plan"]["rate"]
    lasted = [outage["ended"] - outage["began"] + step for outage in stream["outages"]]
    if lasted:
        longest = f"{max(lasted) * 1000:,.0f} ms"
        yield f"{len(lasted)} outages, the longest of {longest}" if len(lasted) > 1 else f"one outage, of {longest}"
    yield f"an outage of {step * 1000:,.0f} ms or longer would have been seen"
    if budget := record.get("budget"):
        yield f"{sum(lasted) / budget['seconds']:.2%} of the error budget ({budget['words']})"


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
    """Return the time of the last look before any weight changed, seconds since 1970."""
    before: Any = None
    last = 0.0
    for sample in record["samples"]:
        weights = {service: seen["weights"] for service, seen in sample["services"].items() if "weights" in seen}
        if before is not None and any(before.get(service, now) != now for service, now in weights.items()):
            return last
        before, last = {**(before or {}), **weights}, datetime.fromisoformat(sample["at"]).timestamp()
    return None
