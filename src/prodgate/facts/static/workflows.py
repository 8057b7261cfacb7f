"""GitHub Actions workflows: what they run, after what, and with which permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...criteria import UsageError
from ...quantities import Quantity
from .. import Fact
from .local_actions import is_action, list_steps, read_actions
from .workflow_commands import DAG_TESTS, GATE, decides, deploys, longest_pause, scans, uploads_dags
from .yaml_nodes import Node, YamlError, parse_yaml

DIRECTORY, _SUFFIXES = ".github/workflows", (".yml", ".yaml")
#: Conditions under which a job runs although one that it needs has failed.
_RUNS_ANYWAY = re.compile(r"\b(?:always|cancelled|failure)\s*\(")


class WorkflowError(UsageError):
    """A workflow file can't be read as GitHub would read it; the message begins with file and line."""


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
    """Whether the job goes on when the step fails."""

    @property
    def insists(self) -> bool:
        """Whether the step always runs, and the job fails with it."""
        return not self.tolerated and not self.condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Fact):
    """One job, with what the workflow gives to it. ``subject`` is ``file:line job``."""

    line: int
    id: str
    environment: str = ""
    """The deployment environment, whose protection rules on GitHub hold the approval."""
    condition: str = ""
    uses: str = ""
    """The reusable workflow that the job calls, if any."""
    permissions: Mapping[str, str] | None = None
    """Effective permissions of the token, ``*`` for all; None when the repository's default applies."""
    inherits_permissions: bool = True
    """Whether the permissions are the workflow's, and so every job's."""
    concurrency: str = ""
    """Effective concurrency group."""
    cancels: bool = False
    """Whether a newer run cancels this one half way."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables of the workflow and the job."""
    tolerated: bool = False
    """Whether the workflow goes on when the job fails."""
    steps: tuple[Step, ...] = ()
    after: tuple[Job, ...] = ()
    """Every job that must have succeeded before this one starts."""

    @property
    def deploys(self) -> bool:
        """Whether the job changes a running system, by more than new DAGs."""
        return any(deploys(step.run, step.uses) for step in self.steps)

    @property
    def deploys_dags(self) -> bool:
        """Whether the job copies DAGs to where Airflow reads them."""
        return any(uploads_dags(step.run) for step in self.steps)

    @property
    def judges(self) -> bool:
        """Whether the job runs the production gate and fails with it."""
        return not self.tolerated and any(step.insists and decides(step.run, GATE) for step in self.steps)

    @property
    def tests_dags(self) -> bool:
        """Whether the job runs tests of the DAGs and fails with them."""
        return not self.tolerated and any(step.insists and decides(step.run, DAG_TESTS) for step in self.steps)

    @property
    def scans(self) -> bool:
        """Whether the job looks for known vulnerabilities or misconfiguration."""
        return any(scans(step.run, step.uses) for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Fact):
    """One workflow file. ``subject`` is its path in the repository."""

    name: str
    triggers: Mapping[str, Node]
    """Event -> its filters."""
    jobs: tuple[Job, ...]

    @property
    def pauses(self) -> tuple[Quantity, ...]:
        """The most days between two scheduled runs, for each schedule."""
        schedules = self.triggers["schedule"].nodes() if "schedule" in self.triggers else ()
        return tuple(Quantity.days(longest_pause(one.at("cron").text())) for one in schedules)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all jobs."""
        return tuple(step for job in self.jobs for step in job.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows(Fact):
    """All workflows of a repository. ``subject`` is their directory."""

    workflows: tuple[Workflow, ...]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of all workflows."""
        return tuple(job for workflow in self.workflows for job in workflow.jobs)


#: The kinds of fact that workflows give.
WORKFLOW_FACTS: Final[tuple[type[Fact], ...]] = (Workflows, Workflow, Job, Step)


def observe_workflows(directory: Path) -> Mapping[str, str]:
    """Return the text of each workflow and each local action that one reaches, by path. Raises WorkflowError."""
    files = {f"{DIRECTORY}/{path.name}": path for path in sorted(directory.glob("*.y*ml")) if path.suffix in _SUFFIXES}
    texts = {file: _read_text(path, file) for file, path in files.items()}
    return texts | read_actions(directory.parents[1], texts, _read_text)


