"""How a workflow deploys: its changes to running systems, and the steps before and after each change.

The steps of a job run in order. A job runs after the jobs in its ``needs``, and beside all others.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Final

from .. import Fact
from .shell_commands import (
    APPLY,
    BACKUP,
    BACKUP_WAIT,
    CHANGES,
    COMPARE,
    DAG_TEST,
    DAGS,
    JUDGE,
    JUDGE_AFTER,
    JUDGE_BEFORE,
    MIGRATE,
    OPAQUE,
    PLAN,
    PROMOTE,
    ROLLBACK,
    SIGN,
    SNAPSHOT,
    TEST,
    VERIFY,
    WATCH,
    list_kinds_of_action,
)
from .workflows import RUNS_ANYWAY, Job, Step, Workflow, flatten, is_elsewhere

# ── The origin of the plan that ``terraform apply`` applies: the artifact of an earlier job, or none

#: Terraform's options that may have their value in the next word, not after ``=``.
_TAKES_VALUE: Final = ("-var", "-var-file", "-target", "-replace", "-exclude", "-state", "-state-out", "-backup")
_APPLIES: Final = re.compile(r"^(?:terraform|tofu|terragrunt)\s(?:.*?\s)?(apply|destroy)(?:\s+(.*))?$")
_OUT: Final = re.compile(r"\s-{1,2}out(?:=|\s+)(\S+)")
#: Commands that may fetch a file from anywhere.
_FETCHES: Final = re.compile(
    r"\baws\s+s3\s+(?:cp|sync)\s+[\"']?s3://|\bgh\s+run\s+download\b|\bwget\b"
    r"|\bcurl\s(?:(?!\bcurl\s)[^\n])*(?:\s-\w*[oO]\b|--output|>)\s*(?!\s*=?/dev/null)"
)
UPLOAD, DOWNLOAD, _CACHE = "actions/upload-artifact@", "actions/download-artifact@", "actions/cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTrace:
    """The origin of the applied plan."""

    shown: bool = False
    """Whether it is proven to be the file that an earlier job made and uploaded."""
    said: str = ""
    """Which plan is applied, in words."""
    unseen: str = ""
    """Why its origin can't be known."""


def trace_plan(job: Job, command: str) -> PlanTrace | None:
    """Follow the plan of an ``apply`` back to the job that made it.

    None for commands without plan files, such as kubectl; a GitHub action can't be followed, and gives ``unseen``.
    """
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
    return _trace_artifact(job, steps, file, command)


def _trace_artifact(job: Job, steps: list[Step], file: str, command: str) -> PlanTrace:
    """Look for an earlier job that makes the file and uploads it, under an artifact name that this job downloads."""
    fetched = [step.inputs.get("name", "*") for step in steps if step.uses.startswith(DOWNLOAD)]
    for earlier in job.after:
        made = [step for step in flatten(earlier.steps) if _makes(step, file)]
        kept = [step.inputs.get("name", "artifact") for step in flatten(earlier.steps) if _keeps(step, file)]
        if made and kept and ("*" in fetched or {*kept} & {*fetched}):
            if _is_compared(job, file, earlier, command):
                return PlanTrace(shown=True, said=f"{file} of {made[0].subject}")
            return PlanTrace(said=f"{file} of an artifact, without its digest from job {earlier.id}")
    if hiding := [said for one in (*job.after, job) for said in list_hiding(one)]:
        return PlanTrace(unseen=f"{file} may come from {hiding[0]}, which can't be seen through")
    if file.startswith("$"):
        return PlanTrace(unseen=f"{file} may be any file, or none")
    if not fetched:
        return PlanTrace(said=f"{file}, which no step of the job fetches")
    return PlanTrace(said=f"{file}, which no job that must succeed first plans and keeps as {' or '.join(fetched)}")


