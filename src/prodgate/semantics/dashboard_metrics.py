"""The metrics on a CloudWatch dashboard, as its body writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["metrics_on"]


def metrics_on(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield namespace and dimensions of each metric; ``.`` repeats the value above it, ``...`` all up to the last.

    >>> list(metrics_on({"widgets": [{"properties": {"metrics": [["A", "m", "D", "x"], ["...", "y"]]}}]}))
    [('A', {'D': 'x'}), ('A', {'D': 'y'})]
    """
    for widget in body.get("widgets", ()):
        previous: list[Any] = []
        for metric in widget.get("properties", {}).get("metrics", ()):
            parts = [part for part in metric if not isinstance(part, dict)]
            if parts[:1] == ["..."]:
                parts = [*previous[: len(previous) - len(parts) + 1], *parts[1:]]
            parts = [previous[i] if part == "." and i < len(previous) else part for i, part in enumerate(parts)]
            previous = parts or previous
            if len(parts) >= 2:
                yield str(parts[0]), dict(zip(map(str, parts[2::2]), map(str, parts[3::2]), strict=False))
