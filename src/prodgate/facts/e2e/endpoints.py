"""Two addresses of every site: its health endpoint, and one where there is no page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.answers import Unread
from .. import Fact
from .answers import is_from_cache, subject_of, why_challenged, why_unanswered


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HealthEndpoint(Fact):
    """The health endpoint; ``subject`` is its address."""

    status: int
    cached: bool
    """Whether a cache answered, which knows nothing of the site's health."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MissingPage(Fact):
    """The answer at an address where there is no page; ``subject`` is the address."""

    status: int


def endpoint_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what both answer; nothing of a health endpoint that is not declared."""
    if health := record["health"]:
        reason = why_unanswered(health) or why_challenged(health)
        unread: Any = Unread(reason)
        status, cached = (unread, unread) if reason else (health["status"], is_from_cache(health))
        yield HealthEndpoint(subject=subject_of(record, health["url"]), status=status, cached=cached)
    missing = record["missing"]
    reason = why_unanswered(missing) or why_challenged(missing)
    found: Any = Unread(reason) if reason else missing["status"]
    yield MissingPage(subject=subject_of(record, missing["url"]), status=found)
