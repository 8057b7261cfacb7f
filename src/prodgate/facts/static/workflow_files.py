"""Reading the workflows of a repository, with the local actions, workflows and scripts that they run."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from ...criteria import UsageError
from ...processes.interpreter import VARIABLES
from ...processes.regular_files import NotRegularError, read_measured
from ...semantics.yaml_nodes import Node, YamlError, parse_yaml
from .. import Fact
from .pipelines import Change, list_changes
from .workflows import RUNS_ANYWAY, Job, Step, Workflow, Workflows, flatten

# ── Workflows that others of the repository call: their jobs are read where they run, after the caller's needs

#: GitHub lets workflows call one another four deep.
_DEEPEST_CALL = 4
#: Values that can replace an input without changing the YAML structure of the file.
_PLAIN: Final = re.compile(r"[\w./@-](?:[\w./@ -]|:(?=\S))*")
#: Reads a workflow of the repository with its inputs; None if there is none.
Parse = Callable[[str, Mapping[str, str]], Workflow | None]


def expand_calls(workflow: Workflow, parse: Parse, depth: int = 0) -> Workflow:
    """Return the workflow with the jobs of each local workflow that it calls, after the job that calls it."""
    becomes: dict[str, tuple[Job, ...]] = {}
    for job in sorted(workflow.jobs, key=lambda one: len(one.needs)):  # a job's needs come before it
        called = parse(job.uses[2:], job.inputs) if job.uses.startswith("./") and depth < _DEEPEST_CALL else None
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
    """Return a workflow's text with the caller's values, or else its own defaults, in place of its inputs."""
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


# ── Actions and shell scripts of the repository that its workflows run, each read like the step that runs it

#: GitHub's file names for the definition of an action.
NAMES: Final = ("action.yml", "action.yaml")
#: GitHub's folder for workflows, and their file extensions.
DIRECTORY, _SUFFIXES = ".github/workflows", (".yml", ".yaml")
#: A word that may be a shell script: it begins a command, or follows a shell.
_SCRIPT: Final = re.compile(
    r"(?:^|[\s;&|(\"'])((?:\$\{\{[^{}]*\}\}/|\$[A-Z_]+/|\./|\.\./)*[\w.-]+(?:/[\w.-]+)*\.(?:sh|bash)|\./[\w./-]+)"
)
_ROOTS: Final = re.compile(r"^(?:\$\{\{\s*github\.workspace\s*\}\}|\$GITHUB_WORKSPACE)/")
_OF_ACTION: Final = re.compile(r"^(?:\$\{\{\s*github\.action_path\s*\}\}|\$GITHUB_ACTION_PATH)/")


def is_action(file: str) -> bool:
    """Whether a file defines an action."""
    return PurePosixPath(file).name in NAMES and not is_workflow(file)


def is_workflow(file: str) -> bool:
    """Whether a file is a workflow."""
    return str(PurePosixPath(file).parent) == DIRECTORY and file.endswith(_SUFFIXES)


def read_local(project: Path, texts: Mapping[str, str], read: Callable[[Path, str], str]) -> dict[str, str]:
    """Return the text of each local action and shell script that workflows reach, even through others, by path."""
    found: dict[str, str] = {}
    waiting = list(texts.items())
    while waiting:
        for file in _list_local(*waiting.pop()):
            if file in found or file in texts or (file.startswith((".", "/")) and not file.startswith(".github/")):
                continue
            if (project / file).is_file() and (project / file).resolve().is_relative_to(project.resolve()):
                found[file] = read(project / file, file)
                waiting.append((file, found[file]))
    return found


def find_action(uses: str, texts: Mapping[str, str]) -> str:
    """Return the path of the local action that a step uses, if it is known."""
    files = (os.path.normpath(PurePosixPath(uses, name)) for name in NAMES)
    return next((file for file in files if uses.startswith("./") and file in texts), "")


def list_steps(text: str) -> Iterator[Node]:
    """Yield the steps of a composite action; the image of one that runs in a container counts as its only step.

    Raises YamlError.
    """
    runs = parse_yaml(text).at("runs")
    yield from runs.at("steps").nodes()
    image = runs.at("image")
    if image.text().startswith("docker://"):
        yield Node({"uses": image}, image.line)


def list_scripts(script: str, folder: str, file: str) -> Iterator[tuple[str, str]]:
    """Yield words of a script that may run a shell script of the repository, with the path that each would have."""
    found = (
        re.sub(r"\{\{([^{}]*)\}\}", lambda one: f"{{{{{one[1].strip()}}}}}", word) for word in _SCRIPT.findall(script)
    )
    for word in dict.fromkeys(found):
        if _OF_ACTION.match(word):
            yield word, os.path.normpath(PurePosixPath(file).parent / _OF_ACTION.sub("", word))
        elif _ROOTS.match(word):
            yield word, os.path.normpath(_ROOTS.sub("", word))
        elif "$" not in word:
            yield word, os.path.normpath(PurePosixPath(folder, word))


def _list_local(file: str, text: str) -> Iterator[str]:
    if not (is_workflow(file) or is_action(file)):
        yield from (path for _, path in list_scripts(text, "", file))
        return
    try:
        root = parse_yaml(text)
    except YamlError:
        return  # the reader of the file reports that
    jobs = [job for _, job in root.at("jobs").items()]
    for part in (*jobs, root.at("runs")):
        for step in part.at("steps").nodes():
            uses = step.at("uses").text()
            yield from (os.path.normpath(PurePosixPath(uses, name)) for name in NAMES if uses.startswith("./"))
            said = (
                step.at("working-directory"),
                *(one.at("defaults", "run", "working-directory") for one in (part, root)),
            )
            folder = next((text for one in said if (text := one.text())), "")
            yield from (path for _, path in list_scripts(step.at("run").text(), folder, file))


_SUCCEEDED = re.compile(r"\bneeds\.([\w-]+)\.result\s*==\s*'success'")
_DEEPEST = 5

#: The kinds of fact derived from workflows.
WORKFLOW_FACTS: Final[tuple[type[Fact], ...]] = (Workflows, Workflow, Job, Step, Change)


class WorkflowError(UsageError):
    """A workflow file can't be read as GitHub would read it; the message begins with file and line."""


