"""A gate run: plan every question, let each layer observe and judge in a process of its own, decide."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

from ..criteria import LAYERS
from ..evidence import artifacts, runs
from ..evidence.journal import Journal
from ..layers import BUILT
from ..processes.child import ends_within, read_lines
from ..processes.ending import naming
from ..processes.progress import Progress, hide_tracebacks
from ..sections.asked_layers import find_undeclared
from ..sections.judges import WrittenJudge
from ..sections.moments import narrow
from ..sections.project import Project
from ..sections.targets import Target
from .account_lines import AccountLines, sharing_account
from .children import describe_end, describe_limit, log_lines, make_command, read_limit
from .fixity import Fixity, take_fixity
from .inputs import find_inputs
from .lanes import LayerProcesses, plan_rounds, run_rounds
from .machine import name_actor, read_versions
from .places import Places, find_places
from .planning import plan_judges
from .revisions import find_folder
from .telling import Telling, reminding

#: The option of a layer's process that judges what an earlier run observed.
_RECALL: Final = "--recall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to do."""

    project: Project
    target: Target
    layers: frozenset[str]
    runs: Path
    progress: Progress
    waivers: Path | None = None
    load_allowed: str = ""
    attack_allowed: str = ""
    """The host that may be put under load, and that attacked, in the words of whoever runs this."""
    moment: str = ""
    """The moment of a release whose criteria alone are judged; empty for all of them."""
    supporting: frozenset[str] = frozenset()
    """Layers that only observe, for what the others judge rests on it."""
    cell: Mapping[str, str] = field(default_factory=dict)
    """Which cell the run is of and by which list: ``cell`` and ``cells`` of ``run.json``; empty for a whole system."""


def carry_out(plan: Plan, *, judge: bool = True) -> Path:
    """Carry a run out and return its directory; without ``judge`` only observe.

    Raises RunError; a broken or interrupted layer is no exception, but undetermined.
    """
    places, waivers = find_places(plan.project, plan.runs), plan.waivers or plan.project.waivers
    fixity, judges = take_fixity(plan.project, places), plan_judges(plan.project, plan.layers)
    run = runs.create(plan.runs, describe_run(plan, places), plan.project.stated.path, waivers)
    how = "" if judge else "--observe-only"
    _run_layers(Execution(plan=plan, run=run, judges=judges if judge else {}, fixity=fixity, how=how))
    return run


def judge_again(plan: Plan, earlier: runs.Run) -> Path:
    """Judge the facts of an earlier run by the plan's criteria, as a run of its own; return its directory.

    Raises RunError when evidence of the earlier run is missing or was changed.
    """
    observed = earlier.list_observed()
    try:
        files = [artifacts.load(earlier.path, fact["digest"]) for fact in observed]
    except LookupError as error:
        raise runs.RunError(f"{error.args[0]}; judge a run whose evidence is whole") from None
    places, waivers = find_places(plan.project, plan.runs), plan.waivers or plan.project.waivers
    kept = ("target", "rehearsal", "layers", "moment", "commit", "inputs", "uncommitted", "cell", "cells")
    about = {**describe_run(plan, places), **{key: earlier.about[key] for key in kept if key in earlier.about}}
    fixity, judges = take_fixity(plan.project, places), plan_judges(plan.project, plan.layers)
    run = runs.create(plan.runs, {**about, "judged_again": earlier.path.name}, plan.project.stated.path, waivers)
    journal = Journal.of(run)
    for data in files:
        artifacts.store(run, data, ".json.gz")
    for event in (*observed, *earlier.unreadable, *earlier.notes):
        journal.write(event["event"], **{key: value for key, value in event.items() if key != "event"})
    _carry_observed(plan, journal, earlier)
    _run_layers(Execution(plan=plan, run=run, judges=judges, fixity=fixity, how=_RECALL))
    return run


