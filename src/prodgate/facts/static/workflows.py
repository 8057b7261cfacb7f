"""GitHub Actions workflows: the commands they run, in which order, and with which permissions."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...quantities import Quantity
from ...semantics.aws_settings import longest_pause
from ...semantics.yaml_nodes import Node
from .. import Fact
from .shell_commands import (
    CHANGES,
    DAGS,
    JUDGE,
    OPAQUE,
    SCAN,
    Command,
    drop_patterns,
    list_kinds,
    list_kinds_of_action,
    read_commands,
)

#: How many characters of a script are read; a longer one is opaque.
_LONGEST_SCRIPT = 16 * 1024
#: Conditions under which a job or a step runs although an earlier one has failed.
RUNS_ANYWAY = re.compile(r"\b(?:always|cancelled|failure)\s*\(")
#: Variables that name the target system, and names of systems other than production.
_STAGE_VARIABLE = re.compile(r"(?:TF_WORKSPACE|(?:APP_|DEPLOY_|NODE_|RAILS_)?ENV(?:IRONMENT)?|STAGE)")
_ELSEWHERE = re.compile(
    r"(?!.*(?<!non)(?<!non-)(?<!pre)(?<!pre-)prod)(?:dev|devel(?:op(?:ment)?)?|test(?:ing)?|stag(?:e|ing)?|stg|qa|uat"
    r"|sandbox|preview|pr|demo|int|integration|(?:non|pre)-?prod(?:uction)?|ci)\d*(?:[-_/. ]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Fact):
    """One step of a job. ``subject`` is ``file:line job/step``."""

    line: int
    name: str
    uses: str = ""
    run: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """The values under ``with``."""
    env: Mapping[str, str] = field(default_factory=dict)
    condition: str = ""
    tolerated: bool = False
    """Whether the job continues if the step fails."""
    shell: str = ""
    """The shell of the script, if the step, the job or the workflow states it."""
    scripts: Mapping[str, str] = field(default_factory=dict)
    """Text of each shell script of the repository, by the word that runs it."""
    inner: tuple["Step", ...] = ()
    """The steps of the local action that the step uses."""
    unknown: bool = False
    """Whether the step uses an action of this repository that was not found, so that its commands are unknown."""

    @property
    def insists(self) -> bool:
        """Whether the step always runs, and the job fails with it."""
        return not self.tolerated and not self.condition

    @property
    def does(self) -> Iterator[tuple[str, Command]]:
        """The effects of the step, as kind and command, in order; an action is one command."""
        if self.uses and not self.inner:
            yield from ((kind, Command(self.uses, False)) for kind in list_kinds_of_action(self.uses, self.inputs))
        if len(self.run) > _LONGEST_SCRIPT:
            yield OPAQUE, Command(f"a script of {len(self.run):,} characters", False)
            return
        remote = self.inputs.get("script", "") if "ssh-action" in self.uses else ""
        said = "\n".join(self.env.values()) if "migrat" in " ".join(self.env).lower() else ""
        for command in self._follow(read_commands(self.run or remote, self.shell), ()):
            yield from ((kind, command) for kind in list_kinds(f"{command.text} {said}" if said else command.text))

    def list_commands(self) -> Iterator[str]:
        """Yield every command that the step runs, including the commands of known scripts."""
        if len(self.run) > _LONGEST_SCRIPT:
            yield f"script-of-{len(self.run)}-characters"
            return
        scripts = {word: drop_patterns(text) for word, text in self.scripts.items()}
        commands = read_commands(drop_patterns(self.run), self.shell)
        yield from (one.text for one in replace(self, scripts=scripts)._follow(commands, ()))

    def _follow(self, commands: Collection[Command], within: tuple[str, ...]) -> Iterator[Command]:
        """Yield commands; a command that runs a known script is replaced by the commands of the script."""
        for command in commands:
            named = [word for word in command.text.split()[:2] if word.strip("\"'") in self.scripts]
            if not named or named[0] in within:
                yield command
                continue
            inner = read_commands(self.scripts[named[0].strip("\"'")], "bash -e")
            for one in self._follow(inner, (*within, named[0])):
                yield replace(one, hidden=one.hidden or command.hidden, ordered=one.ordered and command.ordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Fact):
    """One job, with the workflow's settings for it. ``subject`` is ``file:line job``."""

    line: int
    id: str
    environment: str = ""
    """The deployment environment, whose protection rules on GitHub hold the approval."""
    condition: str = ""
    uses: str = ""
    """The reusable workflow that the job calls, if any."""
    unknown: bool = False
    """Whether the job calls a workflow of this repository that was not found, so that its commands are unknown."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """The inputs that it passes to that workflow."""
    permissions: Mapping[str, str] | None = None
    """Effective permissions of the token, ``*`` for all; None if the repository's default applies."""
    inherits_permissions: bool = True
    """Whether the permissions are the workflow's, and so every job's."""
    concurrency: str = ""
    """Effective concurrency group."""
    cancels: bool = False
    """Whether a newer run cancels this one halfway."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables of the workflow and the job."""
    tolerated: bool = False
    """Whether the workflow continues if the job fails."""
    services: bool = False
    """Whether containers run beside the job, such as a database for its tests."""
    steps: tuple[Step, ...] = ()
    after: tuple["Job", ...] = ()
    """Every job that must have succeeded before this one starts."""
    needs: tuple[str, ...] = ()
    """Every job, by id, that must have ended before this one starts, successfully or not."""

    def does(self, *kinds: str) -> bool:
        """Whether a step of the job, or a step of a local action that it uses, does something of these kinds."""
        return any(kind in kinds for step in flatten(self.steps) for kind, _ in step.does)

    def insists_on(self, *kinds: str) -> bool:
        """Whether the job always does something of these kinds, without conditions, and fails if that fails."""
        firm = [step for step in self.steps if step.insists and not self.tolerated]
        found = (one for step in firm for one in flatten((step,)) if one.insists)
        return any(
            kind in kinds and command.ordered and not command.hidden for step in found for kind, command in step.does
        )

    @property
    def elsewhere(self) -> bool:
        """Whether its environment's name identifies another system than production."""
        return is_other_stage(self.environment) or (not self.environment and is_elsewhere(self.env))

    @property
    def deploys(self) -> bool:
        """Whether the job changes a running system, by more than new DAGs."""
        return self.does(*CHANGES)

    @property
    def deploys_dags(self) -> bool:
        """Whether the job copies DAGs to where Airflow reads them."""
        return self.does(DAGS)

    @property
    def judges(self) -> bool:
        """Whether the job runs the production gate and fails with it."""
        return self.insists_on(JUDGE)

    @property
    def scans(self) -> bool:
        """Whether the job scans for known vulnerabilities or misconfiguration."""
        return self.does(SCAN)


