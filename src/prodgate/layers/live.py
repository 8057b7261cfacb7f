"""The live layer: an account as it is, observed by calls that only read, and judged by the suites."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..aws.account import WORKERS, Account, Calls
from ..aws.recording import recalled
from ..criteria_file import CriteriaFile
from ..evidence import load_json, store_json
from ..facts import Fact, Facts
from ..facts import live as _observers  # noqa: F401  importing them registers them
from ..facts.observers import OBSERVERS, Observer, observed
from ..findings import Finding
from . import live_policies
from .layer import Observation
from .project_seen import ProjectSeen

if TYPE_CHECKING:
    from .live_target import LiveTarget

#: Kind of the fact that says which account was observed, when, and what of the project was compared with it.
ACCOUNT: Final = "account"
#: Subject of what a role, user or group holds.
_HELD: Final = re.compile(r"(arn:\S+:(?:role|user|group)/\S+) (?:with|policy) .+")
#: Name of a load balancer or a target group, which AWS follows by an id of its own.
_BALANCER: Final = re.compile(r":(?:loadbalancer/(?:app|net|gwy)|targetgroup)/([^/]+)/[0-9a-f]+")
#: Kind of the facts that hold the answers of one service in one region.
ANSWERS: Final = "answers"


class LiveLayer:
    """Observes an account through every registered observer."""

    name: str = "live"
    folders: tuple[str, ...] = ("suites/live",)
    judges_policies: bool = False

    def observe(self, at: Observation) -> Facts:
        """Open the target and look at it; each answer is kept as evidence."""
        if not any(self.name in criterion.layers for criterion in at.stated.criteria.values()):
            at.progress("live: no criterion asks about an account")
            return Facts()
        from .live_target import opened  # noqa: PLC0415  boto3 takes as long to import as all the rest

        with opened(at) as target:
            return _looked(target, at)

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Let the observers look at what was answered then; the facts are the same."""
        stored = [(fact["kind"], load_json(run, fact["digest"])) for fact in events]
        about = next((value for kind, value in stored if kind == ACCOUNT), None)
        if about is None:
            reason = "no account was observed in that run"
            return Facts(unreadable={kind: reason for kinds in OBSERVERS.values() for kind in kinds})
        recording = recalled(value for kind, value in stored if kind == ANSWERS)
        return through(recording, about, ProjectSeen.recalled(about, run))

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:
        """What the rules for declared documents say of live ones is judged here; the suites ask all else."""
        return live_policies.asked(stated)

    def conclude(self, facts: Facts, at: Observation) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Judge live documents by the rules for declared ones."""
        return live_policies.concluded(facts, at.stated)


def _looked(target: LiveTarget, at: Observation) -> Facts:
    """Observe an opened account; what was answered is kept also when the run is interrupted."""
    now = datetime.now(UTC).isoformat()
    about = {"id": target.id, "region": target.region, "now": now, "foreign": at.stated.foreign, "notes": target.notes}
    project = ProjectSeen(at)
    if at.stated.foreign:
        at.note("live", f"left out, by [account] exempt: {', '.join(at.stated.foreign)}")
    at.progress(f"live: looking at account {target.id} in {target.region}")
    try:
        facts = _interruptible(target, lambda: through(target.calls, about, project))
    finally:
        _keep(target, {**about, **project.to_json()}, at)
    records = target.calls.recording.records.values()
    unread = sum(bool(record.unreadable) for record in records)
    at.progress(f"live: {len(records)} calls, {unread} without an answer, {len(facts.known)} facts")
    return facts


def _interruptible(target: LiveTarget, look: Callable[[], Facts]) -> Facts:
    """Look in a thread of its own: who interrupts closes the calls first, else every thread would ask to its end."""
    with ThreadPoolExecutor(1, thread_name_prefix="looking") as thread:
        seen = thread.submit(look)
        try:
            return seen.result()
        except KeyboardInterrupt:
            target.calls.close("the run was interrupted")
            raise


def through(
    calls: Calls,
    about: Mapping[str, Any],
    project: ProjectSeen,
    observers: Mapping[Observer, tuple[type[Fact], ...]] = OBSERVERS,
) -> Facts:
    """Return what observers see through calls; ``about`` says of which account and when."""
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:
        facts = observed(account_of(calls, about, project, pool), observers)
    return replace(facts, known=[fact for fact in facts.known if not _is_foreign(fact, about["foreign"])])


def account_of(calls: Calls, about: Mapping[str, Any], project: ProjectSeen, pool: ThreadPoolExecutor) -> Account:
    """Return the account that observers ask."""
    return Account(
        id=about["id"],
        region=about["region"],
        now=datetime.fromisoformat(about["now"]),
        calls=calls,
        pool=pool,
        declared=project.declared,
        files=project.files,
    )


def _is_foreign(fact: Any, patterns: Sequence[str]) -> bool:
    """Whether a fact is about something that is not of this system, by its ARN or the end of it that is a name.

    What a role holds, such as ``ARN of the role with ARN of a policy``, belongs to whoever the role belongs to.
    """
    held = _HELD.fullmatch(fact.subject)
    named = held[1] if held else fact.subject
    names = [fact.subject, named, named.rpartition(":")[2], named.rpartition("/")[2]]
    if balancer := _BALANCER.search(named):
        names.append(balancer[1])
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _keep(target: LiveTarget, about: Mapping[str, Any], at: Observation) -> None:
    for service, region, calls in target.calls.recording.by_place():
        evidence = {"service": service, "region": region, "library": target.library, "calls": calls}
        source = f"{len(calls)} calls to {service} with {target.library}"
        at.journal.fact("live", ANSWERS, f"{service} in {region}", store_json(at.run, evidence), source)
    place = f"{target.id} in {target.region}"
    at.journal.fact("live", ACCOUNT, place, store_json(at.run, about), at.target.url)
