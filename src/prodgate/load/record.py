"""The record of a load run: everything that it is judged by."""

import json
import math
import os
import platform
import socket
import ssl
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ..redaction import Redaction
from .profile import Settings, host_index

# ── Exact counts of what became of arrivals; the tallies of several processes add up to one without losing anything
# A tally hands over what it has counted since the last time as JSON values (a *part*), which another adds to its own.

#: Characters of a failure's text that are kept.
MAX_TEXT: Final = 200
#: Characters that are searched for credentials first, so that none is kept because it was cut in two.
_MAX_SCANNED: Final = 4096
#: Takes out what is a secret by its form, or by its name in an address.
_NAMELESS: Final = Redaction()

#: Counted for each host: arrivals that were sent, and further requests of an arrival. In a complete run the two add up
#: to the requests in the cells.
_TOTALS: Final = ("sent", "followed")


#: With so many waiting at once, it is more than one slow request.
CROWD: Final = 3


@dataclass(slots=True)
class Cell:
    """The requests of one name in one second."""

    latency: Counter[int] = field(default_factory=Counter)
    """Of successes: tenths of a millisecond, rounded up -> count."""
    doubtful: Counter[int] = field(default_factory=Counter)
    """The same of answers that may not be what readers came for."""
    failed: Counter[str] = field(default_factory=Counter)
    unshareable: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a request is counted: by the second of its arrival in the measured window, and by host."""

    second: int
    """Below 0 in the warm-up, which is not judged unless the load was stopped in it."""
    side: int = 0


@dataclass(slots=True)
class Standstill:
    """For how long requests came to a host and none succeeded; times in seconds by one clock."""

    longest: dict[int, float] = field(default_factory=dict)
    """The second in which a standstill began -> how long the longest that began then lasted."""
    _since: float = 0.0
    _began: int = 0
    _came: int = 0
    _latest: float = 0.0

    def come(self, moment: Moment, at: float) -> None:
        """Count a request, which was due at a time."""
        if moment.second < 0:
            return
        if not self._came:
            self._since, self._began = at, moment.second
        self._came, self._latest = self._came + 1, at

    def serve(self, at: float) -> None:
        """Note that a request was answered with success."""
        self._end(at)
        self._came = 0

    def close(self) -> None:
        """Note that no request comes any more: a standstill lasted at least until the last came."""
        self._end(self._latest)

    def _end(self, at: float) -> None:
        if self._came >= CROWD:
            self.longest[self._began] = max(at - self._since, self.longest.get(self._began, 0.0))


@dataclass(slots=True)
class Silence:
    """For how long no request to a host has ended, not even with a failure; the warm-up counts."""

    _since: float = 0.0
    _came: int = 0

    def come(self, at: float) -> None:
        """Count a request, which was due at a time."""
        self._since = self._since if self._came else at
        self._came += 1

    def end(self) -> None:
        """Note that a request ended, however it did."""
        self._came = 0

    def measure(self, now: float) -> tuple[int, float]:
        """Return the number of requests since one last ended, and for how many seconds the first of them has waited."""
        return self._came, now - self._since if self._came else 0.0


class Tally:
    """The counts of one process, or of all. ``slow`` is the limit in seconds that ``per_second`` applies."""

    def __init__(self, *, hosts: int = 1, slow: float = math.inf) -> None:
        self.hosts = hosts
        self.cells: dict[tuple[int, int, str], Cell] = defaultdict(Cell)
        """By side, second, and the request's name."""
        self.totals: dict[str, list[int]] = {name: [0] * hosts for name in _TOTALS}
        self.not_sent: Counter[tuple[int, int]] = Counter()
        """Arrivals that were not sent, by side and second."""
        self.failures: dict[tuple[str, str], dict[str, Any]] = {}
        self.doubts: dict[str, str] = {}
        """Why an answer is doubtful, by request: the first."""
        self.settled = 0
        self.standstills = [Standstill() for _ in range(hosts)]
        self.silences = [Silence() for _ in range(hosts)]
        self._slow = slow * 10_000
        self._per_second: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])

    def count_sent(self, moment: Moment, *, free: bool = True) -> None:
        """Count an arrival: sent, or not sent because too many were under way."""
        if not free:
            self.not_sent[moment.side, moment.second] += 1
        elif moment.second >= 0:
            self.totals["sent"][moment.side] += 1

    def count_follow_up(self, moment: Moment) -> None:
        """Count a further request of an arrival."""
        if moment.second >= 0:
            self.totals["followed"][moment.side] += 1

    def count_success(
        self, moment: Moment, request: str, latency: float, unshareable: str = "", *, doubt: str = ""
    ) -> None:
        """Count a success that took ``latency`` seconds from its intended start to its last byte."""
        cell = self.cells[moment.side, moment.second, request]
        cell.latency[tenths_of_ms(latency)] += 1
        if doubt:
            cell.doubtful[tenths_of_ms(latency)] += 1
            self.doubts.setdefault(request, _NAMELESS.redact_text(doubt)[:MAX_TEXT])
        if unshareable:
            cell.unshareable[unshareable] += 1
        self.settled += 1

    def count_failure(self, moment: Moment, request: str, kind: str, text: str) -> None:
        """Count a failure; the first ``text`` of each kind and request is kept."""
        self.cells[moment.side, moment.second, request].failed[kind] += 1
        self.settled += 1
        if (kind, request) not in self.failures:
            kept = _NAMELESS.redact_text(text[:_MAX_SCANNED])[:MAX_TEXT]
            self.failures[kind, request] = {"class": kind, "request": request, "second": moment.second, "text": kept}

    def take(self) -> dict[str, Any]:
        """Return what was counted since the last time, as JSON values, and start again from zero."""
        part = {
            "cells": [
                {"side": side, "second": second, "request": request, **cell_to_json(cell)}
                for (side, second, request), cell in self.cells.items()
            ],
            "totals": self.totals,
            "not_sent": [[*place, count] for place, count in self.not_sent.items()],
            "failures": list(self.failures.values()),
            "doubts": self.doubts,
            "standstills": [list(each.longest.items()) for each in self.standstills],
        }
        for each in self.standstills:
            each.longest = {}
        self.cells.clear()
        self.totals = {name: [0] * self.hosts for name in _TOTALS}
        self.not_sent.clear()
        return part

    def add(self, part: Mapping[str, Any]) -> int:
        """Add the part of another tally; return how many requests it holds."""
        before = self.settled
        for cell in part["cells"]:
            self._add_cell(cell)
        for name, values in part["totals"].items():
            self.totals[name] = [mine + theirs for mine, theirs in zip(self.totals[name], values, strict=True)]
        for side, second, count in part["not_sent"]:
            self.not_sent[side, second] += count
            self._count_ended(side, second, count, slow=count, failed=count)
        for mine, told in zip(self.standstills, part["standstills"], strict=True):
            for second, lasted in told:
                mine.longest[second] = max(lasted, mine.longest.get(second, 0.0))
        self.doubts = {**part["doubts"], **self.doubts}
        for example in part["failures"]:
            self.failures.setdefault((example["class"], example["request"]), example)
        return self.settled - before

    def _add_cell(self, given: Mapping[str, Any]) -> None:
        cell = self.cells[given["side"], given["second"], given["request"]]
        latency = Counter({int(took): count for took, count in given["latency"].items()})
        cell.latency.update(latency)
        cell.doubtful.update({int(took): count for took, count in given.get("doubtful", {}).items()})
        cell.failed.update(given["failed"])
        cell.unshareable.update(given["unshareable"])
        failed = sum(given["failed"].values())
        self.settled += latency.total() + failed
        slow = sum(count for took, count in latency.items() if took > self._slow)
        self._count_ended(given["side"], given["second"], latency.total() + failed, slow=slow + failed, failed=failed)

    def _count_ended(self, side: int, second: int, requests: int, *, slow: int, failed: int) -> None:
        counted = self._per_second[side, second]
        for place, more in enumerate((requests, slow, failed)):
            counted[place] += more

    def per_second(
        self, side: int = 0, *, among: Callable[[int], bool] = lambda second: second >= 0
    ) -> list[tuple[int, int, int]]:
        """Return (requests, slow or failed, failed) of finished seconds of a host, from added parts.

        A request that was not sent has failed. ``among`` says which seconds; those of the warm-up are below 0.
        """
        seconds = sorted((second, told) for (at, second), told in self._per_second.items() if at == side)
        return [(n, slow, failed) for second, (n, slow, failed) in seconds[:-1] if among(second)]

    def ended(self, side: int = 0) -> tuple[int, int]:
        """Return how many requests to a host have ended or could not be sent, and how many of them failed."""
        told = [each for (at, _), each in self._per_second.items() if at == side]
        return sum(n for n, _, _ in told), sum(failed for *_, failed in told)