def workflow_facts(texts: Mapping[str, str]) -> tuple[Fact, ...]:
    """Return the whole, then each workflow, job and step as a fact of its own. Raises WorkflowError."""
    stated = tuple(parse_workflow(text, file) for file, text in texts.items() if not is_action(file))
    whole = Workflows(subject=DIRECTORY, workflows=stated)
    inner = (step for file, text in texts.items() if is_action(file) for step in _action_steps(text, file))
    return (whole, *stated, *whole.jobs, *(step for job in whole.jobs for step in job.steps), *inner)


def parse_workflow(text: str, file: str) -> Workflow:
    """Read the text of a workflow; ``file`` names it in subjects and messages. Raises WorkflowError."""
    try:
        root = parse_yaml(text)
    except YamlError as error:
        raise WorkflowError(f"{file}:{error}") from None
    for key in ("on", "jobs"):
        if root.at(key).value is None:
            raise WorkflowError(f"{file}:1: has no {key!r}; GitHub does not run a workflow without it")
    triggers = root.at("on")
    return Workflow(
        subject=file,
        name=root.at("name").text() or file,
        triggers=dict(triggers.items()) or {node.text(): Node(None, node.line) for node in triggers.nodes()},
        jobs=tuple(_jobs(root, file)),
    )


def _action_steps(text: str, file: str) -> Iterator[Step]:
    try:
        yield from (_step(step, file, "action") for step in list_steps(text))
    except YamlError as error:
        raise WorkflowError(f"{file}:{error}") from None


def _read_text(path: Path, file: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkflowError(f"{file}: cannot be read: {error}; save it as UTF-8 text") from None


def _jobs(root: Node, file: str) -> Iterator[Job]:
    """Yield jobs in file order; each is built after the ones it needs."""
    tables, built = dict(root.at("jobs").items()), dict[str, Job]()

    def build(id_: str, waiting: tuple[str, ...]) -> Job:
        if id_ in waiting:
            raise WorkflowError(f"{file}:{tables[id_].line}: job {id_!r} needs itself; break the circle")
        if id_ not in built:
            needed = [node.text() for node in tables[id_].at("needs").nodes()]
            if unknown := [name for name in needed if name not in tables]:
                raise WorkflowError(f"{file}:{tables[id_].line}: job {id_!r} needs {unknown[0]!r}, which is no job")
            built[id_] = _job(id_, tables[id_], root, file, [build(name, (*waiting, id_)) for name in needed])
        return built[id_]

    for id_ in tables:
        yield build(id_, ())


def _job(id_: str, table: Node, root: Node, file: str, needed: list[Job]) -> Job:
    condition, own = table.at("if").text(), table.at("permissions")
    after = {} if _RUNS_ANYWAY.search(condition) else {job.id: job for one in needed for job in (*one.after, one)}
    group = table.at("concurrency") if table.at("concurrency").value is not None else root.at("concurrency")
    environment = table.at("environment")
    return Job(
        subject=f"{file}:{table.line} {id_}",
        line=table.line,
        id=id_,
        environment=environment.at("name").text() or environment.text(),
        condition=condition,
        uses=table.at("uses").text(),
        permissions=_permissions(own if own.value is not None else root.at("permissions")),
        inherits_permissions=own.value is None,
        concurrency=group.at("group").text() or group.text(),
        cancels=group.at("cancel-in-progress").text() not in ("", "false"),
        env={**root.at("env").texts(), **table.at("env").texts()},
        tolerated=_tolerates_failure(table),
        steps=tuple(_step(step, file, id_) for step in table.at("steps").nodes()),
        after=tuple(after.values()),
    )


def _step(table: Node, file: str, job: str) -> Step:
    uses, run = table.at("uses").text(), table.at("run").text()
    name = table.at("name").text() or uses or run.strip().split("\n")[0][:40]
    return Step(
        subject=f"{file}:{table.line} {job}/{name}",
        line=table.line,
        name=name,
        uses=uses,
        run=run,
        inputs=table.at("with").texts(),
        env=table.at("env").texts(),
        condition=table.at("if").text(),
        tolerated=_tolerates_failure(table),
    )


def _permissions(node: Node) -> Mapping[str, str] | None:
    """Read ``read-all``, ``write-all``, or a mapping; a mapping gives nothing beyond what it names."""
    if node.value is None:
        return None
    return {"*": node.text().removesuffix("-all")} if node.text() else node.texts()


def _tolerates_failure(table: Node) -> bool:
    return table.at("continue-on-error").text() not in ("", "false")
