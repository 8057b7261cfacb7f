"""Observes an account by every registered observer, and keeps each answer."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from ...aws.account import WORKERS, Account, Calls
from ...aws.recording import recall as recall_answers
from ...evidence.artifacts import load_json
from ...facts import (
    Fact,
    Facts,
    live as _observers,  # noqa: F401  importing them registers them
)
from ...facts.observers import OBSERVERS, Observer, observe_all
from ...processes.memory import share_heaps
from ..goals import OVERVIEW, check_name
from ..layer import LayerContext
from ..static.repository import ProjectView
from .judging import GOAL_KINDS, KINDS, is_foreign
from .target import LiveTarget, leave_unrehearsed, open_target

#: Kind of the fact that says which account was observed, when, and what of the project was compared with it.
ACCOUNT: Final = "account"
#: Kind of the facts that hold the answers of one service in one region.
ANSWERS: Final = "answers"


def recall(
    run: Path, events: Iterable[Mapping[str, Any]], observe_more: Callable[[Account], Facts] | None = None
) -> Facts:
    """Run the observers on the answers of an earlier run; the facts are the same."""
    stored = [(fact["kind"], load_json(run, fact["digest"])) for fact in events]
    if (about := next((value for kind, value in stored if kind == ACCOUNT), None)) is None:
        reason = "no account was observed in that run"
        return Facts(unreadable={kind: reason for kinds in OBSERVERS.values() for kind in kinds})
    recording = recall_answers(value for kind, value in stored if kind == ANSWERS)
    return observe_through(recording, about, ProjectView.from_evidence(about, run), observe_more=observe_more)


def observe(context: LayerContext) -> Facts:
    """Open the account and observe it; every answer is stored as evidence."""
    with open_target(context) as target:
        return observe_account(target, context)


def observe_account(target: LiveTarget, context: LayerContext) -> Facts:
    """Observe an open account; answers are stored even when the run is interrupted."""
    now = datetime.now(UTC).isoformat()
    about = {
        "id": target.id,
        "region": target.region,
        "now": now,
        "foreign": context.stated.foreign,
        "notes": target.notes,
        "unrehearsed": target.unrehearsed,
    }
    project = ProjectView(context)
    if context.stated.foreign:
        context.note("live", f"left out, by [account] exempt: {', '.join(context.stated.foreign)}")
    context.progress(f"live: looking at account {target.id} in {target.region}")
    try:
        look = partial(observe_through, target.calls, about, project, observe_more=context.observe_more)
        facts = _run_interruptibly(target, look)
    finally:
        _store_answers(target, {**about, **project.to_json()}, context)
    records = target.calls.recording.records.values()
    unread = sum(bool(record.unreadable) for record in records)
    context.progress(f"live: {len(records)} calls, {unread} without an answer, {len(facts.known)} facts")
    return facts


def _run_interruptibly(target: LiveTarget, look: Callable[[], Facts]) -> Facts:
    """Observe in a thread of its own, so that an interrupt can close the calls that other threads still wait for."""
    with ThreadPoolExecutor(1, thread_name_prefix="looking") as thread:
        seen = thread.submit(look)
        try:
            return seen.result()
        except KeyboardInterrupt:
            target.calls.close("the run was interrupted")
            raise


def observe_through(
    calls: Calls,
    about: Mapping[str, Any],
    project: ProjectView,
    observers: Mapping[Observer, tuple[type[Fact], ...]] = OBSERVERS,
    *,
    observe_more: Callable[[Account], Facts] | None = None,
) -> Facts:
    """Return the facts that observers make of calls, and a team's; ``about`` says of which account and when."""
    share_heaps()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:
        account = make_account(calls, about, project, pool)
        facts = observe_all(account, observers)
        more = observe_more(account) if observe_more else Facts()
    known = [fact for fact in (*facts.known, *more.known) if not is_foreign(fact.subject, about["foreign"])]
    judged_by: dict[type | str, frozenset[str]] = {name: facts.sources(kind) for name, kind in KINDS.items()}
    judged_by[check_name("*")] = frozenset({OVERVIEW}).union(*map(facts.sources, GOAL_KINDS))
    unreadable, made_of = {**facts.unreadable, **more.unreadable}, {**facts.made_of, **more.made_of, **judged_by}
    seen = replace(facts, known=known, unreadable=unreadable, made_of=made_of)
    return leave_unrehearsed(seen, about.get("unrehearsed", {}))


def make_account(calls: Calls, about: Mapping[str, Any], project: ProjectView, pool: ThreadPoolExecutor) -> Account:
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


def _store_answers(target: LiveTarget, about: Mapping[str, Any], context: LayerContext) -> None:
    for service, region, calls in target.calls.recording.by_place():
        evidence = {"service": service, "region": region, "library": target.library, "calls": calls}
        source = f"{len(calls)} calls to {service} with {target.library}"
        context.store_fact("live", ANSWERS, f"{service} in {region}", evidence, source)
    context.store_fact("live", ACCOUNT, f"{target.id} in {target.region}", about, context.target.url)