def _is_compared(job: Job, file: str, maker: Job, command: str) -> bool:
    """Whether the file is proven, before a command applies it, to be the one that ``maker`` made.

    Another job may upload an artifact of the same name, but no job can set another job's outputs. So it is proven by an
    artifact id from an output of ``maker``, or by a digest from there that is compared with the file. ``verify --plan``
    proves it, too: it compares the file, as JSON, with the plan that the run judged.
    """
    outputs, script = re.compile(rf"\bneeds\.(?:{'|'.join(map(re.escape, maker.id.split('/')))})\.outputs\."), ""
    for step in flatten(job.steps):
        script += f"{step.run}\n"
        if step.uses.startswith(DOWNLOAD) and outputs.search(step.inputs.get("artifact-ids", "")):
            return True
        for kind, one in step.does:
            if kind == APPLY and one.text == command:
                return False
            if kind == COMPARE and step.insists and one.ordered and not one.hidden:
                plan = read_words(one.text)[1].get("--plan", "")
                text = "\n".join((step.run, *step.env.values(), *job.env.values()))
                if _is_shown(file, _name(plan), script) if plan else file in step.run and outputs.search(text):
                    return True
    return False


def _is_shown(file: str, plan: str, script: str) -> bool:
    """Whether a script writes the plan file as JSON (``show -json``) into the file ``plan``."""
    shown = (line.partition(">") for line in script.splitlines() if " show " in line and " -json " in line)
    return any(file in command and plan in written for command, _, written in shown)


def _find_file(words: str) -> str:
    """Return the plan file among the arguments of apply: the last of them, if any."""
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
    if not step.uses.startswith(UPLOAD):
        return False
    paths = step.inputs.get("path", "").split("\n")
    return any(_name(path) in (file, "") or "*" in path or "." not in _name(path) for path in paths if path.strip())


def _name(word: str) -> str:
    return PurePosixPath(word.strip("\"' ")).name


def list_hiding(job: Job) -> Iterator[str]:
    """Yield all parts of a job that may fetch a file from anywhere: opaque commands, steps, and a called workflow."""
    for step in flatten(job.steps):
        yield from (command.text for kind, command in step.does if kind == OPAQUE)
        if step.uses.startswith(_CACHE) or _FETCHES.search(step.run):
            yield step.subject
    if job.uses:
        yield job.uses


# ── The gate's run behind a deploy: the system that it judged, and the job that made it

#: Options of ``run`` and ``verify`` that take no value.
_FLAGS: Final = (
    "--compare", "--json", "--quiet", "--install", "--unsigned", "--whole", "--promotes", "--fetch-root", "--keyless",
)  # fmt: skip
_GATE: Final = re.compile(r"^(?:prodgate\s+(?:run|verify)\b|tox\b.*?\s--(?=\s|$))")
#: The tox environment whose target is the variable PRODGATE_TARGET.
_NIGHTLY: Final = re.compile(r"^tox\b.*\bnightly\b")
_ACTION: Final = re.compile(r"^[\w.-]+/prod-gate(?:/\S+)?@")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))|\$\{\{\s*env\.(\w+)\s*\}\}")
_INPUT: Final = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")
#: The gate's default folder for its runs.
_RUNS: Final = "runs"


def find_target(command: str, env: Mapping[str, str], inputs: Mapping[str, str]) -> str:
    """Return the system that a command or an action of the gate names as its target, with known variables put in.

    Empty for a rehearsal, for a variable that nothing sets, and for any other command.
    """
    if _ACTION.match(command):
        stated = inputs.get("target", "")
    elif _NIGHTLY.match(command):
        stated = "$PRODGATE_TARGET"
    else:
        words, options = read_words(command)
        # only ``verify`` has --commit, and its first word is a run; the first word of ``run`` is the target
        stated = options.get("--target", "") if "--commit" in options else (words or [""])[0]
    stated = _resolve(stated, env, inputs)
    return "" if "rehearsal:" in stated or not stated.startswith(("aws://", "https://", "${{")) else stated


def _resolve(stated: str, env: Mapping[str, str], inputs: Mapping[str, str]) -> str:
    for _ in range(3):  # a variable may be an input, and that in turn a variable
        if found := _VARIABLE.fullmatch(stated):
            stated = env.get(found[1] or found[3] or found[4], found[2] or "")
        if found := _INPUT.fullmatch(stated):
            stated = inputs.get(found[1], "")
    return stated