def is_elsewhere(env: Mapping[str, str]) -> bool:
    """Whether variables name another target system than production."""
    return any(_STAGE_VARIABLE.fullmatch(key) and is_other_stage(text) for key, text in env.items())


def is_other_stage(name: str) -> bool:
    """Whether a name is that of another environment than production, such as ``staging``."""
    return bool(_ELSEWHERE.match(name))


def flatten(steps: Collection[Step]) -> Iterator[Step]:
    """Yield steps; after each, the steps of the local action that it uses."""
    for step in steps:
        yield step
        yield from flatten(step.inner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Fact):
    """One workflow file. ``subject`` is its path in the repository."""

    name: str
    triggers: Mapping[str, Node]
    """Event -> its filters."""
    jobs: tuple[Job, ...]
    """Its jobs; after a job that calls a workflow of the repository, the jobs of the called workflow."""
    names: tuple[str, ...] = ()
    """The variables and secrets of GitHub that it reads, and what begins with PRODGATE_ and is no variable of the gate.

    Each once, and not the token that GitHub makes; ``VARS.*`` for what is read without a name.
    """

    @property
    def is_called(self) -> bool:
        """Whether it runs only as a part of workflows that call it."""
        return set(self.triggers) == {"workflow_call"}

    @property
    def pauses(self) -> tuple[Quantity, ...]:
        """The most days between two scheduled runs, for each schedule."""
        schedules = self.triggers["schedule"].nodes() if "schedule" in self.triggers else ()
        return tuple(Quantity.days(longest_pause(one.at("cron").text())) for one in schedules)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all jobs."""
        return tuple(flatten([step for job in self.jobs for step in job.steps]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows(Fact):
    """All workflows of a repository. ``subject`` is their directory."""

    workflows: tuple[Workflow, ...]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of all workflows."""
        return tuple(job for workflow in self.workflows for job in workflow.jobs)
