"""How a workflow deploys: each change that it makes to a running system, and all that comes before and after it.

The order is that of the steps in a job and of what jobs need. Two jobs that need neither each other run side by side.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from .. import Fact
from .plan_files import PlanTrace, trace_plan
from .stages import ON_FAILURE, Stage, list_stages
from .workflow_commands import (
    APPLY,
    BACKUP,
    BACKUP_WAIT,
    CHANGES,
    DAG_TEST,
    DAGS,
    JUDGE,
    JUDGE_AFTER,
    JUDGE_BEFORE,
    MIGRATE,
    OPAQUE,
    ROLLBACK,
    SIGN,
    SNAPSHOT,
    TEST,
    VERIFY,
    WATCH,
)
from .workflows import Job, Workflow

_FAILED: Final = re.compile(r"\bfailure\s*\(")
#: What is of use to the system alone on which it is done.
_OF_A_SYSTEM: Final = (BACKUP, SNAPSHOT, BACKUP_WAIT, MIGRATE, WATCH, TEST, JUDGE_AFTER)
#: What says something of the commit alone that it ran on.
_OF_A_COMMIT: Final = (JUDGE, JUDGE_BEFORE, DAG_TEST, VERIFY)


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

    def find_signature(self) -> Search:
        """Look for what signs the run before this change, in a job that runs nothing that could take the key."""
        search = self.find_before(SIGN)
        shared = tuple(one for one in search.found if any(one.job == other.job for other in self._list_untrusted()))
        found = tuple(one for one in search.found if one not in shared)
        return replace(search, found=found, toothless=(*search.toothless, *shared))

    def _list_untrusted(self) -> Iterator[Stage]:
        kinds = (JUDGE, JUDGE_BEFORE, JUDGE_AFTER, TEST, DAG_TEST, OPAQUE)
        return (one for one in self.stages if one.kind in kinds)

    def find_rollback(self, following: Collection[Stage] = ()) -> Search:
        """Look for something that takes the change back by itself, whichever of what is ``following`` it has failed."""
        starts = (self.stage, *following)
        later = [one for one in self.stages if all(self._hears_of(start, one) for start in starts)]
        back = [one for one in later if one.kind in (ROLLBACK, *CHANGES)]
        own = [one for one in self.stages if one.kind == ROLLBACK and (one.subject, one.said) == self._place]
        opaque = tuple(one for one in later if one.kind == OPAQUE)
        known = tuple(one for one in self.stages if one.kind == ROLLBACK and one not in back)
        return Search(found=(*back, *own), toothless=(), misplaced=known, unseen=opaque)

    def _hears_of(self, failed: Stage, one: Stage) -> bool:
        """Whether something runs because another has failed.

        In another job, that job must say that it starts then, and must not wait for the approval of the deploy.
        """
        if failed.job == one.job:
            return one.on_failure and failed.at < one.at
        if one.environment and one.environment == self.stage.environment:
            return False
        named = _FAILED.search(one.starts) or any(f"needs.{part}." in one.starts for part in failed.job.split("/"))
        return bool(named and ON_FAILURE.search(one.starts)) and self._precedes(failed, one, 2)

    @property
    def _place(self) -> tuple[str, str]:
        return self.stage.subject, self.stage.said

    def _search(self, kinds: Collection[str], there: Collection[Stage]) -> Search:
        there = [one for one in there if not (one.elsewhere and self.production and one.kind in _OF_A_SYSTEM)]
        fits = [one for one in there if one.kind in kinds and one.ordered]
        sure = tuple(one for one in fits if one.firm and one.conditions <= self.stage.conditions and self._is_of(one))
        loose = [one for one in self.stages if one.kind in kinds and not one.ordered and self._may_be_near(one, there)]
        return Search(
            found=sure,
            toothless=tuple(one for one in fits if one not in sure),
            misplaced=tuple(one for one in self.stages if one.kind in kinds and one not in (*there, *loose)),
            unseen=(*(one for one in there if one.kind == OPAQUE and one.firm), *loose),
        )

    def _is_of(self, stage: Stage) -> bool:
        """Whether something judges the commit that the change is of, rather than another one."""
        return stage.kind not in _OF_A_COMMIT or stage.checkout == self.stage.checkout

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
    stages = tuple(stage for job in workflow.jobs for stage in list_stages(job, workflow))
    ordered = tuple((job.id, tuple(one.id for one in job.after), job.needs) for job in workflow.jobs)
    for job in workflow.jobs:
        own = [one for one in stages if one.job == job.id]
        made = [one for one in own if one.kind in (*CHANGES, DAGS) and not one.on_failure]
        hidden = [one for one in own if one.kind == OPAQUE and job.environment and not job.uses]
        for stage in {(one.kind, one.subject, one.said): one for one in made or hidden[:1]}.values():
            plan = trace_plan(job, stage.said) if stage.kind == APPLY else None
            yield Change(subject=str(stage), stage=stage, job=job, stages=stages, ordered=ordered, plan=plan)
