"""Measures what the load layer reports of a server of known behaviour, beside other load generators.

Run from the root: python benchmarks/load.py [--seconds N] [--write]. It judges nothing: the exit
code is 0 whatever the figures. With ``--write`` the comparison replaces the one in docs/load.md. Each tool sends the
same server 500 requests a second from one process, as its manual recommends; tools whose users always wait get as many
users as that takes. Beside each tool's p95 stand its ratio to the p95 of arrivals that wait for nobody, and its error
against the server's record of that tool's own requests. A user who waits for a response misses a stall; wrk corrects
for that with generated values, which no response had. On a busy machine, errors mean little.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from known_server import STALL, STEADY, KnownServer, expected_p95, p95, running

from prodgate.load.profile import Profile
from prodgate.load.runner import run_load
from prodgate.statistics import nearest_rank

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "load.md"
BEGIN, END = "<!-- known server: begin -->", "<!-- known server: end -->"
RATE = 500
#: Seconds a load lasts at least: a stall and what comes after it.
LEAST = 7
#: Users that wait for each response, and how many requests each makes in a second at most.
READERS, PACE = 100, 5
#: Connections that make some 500 requests a second without a pause between response and next request.
CONNECTIONS = 29
OURS, LOCUST, WRK = "prod-gate", "stock Locust", "wrk"
HEADER = (
    "| server | generator | p95 reported | of the true one | p95 in the server's log | error | requests / in the log |"
)
LOCUSTFILE = """
import json, os
from locust import FastHttpUser, constant_throughput, events, task

class Reader(FastHttpUser):
    {wait}

    @task
    def ask(self):
        self.client.get("{path}")

@events.quitting.add_listener
def tell(environment, **_):
    if "PRODGATE_LOAD" not in os.environ:
        stats = environment.stats.total
        p95 = stats.get_response_time_percentile(0.95) / 1000
        print("told", json.dumps([p95, stats.num_requests, stats.num_failures]), flush=True)
"""
WRK_SCRIPT = """
function done(summary, latency)
  local lost = summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("told [%f, %d, %d]\\n", latency:percentile(95) / 1e6, summary.requests, lost))
end
"""


@dataclass(frozen=True, slots=True)
class Result:
    """A tool's report."""

    p95: float
    """Seconds."""
    requests: int
    lost: int
    """Requests that failed, or that were due and not sent."""
    sick: str = ""


def main() -> int:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10, help="how long each load lasts (default: 10)")
    parser.add_argument("--write", action="store_true", help="write the comparison to docs/load.md")
    given = parser.parse_args()
    if given.seconds < LEAST:
        parser.error(f"--seconds: {given.seconds} is too short for a stall; give {LEAST} or more")
    with TemporaryDirectory(prefix="prodgate-benchmark-") as place:
        table = [HEADER, "|" + "---|" * 7]
        print(*table, sep="\n")
        for line in measure(Path(place), given.seconds):
            print(line, flush=True)
            table += [line] if line.startswith("|") else []
        if given.write:
            text = PAGE.read_text("utf-8")
            made = "\n".join((BEGIN, *table, END))
            PAGE.write_text(text[: text.index(BEGIN)] + made + text[text.index(END) + len(END) :], "utf-8")
    return 0


def measure(place: Path, seconds: int) -> Iterator[str]:
    """Run loads of so many seconds; yield each line to print as soon as it is known."""
    yield f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; {seconds} s of {RATE} requests/s each"
    there = [name for name in (OURS, LOCUST, WRK) if name != WRK or find_program(WRK)]
    with running() as server:
        for path in (STEADY, STALL):
            wanted = expected_p95(path, RATE * seconds, seconds)
            for name in there:
                told = run_tool(name, server, path, place, seconds)
                yield render_comparison(f"{path[1:]}, p95 {ms(wanted)}", name, told, server.read_times(), wanted)


def render_comparison(server: str, name: str, told: Result, taken: Sequence[float], wanted: float) -> str:
    """Return a generator's row: its figures beside the server's own, and beside the expected ones."""
    truth = p95(taken)
    figures = (
        ms(told.p95),
        f"{told.p95 / wanted:.0%}",
        ms(truth),
        ms(told.p95 - truth),
        f"{told.requests} / {len(taken)}",
    )
    sick = f" ({told.sick})" if told.sick else ""
    return f"| {server} | {name}{sick} | {' | '.join(figures)} |"


def ms(seconds: float) -> str:
    """Return seconds as milliseconds."""
    return f"{seconds * 1000:.1f} ms"


def find_program(name: str) -> str | None:
    """Return the path of a program in this environment or on PATH, or None."""
    return shutil.which(name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))


def run_tool(name: str, server: KnownServer, path: str, place: Path, seconds: int) -> Result:
    """Run a tool on a path of the server."""
    host = f"http://127.0.0.1:{server.port}"
    wait = "pass" if name == OURS else f"wait_time = constant_throughput({PACE})"  # the gate refuses pacing
    (place / "locustfile.py").write_text(LOCUSTFILE.format(path=path, wait=wait), "utf-8")
    (place / "wrk.lua").write_text(WRK_SCRIPT, "utf-8")
    return run_ours(host, place, seconds) if name == OURS else run_peer(name, host, path, place, seconds)


def run_ours(host: str, place: Path, seconds: int) -> Result:
    """Run the gate's own load engine."""
    profile = Profile(name="benchmark", rate=RATE, duration=seconds, warm_up=0)
    record = run_load(profile, host, locustfile=place / "locustfile.py", directory=place / "ours")
    latency: Counter[int] = Counter()
    for cell in record["seconds"]:
        latency.update({int(tenths): count for tenths, count in cell["latency"].items()})
    failed = sum(sum(cell["failed"].values()) for cell in record["seconds"])
    sick = "; ".join(filter(None, (record["why"], *record["health"]["sick"])))
    return Result(
        (nearest_rank(latency, 950) or 0) / 10_000, latency.total() + failed, failed + record["not_sent"], sick=sick
    )


def run_peer(name: str, host: str, path: str, place: Path, seconds: int) -> Result:
    """Run another tool, and parse its report."""
    readers = ("-u", f"{READERS}", "-r", f"{READERS}", "-t", f"{seconds}s", "-s", "5", "-H", host)
    commands = {
        LOCUST: ("locust", "-f", f"{place}/locustfile.py", "--headless", *readers),
        WRK: ("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", f"{place}/wrk.lua", host + path),
    }
    command = (find_program(commands[name][0]) or commands[name][0], *commands[name][1:])
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    said = re.search(r"^told (.*)$", done.stdout, re.M)
    if said is None:
        raise RuntimeError(f"{name} told nothing, exit code {done.returncode}: {done.stdout[-2000:]}")
    return Result(*json.loads(said[1]))


if __name__ == "__main__":
    sys.exit(main())
