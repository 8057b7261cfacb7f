"""Runs one load: starts Locust in its own processes and returns the record it leaves.

Master and workers may also run elsewhere, as containers for instance (``run_load(..., elsewhere=…)``). Each worker
is started with the same locustfile and image as

    locust -f loadtests/locustfile.py,$(python -c "import prodgate.load as p; print(p.PLUGIN)") \
        --worker --master-host MASTER --master-port 5557

and needs nothing else: the master hands it the settings and its share of the arrivals. The master is started like it
with ``--master --expect-workers 6 --headless -u 6 -r 6 -H HOST`` and ``PRODGATE_LOAD``, the name of the file with the
settings (``prodgate.load.profile``), or the JSON object itself.
"""

import importlib.util
import json
import math
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

from ..criteria import UsageError
from ..processes.child import KILLED, clean_environment, ends_within, read_first_line, signal_group
from ..processes.interpreter import own_python
from ..processes.progress import PROGRESS_PREFIX, Progress, read_progress
from ..processes.web import find_free_port
from ..semantics.json_texts import read_json
from ..statistics import nearest_rank
from . import PLUGIN
from .elsewhere import await_record
from .profile import VARIABLE, Profile, Settings
from .record import tenths_of_ms, write_record

# ── Why Locust could not run, in one line that names the place

#: Begins the line in which our own engine refuses to run.
REFUSAL_PREFIX: Final = f"{PROGRESS_PREFIX}refused: "
#: Locust's messages about a locustfile without users.
_NO_USERS: Final = ("load_locustfile_pytest", "No User class found", "There are no users with weight > 0")
_TRACEBACK: Final = "Traceback (most recent call last):\n"
_FRAME: Final = re.compile(r'^  File "(.+)", line (\d+)', re.MULTILINE)


def explain_locust_failure(output: str, locustfile: Path, code: int | None) -> str:
    """Return what is wrong: our own refusal, else what the locustfile raised and where, else the end of the output."""
    for line in output.splitlines():
        if line.startswith(REFUSAL_PREFIX):
            return line.removeprefix(REFUSAL_PREFIX)
    if any(each in output for each in _NO_USERS):
        return f"{locustfile}: holds no class of users with a weight; write one that derives from FastHttpUser"
    if _TRACEBACK in output:
        raised = output.rpartition(_TRACEBACK)[2]
        folder = locustfile.absolute().parent
        own = [(Path(file), line) for file, line in _FRAME.findall(raised) if Path(file).parent == folder]
        message = next((line for line in raised.splitlines() if line[:1].strip()), "")
        if own:
            return f"{locustfile.parent / own[-1][0].name}:{own[-1][1]}: {message}; mend the locustfile"
    output_end = "; ".join(line.strip() for line in output.splitlines()[-4:] if line.strip()) or "nothing"
    return f"{locustfile}: Locust ended (exit code {code}) before any arrival and said: {output_end}; see locust.txt"


# ── Locust's processes: one group, its output in a file, never left behind

#: Seconds that Locust has after an interrupt to write its record, before its processes are killed.
GRACE: Final = 10.0
#: Seconds between checks for progress in the output.
_POLL_INTERVAL: Final = 0.25


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """The processes of one run: the first is the master, or the only one; the others are its workers."""

    processes: tuple[subprocess.Popen[bytes], ...]
    output: Path

    def follow(self, limit: float, progress: Progress) -> int | None:
        """Wait up to ``limit`` seconds for the first to end; return its exit code, None if it was interrupted."""
        until, first = monotonic() + limit, self.processes[0]
        with self.output.open("rb") as printed:
            while first.poll() is None and monotonic() < until:
                ends_within(first, _POLL_INTERVAL)
                for line in printed.read().decode("utf-8", "replace").splitlines():
                    read_progress(line, progress)
        if first.poll() is None:
            self.interrupt()
            return None
        return first.returncode

    def interrupt(self) -> None:
        """Ask the first to write its record and end, and give it time to do so."""
        first = self.processes[0]
        if first.poll() is None:
            first.send_signal(signal.SIGINT)
        ends_within(first, GRACE)


@contextmanager
def process_group(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], output: Path
) -> Iterator[ProcessGroup]:
    """Start the commands in one process group; whatever happens, none of them outlives the context.

    An exception in the context, Ctrl-C for one, interrupts them first, so that what was measured is written down.
    """
    processes: list[subprocess.Popen[bytes]] = []
    with output.open("wb") as file:
        try:
            for command in commands:
                processes.append(_start(command, environment, file.fileno(), processes))
            running = ProcessGroup(tuple(processes), output)
            try:
                yield running
            except BaseException:
                running.interrupt()
                raise
        finally:  # a second Ctrl-C must not leave them running
            if processes:
                signal_group(processes[0].pid, signal.SIGKILL)
            for process in processes:
                process.wait(KILLED)


def _start(
    command: Sequence[str], environment: Mapping[str, str], output: int, others: Sequence[subprocess.Popen[bytes]]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  Locust, by our own interpreter
        own_python("-m", "prodgate.load.engine.launch", *command),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=others[0].pid if others else 0,
    )


