"""A load test of the build that is released, carried out before it is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.answers import Unread
from .. import Fact
from ..load.measurements import Measurements, read_measurements
from ..load.soundness import run_name


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LoadTestOfRelease(Fact):
    """A load test; ``subject`` is its profile, where it was sent, and the run of the gate that sent it."""

    measured: Measurements


def load_test_facts(seen: Mapping[str, Any], records: list[Mapping[str, Any]], why: str) -> Iterator[LoadTestOfRelease]:
    """Yield the steady load of an observation; ``why`` says why it is no proof."""
    for stored in records:
        if stored["record"]["profile"]["name"] == "steady":
            reason = why or _find_other_build(stored)
            measured: Any = Unread(reason) if reason else read_measurements(stored["record"])
            yield LoadTestOfRelease(subject=f"{run_name(stored)} in {seen['run']}", measured=measured)


def _find_other_build(stored: Mapping[str, Any]) -> str:
    """Say that the load went to another build than the one that is released; empty when it did not."""
    build = stored.get("build")
    if not build:
        return "the load layer did not record which build it put under load; run it again"
    if build["unread"]:
        return f"which build was under load is not known: {build['unread']}"
    if build["served"] != build["expected"]:
        return f"build {build['served']!r} was under load, and {build['expected']!r} is to be released"
    return ""
