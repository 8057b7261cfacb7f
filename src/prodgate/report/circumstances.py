"""What the first screen says beside the verdict: of what, by whom, when, from which inputs, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..findings import Outcome
from ..verdict import Verdict
from . import verdict_words
from .view import find_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The facts of a run that a reader needs before the findings."""

    environment: str
    """The Terraform root; empty when none is stated."""
    caller: str
    """The ARN that AWS says the gate has; empty when no account was asked, and where its answer can't be read."""
    caller_problem: str
    """Why the answer of AWS can't be read; empty where it can, or where no account was asked."""
    when: tuple[str, ...]
    """From its begin to its end, in UTC and by another clock; its begin alone for a run that was cut off."""
    inputs: int
    """How many files and variables decided, those of the judges among them."""
    layers: int
    """How many layers were asked."""
    left_out: tuple[str, ...]
    not_asked: tuple[str, ...]
    """Layers without criteria."""
    undetermined: int
    """Questions without an answer that stand in the way."""
    deferred: int
    """Questions that only production can answer."""


def describe_circumstances(run: Run, verdict: Verdict) -> Circumstances:
    """Return what the first screen says of a run."""
    caller, problem = _find_caller(run)
    return Circumstances(
        environment=run.criteria.terraform_root,
        caller=caller,
        caller_problem=problem,
        when=tuple(_tell_times(run)),
        inputs=sum(len(run.about.get(kind) or ()) for kind in ("inputs", "judges", "included")),
        layers=len(verdict.scope.layers - verdict.scope.undeclared),
        left_out=verdict.scope.left_out(),
        not_asked=verdict.scope.not_asked(),
        undetermined=sum(r.outcome is Outcome.UNDETERMINED and not r.deferred for r in verdict.rulings),
        deferred=verdict.deferred,
    )


def is_partial(run: Run, verdict: Verdict) -> bool:
    """Whether the verdict of a run is a GO that speaks of a part of the system only."""
    return verdict_words.is_partial(verdict, str(run.about.get("moment") or ""))


def _tell_times(run: Run) -> Iterator[str]:
    """Yield when it ran: in UTC, and by the clock that the stated schedules go by, else by that of the gate."""
    yield _tell_span(run, UTC, "UTC")
    airflow = run.criteria.airflow
    named = {section.declared.schedule.timezone for section in airflow.dags.values()} if airflow else set()
    offset = str(run.about.get("utc_offset", ""))
    if len(named) == 1:
        yield _tell_span(run, ZoneInfo(name := named.pop()), name)
    elif zone := find_zone(offset):
        yield _tell_span(run, zone, offset)


def _tell_span(run: Run, zone: tzinfo, name: str) -> str:
    begin = run.started.astimezone(zone)
    if run.finished is None:
        return f"{begin:%Y-%m-%d %H:%M:%S} {name}"
    end = run.finished.astimezone(zone)
    day = "" if end.date() == begin.date() else f"{end:%Y-%m-%d} "
    return f"{begin:%Y-%m-%d %H:%M:%S} – {day}{end:%H:%M:%S} {name}"


def _find_caller(run: Run) -> tuple[str, str]:
    """Return who AWS says the gate is, and why its answer can't be read."""
    for fact in run.facts_of("live", "answers"):
        if str(fact.get("subject", "")).startswith("sts "):
            try:
                return _read_caller(load_json(run.path, str(fact["digest"]))), ""
            except UNREADABLE as error:
                return "", describe_flaw(error)
    return "", ""


def _read_caller(answers: Any) -> str:
    asked = (call for call in answers["calls"] if call["operation"] == "GetCallerIdentity" and call.get("pages"))
    return next((str(call["pages"][0]["Arn"]) for call in asked), "")