#: Seconds that Locust may take beyond the arrivals and their last timeout: to start, gather workers and write.
ALLOWANCE: Final = 60.0
#: Seconds that a master waits for its workers, and then until they are ready.
WORKER_WAIT: Final = 20.0


class LoadError(UsageError):
    """No load could be run; the message says what to do."""


def run_load(
    profile: Profile,
    host: str,
    *,
    locustfile: Path,
    directory: Path,
    workers: int = 0,
    other_host: str = "",
    elsewhere: str = "",
    ca_file: str = "",
    own: int = 0,
    holds: Mapping[str, Any] | None = None,
    progress: Progress = lambda _line: None,
) -> Mapping[str, Any]:
    """Run a load and return its record, which is also kept as record.json in ``directory``.

    Beside it are locust.html (Locust's own page, with the same latencies), locust.txt (its output) and settings.json.
    ``workers`` is 0 for a single process. ``ca_file`` holds authorities that are trusted instead of the system's;
    ``own`` and ``holds`` are those of ``Settings``. With ``elsewhere``, a folder or its URL, nothing is started here:
    the settings are written into that folder, or into ``directory``/asked, and the record of whoever makes the load is
    awaited there. A record with ``complete`` false is
    no error. Raises LoadError when nothing could be run, UsageError when that record does not answer the settings.
    """
    _check_inputs(locustfile)
    directory.mkdir(parents=True, exist_ok=True)
    kept = directory / "record.json"
    kept.unlink(missing_ok=True)
    settings = Settings(
        profile=profile,
        host=host,
        other_host=other_host,
        workers=workers,
        own=own,
        record=str(kept.absolute()),
        holds=holds or {},
    )
    (directory / "settings.json").write_text(json.dumps(settings.to_json(), indent=1), "utf-8")
    limit = profile.seconds + profile.patience + ALLOWANCE
    if elsewhere:
        given: dict[str, Any] = {"directory": directory / "asked", "locustfile": locustfile}
        data = await_record(settings, elsewhere, **given, limit=limit, progress=progress)
        write_record(data, kept)
        return data
    commands = _build_commands(settings, locustfile, directory)
    # Locust reads options from variables as well
    environment = {**clean_environment("LOCUST_"), VARIABLE: str((directory / "settings.json").absolute())}
    environment |= {"SSL_CERT_FILE": str(Path(ca_file).absolute())} if ca_file else {}
    with process_group(commands, environment, directory / "locust.txt") as processes:
        code = processes.follow(limit, progress)
    if not kept.exists():
        raise LoadError(
            explain_locust_failure((directory / "locust.txt").read_text("utf-8", "replace"), locustfile, code)
        )
    return _read_record(kept, code, limit)


def _check_inputs(locustfile: Path) -> None:
    if importlib.util.find_spec("locust") is None:
        raise LoadError("the load layer: Locust is not installed; pip install 'prod-gate[load]'")
    if not locustfile.is_file():
        raise LoadError(f"{locustfile}: there is no such locustfile; write one, or name it under [load]")


def _build_commands(settings: Settings, locustfile: Path, directory: Path) -> Sequence[Sequence[str]]:
    files = ("-f", f"{locustfile.absolute()},{PLUGIN}", "--loglevel", "INFO")
    number = str(settings.workers or 1)
    first = [*files, "--headless", "--only-summary", "-H", settings.host, "-u", number, "-r", number]
    first += ["--html", str((directory / "locust.html").absolute())]
    first += ["--stop-timeout", f"{math.ceil(settings.profile.timeout) + 5}"]
    if not settings.workers:
        return [first]
    address, port = "127.0.0.1", str(find_free_port())
    first += ["--master", "--master-bind-host", address, "--master-bind-port", port]
    first += ["--expect-workers", number, "--expect-workers-max-wait", f"{WORKER_WAIT:.0f}"]
    worker = [*files, "--worker", "--master-host", address, "--master-port", port]
    return [first, *[worker] * settings.workers]


def _read_record(kept: Path, code: int | None, limit: float) -> Mapping[str, Any]:
    """Return the record; where only we know why it is incomplete, add that."""
    data: dict[str, Any] = read_json(kept.read_text("utf-8"))
    if not data["complete"] and (code is None or code < 0):
        why = f"Locust did not end within {limit:.0f} s" if code is None else f"Locust was ended by signal {-code}"
        data["why"] = f"{why}; its own record says: {data['why']}"
        write_record(data, kept)
    return data


# ── Checks that the generator measures correctly on this machine: a short load on a server whose faults are known