def read_words(command: str) -> tuple[list[str], Mapping[str, str]]:
    """Return the arguments of a gate command: its words, and its options with their values."""
    begun = _GATE.match(command)
    left, words, options = command[begun.end() :].split() if begun else [], list[str](), dict[str, str]()
    while left:
        word = left.pop(0).strip("\"'")
        if word.startswith("--"):
            name, stated, value = word.partition("=")
            takes = not stated and name not in _FLAGS and left
            options[name] = (left.pop(0) if takes else value).strip("\"'")
        else:
            words.append(word)
    return words, options


def find_makers(job: Job, command: str, signs: Sequence[str]) -> set[str] | None:
    """Return the jobs that made the run which a command of a job verifies; None if that can't be followed.

    A job of ``signs`` only signs: the search goes on in the jobs before it.
    """
    words, _ = read_words(command)
    if not words or words[0].startswith("$"):
        return None
    folder = PurePosixPath(words[0]).parts[0]
    names = [name for name, path in _list_artifacts(job, DOWNLOAD) if path in (folder, ".")]
    if not names:
        return None if any(list_hiding(job)) else {job.id}
    return {maker for name in names for maker in _find_makers(job, name, signs)}


def _find_makers(job: Job, name: str, signs: Sequence[str]) -> Iterator[str]:
    for earlier in job.after:
        # an artifact with the folder of runs, or with the whole workspace
        if not any(fnmatch(kept, name) and path in (_RUNS, ".") for kept, path in _list_artifacts(earlier, UPLOAD)):
            continue
        if earlier.id not in signs:
            yield earlier.id
        for fetched, _ in _list_artifacts(earlier, DOWNLOAD) if earlier.id in signs else ():
            yield from _find_makers(earlier, fetched, signs)


def _list_artifacts(job: Job, action: str) -> Iterator[tuple[str, str]]:
    """Yield the artifacts that steps of a job keep or fetch, each with the folder of its files."""
    for step in flatten(job.steps):
        if step.uses.startswith(action):
            other = "artifact" if action == UPLOAD else step.inputs.get("pattern", "*")
            yield from ((step.inputs.get("name", other), path) for path in _list_folders(step))


def _list_folders(step: Step) -> Iterator[str]:
    for path in step.inputs.get("path", ".").split("\n"):
        parts = [part for part in PurePosixPath(path.strip()).parts if part != "."]
        yield "." if not parts or parts[0].startswith("*") else parts[0]


# ── The stages of a workflow's jobs in a deploy, with their places and conditions

