"""How requests of a load run failed: the classes, how often, and an example of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """A class of failure, how often it was met, and one example of it."""

    name: str
    count: int
    request: str
    text: str


def failures(data: Mapping[str, Any]) -> list[Failures]:
    """Return the classes of failure of all hosts of a record, the most frequent first."""
    examples: dict[str, Mapping[str, Any]] = {}
    for example in data["failures"]:
        examples.setdefault(str(example["class"]), example)
    counts: Counter[str] = Counter()
    for entry in (*data["seconds"], *(data["other"] or {"seconds": ()})["seconds"]):
        counts.update({str(name): int(count) for name, count in entry.get("failed", {}).items()})
    return [
        Failures(
            name=name,
            count=count,
            request=str(examples.get(name, {}).get("request", "")),
            text=str(examples.get(name, {}).get("text", "")),
        )
        for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]
