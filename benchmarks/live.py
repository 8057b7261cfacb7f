"""Measures the live layer: observes and judges large accounts.

Run from the root: PYTHONPATH=. python benchmarks/live.py [--peer]. It judges nothing: the exit code is 0 whatever the
figures. Every response of the large accounts is delayed by 40 ms, like the round trip to AWS. The observer is a process
of its own, so that its memory is what a gate needs. With --peer, Prowler scans the same account for the same things;
its environment is made on first use (2.3 GB). There is one call for each log group, because AWS can't search several at
once. The emulator also needs a processor: on a busy machine, times mean little.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from grown_account import ACCOUNT, REGION, calls, empty_account, grow, slow_down
from prowler import scan
from tests.suites.live.harness import live_checks

from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.aws.recording import canonical_json
from prodgate.evidence import runs
from prodgate.evidence.journal import Journal
from prodgate.facts import Facts
from prodgate.layers.layer import LayerContext
from prodgate.layers.live.judging import judge_policies
from prodgate.layers.live.observing import observe_through
from prodgate.layers.static.repository import ProjectView
from prodgate.run.judging import judge
from prodgate.sections.project import Project, load_policies, open_project
from prodgate.sections.targets import Target

REPOSITORY = Path(__file__).resolve().parents[1]
LATENCY = 0.04
#: How long an account exists before it is observed: a new one has no past, and needs more requests.
LATER = timedelta(hours=2)
#: The limits for a large account, and for one of twice its size compared with it.
CALLS, SECONDS, MEGABYTES, EVIDENCE, GROWTH = 600, 5.0, 150.0, 3.0, 2.2
#: How many times as long the peer takes.
PEER = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of an observation."""

    calls: int
    seconds: float
    judged: float
    """Seconds of it spent judging."""
    processor: float
    megabytes: float
    evidence: float
    """Megabytes as they are stored: compressed."""
    facts: int


def main() -> int:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", action="store_true", help="let Prowler 5.46 look, too (its environment has 2.3 GB)")
    parser.add_argument("--size", type=float, default=1.0, help="1 for 2,000 alarms, 500 roles and so on (default: 1)")
    parser.add_argument("--observe", nargs=2, metavar=("ENDPOINT", "RUN"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.observe:
        print(json.dumps(asdict(measure_cost(*given.observe))))
        return 0
    with TemporaryDirectory(prefix="prodgate-benchmark-") as place:
        told = list(measure(make_run(Path(place)), given.size, peer=given.peer))
    print("\n".join([f"load {os.getloadavg()[0]:.1f}", *told]))
    return 0


def measure(run: Path, size: float, *, peer: bool) -> Iterator[str]:
    """Measure, and yield the lines to print."""
    with empty_account() as endpoint:
        grow(endpoint, "one", size)
        slow_down(endpoint, LATENCY)
        one = measure_in_process(endpoint, run)
        yield from render_cost(f"grown account, size {size:g}", one)
        if peer:
            seconds, asked, megabytes = scan(endpoint, lambda: calls(endpoint))
            yield f"Prowler on it: {seconds:.1f} s, {asked:,} calls, {megabytes:.0f} MB"
            yield render_target("Prowler takes", f"{seconds / one.seconds:.0f} x", f"{PEER:g} x or more")
        slow_down(endpoint, 0)
        grow(endpoint, "two", size)
        slow_down(endpoint, LATENCY)
        two = measure_in_process(endpoint, run)
        yield from render_cost("twice as large", two)
        for name in ("calls", "seconds", "megabytes", "evidence"):
            times = getattr(two, name) / getattr(one, name)
            yield render_target(f"growth of {name}", f"{times:.2f} x", f"{GROWTH:g} x or less")


def render_cost(name: str, cost: Cost) -> Iterator[str]:
    """Yield the cost of an observation, beside its limits."""
    yield f"{name}: {cost.facts} facts, {cost.processor:.1f} s of processor, {cost.judged:.1f} s of judging"
    yield render_target("calls", f"{cost.calls}", f"{CALLS} or less")
    yield render_target("wall", f"{cost.seconds:.2f} s", f"{SECONDS:g} s or less")
    yield render_target("memory", f"{cost.megabytes:.0f} MB", f"{MEGABYTES:g} MB or less")
    yield render_target("evidence", f"{cost.evidence:.2f} MB", f"{EVIDENCE:g} MB or less")


def render_target(name: str, found: str, wanted: str) -> str:
    """Return a line with a figure and its target."""
    return f"  {name:32}{found:>10}   {wanted}"


def make_run(place: Path) -> Path:
    """Create a run that knows the declared resources, as it does after the static layer; return it."""
    project = open_project(REPOSITORY / "criteria.toml")
    about = {"system": project.stated.system, "target": "rehearsal://", "rehearsal": True, "layers": ["live"]}
    run = runs.create(place, {**about, "commit": ""}, project.stated.path, project.waivers)
    at = LayerContext(
        run=run,
        target=Target("rehearsal://"),
        project=REPOSITORY,
        stated=project.stated,
        journal=Journal.of(run),
        progress=lambda _: None,
    )
    seen = ProjectView(at)
    seen.declared("aws_vpc")
    seen.files("dags")
    (run / "seen.json").write_text(json.dumps(seen.to_json()), "utf-8")
    return run


def measure_in_process(endpoint: str, run: Path) -> Cost:
    """Observe and judge the account at an endpoint in another process."""
    command = (sys.executable, __file__, "--observe", endpoint, str(run))
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def measure_cost(endpoint: str, run: str) -> Cost:
    """Observe and judge, in this process."""
    project = open_project(REPOSITORY / "criteria.toml")
    load_policies(project.policy_folders())
    now = datetime.now(UTC) + LATER
    about = {"id": ACCOUNT, "region": REGION, "now": now.isoformat(), "foreign": project.stated.foreign}
    seen = ProjectView.from_evidence(json.loads((Path(run) / "seen.json").read_text("utf-8")), Path(run))
    checks = live_checks(project)
    asked = LiveCalls(rehearsal_clients(endpoint, REGION, reads=True))
    start, processor = time.perf_counter(), time.process_time()
    facts = observe_through(asked, about, seen)
    looked = time.perf_counter()
    judge_all(project, checks, facts)
    ended, recording = time.perf_counter(), asked.recording
    return Cost(
        calls=sum(max(1, len(record.requests)) for record in recording.records.values()),
        seconds=ended - start,
        judged=ended - looked,
        processor=time.process_time() - processor,
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        evidence=sum(len(gzip.compress(canonical_json(found).encode(), 6)) for _, _, found in recording.by_place())
        / 1e6,
        facts=len(facts.known),
    )


def judge_all(project: Project, checks: Any, facts: Facts) -> int:
    """Judge facts by every live check and policy; return the number of findings."""
    criteria = project.stated.criteria
    found = [each for one in checks for each in judge(one, criteria[one.criterion], facts, layer="live", fixtures={})]
    return len(found) + sum(map(len, judge_policies(facts, project.stated).values()))


if __name__ == "__main__":
    sys.exit(main())
