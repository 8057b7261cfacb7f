"""When a deployment began and ended, over all services that it is of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...aws.answers import Unreadable
from .deployments import deployment_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time from the start of the first service's deployment to the end of the last one's."""

    began: datetime
    ended: datetime | None
    """None while one of them goes on."""

    def __str__(self) -> str:
        end = f"{self.ended:%H:%M:%S}" if self.ended else "now"
        return f"{self.began:%Y-%m-%d %H:%M:%S} to {end} UTC"


def find_window(stored: Iterable[Mapping[str, Any]]) -> Window:
    """Return the window of stored deployments, as ``reading`` makes them. Raises Unreadable when one is not known."""
    spans = list(_read_spans(stored))
    if not spans:
        raise Unreadable("no deployment is on record")
    ends = [end for _, end in spans if end is not None]
    return Window(began=min(began for began, _ in spans), ended=max(ends) if len(ends) == len(spans) else None)


def _read_spans(stored: Iterable[Mapping[str, Any]]) -> Iterator[tuple[datetime, datetime | None]]:
    for value in stored:
        if reason := value.get("unreadable"):
            raise Unreadable(f"when the deployment began is not known: {reason}")
        yield from ((found.began, found.ended) for found in deployment_facts(value))
