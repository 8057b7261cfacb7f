"""Workflows that others of the repository call: their jobs are read where they run, after what the caller needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from .workflows import Job, Workflow
from .yaml_nodes import Node

#: GitHub lets workflows call one another four deep.
_DEEPEST = 4
#: What can be put in place of an input without making other YAML of the file.
_PLAIN: Final = re.compile(r"[\w./@-][\w./@ -]*")
#: Reads a workflow of the repository with what is handed to it; None when there is none.
Parse = Callable[[str, Mapping[str, str]], Workflow | None]


def expand_calls(workflow: Workflow, parse: Parse, depth: int = 0) -> Workflow:
    """Return the workflow with the jobs of each local workflow that it calls, after the job that calls it."""
    becomes: dict[str, tuple[Job, ...]] = {}
    for job in sorted(workflow.jobs, key=lambda one: len(one.needs)):  # whatever a job needs comes before it
        called = parse(job.uses[2:], job.inputs) if job.uses.startswith("./") and depth < _DEEPEST else None
        own = replace(
            job,
            unknown=job.uses.startswith("./") and called is None,
            after=tuple(one for needed in job.after for one in becomes[needed.id]),
            needs=tuple(one.id for id_ in job.needs for one in becomes[id_]),
        )
        inner = expand_calls(called, parse, depth + 1).jobs if called else ()
        becomes[job.id] = (own, *_put_inside(own, inner))
    return replace(workflow, jobs=tuple(one for job in workflow.jobs for one in becomes[job.id]))


def fill_inputs(text: str, stated: Node, given: Mapping[str, str]) -> str:
    """Return a workflow's text with what a caller gives, or else what it states itself, in place of its inputs."""
    values = {name: given.get(name, node.at("default").text()) for name, node in stated.items()}
    plain = {name: value for name, value in values.items() if _PLAIN.fullmatch(value)}
    pattern = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")
    return pattern.sub(lambda found: plain.get(found[1], found[0]), text)


def _put_inside(caller: Job, jobs: tuple[Job, ...]) -> Iterator[Job]:
    """Yield jobs of a called workflow as they run for one caller."""
    moved: dict[str, Job] = {}
    for job in sorted(jobs, key=lambda one: len(one.needs)):
        moved[job.id] = replace(
            job,
            id=f"{caller.id}/{job.id}",
            subject=f"{caller.subject} > {job.subject}",
            condition=" && ".join(f"({text})" for text in (caller.condition, job.condition) if text),
            permissions=caller.permissions if job.permissions is None else job.permissions,
            inherits_permissions=caller.inherits_permissions if job.permissions is None else job.inherits_permissions,
            concurrency=job.concurrency or caller.concurrency,
            cancels=job.cancels or caller.cancels,
            after=(*caller.after, *(moved[one.id] for one in job.after)),
            needs=(*caller.needs, *(f"{caller.id}/{id_}" for id_ in job.needs)),
        )
    return (moved[job.id] for job in jobs)