def _carry_observed(plan: Plan, journal: Journal, earlier: runs.Run) -> None:
    """Say which layers had observed all that they observe; of another one there may be facts that nobody wrote down."""
    for layer in sorted(plan.layers - find_undeclared(plan.project.stated)):
        if layer in earlier.observed_whole:
            journal.write("observed", layer=layer)
        else:
            reason = f"run {earlier.path.name} did not observe the {layer} layer to the end; observe again"
            journal.write("broken", layer=layer, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The layers of one run being run."""

    plan: Plan
    run: Path
    judges: Mapping[str, Sequence[WrittenJudge]]
    fixity: Fixity
    how: str
    """An option of the layer's process."""
    processes: LayerProcesses = field(default_factory=LayerProcesses)

    @property
    def journal(self) -> Journal:
        """The journal of the run."""
        return Journal.of(self.run)

    @property
    def logs(self) -> Path:
        """The folder of what the processes of the run print."""
        (folder := self.run / "logs").mkdir(exist_ok=True)
        return folder


def _run_layers(execution: Execution) -> None:
    """Run every chosen layer; what run.json planned and no layer answers is undetermined."""
    plan, last = execution.plan, "e2e" if execution.plan.attack_allowed else ""
    asked = (plan.layers - find_undeclared(plan.project.stated)) | plan.supporting
    names = [layer for layer in LAYERS if layer in asked]
    rounds = plan_rounds(names, last)
    telling = Telling(rounds, plan.progress)
    execution = replace(execution, plan=replace(plan, progress=telling.say))
    if order := telling.describe_order():
        telling.say(order)
    try:
        rehearsing = _list_rehearsing(execution, names)
        with reminding(telling), sharing_account(plan.project, rehearsing, execution.logs, telling.say) as lines:
            run_rounds(rounds, partial(_run_told, telling, execution, lines), execution.processes)
    except KeyboardInterrupt:
        for name in execution.processes.stopped:
            execution.journal.write("interrupted", layer=name)
            telling.say(f"interrupted while judging {name}; what was found so far is kept")
        return
    runs.close(execution.run)


def _list_rehearsing(execution: Execution, names: Sequence[str]) -> list[str]:
    """Return the layers that look at the account of a rehearsal, which is applied once for all of them."""
    observes = execution.plan.target.rehearsal and execution.how != _RECALL
    return [name for name in names if observes and BUILT[name].uses_account]


def _list_asked(judges: Sequence[WrittenJudge], plan: Plan) -> Iterator[WrittenJudge]:
    asked = narrow(plan.project.stated, plan.moment).criteria
    yield from (judge for judge in judges if judge.criterion in asked)


def _run_told(telling: Telling, execution: Execution, lines: AccountLines, name: str) -> None:
    with telling.during(name):
        _run_watched(execution, lines, name)


def _run_watched(execution: Execution, lines: AccountLines, name: str) -> None:
    """Run a layer and see what it changed that it must not. Raises RunError when that is the journal."""
    journal, root = execution.journal, execution.plan.project.root
    for judge in _list_asked(execution.judges.get(name, ()), execution.plan):
        journal.record_planned(name, judge.name, judge.criterion, judge.place_in(root))
    before = journal.path.read_bytes()
    with lines.take(name) as line:
        _run_layer(execution, name, line)
    if not journal.path.read_bytes().startswith(before):
        raise runs.RunError(f"{journal.path}: was changed while the {name} layer ran; no run can rest on it")
    if changed := execution.fixity.find_changes():
        reason = f"{changed}: changed while the {name} layer ran; run the gate on files that stay as they are"
        journal.write("broken", layer=name, reason=reason)


def _run_layer(execution: Execution, name: str, account: Sequence[int]) -> None:
    """Run a layer in a process of its own; one that dies, or does not end within the limit, is broken."""
    plan, processes, logs = execution.plan, execution.processes, execution.logs
    limit = read_limit()
    command = [*_command(execution, name), *(f"--account={line}" for line in account)]
    with (logs / f"{name}.txt").open("wb") as log:
        process = processes.start(name, command, plan.project.root, log, account)
        try:
            with naming(logs / f"{name}.txt"):
                ended = _follow(process, log.fileno(), plan.progress, limit)
        finally:
            processes.end(name)
    if name in processes.stopped:
        return
    if reason := describe_end(process.returncode) if ended else describe_limit(limit):
        execution.journal.write("broken", layer=name, reason=f"the {name} layer {reason}; see logs/{name}.txt")


def _follow(process: subprocess.Popen[bytes], log: int, progress: Progress, limit: float) -> bool:
    """Show and log what a layer says; return whether it ends within ``limit`` seconds."""
    assert process.stderr is not None
    until = monotonic() + limit
    for line in hide_tracebacks(log_lines(read_lines(process.stderr.fileno(), until), log)):
        progress(line.rstrip())
    return ends_within(process, max(0.0, until - monotonic()))


def _command(execution: Execution, name: str) -> list[str]:
    plan = execution.plan
    how = execution.how if name in plan.layers else "--observe-only"
    command = make_command("prodgate.run.layer_process", name, "--run", str(execution.run.resolve()))
    return [*command, "--criteria", str(plan.project.stated.path.absolute()), *([how] if how else [])]


def describe_run(plan: Plan, places: Places) -> Mapping[str, Any]:
    """Return what ``run.json`` says of a run that is to be made."""
    inputs = find_inputs(plan.project, places=places)
    return {
        "system": plan.project.stated.system,
        "target": plan.target.url,
        "rehearsal": plan.target.rehearsal,
        "layers": sorted(plan.layers, key=list(LAYERS).index),
        "actor": name_actor(),
        "commit": inputs.commit,
        **({"folder": folder} if (folder := find_folder(plan.project.root)) else {}),
        "committed": inputs.committed,
        "inputs": dict(inputs.digests),
        "judges": dict(inputs.judges),
        "uncommitted": list(inputs.uncommitted),
        **{key: each for key in ("load_allowed", "attack_allowed") if (each := getattr(plan, key))},
        **({"moment": plan.moment, "supporting": sorted(plan.supporting)} if plan.moment else {}),
        **plan.cell,
        "replaced": list(plan.project.list_replaced()),
        "utc_offset": datetime.now().astimezone().strftime("%z"),
        "versions": read_versions(),
    }
