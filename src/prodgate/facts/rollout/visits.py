"""A reader's visit to the deployed site by its public name, and the journeys that were carried out on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .. import Fact
from ..e2e.builds import is_build
from ..e2e.journeys import Journey, journey_facts, why_journeys_unreadable

#: Words that an article has at least.
_WORDS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReaderVisit(Fact):
    """A reader who opened the site after the deployment and read an article; ``subject`` is the public name."""

    flaws: tuple[str, ...]
    """What kept the reader from the front page or from an article, or which other build answered."""
    read: str
    """What was read, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class JourneyAfterDeploy(Fact):
    """A journey on the deployed site; ``subject`` is what a person must be able to do."""

    succeeded: bool
    told: str


def visit_facts(value: Mapping[str, Any], why: str) -> Iterator[ReaderVisit]:
    """Yield the visit in stored evidence; ``why`` says why it is no proof."""
    if reason := why or value.get("unread", ""):
        yield ReaderVisit.unread(value["place"], reason)
        return
    pages = value["pages"]
    flaws = [flaw for page in pages for flaw in _list_flaws(page, value)]
    last = pages[-1]
    read = f"{last['path']} of build {last.get('build') or '?'}, {last.get('words', 0)} words"
    yield ReaderVisit(subject=value["place"], flaws=tuple(flaws), read=read)


def _list_flaws(page: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    name = f"{page['name']} ({page['path']})"
    if page.get("failed"):
        yield f"{name}: {page['failed']}"
        return
    if page["status"] != 200:
        yield f"{name}: answered {page['status']}"
        return
    if page["name"] == "article" and page["words"] < _WORDS:
        yield f"{name}: has {page['words']} words, so that there is nothing to read"
    if not page["build"]:
        yield f"{name}: does not say which build answered"
    elif not is_build(page["build"], value["build"]):
        yield f"{name}: was answered by build {page['build']!r}, and {value['build']!r} is deployed"


def served_build(value: Mapping[str, Any]) -> str:
    """Return the build that answered all pages of a visit; empty when they do not agree or do not say."""
    builds = {page.get("build", "") for page in value.get("pages", ())}
    return builds.pop() if len(builds) == 1 else ""


def why_not_after(at: datetime, ended: datetime | None) -> str:
    """Say why something that was seen at a time says nothing about what was deployed; empty when it does."""
    if ended is None:
        return "the deployment has not ended yet; ask again when it has"
    if at < ended:
        return f"it was seen at {at:%H:%M:%S}, before the deployment ended at {ended:%Y-%m-%d %H:%M:%S} UTC"
    return ""


def journeys_after(value: Mapping[str, Any], why: str) -> Iterator[JourneyAfterDeploy]:
    """Yield each journey of stored evidence; ``why`` says why they are no proof."""
    record = value["record"]
    reason = why or why_journeys_unreadable(record)
    if reason or not record["journeys"]:
        yield JourneyAfterDeploy.unread(value["place"], reason or "no journey was carried out")
        return
    for found in journey_facts(record):
        if isinstance(found, Journey):
            succeeded = object.__getattribute__(found, "succeeded")
            yield JourneyAfterDeploy(subject=found.subject, succeeded=succeeded, told=found.told)
