"""Reading the workflows of a repository, with the local actions, workflows and scripts that they run."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...criteria import UsageError
from ...processes.regular_files import NotRegularError, open_regular
from .. import Fact
from .called_workflows import Parse, expand_calls, fill_inputs
from .local_actions import find_action, is_action, is_workflow, list_scripts, list_steps, read_local
from .pipelines import Change, list_changes
from .workflows import Job, Step, Workflow, Workflows, flatten
from .yaml_nodes import Node, YamlError, parse_yaml

DIRECTORY, _SUFFIXES = ".github/workflows", (".yml", ".yaml")
#: Conditions under which a job runs although one that it needs has failed.
_RUNS_ANYWAY = re.compile(r"\b(?:always|cancelled|failure)\s*\(")
_SUCCEEDED = re.compile(r"\bneeds\.([\w-]+)\.result\s*==\s*'success'")
_DEEPEST = 5

#: The kinds of fact that workflows give.
WORKFLOW_FACTS: Final[tuple[type[Fact], ...]] = (Workflows, Workflow, Job, Step, Change)


class WorkflowError(UsageError):
    """A workflow file can't be read as GitHub would read it; the message begins with file and line."""


def observe_workflows(directory: Path) -> Mapping[str, str]:
    """Return the text of each workflow, and of each local action and script that one reaches, by path.

    Raises WorkflowError.
    """
    files = {f"{DIRECTORY}/{path.name}": path for path in sorted(directory.glob("*.y*ml")) if path.suffix in _SUFFIXES}
    texts = {file: _read_text(path, file) for file, path in files.items()}
    return texts | read_local(directory.parents[1], texts, _read_text)


def workflow_facts(texts: Mapping[str, str]) -> tuple[Fact, ...]:
    """Return the whole, then each workflow, job, step and change as a fact of its own. Raises WorkflowError."""
    files = [file for file in texts if is_workflow(file)]
    stated = tuple(expand_calls(parse_workflow(texts[file], file, texts), _caller(texts)) for file in files)
    called = {job.uses.removeprefix("./") for workflow in stated for job in workflow.jobs}
    roots = [one for one in stated if not (one.is_called and one.subject in called)]
    whole = Workflows(subject=DIRECTORY, workflows=tuple(roots))
    steps = {step.subject: step for job in whole.jobs for step in flatten(job.steps)}
    unused = (step for file in texts if is_action(file) for step in _action_steps(file, texts))
    steps |= {step.subject: step for one in unused for step in flatten((one,)) if step.subject not in steps}
    changes = (change for workflow in roots for change in list_changes(workflow))
    return (whole, *stated, *whole.jobs, *steps.values(), *changes)


def _caller(texts: Mapping[str, str]) -> Parse:
    """Return what reads a workflow of the repository for one that calls it."""
    known: dict[tuple[str, frozenset[tuple[str, str]]], Workflow] = {}

    def parse(file: str, given: Mapping[str, str]) -> Workflow | None:
        if file not in texts or not is_workflow(file):
            return None
        if (key := (file, frozenset(given.items()))) not in known:
            inputs = parse_yaml(texts[file]).at("on", "workflow_call", "inputs")
            known[key] = parse_workflow(fill_inputs(texts[file], inputs, given), file, texts)
        return known[key]

    return parse