def cell_to_json(cell: Cell) -> dict[str, dict[str, int]]:
    """Return a cell as the record has it."""
    doubtful = {str(took): count for took, count in sorted(cell.doubtful.items())}
    return {
        "latency": {str(took): count for took, count in sorted(cell.latency.items())},
        "failed": dict(cell.failed),
        "unshareable": dict(cell.unshareable),
        **({"doubtful": doubtful} if doubtful else {}),
    }


def tenths_of_ms(seconds: float) -> int:
    """Return tenths of a millisecond, rounded up."""
    return max(0, math.ceil(seconds * 10_000))


# ── The record of a load, and the words that it shares with the record of a stream

#: Version of the records of a load, and of a stream.
FORMAT: Final = 1
STREAM_FORMAT: Final = 1
#: The class of failure for a challenge: something in front of the site answered, to find out who asks.
STAND_IN: Final = "answered in front of the site"
#: Ends the name of a request that the origin had to answer, in a visit that asked it to.
UNCACHED: Final = " (uncached)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Details of requests besides their counts."""

    cacheable: Collection[str]
    """Those that a shared cache may answer."""
    holds: Mapping[str, str]
    """By request, what an answer had to hold to be a success."""
    doubts: Mapping[str, str] = field(default_factory=dict)
    """By request, why answers may not have been what readers came for."""
    learned: Collection[str] = ()
    """Requests without a statement on their answers, so that the first good answer decided, or a status alone."""
    idle: Collection[str] = ()
    """Tasks that nobody performed, so that their requests have no names."""

    def to_json(self, name: str) -> dict[str, Any]:
        """Return what is known of one."""
        doubt = {"doubt": self.doubts[name]} if name in self.doubts else {}
        learned = {"learned": True} if name.removesuffix(UNCACHED) in self.learned else {}
        held = self.holds.get(name.removesuffix(UNCACHED), "")
        return {"name": name, "cacheable": name in self.cacheable, "holds": held, **doubt, **learned}


