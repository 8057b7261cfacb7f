"""What the jobs of a workflow do in a deploy, each thing where it stands and under which conditions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from .workflow_commands import CHANGES, MIGRATE, OPAQUE
from .workflows import Job, Step, Workflow, is_elsewhere

#: Conditions that keep nothing from running once all before it went well.
_SURE: Final = re.compile(r"(?:\$\{\{)?\s*(?:success\(\)|always\(\)|!\s*cancelled\(\))?\s*(?:\}\})?")
#: Conditions that hold because something has failed.
ON_FAILURE: Final = re.compile(r"\bfailure\s*\(|(?:result|outcome|conclusion)\s*==\s*'failure'")
#: The repository and the commit that GitHub checks out where a step says nothing.
_OF_THE_RUN: Final = re.compile(r"\$\{\{\s*github\.(?:sha|ref|repository)\s*\}\}")
_ANYWAY: Final = re.compile(r"\b(?:always|cancelled|failure)\s*\(")
#: Characters of a command that a subject shows.
_LONGEST_SAID: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One thing that a workflow does in a deploy, such as the gate, a snapshot or a shift of traffic."""

    kind: str
    """One of the kinds in ``workflow_commands``."""
    said: str
    """The command or the action."""
    subject: str
    job: str
    at: int
    """Its place in the job."""
    conditions: frozenset[str]
    """What must be true for it to run, besides that all before it went well."""
    firm: bool
    """Whether a failure of it stops what comes after it."""
    ordered: bool
    """Whether it runs where it stands; in a script with functions nobody knows whether and when."""
    on_failure: bool
    """Whether it runs because something before it failed."""
    starts: str
    """The condition on which its job starts, as stated."""
    environment: str
    """The deployment environment of its job, where somebody may have to approve."""
    checkout: str
    """Which repository and commit it works on, as stated; empty for those of the run."""
    anyway: bool
    """Whether it runs even if a step before it has failed."""
    elsewhere: bool
    """Whether its job works on an environment that is not production."""

    def __str__(self) -> str:
        said = self.said if len(self.said) <= _LONGEST_SAID else f"{self.said[:_LONGEST_SAID]} …"
        return f"{self.subject}: {said}"


def _reaches_a_system(job: Job) -> bool:
    """Whether a migration of the job can be of more than a database that stands beside it for its tests."""
    takes_role = any(step.uses.startswith("aws-actions/configure-aws-credentials@") for step in job.steps)
    return not job.services and bool(job.environment or takes_role or job.does(*(set(CHANGES) - {MIGRATE})))


def list_stages(job: Job, workflow: Workflow) -> Iterator[Stage]:
    """Yield what a job does, in its order. Whatever calls a workflow may have done anything before."""
    if workflow.is_called and not job.needs:
        yield _make_stage(OPAQUE, "whatever calls this workflow", job, at=-1)
    if job.uses and not any(other.id.startswith(f"{job.id}/") for other in workflow.jobs):
        yield _make_stage(OPAQUE, job.uses, job, at=0)
    at, checkout = 0, ""
    for step, outer in _walk(job.steps, ()):
        if step.uses.startswith("actions/checkout@") and not step.inputs.get("path"):
            said = [step.inputs.get(key, "") for key in ("repository", "ref")]
            checkout = " ".join(text for text in said if text and not _OF_THE_RUN.fullmatch(text))
        for kind, command in step.does:
            at += 1
            if kind != MIGRATE or _reaches_a_system(job):
                yield _make_stage(
                    kind,
                    command.text,
                    job,
                    at=at,
                    steps=(*outer, step),
                    hidden=command.hidden,
                    ordered=command.ordered,
                    checkout=checkout,
                )


def _walk(steps: Collection[Step], outer: tuple[Step, ...]) -> Iterator[tuple[Step, tuple[Step, ...]]]:
    for step in steps:
        yield step, outer
        yield from _walk(step.inner, (*outer, step))


def _make_stage(
    kind: str,
    said: str,
    job: Job,
    *,
    at: int,
    steps: tuple[Step, ...] = (),
    hidden: bool = False,
    ordered: bool = True,
    checkout: str = "",
) -> Stage:
    stated = [job.condition, *(step.condition for step in steps)]
    return Stage(
        kind=kind,
        said=said,
        subject=job.subject if not steps else f"{_list_callers(job)}{steps[-1].subject}",
        job=job.id,
        at=at,
        conditions=frozenset(text for text in stated if not _SURE.fullmatch(text)),
        firm=not (hidden or job.tolerated or any(step.tolerated for step in steps)),
        ordered=ordered,
        on_failure=any(map(ON_FAILURE.search, stated)),
        starts=job.condition,
        environment=job.environment,
        checkout=checkout,
        anyway=any(_ANYWAY.search(step.condition) for step in steps),
        elsewhere=job.elsewhere or any(is_elsewhere(step.env) for step in steps),
    )


def _list_callers(job: Job) -> str:
    callers, arrow, _ = job.subject.rpartition(" > ")
    return callers + arrow
