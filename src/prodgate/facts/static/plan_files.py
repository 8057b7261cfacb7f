"""Where the plan comes from that ``terraform apply`` applies: the file that an earlier job made and showed, or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from .workflow_commands import OPAQUE, PLAN
from .workflows import Job, Step, flatten

#: Options of Terraform whose value may be the next word.
_TAKES_VALUE: Final = ("-var", "-var-file", "-target", "-replace", "-exclude", "-state", "-state-out", "-backup")
_APPLIES: Final = re.compile(r"^(?:terraform|tofu|terragrunt)\s(?:.*?\s)?(apply|destroy)(?:\s+(.*))?$")
_OUT: Final = re.compile(r"\s-{1,2}out(?:=|\s+)(\S+)")
#: Commands that may bring a file from anywhere.
_FETCHES: Final = re.compile(
    r"\baws\s+s3\s+(?:cp|sync)\s+[\"']?s3://|\bgh\s+run\s+download\b|\bwget\b"
    r"|\bcurl\s[^\n]*(?:\s-\w*[oO]\b|--output|>)\s*(?!\s*=?/dev/null)"
)
_UPLOAD, _DOWNLOAD, _CACHE = "actions/upload-artifact@", "actions/download-artifact@", "actions/cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTrace:
    """What is known of the plan that is applied."""

    shown: bool = False
    """Whether it is the file that a job before this one made, and kept as an artifact."""
    said: str = ""
    """What is applied instead."""
    unseen: str = ""
    """Why that can't be known."""


def trace_plan(job: Job, command: str) -> PlanTrace | None:
    """Follow the plan of an ``apply`` back to where it was made; None for what has no plan files."""
    applied = _APPLIES.match(command)
    if applied is None and "/" not in command.split(maxsplit=1)[0]:
        return None
    if applied is None:
        return PlanTrace(unseen=f"what {command.split(maxsplit=1)[0]} plans can't be followed")
    if applied[1] == "destroy":
        return PlanTrace(said="terraform destroy plans by itself")
    file = _find_file(applied[2] or "")
    if not file:
        return PlanTrace(said="apply without a plan file, which plans anew after the approval")
    steps = list(flatten(job.steps))
    if any(_makes(step, file) for step in steps):
        return PlanTrace(said=f"{file}, which the job that applies it makes, after its approval")
    return _trace_artifact(job, steps, file)


def _trace_artifact(job: Job, steps: list[Step], file: str) -> PlanTrace:
    """Look for a job before this one that makes the file and keeps it under the name that is fetched here."""
    fetched = [step.inputs.get("name", "*") for step in steps if step.uses.startswith(_DOWNLOAD)]
    for earlier in job.after:
        made = [step for step in flatten(earlier.steps) if _makes(step, file)]
        kept = [step.inputs.get("name", "artifact") for step in flatten(earlier.steps) if _keeps(step, file)]
        if made and kept and ("*" in fetched or {*kept} & {*fetched}):
            return PlanTrace(shown=True, said=f"{file} of {made[0].subject}")
    if hiding := [said for one in (*job.after, job) for said in _list_hiding(one)]:
        return PlanTrace(unseen=f"{file} may come from {hiding[0]}, which can't be seen through")
    if file.startswith("$"):
        return PlanTrace(unseen=f"{file} may be any file, or none")
    if not fetched:
        return PlanTrace(said=f"{file}, which no step of the job fetches")
    return PlanTrace(said=f"{file}, which no job that must succeed first plans and keeps as {' or '.join(fetched)}")


def _find_file(words: str) -> str:
    """Return the plan file among the arguments of apply, which is the last of them, if any."""
    left, found = re.split(r"\s\d*[<>|]", words)[0].split(), ""
    while left:
        word = left.pop(0)
        if word in _TAKES_VALUE and left:
            left.pop(0)
        elif not word.startswith("-"):
            found = _name(word)
    return found


def _makes(step: Step, file: str) -> bool:
    plans = (command.text for kind, command in step.does if kind == PLAN)
    return any(_name(out) == file for text in plans for out in _OUT.findall(text))


def _keeps(step: Step, file: str) -> bool:
    if not step.uses.startswith(_UPLOAD):
        return False
    paths = step.inputs.get("path", "").split("\n")
    return any(_name(path) in (file, "") or "*" in path or "." not in _name(path) for path in paths if path.strip())


def _name(word: str) -> str:
    return PurePosixPath(word.strip("\"' ")).name


def _list_hiding(job: Job) -> Iterator[str]:
    for step in flatten(job.steps):
        yield from (command.text for kind, command in step.does if kind == OPAQUE)
        if step.uses.startswith(_CACHE) or _FETCHES.search(step.run):
            yield step.subject
    if job.uses:
        yield job.uses
