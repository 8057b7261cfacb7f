"""Checks that the generator measures correctly on this machine: a short load on a server whose faults are known."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ..processes.child import KILLED, read_first_line
from ..processes.progress import Progress
from ..statistics import nearest_rank
from .profile import Profile
from .runner import run_load
from .tally import tenths_of_ms

#: Enough for a p95 of some 300 values, and for a stall of one second with the seconds around it.
PROFILE: Final = Profile(name="self-test", rate=160.0, duration=3.5, warm_up=0.0, timeout=3.0)
LOCUSTFILE: Final = Path(__file__).parent / "engine" / "selftest_readers.py"
#: How far p95 may be from the server's own, in seconds and as a share of it. They differ by 1.5 ms on a machine with
#: twice as many busy processes as processors, and by tens of milliseconds when the generator queues.
TOLERANCE: Final = 0.005
RELATIVE_TOLERANCE: Final = 0.05
#: A stalled request has waited at least this long, in seconds. The generator may also count one that the server held up
#: to STALL_TOLERANCE less, since it measures from the intended start, but never the other way round.
STALLED: Final = 0.5
STALL_TOLERANCE: Final = 0.25
ADVICE: Final = "run the gate on a machine with less other work, or see locust.txt for what Locust said"


def self_test(*, directory: Path, progress: Progress = lambda _line: None) -> Mapping[str, Any]:
    """Put a load on the fault server and compare the record with what the server did; takes some 6 s.

    Returns ``ok``, ``reason`` ("" when ok, else what to do too), and told and truth of ``p95`` (s), ``drops``,
    ``stall`` (requests held for half a second or more), ``hidden`` (its 500s) and ``requests``. Raises LoadError.
    """
    progress("self-test: does the generator tell what a server with known faults does?")
    with _fault_server() as server:
        host = f"http://127.0.0.1:{server.port}"
        record = run_load(PROFILE, host, locustfile=LOCUSTFILE, directory=directory)
        truth = server.stop()
    return compare(record, truth)


def compare(record: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, Any]:
    """Return the self-test's result from a record and what the server says it did."""
    measured = _RecordView(record)
    result = {
        "p95": {
            "told": _p95(measured.latency("GET /steady")),
            "truth": _p95(Counter(map(tenths_of_ms, truth["steady"]))),
        },
        "drops": {"told": measured.count_failed("GET /dropped"), "truth": truth["dropped"]},
        "stall": {
            "told": sum(count for took, count in measured.latency("GET /stall").items() if took >= STALLED * 10_000),
            "truth": _count_held(truth, STALLED),
        },
        "hidden": {"told": measured.count_failed("GET /errors", "HTTP 500"), "truth": truth["errors"]},
        "requests": {"told": measured.count_requests(), "truth": truth["requests"]},
    }
    wrong = (
        [record["why"]]
        if not record["complete"]
        else list(_list_mismatches(result, _count_held(truth, STALLED - STALL_TOLERANCE)))
    )
    return {"ok": not wrong, "reason": f"{'; '.join(wrong)}; {ADVICE}" if wrong else "", **result}


def _count_held(truth: Mapping[str, Any], seconds: float) -> int:
    """Return how many requests the server held for at least this long."""
    return sum(took >= seconds for took in truth["stalled"])


def _list_mismatches(result: Mapping[str, Mapping[str, float]], nearly_stalled: int) -> Iterator[str]:
    p95, stall = result["p95"], result["stall"]
    if abs(p95["told"] - p95["truth"]) > max(TOLERANCE, RELATIVE_TOLERANCE * p95["truth"]):
        yield f"the self-test told a p95 of {_ms(p95['told'])} where the server's own was {_ms(p95['truth'])}"
    if not 0 < stall["truth"] <= stall["told"] <= nearly_stalled:
        yield f"the self-test told of {stall['told']} requests held up by a stall, the server held {stall['truth']}"
    for name, what in (("drops", "dropped"), ("hidden", "failed"), ("requests", "seen")):
        if not result[name]["truth"] or result[name]["told"] != result[name]["truth"]:
            measured, truth = result[name]["told"], result[name]["truth"]
            yield f"the self-test told of {measured} requests {what}, for the server it was {truth}"


class _RecordView:
    """Counts of a record, by request."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        names = [request["name"] for request in record["requests"]]
        self._cells = [(names[cell["request"]], cell) for cell in record["seconds"]]

    def latency(self, request: str) -> Counter[int]:
        counts: Counter[int] = Counter()
        for name, cell in self._cells:
            if name == request:
                counts.update({int(took): count for took, count in cell["latency"].items()})
        return counts

    def count_failed(self, request: str, kind: str = "") -> int:
        """Count failures of a request, of one kind or of every kind."""
        failed = [cell["failed"].items() for name, cell in self._cells if name == request]
        return sum(count for each in failed for name, count in each if kind in ("", name))

    def count_requests(self) -> int:
        return sum(sum(cell[part].values()) for _, cell in self._cells for part in ("latency", "failed"))


class _FaultServer:
    """The fault server's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        self.port = int(read_first_line(process.stdout.fileno()))

    def stop(self) -> dict[str, Any]:
        """Stop the server and return what it did."""
        output, _ = self._process.communicate(timeout=KILLED)
        truth: dict[str, Any] = json.loads(output)
        return truth


@contextmanager
def _fault_server() -> Iterator[_FaultServer]:
    command = [sys.executable, "-P", "-m", "prodgate.load.fault_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield _FaultServer(process)
        finally:
            process.kill()


def _p95(counts: Mapping[int, int]) -> float:
    return (nearest_rank(counts, 950) or 0) / 10_000


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
