"""A gate run: plan every question, let each layer observe and judge in a process of its own, decide, and tell of it."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic
from types import MappingProxyType
from typing import Any, Final

from ..criteria import LAYERS, Criteria, UsageError
from ..evidence import artifacts, journal, runs
from ..evidence.journal import Journal
from ..evidence.verification import ABOUT
from ..layers import BUILT
from ..layers.layer import AT_REST, Pace
from ..processes.child import ends_within, read_lines
from ..processes.ending import naming
from ..processes.progress import MOMENTARY, Progress, hide_tracebacks
from ..processes.regular_files import read_measured
from ..sections.criteria_file import CriteriaFile, find_undeclared, narrow
from ..sections.judges import WrittenJudge
from ..sections.project import Project
from ..sections.targets import Target
from ..signatures.keys import Signer
from .children import describe_end, describe_limit, log_lines, make_command, read_limit
from .inputs import Fixity, Places, find_inputs, find_places, take_fixity
from .lanes import (
    AccountLines,
    Lane,
    LayerProcesses,
    Stopped,
    describe_order,
    list_waited_for,
    plan_rounds,
    run_rounds,
    sharing_account,
)
from .machine import count_processors, list_needed, name_actor, prepare_programs, read_versions
from .planning import plan_judges
from .revisions import find_folder
from .weakness import hold_against_base, hold_against_run, take_yardstick

# ── Progress of a run: what runs, what waits, how long it still takes

#: Seconds of silence after which a line says what is going on.
SILENCE: Final = 30.0
#: How many earlier runs are searched for the time that layers take.
_BACK: Final = 5


class Telling:
    """The progress of a run, each line with the time since it began. Several threads speak through it.

    ``status`` shows a line until the next one, where there is a terminal; otherwise each is added to a log.
    ``takes`` is how many seconds layers take.
    """

    def __init__(
        self,
        rounds: Sequence[Sequence[Lane]],
        progress: Progress,
        clock: Callable[[], float] = monotonic,
        *,
        takes: Mapping[str, float] = MappingProxyType({}),
        status: Progress | None = None,
    ) -> None:
        self._rounds, self._progress, self._clock = rounds, progress, clock
        self._takes, self._status = takes, status
        self._began = self._spoke = clock()
        self._going: dict[str, float] = {}
        self._over: set[str] = set()
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        """Say a line now; an empty one, such as pytest ends with, says nothing."""
        if line.strip():
            with self._lock:
                self._say(line)

    def _say(self, line: str, *, left: bool = False) -> None:
        """Say a line; in a log, how long the run still takes stands behind it where ``left`` says so."""
        if self._status is None and line.endswith(MOMENTARY):
            return
        self._spoke = now = self._clock()
        since = {name: now - began for name, began in self._going.items()}
        seconds = add_up(self._rounds, self._takes, since, self._over)
        rest = "" if not seconds else f", about {render_seconds(seconds)} to go"
        began = render_seconds(now - self._began)
        if self._status is None:
            self._progress(f"{began:>6}  {line}{rest if left else ''}")
        else:
            self._status(f"{began}{rest}  {line.removesuffix(MOMENTARY)}")

    @contextmanager
    def during(self, layer: str) -> Iterator[None]:
        """Say that a layer begins, if others wait for it, and at its end how long it took."""
        with self._lock:
            self._going[layer] = began = self._clock()
            self._say(f"{layer}: starting", left=True)
        try:
            yield
        finally:
            with self._lock:
                del self._going[layer]
                self._over.add(layer)
                self._say(f"{layer}: took {render_seconds(self._clock() - began)}")

    def remind(self) -> None:
        """Say what runs, since when, and what waits for it, if no line was shown for long."""
        with self._lock:
            now = self._clock()
            if now - self._spoke >= SILENCE and self._going:
                going = [f"{layer} for {render_seconds(now - since)}" for layer, since in self._going.items()]
                waiting = self._waiting()
                rest = f"; {', '.join(waiting)} {'wait' if len(waiting) > 1 else 'waits'}" if waiting else ""
                self._say(f"still at work: {', '.join(going)}{rest}", left=True)

    def _waiting(self) -> list[str]:
        """Return the layers that have not begun, in their order, where another one must end first."""
        named = [layer for lanes in self._rounds for lane in lanes for layer in lane]
        return [layer for layer in named if layer not in self._going and layer not in self._over]


def render_seconds(seconds: float) -> str:
    """Return a time as people read it.

    >>> render_seconds(7.6), render_seconds(94), render_seconds(3720)
    ('8 s', '1 m 34 s', '1 h 2 m')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} m {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} m"


