"""A machine that runs the jobs of a workflow as GitHub's does: each `run:` word for word, in bash, on what a job has.

A job begins in a folder of its own with a checkout, and has of other jobs what it downloads of what they have uploaded.
The programs that would reach GitHub, the site, Terraform's state or the gate's own environments are the test's.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prodgate.facts.static.workflow_files import observe_workflows, parse_workflow
from prodgate.facts.static.workflows import Job, Step
from tests.prodgate.evidence.test_runs import REFUSED_BY_GITHUB

ROOT = Path(__file__).parents[2]
#: Seconds that one step may take.
LIMIT = 120.0
#: What of the repository the steps use.
CHECKED_OUT = ("dags", "scripts")
DATES = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-11-27T12:00:00Z")
#: The commit of that repository, which is the same each time.
COMMIT = "c732640d3e93a4ae5e61b2c96820f04a4e88d3f6"
#: Notes what it is asked, and does no more than a test says.
RECORDER = """#!/bin/sh
printf '%s\\n' "$(basename "$0") $*" >> "$COMMANDS"
{script}
"""
_CHECKOUT, _UPLOAD, _DOWNLOAD = "actions/checkout@", "actions/upload-artifact@", "actions/download-artifact@"
_CONTEXT = re.compile(r"\b(?:vars|needs|steps|github|env|runner|matrix)(?:\.[\w-]+)+")


@dataclass(frozen=True)
class Machine:
    """A folder for each job and for what is uploaded, and programs on PATH."""

    folder: Path
    variables: dict[str, str]
    """Values of expressions, such as ``vars.AWS_REGION``."""
    environment: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    """How each step that ran ended, by its name, the last time."""
    repository: Path | None = None
    """What a job checks out; without one, a part of ours in a repository of its own."""
    actions: Mapping[str, Callable[[Step, Job], int]] = field(default_factory=dict)
    """Beginnings of actions' names, with what stands in for each; others do nothing."""

    @property
    def commands(self) -> list[str]:
        """The commands that programs received, in order."""
        log = self.folder / "commands.log"
        return log.read_text("utf-8").splitlines() if log.exists() else []

    def install(self, name: str, script: str = "", *, module: str = "") -> None:
        """Put a program on PATH: a script, or a module of the tests."""
        (self.folder / "bin").mkdir(parents=True, exist_ok=True)
        program = self.folder / "bin" / name
        run = f'exec "{sys.executable}" -P -m {module} "$@"' if module else script
        program.write_text(RECORDER.format(script=run))
        program.chmod(0o755)

    def work(self, job: Job) -> Path:
        work = self.folder / "jobs" / job.id
        if self.repository and not work.exists():
            (depth,) = [one.inputs.get("fetch-depth", "1") for one in job.steps if one.uses.startswith(_CHECKOUT)]
            options = [] if depth == "0" else ["--depth", depth]
            command = ["git", "clone", "-q", *options, f"file://{self.repository}", str(work)]
            subprocess.run(command, check=True, timeout=LIMIT)
        if not work.exists():
            work.mkdir(parents=True)
            for name in CHECKED_OUT:
                shutil.copytree(ROOT / name, work / name)
            commit = [
                "git",
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b",
                "commit",
                "-q",
                "--allow-empty",
                "-m",
                "A commit",
            ]
            for command in (["git", "init", "-q"], commit):
                subprocess.run(command, cwd=work, check=True, timeout=LIMIT, env={**os.environ, **DATES})
        return work

    def run(self, job: Job) -> int:
        """Run a job until its end and return how it ended; a step that failed lets only those run that say so."""
        failed = 0
        for step in job.steps:
            if self.is_due(step.condition, job, failed=bool(failed)):
                ended = self._act(step, job)
                failed = failed or ended
        self.variables[f"needs.{job.id}.result"] = "failure" if failed else "success"
        self.variables.update({f"needs.{job.id}.outputs.{key}": text for key, text in self.told(job, "output").items()})
        return failed

    def is_due(self, condition: str, job: Job, *, failed: bool) -> bool:
        """Whether a condition holds, by the words of GitHub that our workflows use; another one is an error."""
        said = condition.strip().removeprefix("${{").removesuffix("}}").strip()
        if not re.search(r"\b(?:always|failure|cancelled|success)\s*\(", said):
            said = f"success() && ({said or 'true'})"
        outputs = {f"steps.{name}": text for name, text in self.told(job, "output").items()}
        known = {**self.variables, **outputs}
        said = _CONTEXT.sub(lambda found: repr(known.get(re.sub(r"^(steps)\..*\.", r"\1.", found[0]), "")), said)
        said = re.sub(r"!(?!=)", " not ", said).replace("&&", " and ").replace("||", " or ")
        names = {
            "always": lambda: True, "failure": lambda: failed, "cancelled": lambda: False, "success": lambda: not failed,
            "hashFiles": lambda pattern: "".join(map(str, self.work(job).glob(pattern))), "true": True,
        }  # fmt: skip
        return bool(eval(said, {"__builtins__": {}}, names))

    def run_step(self, step: Step, job: Job) -> int:
        """Run the script of a step and return how it ended."""
        said = {name: self.fill(text, job) for name, text in {**job.env, **step.env}.items()}
        environment = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "HOME": str(self.folder),
            "COMMANDS": str(self.folder / "commands.log"),
            **{f"GITHUB_{name.upper()}": str(self.place(job, name)) for name in ("env", "output", "step_summary")},
            "RUNNER_TEMP": str(self._temporary(job)),
            **self.environment,
            **self.told(job, "env"),
            **said,
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.fill(step.run, job)]
        done = subprocess.run(command, cwd=self.work(job), env=environment, timeout=LIMIT, check=False)
        self.outcomes[step.name] = done.returncode
        return done.returncode

    def summary(self, job: Job) -> str:
        """Return what a job has written to the page of the run."""
        return self.place(job, "step_summary").read_text("utf-8")

    def told(self, job: Job, name: str) -> dict[str, str]:
        """Return what a job has told GitHub for later steps (``env``) or jobs (``output``)."""
        lines = self.place(job, name).read_text("utf-8").splitlines()
        return {key: value for key, _, value in (line.partition("=") for line in lines)}

    def upload(self, step: Step, job: Job) -> int:
        """Keep files by their paths below the common folder of all requested ones; hidden ones are not kept."""
        kept, work = self.folder / "artifacts" / step.inputs["name"], self.work(job)
        shutil.rmtree(kept, ignore_errors=True)
        patterns = self.fill(step.inputs["path"], job).split()
        plain = [
            work / re.split(r"[*?\[]", pattern)[0].rpartition("/")[0] if "*" in pattern else work / pattern
            for pattern in patterns
        ]
        common = Path(os.path.commonpath([each if each.is_dir() else each.parent for each in plain]))
        found = [
            each for pattern in patterns for each in ([Path(pattern)] if pattern[0] == "/" else work.glob(pattern))
        ]
        files = {path for each in found for path in (each.rglob("*") if each.is_dir() else [each]) if path.is_file()}
        names = {path.relative_to(common).as_posix(): path for path in files}
        visible = {name: path for name, path in names.items() if "/." not in f"/{name}"}
        if any({*REFUSED_BY_GITHUB} & {*name} for name in visible):
            return 1
        for name, path in visible.items():
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, kept / name)
        return int(step.inputs.get("if-no-files-found") == "error" and not kept.exists())

    def download(self, step: Step, job: Job) -> int:
        """Fetch what was kept; one that is named must be there, one that matches a pattern need not."""
        name = step.inputs.get("name") or step.inputs["pattern"]
        kept = self.folder / "artifacts" / name
        if kept.exists():
            shutil.copytree(kept, self.work(job) / self.fill(step.inputs.get("path", "."), job), dirs_exist_ok=True)
        return int(not kept.exists() and "name" in step.inputs)

    def _act(self, step: Step, job: Job) -> int:
        if step.uses.startswith(_UPLOAD):
            return self.upload(step, job)
        if step.uses.startswith(_DOWNLOAD):
            return self.download(step, job)
        for name, act in self.actions.items():
            if step.uses.startswith(name):
                return act(step, job)
        return self.run_step(step, job) if step.run else 0

    def place(self, job: Job, name: str) -> Path:
        """Return the file in which a job tells GitHub something, such as ``env``."""
        (self.folder / "files" / job.id).mkdir(parents=True, exist_ok=True)
        place = self.folder / "files" / job.id / name
        place.touch()
        return place

    def _temporary(self, job: Job) -> Path:
        folder = self.folder / "temporary" / job.id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def fill(self, text: str, job: Job) -> str:
        """Return a text with the values of its expressions; one that is not known is an error."""
        known = {**self.variables, "runner.temp": str(self._temporary(job))}
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: known[found[1]], text)


def read_jobs(file: str, repository: Path = ROOT) -> dict[str, Job]:
    """The jobs of one of our workflows, or of a repository's copy of it, by id."""
    texts = observe_workflows(repository / ".github" / "workflows")
    return {job.id: job for job in parse_workflow(texts[f".github/workflows/{file}"], file, texts).jobs}


def first(commands: Sequence[str], words: str) -> int:
    """The place of the first command that begins with these words."""
    return next(at for at, command in enumerate(commands) if command.startswith(words))


def find_step(job: Job, name: str) -> Step:
    (found,) = [one for one in job.steps if one.name == name]
    return found


def answer(**told: Any) -> str:
    """The output of bash where a program answers with JSON."""
    return f"cat <<'ANSWER'\n{json.dumps(told)}\nANSWER"
