"""Runs whole rehearsals in a row, every second one beside a deliberate disturbance, and prints a row for each.

Run from the root: python benchmarks/disturbed.py FOLDER [--runs N] [--sabotages]. Each rehearsal is the README's first
command, in a clone of the current commit, and takes six minutes or more of two processors; everything is installed
before the first. FOLDER gets a line in rows.jsonl as each ends, its output, and the runs themselves; the same command
again continues after the last row. A row has the disturbance, exit code, verdict, seconds of the run and of its three
long layers, what was set aside, and criteria that failed or stayed open. With --sabotages, each of five rehearsals has
a fault and must not be GO. The exit code is 1 if a rehearsal was not GO, or a sabotaged one was.

The table is kept nowhere but in FOLDER. docs/decisions/0059 has tables with other columns, written by hand; most of the
disturbances were not deliberate.

The script stops only processes below the rehearsal that it started, never others on the machine.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import psutil

from prodgate.evidence import journal, runs
from prodgate.processes.child import clean_environment, end_group
from prodgate.testing import Outcome

ROOT: Final = Path(__file__).resolve().parents[1]
COMMAND: Final = ("tox", "-e", "prod-gate")
#: How long a rehearsal may take before it is ended, in seconds.
LIMIT: Final = 1800.0
#: Seconds for which a process is stopped, and between two looks for it.
STOPPED, LOOK = 2.0, 0.5
#: Seconds between bursts, and how long one lasts, from and to.
PAUSE, BURST = (10.0, 25.0), (2.0, 5.0)
#: The processes to stop: a word of their command, and after how many seconds, from and to. Each profile of the load
#: layer has a generator of its own; the DAGs are watched for 80 s after some 40 of starting, or later on a busy
#: machine.
GENERATOR: Final = ("prodgate.load.engine.launch", (4.0, 8.0))
AIRFLOW: Final = ("prodgate.rehearsal.airflow.supervisor", (45.0, 100.0))
#: Processors that a control group may use.
QUOTA: Final = 1.5
SPIN: Final = (sys.executable, "-c", "while True: pass")
SITE: Final = "src/prodgate/rehearsal/site/process.py"

#: Given the first process of a rehearsal and chance, disturbs it while the context is open.
Disturbance = Callable[[int, random.Random], AbstractContextManager[None]]


@contextmanager
def undisturbed(_root: int, _chance: random.Random) -> Iterator[None]:
    """Leave the rehearsal alone."""
    yield


@contextmanager
def busy(_root: int, _chance: random.Random, *, processes: int) -> Iterator[None]:
    """Compute in some processes."""
    with ExitStack() as stack:
        for _ in range(processes):
            process = stack.enter_context(subprocess.Popen(SPIN))
            stack.callback(process.kill)
        yield


@contextmanager
def bursts(root: int, chance: random.Random) -> Iterator[None]:
    """Compute in two processes for each processor, for some seconds now and then."""

    def burst(over: threading.Event) -> None:
        while not over.wait(chance.uniform(*PAUSE)):
            with busy(root, chance, processes=2 * (os.cpu_count() or 1)):
                over.wait(chance.uniform(*BURST))

    with beside(burst):
        yield


@contextmanager
def stops(
    root: int, chance: random.Random, *, word: str, after: tuple[float, float], again: bool = False
) -> Iterator[None]:
    """Stop each process below the rehearsal whose command has a word, and all below it, for two seconds.

    It does so once, or ``again`` after each such time as long as it runs.
    """

    def stop(over: threading.Event) -> None:
        met: set[int] = set()
        while not over.wait(LOOK):
            found = find_below(root, word, met)
            if found and not over.wait(chance.uniform(*after)):
                met |= set() if again else {each.pid for each in found}
                stop_for_a_while(found, over)

    with beside(stop):
        yield


def find_below(root: int, word: str, met: set[int]) -> list[psutil.Process]:
    """Return the processes below one whose command has a word, except those stopped already."""
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(root).children(recursive=True)
        return [each for each in below if each.pid not in met and word in each.cmdline()]
    return []


def stop_for_a_while(found: list[psutil.Process], over: threading.Event) -> None:
    """Stop processes and all below them for two seconds."""
    stopped: list[psutil.Process] = []
    for each in found:
        with suppress(psutil.NoSuchProcess):
            stopped += [each, *each.children(recursive=True)]
    try:
        for each in stopped:
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        over.wait(STOPPED)
    finally:
        for each in stopped:
            with suppress(psutil.NoSuchProcess):
                each.resume()


@contextmanager
def limited(root: int, _chance: random.Random) -> Iterator[None]:
    """Let the rehearsal use less than two processors, by a control group of version 1 or 2; raises OSError."""
    mounted = Path("/sys/fs/cgroup")
    second = (mounted / "cgroup.controllers").exists()
    group = (mounted if second else mounted / "cpu") / f"disturbed-{os.getpid()}"
    group.mkdir()
    try:
        quota = f"{QUOTA * 100_000:.0f}"
        (group / ("cpu.max" if second else "cpu.cfs_quota_us")).write_text(f"{quota} 100000" if second else quota)
        (group / "cgroup.procs").write_text(str(root))
        yield
    finally:
        for left in (group / "cgroup.procs").read_text().split():
            with suppress(OSError):  # it has ended since
                (group.parent / "cgroup.procs").write_text(left)
        group.rmdir()


@contextmanager
def beside(act: Callable[[threading.Event], None]) -> Iterator[None]:
    """Act in a thread until the context is left."""
    over = threading.Event()
    thread = threading.Thread(target=act, args=(over,), name="disturbing")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


DISTURBANCES: Final[Mapping[str, Disturbance]] = {
    "none": undisturbed,
    "one busy process": partial(busy, processes=1),
    "two busy processes": partial(busy, processes=2),
    "bursts on all cores": bursts,
    "SIGSTOP for 2 s: the generator": partial(stops, word=GENERATOR[0], after=GENERATOR[1]),
    "SIGSTOP for 2 s: Airflow": partial(stops, word=AIRFLOW[0], after=AIRFLOW[1], again=True),
    f"a quota of {QUOTA:g} processors": limited,
}
#: The sabotages, each one edit of one file, and the disturbance beside it: file, text, replacement, disturbance.
SABOTAGES: Final = {
    "a fifth of the requests is slow": (SITE, "str] = ()", 'str] = ("latency=0.5@0.2",)', "two busy processes"),
    "one request in fifty fails": (SITE, "str] = ()", 'str] = ("errors=0.02",)', "SIGSTOP for 2 s: the generator"),
    "a deploy kills the old build first": (SITE, "str] = ()", 'str] = ("naive-deploy",)', "bursts on all cores"),
    "pages are pushed down": (SITE, "str] = ()", 'str] = ("shifting",)', "one busy process"),
    "the scraper fails in two slots of five": (
        "dags/nba_news_scraper.py",
        "        with transaction() as connection:\n            home",
        "        if slot.second % 36 == 0:\n            raise Incomplete(str(slot))\n"
        "        with transaction() as connection:\n            home",
        "SIGSTOP for 2 s: Airflow",
    ),
}


def plan(count: int, *, sabotages: bool) -> list[tuple[str, str]]:
    """Return the sabotage (empty for none) and the disturbance of each rehearsal.

    Every second one is disturbed, by each disturbance in turn, so that a series that was cut short has some of each.
    """
    if sabotages:
        return [(name, each[3]) for name, each in SABOTAGES.items()]
    made = [name for name in DISTURBANCES if name != "none"]
    return [("", made[at // 2 % len(made)] if at % 2 else "none") for at in range(count)]


def git(clone: Path, *words: str) -> str:
    """Return the output of git in the clone."""
    name = ("-c", "user.name=disturbed", "-c", "user.email=disturbed@localhost")
    return subprocess.run(("git", *name, *words), cwd=clone, check=True, capture_output=True, text=True).stdout.strip()


def prepare(folder: Path) -> Path:
    """Return the clone, made and installed if it does not exist: a series tests one commit."""
    clone = folder / "clone"
    if not clone.exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "clone", "--quiet", str(ROOT), str(clone))
        git(clone, "tag", "--force", "series")  # a clone of a clone of a series has one
    git(clone, "checkout", "--quiet", "--force", "--detach", "series")
    subprocess.run((*COMMAND, "--notest"), cwd=clone, check=True, env=clean_environment())
    subprocess.run((clone / ".tox/prod-gate/bin/prodgate", "setup", "--install"), cwd=clone, check=False)
    return clone


def break_clone(clone: Path, sabotage: str) -> None:
    """Reset the clone to the commit of the series, and commit a sabotage on top of it."""
    git(clone, "checkout", "--quiet", "--force", "--detach", "series")
    if not sabotage:
        return
    path, old, new, _ = SABOTAGES[sabotage]
    text = (clone / path).read_text("utf-8")
    if text.count(old) != 1:
        sys.exit(f"{path}: holds {old!r} {text.count(old)} times; mend this sabotage")
    (clone / path).write_text(text.replace(old, new), "utf-8")
    git(clone, "commit", "--quiet", "--all", "--message", sabotage)


def rehearse(clone: Path, printed: Path, disturbance: str, seed: int) -> tuple[int, Path | None]:
    """Return the exit code of a rehearsal beside a disturbance, and its run if it made one."""
    before = set((clone / "runs").glob("*"))
    with printed.open("wb") as told:
        process = subprocess.Popen(
            COMMAND, cwd=clone, env=clean_environment(), stdout=told, stderr=told, start_new_session=True
        )
        try:
            with DISTURBANCES[disturbance](process.pid, random.Random(seed)):
                code = process.wait(LIMIT)
        finally:
            end_group(process, 60)
    made = sorted(set((clone / "runs").glob("*")) - before)
    return code, made[-1] if made else None


def read_row(run: Path) -> dict[str, Any]:
    """Read from a run: verdict, seconds, time set aside, and which criteria stayed open."""
    told = runs.read(run)
    verdict = told.verdict()
    times: dict[str, list[datetime]] = defaultdict(list)
    for event in journal.load(run / journal.NAME).events:
        for name in {"all", event.get("layer", "all")}:
            times[name].append(datetime.fromisoformat(event["at"]))
    drills = (run / "logs" / "dags.txt").read_text("utf-8", "replace").count("dags: triggering ")
    texts = [text for each in told.findings for text in (each.observed, each.reason)] + [
        str(each["text"]) for each in told.notes
    ]
    said = {text for text in texts if "set aside" in text}
    return {
        "run": run.name,
        "verdict": str(verdict.decision),
        "seconds": {name: round((max(each) - min(each)) / timedelta(seconds=1)) for name, each in times.items()},
        "aside": sorted({part.strip() for text in said for part in find_aside(text)})
        + ([f"{drills} drills of DAGs"] if drills > 1 else []),
        "broken": sorted({each.criterion.id for each in verdict.of(Outcome.NOT_SATISFIED)}),
        "open": sorted({each.criterion.id for each in verdict.of(Outcome.UNDETERMINED) if not each.deferred}),
    }


def find_aside(text: str) -> Iterator[str]:
    """Yield the sentences of a finding that say how much was set aside, and why.

    >>> list(find_aside("100 % (95 % each end: 74–100 %; 2 of 12 slots are set aside: 2.2 threads wanted each core)"))
    ['2 of 12 slots are set aside: 2.2 threads wanted each core']
    """
    for part in text.rstrip(")").split("; "):
        head, found, tail = part.partition(" set aside")
        if found:
            yield f"{head.rpartition(', ')[2].rpartition('(')[2]}{found}{tail}"


def render(rows: list[Mapping[str, Any]]) -> str:
    """Return the rows as a table of Markdown."""
    names = ("all", "dags", "load", "rollout")
    lines = [
        f"| run | disturbance | exit | verdict | {' | '.join(names)} | set aside | broken or open |",
        "|" + "---|" * (len(names) + 6),
    ]
    for row in rows:
        seconds = [str(row["seconds"].get(name, "")) for name in names]
        told = ["; ".join(row["aside"]), ", ".join((*row["broken"], *row["open"]))]
        begin = [str(row["number"]) + (f": {row['sabotage']}" if row["sabotage"] else ""), row["disturbance"]]
        lines.append(f"| {' | '.join((*begin, str(row['exit']), row['verdict'], *seconds, *told))} |")
    return "\n".join(lines)


def is_wrong(row: Mapping[str, Any]) -> bool:
    """Whether a rehearsal was not GO, or a sabotaged one was."""
    code: int = row["exit"]
    return code == 0 if row["sabotage"] else code != 0


def run_series(folder: Path, planned: list[tuple[str, str]], kept: Path) -> list[Mapping[str, Any]]:
    """Make the rehearsals that are not in the file yet, and return all of its rows."""
    rows = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
    clone = prepare(folder) if len(rows) < len(planned) else folder
    for number, (sabotage, disturbance) in list(enumerate(planned, 1))[len(rows) :]:
        break_clone(clone, sabotage)
        nothing = {"run": "", "verdict": "", "seconds": {}, "aside": [], "broken": [], "open": []}
        row: dict[str, Any] = {"number": number, "sabotage": sabotage, "disturbance": disturbance, **nothing}
        try:
            row["exit"], run = rehearse(clone, folder / f"{kept.stem}-{number:02}.txt", disturbance, number)
            row |= read_row(run) if run else {}
        except OSError as error:
            row |= {"exit": -1, "verdict": f"not made: {error}"}
        except subprocess.TimeoutExpired:
            row |= {"exit": -1, "verdict": f"ended after {LIMIT:g} s"}
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        rows.append(row)
        print(render([row]).splitlines()[-1], flush=True)
    return rows


def main() -> int:
    """Make the series, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where clone, rows and runs are kept")
    parser.add_argument("--runs", type=int, default=20, help="how many rehearsals; half of them are disturbed")
    parser.add_argument("--sabotages", action="store_true", help="break something in each of five, instead")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    kept = args.folder.resolve() / ("sabotages.jsonl" if args.sabotages else "rows.jsonl")
    rows = run_series(args.folder.resolve(), plan(args.runs, sabotages=args.sabotages), kept)
    print(render(rows))
    return int(any(map(is_wrong, rows)))


if __name__ == "__main__":
    sys.exit(main())