def observe_workflows(directory: Path) -> Mapping[str, str]:
    """Return the text of each workflow, and of each local action and script that a workflow reaches, by path.

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
    """Return a reader of the repository's workflows for one that calls them."""
    known: dict[tuple[str, frozenset[tuple[str, str]]], Workflow] = {}

    def parse(file: str, given: Mapping[str, str]) -> Workflow | None:
        if file not in texts or not is_workflow(file):
            return None
        if (key := (file, frozenset(given.items()))) not in known:
            inputs = parse_yaml(texts[file]).at("on", "workflow_call", "inputs")
            known[key] = parse_workflow(fill_inputs(texts[file], inputs, given), file, texts)
        return known[key]

    return parse


#: A text in an expression, or GitHub's variables or secrets, by one name or without any.
_READ: Final = re.compile(
    r"'[^']*'|(?<![\w.-])(vars|secrets)\b(?:\s*\.\s*([\w-]+)|\s*\[\s*'([\w-]+)'\s*\])?(?![\w-])", re.IGNORECASE
)
#: A variable that looks like the gate's own, and a line of a script that says nothing to the shell.
_OWN, _COMMENT = re.compile(r"\bPRODGATE_\w+"), re.compile(r"^[ \t]*#.*", re.MULTILINE)


def _list_names(node: Node, key: str = "") -> Iterator[str]:
    """Yield what is read of GitHub's variables and secrets below a key, and names that begin as the gate's own do."""
    for name, each in node.items():
        yield from _list_unknown(name)
        yield from _list_names(each, name)
    for each in node.value if isinstance(node.value, tuple) else ():
        yield from _list_names(each, key)
    text = node.text()
    for said in [text] if key == "if" else (each.partition("}}")[0] for each in text.split("${{")[1:]):
        found = (one for one in _READ.finditer(said) if one[1])
        yield from ((one[2] or one[3] or f"{one[1]}.*").upper() for one in found)
    yield from _list_unknown(_COMMENT.sub("", text))


def _list_unknown(text: str) -> Iterator[str]:
    return (name for name in _OWN.findall(text) if name not in VARIABLES)


def parse_workflow(text: str, file: str, texts: Mapping[str, str] | None = None) -> Workflow:
    """Parse the text of a workflow; ``file`` names it in subjects and messages. Raises WorkflowError.

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
        names=tuple(dict.fromkeys(name for name in _list_names(root) if name != "GITHUB_TOKEN")),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    file: str
    job: str
    texts: Mapping[str, str]
    """The local actions and scripts that it may run, by path."""
    defaults: tuple[Node, ...] = ()
    """Defaults for a step; the nearest first."""
    depth: int = 0
    """How many actions it is nested in."""


def _action_steps(file: str, texts: Mapping[str, str], depth: int = 0) -> tuple[Step, ...]:
    try:
        return tuple(_step(step, _Place(file, "action", texts, (), depth)) for step in list_steps(texts[file]))
    except YamlError as error:
        raise WorkflowError(f"{file}:{error}") from None


def _read_text(path: Path, file: str) -> str:
    try:
        return read_measured(path).decode("utf-8")
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

    yield from (build(id_, ()) for id_ in tables)


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
    """Whether a job with such a condition starts only after one of its needs has succeeded."""
    return not RUNS_ANYWAY.search(condition) or ("||" not in condition and job in _SUCCEEDED.findall(condition))


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
    """Read ``read-all``, ``write-all``, or a mapping; a mapping grants nothing beyond its keys."""
    if node.value is None:
        return None
    return {"*": node.text().removesuffix("-all")} if node.text() else node.texts()


def _tolerates_failure(table: Node) -> bool:
    return table.at("continue-on-error").text() not in ("", "false")
