"""How a workflow deploys: each change that it makes to a running system, and all that comes before and after it.

The order is that of the steps in a job and of what jobs need. Two jobs that need neither each other run side by side.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from .. import Fact
from .plan_files import PlanTrace, trace_plan
from .workflow_commands import (
    APPLY,
    BACKUP,
    BACKUP_WAIT,
    CHANGES,
    DAGS,
    JUDGE_AFTER,
    MIGRATE,
    OPAQUE,
    ROLLBACK,
    SNAPSHOT,
    TEST,
    WATCH,
)
from .workflows import Job, Step, Workflow, is_elsewhere

#: Conditions that keep nothing from running once all before it went well.
_SURE: Final = re.compile(r"(?:\$\{\{)?\s*(?:success\(\)|always\(\)|!\s*cancelled\(\))?\s*(?:\}\})?")
_ON_FAILURE: Final = re.compile(r"\bfailure\s*\(|(?:result|outcome|conclusion)\s*==\s*'failure'")
_ANYWAY: Final = re.compile(r"\b(?:always|cancelled|failure)\s*\(")


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
    anyway: bool
    """Whether it runs even if a step before it has failed."""
    elsewhere: bool
    """Whether its job works on an environment that is not production."""

    def __str__(self) -> str:
        said = self.said if len(self.said) <= _LONGEST_SAID else f"{self.said[:_LONGEST_SAID]} …"
        return f"{self.subject}: {said}"


#: Characters of a command that a subject shows.
_LONGEST_SAID: Final = 80
#: What is of use to the system alone on which it is done.
_OF_A_SYSTEM: Final = (BACKUP, SNAPSHOT, BACKUP_WAIT, MIGRATE, WATCH, TEST, JUDGE_AFTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was looked for around a change: where it is, where it is of no use, and what could hide it."""

    found: tuple[Stage, ...]
    toothless: tuple[Stage, ...]
    """In the right place, but it may be skipped, or its failure stops nothing."""
    misplaced: tuple[Stage, ...]
    unseen: tuple[Stage, ...]
    """In the right place, and can't be seen through."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Change(Fact):
    """A command or an action that changes a running system. ``subject`` is ``file:line job/step: command``."""

    stage: Stage
    job: Job
    stages: tuple[Stage, ...]
    """All that the workflow does, in file order."""
    ordered: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    """Each job by id, with those that must have succeeded, and those that must have ended, before it starts."""
    plan: PlanTrace | None = None
    """Where the plan of a ``terraform apply`` comes from; None for other changes."""

    @property
    def kind(self) -> str:
        """What it does: ``apply``, ``migrate``, ``shift``, ``publish``, ``run``, ``DAGs``, or ``opaque``: anything."""
        return self.stage.kind

    @property
    def production(self) -> bool:
        """Whether it may change production: its environment does not say by its name that it is another."""
        return not self.stage.elsewhere

    def find_before(self, *kinds: str) -> Search:
        """Look for something that must have gone well before this change."""
        return self._search(kinds, [one for one in self.stages if self._precedes(one, self.stage, 1)])

    def find_after(self, *kinds: str, following: Collection[Stage] = ()) -> Search:
        """Look for something that runs after this change, and after all of ``following``."""
        starts = (self.stage, *following)
        later = [one for one in self.stages if all(self._precedes(start, one, 2) for start in starts)]
        return self._search(kinds, [one for one in later if not one.on_failure])

    def find_rollback(self, following: Collection[Stage] = ()) -> Search:
        """Look for something that takes the change back by itself, once what is ``following`` it has failed."""
        starts = (self.stage, *following)
        later = [one for one in self.stages if all(self._precedes(start, one, 2) for start in starts)]
        back = [one for one in later if one.on_failure and one.kind in (ROLLBACK, *CHANGES)]
        own = [one for one in self.stages if one.kind == ROLLBACK and (one.subject, one.said) == self._place]
        opaque = tuple(one for one in later if one.kind == OPAQUE and one.on_failure)
        known = tuple(one for one in self.stages if one.kind == ROLLBACK and one not in back)
        return Search(found=(*back, *own), toothless=(), misplaced=known, unseen=opaque)

    @property
    def _place(self) -> tuple[str, str]:
        return self.stage.subject, self.stage.said

    def _search(self, kinds: Collection[str], there: Collection[Stage]) -> Search:
        there = [one for one in there if not (one.elsewhere and self.production and one.kind in _OF_A_SYSTEM)]
        fits = [one for one in there if one.kind in kinds and one.ordered]
        sure = tuple(one for one in fits if one.firm and one.conditions <= self.stage.conditions)
        loose = [one for one in self.stages if one.kind in kinds and not one.ordered and self._may_be_near(one, there)]
        return Search(
            found=sure,
            toothless=tuple(one for one in fits if one not in sure),
            misplaced=tuple(one for one in self.stages if one.kind in kinds and one not in (*there, *loose)),
            unseen=(*(one for one in there if one.kind == OPAQUE and one.firm), *loose),
        )

    def _may_be_near(self, stage: Stage, there: Collection[Stage]) -> bool:
        """Whether something that stands at no known place may be where it is looked for."""
        return stage in there or (stage.subject, stage.job) == (self.stage.subject, self.stage.job)

    def _precedes(self, first: Stage, second: Stage, column: int) -> bool:
        """Whether one comes before the other: in column 1, only if it went well; in column 2, however it went."""
        if first.job == second.job:
            return first.at < second.at and not (column == 1 and second.anyway)
        return any(row[0] == second.job and first.job in row[column] for row in self.ordered)


def list_changes(workflow: Workflow) -> Iterator[Change]:
    """Yield each change that a workflow makes to a running system, or may make where it can't be seen through."""
    stages = tuple(stage for job in workflow.jobs for stage in _list_stages(job, workflow))
    ordered = tuple((job.id, tuple(one.id for one in job.after), job.needs) for job in workflow.jobs)
    for job in workflow.jobs:
        own = [one for one in stages if one.job == job.id]
        made = [one for one in own if one.kind in (*CHANGES, DAGS) and not one.on_failure]
        hidden = [one for one in own if one.kind == OPAQUE and job.environment and not job.uses]
        for stage in {(one.kind, one.subject, one.said): one for one in made or hidden[:1]}.values():
            plan = trace_plan(job, stage.said) if stage.kind == APPLY else None
            yield Change(subject=str(stage), stage=stage, job=job, stages=stages, ordered=ordered, plan=plan)


