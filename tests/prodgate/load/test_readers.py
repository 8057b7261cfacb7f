"""The project's own locustfile, on the sample site: by itself, and driven by arrivals."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.load.profile import Profile
from prodgate.load.runner import run_load
from prodgate.rehearsal.site.process import Site, running

from .records import doubtful, failed, latencies, unshareable

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = [pytest.mark.once, pytest.mark.slow]

LOCUSTFILE = Path(__file__).parents[3] / "loadtests" / "locustfile.py"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as site:
        yield site


def test_readers_find_what_they_look_for(site: Site, tmp_path: Path) -> None:
    profile = Profile(name="trial", rate=40.0, duration=2.0, warm_up=1.0, timeout=30.0)
    record = run_load(profile, site.url, locustfile=LOCUSTFILE, directory=tmp_path)
    assert (record["complete"], record["why"]) == (True, "")
    assert (failed(record), record["warm_up"]["failed"]) == ({}, 0)
    names = {each["name"] for each in record["requests"]}
    assert names >= {"GET /", "GET /stories/[slug]", "GET /teams/[team]", "GET /search", "GET /static/site.css"}
    for each in record["requests"]:
        assert each["cacheable"], each
        assert unshareable(record, each["name"]) == {}
        assert (doubtful(record, each["name"]), each.get("doubt")) == (0, None)
    assert len(latencies(record)) > record["sent"] == 80
    assert record["warm_up"]["sent"] >= 30


def test_locust_runs_it_by_itself(site: Site) -> None:
    options = ["--headless", "-u", "5", "-r", "5", "-t", "10s", "-H", site.url, "--only-summary"]
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stderr
    assert "/stories/[slug]" in ended.stderr
