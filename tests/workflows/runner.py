"""A machine that runs the steps of a job as GitHub's does: each `run:` word for word, in bash, with programs of the test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prodgate.facts.static.workflow_files import observe_workflows, parse_workflow
from prodgate.facts.static.workflows import Job, Step

ROOT = Path(__file__).parents[2]
#: Seconds that one step may take.
LIMIT = 120.0
LOG = "commands.log"
#: Notes what it is asked, and does no more than a test says.
RECORDER = """#!/bin/sh
printf '%s\\n' "$(basename "$0") $*" >> "$COMMANDS"
{script}
"""


@dataclass(frozen=True)
class Machine:
    """A directory with a checkout of what steps use, programs of their own on PATH, and variables."""

    work: Path
    variables: Mapping[str, str]
    """Values of expressions, such as ``vars.AWS_REGION``."""
    environment: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    """How each step that ran ended, by its name."""

    @property
    def commands(self) -> list[str]:
        """What was asked of the programs, in order."""
        log = self.work / LOG
        return log.read_text("utf-8").splitlines() if log.exists() else []

    def install(self, name: str, script: str = "", *, module: str = "") -> None:
        """Put a program on PATH: a script, or a module of the tests."""
        (self.work / "bin").mkdir(parents=True, exist_ok=True)
        program = self.work / "bin" / name
        run = f'exec "{sys.executable}" -P -m {module} "$@"' if module else script
        program.write_text(RECORDER.format(script=run))
        program.chmod(0o755)

    def run(self, job: Job) -> int:
        """Run a job until its end and return how it ended; a step that failed lets only those run that say so."""
        failed = 0
        for step in job.steps:
            if step.run and _is_due(step, failed=bool(failed)):
                self.outcomes[step.name] = self.run_step(step, job)
                failed = failed or self.outcomes[step.name]
        return failed

    def run_step(self, step: Step, job: Job) -> int:
        """Run the script of a step and return how it ended."""
        said = {name: self._fill(text) for name, text in {**job.env, **step.env}.items()}
        environment = {
            "PATH": f"{self.work / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "HOME": str(self.work),
            "COMMANDS": str(self.work / LOG),
            "GITHUB_STEP_SUMMARY": str(self.work / "summary.md"),
            "GITHUB_ENV": str(self.work / "environment"),
            **self.environment,
            **said,
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self._fill(step.run)]
        return subprocess.run(command, cwd=self.work, env=environment, timeout=LIMIT, check=False).returncode

    def _fill(self, text: str) -> str:
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: self.variables[found[1]], text)


def read_jobs(file: str) -> dict[str, Job]:
    """The jobs of one of our workflows, by id."""
    texts = observe_workflows(ROOT / ".github" / "workflows")
    return {job.id: job for job in parse_workflow(texts[f".github/workflows/{file}"], file, texts).jobs}


def _is_due(step: Step, *, failed: bool) -> bool:
    match step.condition.removeprefix("${{").removesuffix("}}").strip():
        case "":
            return not failed
        case "failure() || cancelled()":
            return failed
        case "!cancelled()" | "always()":
            return True
        case other:
            raise ValueError(f"{step.subject}: the tests know no condition {other!r}")


def first(commands: Sequence[str], words: str) -> int:
    """The place of the first command that begins with these words."""
    return next(at for at, command in enumerate(commands) if command.startswith(words))
