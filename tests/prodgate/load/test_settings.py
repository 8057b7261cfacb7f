import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from prodgate.load.profile import Profile, Settings
from prodgate.load.runner import explain_locust_failure, run_load
from prodgate.rehearsal.site.process import Site, running

from .records import doubtful, failed, latencies, unshareable

SETTINGS = Settings(
    profile=Profile(name="x", rate=1.0, duration=2.0), host="http://a", other_host="http://b", record="r"
)


def test_settings_come_from_a_file_or_from_the_variable_itself(tmp_path: Path) -> None:
    text = json.dumps(SETTINGS.to_json())
    (tmp_path / "settings.json").write_text(text, "utf-8")
    assert Settings.read({"PRODGATE_LOAD": text}) == SETTINGS
    beside = replace(SETTINGS, record=str(tmp_path / "r"))
    assert Settings.read({"PRODGATE_LOAD": str(tmp_path / "settings.json")}) == beside
    assert Settings.read({}) is None
    assert SETTINGS.hosts == ("http://a", "http://b")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere.json", "name a JSON file, or give the JSON object itself"),
        ("{", "name a JSON file, or give the JSON object itself"),
        ("{}", "no settings of a load run: 'profile'"),
        ('{"profile": {"name": "x", "speed": 3}}', "unexpected keyword argument 'speed'"),
    ],
)
def test_what_is_wrong_with_settings_is_said(given: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PRODGATE_LOAD: ") as caught:
        Settings.read({"PRODGATE_LOAD": given})
    assert said in str(caught.value)


def test_what_locust_says_becomes_one_line() -> None:
    file = Path("loadtests/locustfile.py")
    assert "(exit code 2) before any arrival and said: bad port; see" in explain_locust_failure("\nbad port\n", file, 2)
    assert "said: nothing" in explain_locust_failure("", file, -9)


# ── The project's own locustfile

#: Locust's processes run in one Python as in another, and take their time.

LOCUSTFILE = Path(__file__).parents[3] / "loadtests" / "locustfile.py"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.mark.slow
def test_readers_find_what_they_look_for(site: Site, tmp_path: Path) -> None:
    record = run_load(
        Profile(name="trial", rate=40.0, duration=2.0, warm_up=1.0, timeout=30.0),
        site.url,
        locustfile=LOCUSTFILE,
        directory=tmp_path,
    )
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


@pytest.mark.slow
def test_locust_runs_it_by_itself(site: Site) -> None:
    options = ["--headless", "-u", "5", "-r", "5", "-t", "10s", "-H", site.url, "--only-summary"]
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stderr
    assert "/stories/[slug]" in ended.stderr