def build_record(
    settings: Settings,
    tally: Tally,
    *,
    requests: Requests,
    about: Mapping[str, Any],
    started: datetime,
    planned: int,
) -> dict[str, Any]:
    """Return the record as JSON values; ``about`` holds what the counts don't say (complete, why, health, …).

    ``planned`` is how many arrivals all rounds held, for both hosts together.
    """
    if about.get("stopped_early") and not sum(tally.totals["sent"]):
        tally, started = _judge_warm_up(settings, tally), started - timedelta(seconds=settings.profile.warm_up)
    seen = {name for (_, second, name), cell in tally.cells.items() if second >= 0 or cell.latency}
    held = {each for each in requests.holds if each + UNCACHED not in seen}
    names = sorted(seen.union(requests.cacheable, requests.idle, held))
    profile = {**settings.profile.to_json(), "workers": settings.workers}
    return {
        "format": FORMAT,
        "profile": profile,
        "host": settings.host,
        "started": started.isoformat(),
        **_host_record(settings, tally, 0, names, planned),
        "requests": [requests.to_json(name) for name in names],
        "failures": list(tally.failures.values()),
        "warm_up": _count_warm_up(tally),
        "other": {"host": settings.other_host, **_host_record(settings, tally, 1, names, planned)}
        if settings.other_host
        else None,
        **about,
    }