@contextmanager
def reminding(telling: Telling) -> Iterator[None]:
    """Remind as long as the block lasts."""
    over = threading.Event()

    def remind() -> None:
        while not over.wait(SILENCE / 6):
            telling.remind()

    thread = threading.Thread(target=remind, name="reminding", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def estimate_layers(stated: CriteriaFile, target: str, folder: Path, *, rehearsal: bool) -> dict[str, float]:
    """Return the seconds that each layer takes, as far as anybody knows: on a real account, only from earlier runs."""
    usual = _add_stated(stated) if rehearsal else {}
    earlier: dict[str, float] = {}
    for path in runs.list_paths(folder)[:_BACK]:
        if earlier.keys() >= BUILT.keys():
            break
        with suppress(OSError, ValueError, LookupError, TypeError, RecursionError, UsageError):  # nothing rests on it
            about = json.loads(read_measured(path / ABOUT))
            if (about["system"], about["target"], about.get("judged_again")) == (stated.system, target, None):
                earlier = {**_measure(journal.load(path / journal.NAME).events), **earlier}
    return {**usual, **earlier}


def _add_stated(stated: CriteriaFile) -> dict[str, float]:
    rehearsed = stated.airflow.rehearsal if stated.airflow else None
    profiles = {**stated.load.profiles, **stated.load.rehearsal}.values() if stated.load else ()
    added = {
        "dags": rehearsed.history.total_seconds() if rehearsed else 0.0,
        "load": sum(float(each.duration.base + each.warm_up.base) for each in profiles),
    }
    return {name: layer.seconds + added.get(name, 0.0) for name, layer in BUILT.items()}


def _measure(events: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the seconds between the first and the last word of each layer that was observed to the end."""
    times: dict[str, list[datetime]] = {}
    whole = set()
    for event in events:
        if layer := event.get("layer"):
            times.setdefault(layer, []).append(datetime.fromisoformat(event["at"]))
            whole |= {layer} if event["event"] == "observed" else set()
    return {layer: (max(times[layer]) - min(times[layer])) / timedelta(seconds=1) for layer in whole}


def add_up(
    rounds: Sequence[Sequence[Lane]], takes: Mapping[str, float], since: Mapping[str, float], over: set[str]
) -> float | None:
    """Return the seconds that a run still takes; None where nobody knows how long one of its layers does.

    ``takes`` is by layer, ``since`` for how long each has been at work, and ``over`` are those that have ended.
    """
    left = {name: max(0.0, takes[name] - since.get(name, 0.0)) for name in takes if name not in over}
    try:
        return sum(max(sum(left[name] for name in lane if name not in over) for lane in lanes) for lanes in rounds)
    except KeyError:
        return None


#: The option of a layer's process that judges what an earlier run observed.
_RECALL: Final = "--recall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of a run: its opened and valid arguments, and what follows from them."""

    project: Project
    target: Target
    layers: frozenset[str]
    runs: Path
    places: Places
    fixity: Fixity
    judges: Mapping[str, Sequence[WrittenJudge]]
    """The judges of each layer; none where a run only observes."""
    progress: Progress
    status: Progress | None = None
    """Shows a line until the next one, on a terminal; an empty one takes it away."""
    limit: float
    """Seconds that a layer may take."""
    signer: Signer | None = None
    load_allowed: str = ""
    attack_allowed: str = ""
    """The hosts that the user allows to be put under load, and to be attacked."""
    load_record: str = ""
    """The folder in which other machines leave the record of the load; empty where this one makes it."""
    moment: str = ""
    """The moment of a release whose criteria alone are judged; empty for all of them."""
    installs: bool = False
    """Whether programs that are missing may be installed."""
    supporting: frozenset[str] = frozenset()
    """Layers that only observe, for what the others judge rests on it."""
    cell: Mapping[str, str] = field(default_factory=dict)
    """Which cell the run is of and by which list: ``cell`` and ``cells`` of ``run.json``; empty for a whole system."""

    @property
    def asked(self) -> Criteria:
        """The criteria that are judged."""
        return narrow(self.project.stated, self.moment).criteria

    @property
    def observed(self) -> frozenset[str]:
        """The layers that observe: all that the criteria file names, and layers that these rest on."""
        return (self.layers - find_undeclared(self.project.stated)) | self.supporting

    @property
    def rounds(self) -> list[list[Lane]]:
        """The layers that observe, in the order in which they run."""
        last = "e2e" if self.attack_allowed else ""
        return plan_rounds([layer for layer in LAYERS if layer in self.observed], last, processors=count_processors())


def make_plan(
    project: Project,
    runs: Path,
    *,
    layers: frozenset[str],
    judges: Mapping[str, Sequence[WrittenJudge]] | None = None,
    **given: Any,
) -> Plan:
    """Plan a run of what was opened and found valid. Raises UsageError for what can't be judged; nothing is begun.

    ``judges`` are those that the project states for the layers, unless others are given.
    """
    limit, places = read_limit(), find_places(project, runs)
    fixity = take_fixity(project, places)
    judges = plan_judges(project, layers) if judges is None else judges
    return Plan(
        project=project, runs=runs, layers=layers, judges=judges, places=places, fixity=fixity, limit=limit, **given
    )


def carry_out(plan: Plan, *, judge: bool = True) -> Path:
    """Carry a run out and return its directory; without ``judge`` only observe.

    Raises RunError; a broken or interrupted layer is no exception, but undetermined.
    """
    needed = list_needed(plan.project.stated, plan.observed, rehearsal=plan.target.rehearsal)
    prepare_programs(needed, plan.asked, plan.judges, plan.progress, installs=plan.installs)
    run = runs.create(plan.runs, describe_run(plan), plan.project.stated.path, plan.project.waivers)
    how = "" if judge else "--observe-only"
    _run_layers(Execution(plan=plan if judge else replace(plan, judges={}), run=run, how=how))
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
    kept = ("target", "rehearsal", "layers", "moment", "commit", "inputs", "uncommitted", "cell", "cells")
    carried = {key: earlier.about[key] for key in kept if key in earlier.about}
    about = {**describe_run(plan), **carried, "judged_again": earlier.path.name}
    run = runs.create(plan.runs, about, plan.project.stated.path, plan.project.waivers)
    journal = Journal.of(run)
    for data in files:
        artifacts.store(run, data, ".json.gz")
    for event in (*observed, *earlier.unreadable, *earlier.notes):
        journal.write(event["event"], **{key: value for key, value in event.items() if key != "event"})
    _carry_observed(plan, journal, earlier)
    _run_layers(Execution(plan=plan, run=run, how=_RECALL))
    return run


def _carry_observed(plan: Plan, journal: Journal, earlier: runs.Run) -> None:
    """Carry over which layers had observed all that they observe; another one may have facts that it never recorded."""
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
    how: str
    """An option of the layer's process."""
    at_rest: Mapping[str, Event] = field(default_factory=dict)
    """Set by a layer beside which others compute, once it has started its programs."""
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
    plan, rounds = execution.plan, execution.plan.rounds
    names = [name for lanes in rounds for lane in lanes for name in lane]
    takes = estimate_layers(plan.project.stated, plan.target.url, plan.runs, rehearsal=plan.target.rehearsal)
    telling = Telling(rounds, plan.progress, takes=takes, status=plan.status)
    rehearses = plan.target.rehearsal and execution.how != _RECALL
    waited_for = list_waited_for(rounds, starting=rehearses)
    execution = replace(execution, plan=replace(plan, progress=telling.say), at_rest=waited_for)
    if len(names) > 1:
        telling.say(f"layers: {describe_order(rounds, count_processors())}")
    try:
        rehearsing = [name for name in names if rehearses and BUILT[name].uses_account]
        placed = plan.project.place_in(plan.cell.get("cell", ""), plan.target.url)
        with (
            reminding(telling),
            sharing_account(placed, rehearsing, execution.logs, telling.say) as lines,
            execution.processes.ending_early(),
            ThreadPoolExecutor(1, thread_name_prefix="starting") as thread,
        ):
            later = [name for lanes in rounds[1:] for lane in lanes for name in lane]
            thread.submit(_start_early, execution, lines, later)
            try:
                run_rounds(rounds, partial(_run_told, telling, execution, lines), execution.processes)
            finally:
                for event in execution.at_rest.values():
                    event.set()
    except KeyboardInterrupt:
        for name in execution.processes.stopped:
            execution.journal.write("interrupted", layer=name)
            plan.progress(f"interrupted while judging {name}; what was found so far is kept")
        return
    finally:
        if plan.status:
            plan.status("")
    runs.close(execution.run)


def _start_early(execution: Execution, lines: AccountLines, names: Sequence[str]) -> None:
    """Start the layers whose turn comes later, so that they do their imports beside others and wait at their gates."""
    for event in execution.at_rest.values():
        event.wait()
    with suppress(Stopped):
        for name in names:
            _start(execution, name, lines.find(name), gated=True)


def _start(execution: Execution, name: str, account: Sequence[int], *, gated: bool = False) -> None:
    """Start the process of a layer, unless it was. Raises Stopped."""
    command = [*_command(execution, name), *(f"--account={line}" for line in account)]
    root = execution.plan.project.root
    execution.processes.start(name, command, root, execution.logs / f"{name}.txt", account, gated=gated)


def _run_told(telling: Telling, execution: Execution, lines: AccountLines, name: str) -> None:
    try:
        if BUILT[name].pace is not Pace.WAITS:  # until it is at rest, what starts is what all others wait for
            for event in execution.at_rest.values():
                event.wait()
        with telling.during(name):
            _run_watched(execution, lines, name)
    finally:
        if name in execution.at_rest:
            execution.at_rest[name].set()


def _run_watched(execution: Execution, lines: AccountLines, name: str) -> None:
    """Run a layer and see what it changed that it must not. Raises RunError when that is the journal."""
    journal, plan = execution.journal, execution.plan
    asked = plan.asked
    for judge in plan.judges.get(name, ()):
        if judge.criterion in asked:
            journal.record_planned(name, judge.name, judge.criterion, judge.place_in(plan.project.root))
    before = journal.path.read_bytes()
    with lines.take(name) as line:
        _run_layer(execution, name, line)
    if not journal.path.read_bytes().startswith(before):
        raise runs.RunError(f"{journal.path}: was changed while the {name} layer ran; no run can rest on it")
    if changed := plan.fixity.find_changes():
        reason = f"{changed}: changed while the {name} layer ran; run the gate on files that stay as they are"
        journal.write("broken", layer=name, reason=reason)


def _run_layer(execution: Execution, name: str, account: Sequence[int]) -> None:
    """Let a layer run in a process of its own; one that dies, or does not end within the limit, is broken."""
    plan, processes, logs = execution.plan, execution.processes, execution.logs
    rests = execution.at_rest.get(name)

    def show(line: str) -> None:
        if rests is not None and line == f"{name}: {AT_REST}":
            rests.set()
        plan.progress(line)

    _start(execution, name, account)
    with (logs / f"{name}.txt").open("ab") as log:
        process = processes.let_go(name)
        try:
            with naming(logs / f"{name}.txt"):
                ended = _follow(process, log.fileno(), show, plan.limit)
        finally:
            processes.end(name)
    if name in processes.stopped:
        return
    if reason := describe_end(process.returncode) if ended else describe_limit(plan.limit):
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
    beside = "--yielding" if execution.at_rest and BUILT[name].pace is Pace.WORKS else ""
    command = make_command("prodgate.run.layer_process", name, "--run", str(execution.run.resolve()))
    return [*command, "--criteria", str(plan.project.stated.path.absolute()), *filter(None, (how, beside))]


def describe_run(plan: Plan) -> Mapping[str, Any]:
    """Return what ``run.json`` says of a run that is to be made."""
    inputs, root = find_inputs(plan.project, places=plan.places), plan.project.root
    today = take_yardstick(plan.project, plan.judges, inputs.judges)
    others = hold_against_run(today, plan.runs, plan.target.url, plan.cell.get("cell", ""))
    return {
        "system": plan.project.stated.system,
        "target": plan.target.url,
        "rehearsal": plan.target.rehearsal,
        "layers": sorted(plan.layers, key=list(LAYERS).index),
        "order": describe_order(plan.rounds, count_processors()),
        "actor": name_actor(),
        "commit": inputs.commit,
        **({"folder": folder} if (folder := find_folder(root)) else {}),
        "committed": inputs.committed,
        "inputs": dict(inputs.digests),
        "judges": dict(inputs.judges),
        "uncommitted": list(inputs.uncommitted),
        **{key: each for key in ("load_allowed", "attack_allowed", "load_record") if (each := getattr(plan, key))},
        **({"moment": plan.moment, "supporting": sorted(plan.supporting)} if plan.moment else {}),
        **plan.cell,
        "replaced": list(plan.project.list_replaced()),
        "compared": [*others, *hold_against_base(today, root, plan.project.waivers)],
        "utc_offset": datetime.now().astimezone().strftime("%z"),
        "versions": read_versions(),
    }