#: Conditions that hold whenever everything before succeeded.
_SURE: Final = re.compile(r"(?:\$\{\{)?\s*+(?:success\(\)|always\(\)|!\s*cancelled\(\))?\s*+(?:\}\})?")
#: Conditions that hold because something has failed.
ON_FAILURE: Final = re.compile(r"\bfailure\s*\(|(?:result|outcome|conclusion)\s*==\s*'failure'")
#: Expressions for the repository and commit of the run, which a checkout takes by default.
_OF_THE_RUN: Final = re.compile(r"\$\{\{\s*github\.(?:sha|ref|repository)\s*\}\}")
#: How many characters of a command a subject shows.
_LONGEST_SAID: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of a deploy, such as a run of the gate, a snapshot or a shift of traffic."""

    kind: str
    """One of the kinds in ``shell_commands``."""
    said: str
    """The command or the action."""
    subject: str
    job: str
    at: int
    """Its place in the job."""
    conditions: frozenset[str]
    """The conditions on which it runs; without conditions that hold whenever everything before it succeeded."""
    firm: bool
    """Whether its failure stops the later stages."""
    ordered: bool
    """Whether it runs at its place. False in a script with functions: whether and when it runs there is unknown."""
    on_failure: bool
    """Whether a condition of it asks for an earlier failure, as ``failure()`` does."""
    starts: str
    """The condition on which its job starts, as the workflow states it."""
    environment: str
    """The deployment environment of its job, where somebody may have to approve."""
    checkout: str
    """The repository and commit that it works on, as its checkout states them; empty for those of the run."""
    anyway: bool
    """Whether a condition lets it run although an earlier step failed, as ``always()`` does."""
    elsewhere: bool
    """Whether its job works on an environment that is not production."""
    target: str = ""
    """The system that it judges, or verifies a run of, as ``find_target`` returns it."""

    def __str__(self) -> str:
        said = self.said if len(self.said) <= _LONGEST_SAID else f"{self.said[:_LONGEST_SAID]} …"
        return f"{self.subject}: {said}"


def _reaches_a_system(job: Job) -> bool:
    """Whether the job could migrate a real database: one with service containers only migrates a test database."""
    takes_role = any(step.uses.startswith("aws-actions/configure-aws-credentials@") for step in job.steps)
    return not job.services and bool(job.environment or takes_role or job.does(*(set(CHANGES) - {MIGRATE})))


def list_stages(job: Job, workflow: Workflow) -> Iterator[Stage]:
    """Yield the stages of a job, in order.

    In a called workflow an opaque stage comes first: the caller may have done anything before.
    """
    if workflow.is_called and not job.needs:
        yield _make_stage(OPAQUE, "whatever calls this workflow", job, at=-1)
    if job.uses and not any(other.id.startswith(f"{job.id}/") for other in workflow.jobs):
        yield from (_make_stage(kind, job.uses, job, at=0) for kind in list_kinds_of_action(job.uses, job.inputs))
    at, checkout = 0, ""
    for step, outer in _walk(job.steps, ()):
        if step.uses.startswith("actions/checkout@") and not step.inputs.get("path"):
            said = [step.inputs.get(key, "") for key in ("repository", "ref")]
            checkout = " ".join(text for text in said if text and not _OF_THE_RUN.fullmatch(text))
        for kind, command in step.does:
            at += 1
            if kind != MIGRATE or _reaches_a_system(job):
                yield _make_stage(
                    kind,
                    command.text,
                    job,
                    at=at,
                    steps=(*outer, step),
                    hidden=command.hidden,
                    ordered=command.ordered,
                    checkout=checkout,
                )


def _walk(steps: Collection[Step], outer: tuple[Step, ...]) -> Iterator[tuple[Step, tuple[Step, ...]]]:
    for step in steps:
        yield step, outer
        yield from _walk(step.inner, (*outer, step))


def _make_stage(
    kind: str,
    said: str,
    job: Job,
    *,
    at: int,
    steps: tuple[Step, ...] = (),
    hidden: bool = False,
    ordered: bool = True,
    checkout: str = "",
) -> Stage:
    stated = [job.condition, *(step.condition for step in steps)]
    inputs = {key: text for step in steps for key, text in step.inputs.items()}
    env = {**job.env, **(steps[-1].env if steps else {})}
    return Stage(
        kind=kind,
        said=said,
        subject=job.subject if not steps else f"{_list_callers(job)}{steps[-1].subject}",
        job=job.id,
        at=at,
        conditions=frozenset(text for text in stated if not _SURE.fullmatch(text)),
        firm=not (hidden or job.tolerated or any(step.tolerated for step in steps)),
        ordered=ordered,
        on_failure=any(map(ON_FAILURE.search, stated)),
        starts=job.condition,
        environment=job.environment,
        checkout=checkout,
        anyway=any(RUNS_ANYWAY.search(step.condition) for step in steps),
        elsewhere=job.elsewhere or any(is_elsewhere(step.env) for step in steps),
        target=find_target(said, env, inputs),
    )


def _list_callers(job: Job) -> str:
    callers, arrow, _ = job.subject.rpartition(" > ")
    return callers + arrow


_FAILED: Final = re.compile(r"\bfailure\s*\(")
#: Kinds of stage that don't count for a change of production if they ran on another system.
_OF_A_SYSTEM: Final = (BACKUP, SNAPSHOT, BACKUP_WAIT, MIGRATE, WATCH, TEST, JUDGE_AFTER)
#: Kinds of stage that count only for the commit that they ran on.
_OF_A_COMMIT: Final = (JUDGE, PROMOTE, JUDGE_BEFORE, DAG_TEST, VERIFY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The result of a search around a change: stages of the kinds looked for, and opaque ones."""

    found: tuple[Stage, ...]
    """In the right place; they run whenever the change does, and their failure stops the deploy."""
    toothless: tuple[Stage, ...]
    """In the right place, but they may be skipped, stop nothing by failing, or are about another commit or run."""
    misplaced: tuple[Stage, ...]
    """In another place."""
    unseen: tuple[Stage, ...]
    """Opaque ones in the right place, and stages whose place is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Change(Fact):
    """A command or an action that changes a running system. ``subject`` is ``file:line job/step: command``."""

    stage: Stage
    job: Job
    stages: tuple[Stage, ...]
    """All stages of the workflow, in file order."""
    ordered: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    """Each job by id, with the jobs that must have succeeded, and the jobs that must have ended, before it starts."""
    plan: PlanTrace | None = None
    """The origin of the plan of a ``terraform apply``; None for other changes."""

    @property
    def kind(self) -> str:
        """``apply``, ``migrate``, ``shift``, ``publish``, ``run`` (of a task), ``DAGs``, or ``opaque`` for anything."""
        return self.stage.kind

    @property
    def production(self) -> bool:
        """Whether it may change production: no environment or variable of it names another system."""
        return not self.stage.elsewhere

    def find_before(self, *kinds: str) -> Search:
        """Look for a stage that must have succeeded before this change."""
        return self._search(kinds, [one for one in self.stages if self._precedes(one, self.stage, 1)])

    def find_after(self, *kinds: str, following: Collection[Stage] = ()) -> Search:
        """Look for a stage that runs after this change, and after all of ``following``."""
        starts = (self.stage, *following)
        later = [one for one in self.stages if all(self._precedes(start, one, 2) for start in starts)]
        return self._search(kinds, [one for one in later if not one.on_failure])

    def find_gate(self) -> Search:
        """Look for a run of the gate on a real system before this change; a rehearsal does not count."""
        return _keep(self.find_before(JUDGE, PROMOTE), lambda one: bool(one.target))

    def find_promotion(self) -> Search:
        """Look for a verification before this change that accepts only a promoting run, made by a found gate."""
        gates = {one.job for one in self.find_gate().found}
        search = _keep(
            self.find_before(VERIFY), lambda one: bool(one.target) and "--promotes" in read_words(one.said)[1]
        )
        # None if the makers can't be followed; empty if no job made such a run
        makers = {one: self._find_makers(one) for one in search.found}
        known = _keep(search, lambda one: (made := makers[one]) is None or set() < made <= gates)
        found = tuple(one for one in known.found if makers[one])
        return replace(known, found=found, unseen=(*known.unseen, *(one for one in known.found if not makers[one])))

    def _find_makers(self, verified: Stage) -> set[str] | None:
        job = next(one for one in (self.job, *self.job.after) if one.id == verified.job)
        return find_makers(job, verified.said, [one.job for one in self.stages if one.kind == SIGN])

    def find_signature(self) -> Search:
        """Look for a signature of the run before this change, in a job where no other code could take the key.

        The gate and tests run code of the team, and opaque commands may run any.
        """
        shared = {one.job for one in self._list_untrusted()}
        return _keep(self.find_before(SIGN), lambda one: one.job not in shared)

    def _list_untrusted(self) -> Iterator[Stage]:
        kinds = (JUDGE, PROMOTE, JUDGE_BEFORE, JUDGE_AFTER, TEST, DAG_TEST, OPAQUE)
        return (one for one in self.stages if one.kind in kinds)

    def find_rollback(self, following: Collection[Stage] = ()) -> Search:
        """Look for a stage that rolls back if the change or any stage of ``following`` fails.

        A change that runs on failure counts as a rollback.
        """
        starts = (self.stage, *following)
        later = [one for one in self.stages if all(self._hears_of(start, one) for start in starts)]
        back = [one for one in later if one.kind in (ROLLBACK, *CHANGES)]
        # a command that changes the system may also roll back by itself, such as helm with --atomic
        place = self.stage.subject, self.stage.said
        own = [one for one in self.stages if one.kind == ROLLBACK and (one.subject, one.said) == place]
        opaque = tuple(one for one in later if one.kind == OPAQUE)
        known = tuple(one for one in self.stages if one.kind == ROLLBACK and one not in back)
        return Search(found=(*back, *own), toothless=(), misplaced=known, unseen=opaque)

    def _hears_of(self, failed: Stage, one: Stage) -> bool:
        """Whether a stage runs because another has failed.

        If it is in another job, that job's condition must name the failure. A job in the same environment as the change
        may have to wait for an approval, so it doesn't count.
        """
        if failed.job == one.job:
            return one.on_failure and failed.at < one.at
        if one.environment and one.environment == self.stage.environment:
            return False
        named = _FAILED.search(one.starts) or any(f"needs.{part}." in one.starts for part in failed.job.split("/"))
        return bool(named and ON_FAILURE.search(one.starts)) and self._precedes(failed, one, 2)

    def _search(self, kinds: Collection[str], there: Collection[Stage]) -> Search:
        there = [one for one in there if not (one.elsewhere and self.production and one.kind in _OF_A_SYSTEM)]
        fits = [one for one in there if one.kind in kinds and one.ordered]
        sure = tuple(one for one in fits if one.firm and one.conditions <= self.stage.conditions and self._is_of(one))
        # a stage whose place is unknown may be in the right one
        place = self.stage.subject, self.stage.job
        unplaced = [one for one in self.stages if one.kind in kinds and not one.ordered]
        loose = [one for one in unplaced if one in there or (one.subject, one.job) == place]
        return Search(
            found=sure,
            toothless=tuple(one for one in fits if one not in sure),
            misplaced=tuple(one for one in self.stages if one.kind in kinds and one not in (*there, *loose)),
            unseen=(*(one for one in there if one.kind == OPAQUE and one.firm), *loose),
        )

    def _is_of(self, stage: Stage) -> bool:
        return stage.kind not in _OF_A_COMMIT or stage.checkout == self.stage.checkout

    def _precedes(self, first: Stage, second: Stage, column: int) -> bool:
        """Whether a stage comes before another: for column 1 it must have succeeded, for column 2 only have ended."""
        if first.job == second.job:
            return first.at < second.at and not (column == 1 and second.anyway)
        return any(row[0] == second.job and first.job in row[column] for row in self.ordered)


def _keep(search: Search, sound: Callable[[Stage], bool]) -> Search:
    """Return a search with the unsound stages moved from ``found`` to ``toothless``."""
    unsound = tuple(one for one in search.found if not sound(one))
    found = tuple(one for one in search.found if sound(one))
    return replace(search, found=found, toothless=(*search.toothless, *unsound))


def list_changes(workflow: Workflow) -> Iterator[Change]:
    """Yield each change that a workflow makes to a running system.

    A job with an environment may make any change if it has opaque stages only: the first of them stands for all.
    """
    stages = tuple(stage for job in workflow.jobs for stage in list_stages(job, workflow))
    ordered = tuple((job.id, tuple(one.id for one in job.after), job.needs) for job in workflow.jobs)
    for job in workflow.jobs:
        own = [one for one in stages if one.job == job.id]
        made = [one for one in own if one.kind in (*CHANGES, DAGS) and not one.on_failure]
        hidden = [one for one in own if one.kind == OPAQUE and job.environment and not job.uses]
        for stage in {(one.kind, one.subject, one.said): one for one in made or hidden[:1]}.values():
            plan = trace_plan(job, stage.said) if stage.kind == APPLY else None
            yield Change(subject=str(stage), stage=stage, job=job, stages=stages, ordered=ordered, plan=plan)
