"""Reads figures from a record of a load."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prodgate.load.profile import Profile


def failed(record: Mapping[str, Any], request: str | None = None, *, other: bool = False) -> dict[str, int]:
    """Return class -> count of failures, of one request or of all."""
    counts: Counter[str] = Counter()
    for cell in _cells(record, request, other=other):
        counts.update(cell["failed"])
    return dict(counts)


def latencies(record: Mapping[str, Any], request: str | None = None, *, other: bool = False) -> list[float]:
    """Return the seconds of every success, in order."""
    cells = _cells(record, request, other=other)
    return sorted(int(took) / 10_000 for cell in cells for took, n in cell["latency"].items() for _ in range(n))


def doubtful(record: Mapping[str, Any], request: str) -> int:
    """Return how many successes of a request may have been none."""
    return sum(sum(cell.get("doubtful", {}).values()) for cell in _cells(record, request))


def unshareable(record: Mapping[str, Any], request: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for cell in _cells(record, request):
        counts.update(cell["unshareable"])
    return dict(counts)


def count(record: Mapping[str, Any], request: str | None = None, *, other: bool = False) -> int:
    return len(latencies(record, request, other=other)) + sum(failed(record, request, other=other).values())


def _cells(record: Mapping[str, Any], request: str | None, *, other: bool = False) -> list[Mapping[str, Any]]:
    names = [each["name"] for each in record["requests"]]
    seconds = (record["other"] if other else record)["seconds"]
    return [cell for cell in seconds if request in (None, names[cell["request"]])]


# ── A locustfile and a profile

SIMPLE = """
import locust
from locust import FastHttpUser, task


class Reader(FastHttpUser):
    @task
    def page(self):
        self.client.get("/")
"""


def a_locustfile(tmp_path: Path, text: str = SIMPLE) -> Path:
    folder = tmp_path / "loadtests"
    folder.mkdir(exist_ok=True)
    (folder / "locustfile.py").write_text(text, "utf-8")
    return folder / "locustfile.py"


def a_profile(**given: Any) -> Profile:
    return Profile(**{"name": "trial", "rate": 60.0, "duration": 1.5, "warm_up": 0.0, "timeout": 30.0, **given})
