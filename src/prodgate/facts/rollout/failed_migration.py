"""A migration that was made to fail: whether it stopped the release, and whether the old version served on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...aws.answers import Unread, Unreadable
from ...aws.plain_json import revive
from ...quantities import Quantity
from .. import Fact
from .migration_runs import Run, read_run
from .requests import why_unsound

#: Version of the records of this drill.
FORMAT: Final = 1
#: What a person reads of each field.
_TITLES: Final = {
    "failure": "failure of the migration",
    "went_on": "deployments that began all the same",
    "changed": "services that changed",
    "unanswered": "requests that failed",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FailedMigration(Fact):
    """A release whose migration was made to fail; ``subject`` is the family of the task that ran it."""

    age: Quantity
    """How long ago that was."""
    failure: str
    """What became of the migration; empty if it did not fail."""
    went_on: str
    """The deployments that began all the same; empty if the release stopped."""
    changed: str
    """What serves otherwise than before; empty if the old version does, as it did."""
    requests: int
    """How many were sent from before the migration to after it."""
    unanswered: str
    """Those of them that failed; empty if none did."""


def failed_migration_facts(value: Mapping[str, Any]) -> Iterator[FailedMigration]:
    """Yield what the record of a drill shows; it was ``asked`` for at that time. Raises Unreadable."""
    if value.get("format") != FORMAT:
        raise Unreadable(f"the drill was recorded in form {value.get('format')!r}, this version reads {FORMAT}")
    began, asked = (datetime.fromisoformat(value[key]) for key in ("began", "asked"))
    yield FailedMigration(
        subject=value["family"],
        age=Quantity.seconds(max(0, int((asked - began).total_seconds()))),
        failure=_find_failure(value, began),
        went_on=", ".join(f"{service.rpartition('/')[2]}: {id_}" for service, id_ in value["started"].items() if id_),
        changed=_find_change(value["before"], value["after"]),
        **_count_requests(value["stream"], value["silent"]),
    )


def _find_failure(value: Mapping[str, Any], began: datetime) -> Any:
    """Return what became of the only migration that ran meanwhile."""
    runs = [run for run in map(read_run, revive(value["tasks"])) if run.began >= began]
    if len(runs) != 1 or runs[0].ended is None:
        told = ", ".join(map(_describe, runs)) or "none"
        return Unread(f"one migration had to run and end meanwhile, and these did: {told}; drill again")
    return runs[0].failure


def _describe(run: Run) -> str:
    return f"{run.task} ({run.failure or ('ended well' if run.ended else 'runs still')})"


def _find_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> Any:
    """Return which services have other weights or other primary tasks than before."""
    unread = {**before["unread"], **after["unread"]}
    if blind := [why for what, why in unread.items() if what.endswith((": weights", ": counts"))]:
        return Unread(blind[0])
    pairs = {name: (seen, after["services"].get(name, {})) for name, seen in before["services"].items()}
    if not pairs:
        return Unread("no service stands behind a load balancer")
    return ", ".join(name.rpartition("/")[2] for name, (was, now) in pairs.items() if _serving(was) != _serving(now))


def _serving(seen: Mapping[str, Any]) -> Any:
    tasks = seen["counts"]["tasks"].values()
    return seen["weights"], sorted(one["definition"] for one in tasks if one["state"] == "PRIMARY")


def _count_requests(stream: Mapping[str, Any] | None, silent: str) -> dict[str, Any]:
    why = (silent or "no requests were sent") if stream is None else why_unsound(stream)
    if why or stream is None:
        return {"requests": Unread(why), "unanswered": Unread(why)}
    failed = sum((Counter(second["failed"]) for second in stream["seconds"]), Counter[str]())
    return {"requests": stream["due"], "unanswered": ", ".join(f"{number:,} {kind}" for kind, number in failed.items())}


def summarise_failure(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record shows: ``outcome`` is good, bad or unknown, ``lines`` say why."""
    lines: list[str] = []
    outcome = "good"
    for fact in failed_migration_facts({**value, "asked": value["ended"]}):
        for name, wanted in (("failure", True), ("went_on", False), ("changed", False), ("unanswered", False)):
            seen = object.__getattribute__(fact, name)
            unread = isinstance(seen, Unread)
            lines.append(f"{_TITLES[name]}: {seen.reason if unread else seen or 'none'}")
            if unread or bool(seen) is not wanted:
                outcome = "unknown" if unread and outcome != "bad" else "bad" if not unread else outcome
    return {"outcome": outcome, "lines": lines}
