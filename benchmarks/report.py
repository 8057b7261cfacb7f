"""Measures the report of 10,000 findings: size, time to build, time to open in Chromium.

Run from the root: PYTHONPATH=. python benchmarks/report.py [FOLDER]. The exit code says whether the budgets were kept.

estate        a large estate: one finding in twenty fails
all-failing   the worst case: every finding fails, at a place and with a value of its own; the names, places and values
              alone are 970 kB, so that its size is held to 1.25 MB
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from prodgate.criteria import Criteria, Criterion
from prodgate.engines.chromium import ensure_chromium
from prodgate.evidence.runs import Run
from prodgate.findings import Finding, Outcome
from prodgate.quantities import Bound
from prodgate.report.html import render_html
from prodgate.sections.criteria_file import CriteriaFile

FINDINGS = 10_000
CRITERIA = 60
BUILD, OPEN = 1.0, 0.5
#: Run -> (one finding of how many fails, most bytes).
RUNS = {"estate": (20, 1_000_000), "all-failing": (1, 1_250_000)}
STARTED = datetime(2026, 11, 24, 13, tzinfo=UTC)


def main() -> int:
    """Measure both runs and return the exit code."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    kept = True
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure_chromium(print).program or None)
        for name, (every, most) in RUNS.items():
            kept &= measure(name, every, most, folder, browser)
    return 0 if kept else 1


def measure(name: str, every: int, most: int, folder: Path, browser: Browser) -> bool:
    """Print what the report of one run costs and return whether the budget was kept."""
    run = large_run(every)
    verdict = run.verdict()
    start = time.perf_counter()
    page = render_html(run, verdict)
    built = time.perf_counter() - start
    path = folder / f"{name}.html"
    path.write_text(page, "utf-8")
    opened = min(open_seconds(browser, path) for _ in range(3))
    size = path.stat().st_size
    print(f"{name}: {FINDINGS:,} findings, {size:,} bytes, built in {built:.2f} s, opened in {opened:.2f} s")
    return size <= most and built <= BUILD and opened <= OPEN


def open_seconds(browser: Browser, path: Path) -> float:
    """Return the seconds from navigation until the first screen is laid out and painted."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    start = time.perf_counter()
    page.goto(path.absolute().as_uri(), wait_until="load")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    seconds = time.perf_counter() - start
    page.close()
    return seconds


def large_run(every: int) -> Run:
    """Return a run in which one finding of ``every`` is not satisfied."""
    criteria = [
        Criterion(
            id=f"criterion-{n}",
            statement=f"Every resource keeps agreement number {n} of the team that runs the system.",
            statement_ja=f"すべてのリソースは、システムを運用するチームの取り決め {n} を守る。",
            why="Without it an outage lasts longer than the agreed time.",
            source=f"INF-{n % 12}",
            layers=("static",),
            bound=Bound.parse(">= 30 d"),
        )
        for n in range(CRITERIA)
    ]
    digest = sha256(b"plan").hexdigest()
    return Run(
        path=Path("runs/2026-11-24T130000Z-3f2a9c1"),
        about={
            "target": "aws://prod@ap-northeast-1",
            "rehearsal": False,
            "layers": ["static"],
            "started": STARTED.isoformat(),
        },
        criteria=CriteriaFile(
            path=Path("criteria.toml"), system="estate", criteria=Criteria({c.id: c for c in criteria})
        ),
        waivers=(),
        findings=tuple(_finding(n, digest, failing=n % every == 0) for n in range(FINDINGS)),
        facts=(),
        finished=STARTED + timedelta(minutes=3),
    )


def _finding(n: int, digest: str, *, failing: bool) -> Finding:
    return Finding(
        criterion=f"criterion-{n % CRITERIA}",
        check=f"PG_BENCH_{n % CRITERIA}",
        layer="static",
        subject=f"module.service_{n % 97}.aws_cloudwatch_log_group.this[{n}]",
        outcome=Outcome.NOT_SATISFIED if failing else Outcome.SATISFIED,
        expected=">= 30 d" if failing else "",
        observed=f"{n % 29} d" if failing else "",
        remedy="Set retention_in_days to the agreed number of days." if failing else "",
        where=(f"modules/service_{n % 97}/logs.tf:{n}",),
        evidence=(digest,),
    )


if __name__ == "__main__":
    sys.exit(main())