def parse_workflow(text: str, file: str, texts: Mapping[str, str] | None = None) -> Workflow:
    """Read the text of a workflow; ``file`` names it in subjects and messages. Raises WorkflowError.

    ``texts`` holds the local actions and scripts that it may run, by path.
    """
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
        jobs=tuple(_jobs(root, file, texts or {})),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step stands."""

    file: str
    job: str
    texts: Mapping[str, str]
    """The local actions and scripts that it may run, by path."""
    defaults: tuple[Node, ...] = ()
    """What holds for a step that says nothing else; the nearest first."""
    depth: int = 0
    """How many actions it stands in."""


def _action_steps(file: str, texts: Mapping[str, str], depth: int = 0) -> tuple[Step, ...]:
    try:
        return tuple(_step(step, _Place(file, "action", texts, (), depth)) for step in list_steps(texts[file]))
    except YamlError as error:
        raise WorkflowError(f"{file}:{error}") from None


def _read_text(path: Path, file: str) -> str:
    try:
        with io.TextIOWrapper(open_regular(path), "utf-8") as opened:
            return opened.read()
    except NotRegularError as error:
        raise WorkflowError(f"{file}: {error.strerror}; save it as UTF-8 text") from None
    except (OSError, UnicodeDecodeError) as error:
        raise WorkflowError(f"{file}: cannot be read: {error}; save it as UTF-8 text") from None


def _jobs(root: Node, file: str, texts: Mapping[str, str]) -> Iterator[Job]:
    """Yield jobs in file order; each is built after the ones it needs."""
    tables, built = dict(root.at("jobs").items()), dict[str, Job]()

    def build(id_: str, waiting: tuple[str, ...]) -> Job:
        if id_ in waiting:
            raise WorkflowError(f"{file}:{tables[id_].line}: job {id_!r} needs itself; break the circle")
        if id_ not in built:
            needed = [node.text() for node in tables[id_].at("needs").nodes()]
            if unknown := [name for name in needed if name not in tables]:
                raise WorkflowError(f"{file}:{tables[id_].line}: job {id_!r} needs {unknown[0]!r}, which is no job")
            built[id_] = _job(id_, root, file, [build(name, (*waiting, id_)) for name in needed], texts)
        return built[id_]

    for id_ in tables:
        yield build(id_, ())


def _job(id_: str, root: Node, file: str, needed: list[Job], texts: Mapping[str, str]) -> Job:
    table = root.at("jobs", id_)
    condition, own = table.at("if").text(), table.at("permissions")
    surely = [job for job in needed if _needs_success(condition, job.id)]
    group = table.at("concurrency") if table.at("concurrency").value is not None else root.at("concurrency")
    environment = table.at("environment")
    place = _Place(file, id_, texts, (table.at("defaults", "run"), root.at("defaults", "run")))
    return Job(
        subject=f"{file}:{table.line} {id_}",
        line=table.line,
        id=id_,
        environment=environment.at("name").text() or environment.text(),
        condition=condition,
        uses=table.at("uses").text(),
        inputs=table.at("with").texts(),
        permissions=_permissions(own if own.value is not None else root.at("permissions")),
        inherits_permissions=own.value is None,
        concurrency=group.at("group").text() or group.text(),
        cancels=group.at("cancel-in-progress").text() not in ("", "false"),
        env={**root.at("env").texts(), **table.at("env").texts()},
        tolerated=_tolerates_failure(table),
        services=table.at("services").value is not None,
        steps=tuple(_step(step, place) for step in table.at("steps").nodes()),
        after=tuple({job.id: job for one in surely for job in (*one.after, one)}.values()),
        needs=tuple(dict.fromkeys(each for one in needed for each in (*one.needs, one.id))),
    )


def _needs_success(condition: str, job: str) -> bool:
    """Whether a job with such a condition starts only after one that it needs has succeeded."""
    if not _RUNS_ANYWAY.search(condition):
        return True
    return "||" not in condition and job in _SUCCEEDED.findall(condition)


def _step(table: Node, place: _Place) -> Step:
    uses, run = table.at("uses").text(), table.at("run").text()
    name = table.at("name").text() or uses or run.strip().split("\n")[0][:40]
    action = find_action(uses, place.texts) if place.depth < _DEEPEST else ""
    said = {
        key: next((text for one in (table, *place.defaults) if (text := one.at(key).text())), "")
        for key in ("shell", "working-directory")
    }
    scripts = list_scripts(run, said["working-directory"], place.file)
    return Step(
        subject=f"{place.file}:{table.line} {place.job}/{name}",
        line=table.line,
        name=name,
        uses=uses,
        run=run,
        inputs=table.at("with").texts(),
        env=table.at("env").texts(),
        condition=table.at("if").text(),
        tolerated=_tolerates_failure(table),
        shell=said["shell"],
        scripts={word: place.texts[path] for word, path in scripts if path in place.texts},
        inner=_action_steps(action, place.texts, place.depth + 1) if action else (),
        unknown=uses.startswith("./") and not action,
    )


def _permissions(node: Node) -> Mapping[str, str] | None:
    """Read ``read-all``, ``write-all``, or a mapping; a mapping gives nothing beyond what it names."""
    if node.value is None:
        return None
    return {"*": node.text().removesuffix("-all")} if node.text() else node.texts()


def _tolerates_failure(table: Node) -> bool:
    return table.at("continue-on-error").text() not in ("", "false")
