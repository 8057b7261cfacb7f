"""Measures the journeys of the end-to-end layer beside plain pytest-playwright.

Run from the root: PYTHONPATH=. python benchmarks/e2e.py. It judges nothing. Both take turns, since the load of a
machine changes all the time: the median of the rounds' ratios counts.

The peer runs the same files against the same site in the same browser, without the guard, the collection of cookies and
the trace of each journey; both leave out journeys that sign in.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from tests.e2e.stage import settings

from prodgate.browser.processes import run_journeys
from prodgate.engines.programs import require_chromium
from prodgate.rehearsal.edge import EdgeSettings, edge
from prodgate.rehearsal.site.process import running

ROOT = Path(__file__).resolve().parents[1]
JOURNEYS = ROOT / "e2e" / "journeys"
#: How often each is measured.
ROUNDS = 7
#: The peer's configuration, as its manual recommends.
CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {{**browser_type_launch_args, "executable_path": {program!r}}}

@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {{**browser_context_args, "ignore_https_errors": True}}
"""


def main() -> None:
    """Measure and print the duration of a journey here, and with pytest-playwright alone."""
    ratios = []
    with TemporaryDirectory() as folder:
        place = Path(folder)
        with running(place) as site, edge(site.url, place, EdgeSettings()) as front:
            pinned = {"pin": front.pin, "ca_file": str(front.ca_file)}
            told = settings(front.url, place, mutates=True, **pinned)
            for _ in range(ROUNDS):
                seen = run_journeys(JOURNEYS, told, project=ROOT, log=place / "log", limit=300, progress=lambda _: None)
                own = [each["seconds"] for each in seen["journeys"] if "account" not in each["id"]]
                other = time_peer(front.url, place)
                ratios.append(median(own) / median(other))
                print(
                    f"a journey: {median(own):.2f} s (of {len(own)}); plain pytest-playwright: {median(other):.2f} s "
                    f"(of {len(other)}); ratio {ratios[-1]:.2f}"
                )
    print(f"ratio, median of {len(ratios)} rounds: {median(ratios):.2f}")


def time_peer(url: str, place: Path) -> list[float]:
    """Return the seconds that each journey takes with pytest-playwright alone."""
    folder = place / "plain"
    folder.mkdir(exist_ok=True)
    for file in JOURNEYS.glob("test_*.py"):
        if file.stem != "test_accounts":
            (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    program = require_chromium().program or None
    (folder / "conftest.py").write_text(CONFTEST.format(program=program), "utf-8")
    plugins = ("-p", "pytest_base_url.plugin", "-p", "pytest_playwright.pytest_playwright", "-p", "no:cacheprovider")
    options = ("--base-url", url, "--output", str(place / "out"), "--junitxml", str(place / "times.xml"), "-q")
    own = ("--rootdir", str(folder), "-c", os.devnull)
    command = (sys.executable, "-m", "pytest", *own, *plugins, *options, str(folder))
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout[-2000:])
    cases = ElementTree.parse(place / "times.xml").iter("testcase")
    return [float(case.get("time", "0")) for case in cases]


if __name__ == "__main__":
    main()