def _host_record(settings: Settings, tally: Tally, which: int, names: list[str], planned: int) -> dict[str, Any]:
    places = {name: place for place, name in enumerate(names)}
    unsent = sorted((second, count) for (at, second), count in tally.not_sent.items() if at == which and second >= 0)
    return {
        "planned": count_planned(settings, which, planned),
        **{name: values[which] for name, values in tally.totals.items()},
        "not_sent": sum(count for _, count in unsent),
        "standstills": [
            {"second": second, "seconds": round(lasted, 4)}
            for second, lasted in sorted(tally.standstills[which].longest.items())
        ],
        "unsent": [{"second": second, "not_sent": count} for second, count in unsent],
        "seconds": [
            {"second": second, "request": places[request], **cell_to_json(cell)}
            for (at, second, request), cell in sorted(tally.cells.items())
            if at == which and second >= 0
        ],
    }


def _count_warm_up(tally: Tally) -> dict[str, int]:
    cells = [cell for (_, second, _), cell in tally.cells.items() if second < 0]
    failed = sum(cell.failed.total() for cell in cells)
    return {"sent": failed + sum(cell.latency.total() for cell in cells), "failed": failed}


def _judge_warm_up(settings: Settings, tally: Tally) -> Tally:
    """Return the tally of a run that was stopped in its warm-up, with the warm-up as its measured time."""
    after, moved = ceil(settings.profile.warm_up), Tally(hosts=tally.hosts)
    moved.cells.update({(side, second + after, name): cell for (side, second, name), cell in tally.cells.items()})
    moved.not_sent.update({(side, second + after): count for (side, second), count in tally.not_sent.items()})
    moved.failures = {key: {**told, "second": told["second"] + after} for key, told in tally.failures.items()}
    return moved


def count_planned(settings: Settings, which: int, planned: int) -> int:
    """Return how many of the planned arrivals go to a host (0, or 1 for the other)."""
    workers, hosts = max(1, settings.workers), len(settings.hosts)
    return sum(host_index(number, workers=workers, hosts=hosts) == which for number in range(planned))


def write_record(data: Mapping[str, Any], path: Path) -> None:
    """Write a record atomically: the file is complete at every moment."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(data, file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


# ── The origin of a record: the host's addresses, and the versions that made the load

#: The only version of HTTP that the generator speaks.
PROTOCOL: Final = "HTTP/1.1"
#: Seconds that a host may take to say what it offers.
_PATIENCE: Final = 5.0


def resolve_addresses(host: str) -> list[str]:
    """Return the current addresses of a URL's host, none if it has none."""
    parts = urlsplit(host)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(each[4][0]) for each in found})


def offered_protocol(host: str) -> str:
    """Return the version of HTTP that a host offers to browsers over TLS, "" if it offers none or does not answer."""
    parts = urlsplit(host)
    if parts.scheme != "https":
        return ""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout=_PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            return {"h2": "HTTP/2", "http/1.1": "HTTP/1.1"}.get(secured.selected_alpn_protocol() or "", "")
    except OSError:
        return ""


def read_versions() -> dict[str, str]:
    """Return the versions of what made the load."""
    named = {name: version(name) for name in ("locust", "gevent", "geventhttpclient", "prod-gate")}
    return {**named, "python": platform.python_version()}


def digest_code(locustfile: str) -> dict[str, str]:
    """Return the SHA-256 of each imported module that lies in the folder of the locustfile, by its path there.

    Installed packages are left out.
    """
    folder = Path(locustfile).resolve().parent
    files = {getattr(module, "__dict__", {}).get("__file__") for module in list(sys.modules.values())}
    own = {path for each in files if each and (path := Path(each).resolve()).is_relative_to(folder) and path.is_file()}
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(own)
        if "site-packages" not in path.parts
    }