#: Enough for a p95 of some 300 values, and for a stall of one second with the seconds around it.
PROFILE: Final = Profile(name="self-test", rate=160.0, duration=3.5, warm_up=0.0, timeout=3.0)
LOCUSTFILE: Final = Path(__file__).parent / "engine" / "selftest_readers.py"
#: How far p95 may be from the server's own, in seconds and as a share of it. They differ by 1.5 ms on a machine with
#: twice as many busy processes as processors, and by tens of milliseconds when the generator queues.
TOLERANCE: Final = 0.005
RELATIVE_TOLERANCE: Final = 0.05
#: A stalled request has waited at least this long, in seconds. The generator may also count one that the server held up
#: to STALL_TOLERANCE less, since it measures from the intended start, but never the other way round.
STALLED: Final = 0.5
STALL_TOLERANCE: Final = 0.25
#: How often it is tried where only times differ, as they do beside others that want the same processors.
TRIES: Final = 5
ADVICE: Final = "run the gate on a machine with less other work, or see locust.txt for what Locust said"


def self_test(*, directory: Path, progress: Progress = lambda _line: None) -> Mapping[str, Any]:
    """Put a load on the fault server and compare the record with what the server did; takes some 6 s a try.

    A number that is wrong is wrong however busy the machine is; times are measured again. Returns ``tries``, ``ok``,
    ``reason`` ("" when ok, else what to do too), and told and truth of ``p95`` (s), ``drops``, ``stall`` (requests held
    for half a second or more), ``hidden`` (its 500s) and ``requests``. Raises LoadError.
    """
    for number in range(1, TRIES + 1):
        again = f" (try {number} of {TRIES})" if number > 1 else ""
        progress(f"self-test: does the generator tell what a server with known faults does?{again}")
        with _fault_server() as (port, stop):
            record = run_load(PROFILE, f"http://127.0.0.1:{port}", locustfile=LOCUSTFILE, directory=directory)
            found = {"tries": number, **compare(record, stop())}
        if found["ok"] or not found["late"]:
            break
    return found


def compare(record: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, Any]:
    """Return the self-test's result from a record and what the server says it did.

    ``late`` says that nothing but times is wrong.
    """
    steady, held = (
        {int(took): count for took, count in _sum_up(record, "latency", request).items()}
        for request in ("GET /steady", "GET /stall")
    )
    result = {
        "p95": {
            "told": _p95(steady),
            "truth": _p95(Counter(map(tenths_of_ms, truth["steady"]))),
        },
        "drops": {"told": _sum_up(record, "failed", "GET /dropped").total(), "truth": truth["dropped"]},
        "stall": {
            "told": sum(count for took, count in held.items() if took >= STALLED * 10_000),
            "truth": _count_held(truth, STALLED),
        },
        "hidden": {"told": _sum_up(record, "failed", "GET /errors")["HTTP 500"], "truth": truth["errors"]},
        "requests": {
            "told": sum(_sum_up(record, part).total() for part in ("latency", "failed")),
            "truth": truth["requests"],
        },
    }
    exact = list(_list_wrong_counts(result)) if record["complete"] else [record["why"]]
    late = list(_list_wrong_times(result, _count_held(truth, STALLED - STALL_TOLERANCE))) if record["complete"] else []
    wrong = [*late, *exact]
    said = {"ok": not wrong, "late": bool(late) and not exact}
    return {**said, "reason": f"{'; '.join(wrong)}; {ADVICE}" if wrong else "", **result}


def _count_held(truth: Mapping[str, Any], seconds: float) -> int:
    """Return how many requests the server held for at least this long."""
    return sum(took >= seconds for took in truth["stalled"])


def _list_wrong_times(result: Mapping[str, Mapping[str, float]], nearly_stalled: int) -> Iterator[str]:
    p95, stall = result["p95"], result["stall"]
    if abs(p95["told"] - p95["truth"]) > max(TOLERANCE, RELATIVE_TOLERANCE * p95["truth"]):
        yield f"the self-test told a p95 of {_ms(p95['told'])} where the server's own was {_ms(p95['truth'])}"
    if not 0 < stall["truth"] <= stall["told"] <= nearly_stalled:
        yield f"the self-test told of {stall['told']} requests held up by a stall, the server held {stall['truth']}"


def _list_wrong_counts(result: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    for name, what in (("drops", "dropped"), ("hidden", "failed"), ("requests", "seen")):
        if not result[name]["truth"] or result[name]["told"] != result[name]["truth"]:
            measured, truth = result[name]["told"], result[name]["truth"]
            yield f"the self-test told of {measured} requests {what}, for the server it was {truth}"


def _sum_up(record: Mapping[str, Any], part: str, request: str = "") -> Counter[str]:
    """Return the counts of ``latency`` or ``failed``, of one request or of all."""
    names = [each["name"] for each in record["requests"]]
    cells = (cell[part] for cell in record["seconds"] if request in ("", names[cell["request"]]))
    return sum(map(Counter, cells), Counter[str]())


@contextmanager
def _fault_server() -> Iterator[tuple[int, Callable[[], dict[str, Any]]]]:
    """Start the server; yield its port, and what stops it and returns what it did."""
    command = own_python("-m", "prodgate.load.fault_server")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            port = int(read_first_line(process.stdout.fileno()))
            yield port, lambda: json.loads(process.communicate(timeout=KILLED)[0])
        finally:
            process.kill()


def _p95(counts: Mapping[int, int]) -> float:
    return (nearest_rank(counts, 950) or 0) / 10_000


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
