"""Measures the report of 10,000 findings: size, time to build, time to open in Chromium.

Run from the root: PYTHONPATH=. python benchmarks/report.py [FOLDER]. The exit code says whether the budgets were kept.

estate        a large estate: one finding in twenty fails
all-failing   the worst case: every finding fails, at a place and with a value of its own; the names, places and
              values alone are 970 kB, so a row must not repeat the row above
"""

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from tests.prodgate.report.samples import FINDINGS, estate

from prodgate.engines.programs import require_chromium
from prodgate.report.html import render_html

BUILD, OPEN = 1.0, 0.5
#: Most bytes of any report.
MOST = 1_000_000
#: Run -> one in how many findings fails.
RUNS = {"estate": 20, "all-failing": 1}


def main() -> int:
    """Measure both runs and return the exit code."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    kept = True
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_chromium().program or None)
        for name, every in RUNS.items():
            kept &= measure(name, every, folder, browser)
    return 0 if kept else 1


def measure(name: str, every: int, folder: Path, browser: Browser) -> bool:
    """Print the cost of one run's report and return whether the budget was kept."""
    run = estate(every)
    verdict = run.verdict()
    start = time.perf_counter()
    page = render_html(run, verdict)
    built = time.perf_counter() - start
    path = folder / f"{name}.html"
    path.write_text(page, "utf-8")
    opened, worked = min(open_seconds(browser, path) for _ in range(3))
    size = path.stat().st_size
    took = f"opened in {opened:.2f} s, of which a processor worked {worked:.2f} s"
    print(f"{name}: {FINDINGS:,} findings, {size:,} bytes, built in {built:.2f} s, {took}")
    return size <= MOST and built <= BUILD and opened <= OPEN


def open_seconds(browser: Browser, path: Path) -> tuple[float, float]:
    """Return the seconds from navigation until the first screen is painted, and the processor seconds of the page.

    On a busy machine only the second tells the duration on an idle one.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    start = time.perf_counter()
    page.goto(path.absolute().as_uri(), wait_until="load")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    seconds = time.perf_counter() - start
    measured = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    page.close()
    return seconds, measured["ProcessTime"]


if __name__ == "__main__":
    sys.exit(main())