def _reaches_a_system(job: Job) -> bool:
    """Whether a migration of the job can be of more than a database that stands beside it for its tests."""
    takes_role = any(step.uses.startswith("aws-actions/configure-aws-credentials@") for step in job.steps)
    return not job.services and bool(job.environment or takes_role or job.does(*(set(CHANGES) - {MIGRATE})))


def _list_stages(job: Job, workflow: Workflow) -> Iterator[Stage]:
    if workflow.is_called and not job.needs:
        yield _make_stage(OPAQUE, "whatever calls this workflow", job, at=-1)
    if job.uses and not any(other.id.startswith(f"{job.id}/") for other in workflow.jobs):
        yield _make_stage(OPAQUE, job.uses, job, at=0)
    at = 0
    for step, outer in _walk(job.steps, ()):
        for kind, command in step.does:
            at += 1
            if kind != MIGRATE or _reaches_a_system(job):
                told = {"hidden": command.hidden, "ordered": command.ordered}
                yield _make_stage(kind, command.text, job, at=at, steps=(*outer, step), **told)


def _walk(steps: Collection[Step], outer: tuple[Step, ...]) -> Iterator[tuple[Step, tuple[Step, ...]]]:
    for step in steps:
        yield step, outer
        yield from _walk(step.inner, (*outer, step))


def _make_stage(
    kind: str, said: str, job: Job, *, at: int, steps: tuple[Step, ...] = (), hidden: bool = False, ordered: bool = True
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
        on_failure=any(map(_ON_FAILURE.search, stated)),
        anyway=any(_ANYWAY.search(step.condition) for step in steps),
        elsewhere=job.elsewhere or any(is_elsewhere(step.env) for step in steps),
    )


def _list_callers(job: Job) -> str:
    callers, arrow, _ = job.subject.rpartition(" > ")
    return callers + arrow
