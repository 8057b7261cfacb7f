"""Before a run begins, the gate names missing programs and packages, the criteria that stay open, the command to
type, and its likely duration."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from prodgate.criteria import LAYERS, UsageError
from prodgate.engines.environments import EngineError
from prodgate.engines.programs import MissingProgram
from prodgate.run.layer_process import _observe
from prodgate.run.machine import list_needed, prepare_programs
from prodgate.run.planning import plan_judges
from prodgate.run.running import add_up, estimate_layers
from prodgate.sections.criteria_file import CriteriaFile
from prodgate.sections.project import Project, open_project

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def own() -> Project:
    return open_project(ROOT / "criteria.toml")


@pytest.mark.parametrize(
    ("layers", "rehearsal", "needed"),
    [
        (LAYERS, True, ["Chromium", "HAProxy"]),
        (["static", "live", "load", "dags", "attested"], True, []),
        (["rollout"], True, ["Chromium", "HAProxy"]),
        (["e2e"], True, ["Chromium"]),
        (["e2e", "rollout"], False, ["Chromium"]),
    ],
)
def test_only_what_the_layers_need_is_looked_for(
    own: Project, layers: list[str], rehearsal: bool, needed: list[str]
) -> None:
    assert list_needed(own.stated, layers, rehearsal=rehearsal) == needed


def test_who_states_no_site_and_no_sample_needs_nothing(own: Project) -> None:
    assert list_needed(replace(own.stated, e2e=None, rehearsal=None), LAYERS, rehearsal=True) == []


def test_what_stays_open_is_said_before_the_run_with_the_command(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {name: MissingProgram(f"no {name}: it is not on PATH") for name in ("Chromium", "HAProxy")}
    monkeypatch.setattr("prodgate.run.machine.find_programs", lambda _names, _progress, installs: missing)
    judges = plan_judges(own, LAYERS)
    said: list[str] = []
    prepare_programs([*missing], own.stated.criteria, judges, said.append, installs=False)
    assert said[0] == "no Chromium: it is not on PATH"
    browser, balancer = (line.partition(": ")[2].split(", ") for line in (said[1], said[3]))
    assert {"journeys-succeed", "pages-accessible"} <= {*browser} & {*own.stated.criteria}
    assert not {*browser} & {"security-headers", "waf-refuses-attacks"}  # requested without a browser
    assert {*balancer} == {name for name, each in own.stated.criteria.items() if "rollout" in each.layers}
    assert said[4].startswith("to have Chromium and HAProxy, type: ")
    assert said[4].endswith("chromium-headless-shell fonts-noto-cjk haproxy")
    wrong = {"HAProxy": EngineError("PRODGATE_HAPROXY: '/no/such' is no program; name HAProxy's, or unset it")}
    monkeypatch.setattr("prodgate.run.machine.find_programs", lambda _names, _progress, installs: wrong)
    prepare_programs([*wrong], own.stated.criteria, judges, said.append, installs=False)
    assert len(said) == 7  # a misspelt name needs no installation


def test_nothing_is_said_where_nothing_is_missing(own: Project) -> None:
    said: list[str] = []
    prepare_programs([], own.stated.criteria, {}, said.append, installs=False)
    assert said == []


# ── The last run of the same target predicts a run's duration; without one, a stated figure does


@pytest.fixture(scope="module")
def own_criteria() -> CriteriaFile:
    return open_project(ROOT / "criteria.toml").stated


def remember(folder: Path, name: str, seconds: float, *, ended: bool = True, **about: str) -> None:
    """Write as much of a run of the load layer as shows its duration."""
    (run := folder / f"{name}Z-0000000").mkdir()
    (run / "run.json").write_text(json.dumps({"system": "nba-news", "target": "rehearsal://", **about}))
    began = datetime(2026, 11, 24, tzinfo=UTC)
    events = [("planned", 0.0), ("observed" if ended else "note", seconds - 2), ("finished", seconds)]
    lines = [
        json.dumps({"event": event, "layer": "load", "at": (began + timedelta(seconds=at)).isoformat()})
        for event, at in events
    ]
    (run / "journal.jsonl").write_text("\n".join(lines) + "\n")


def test_the_last_run_of_this_target_that_observed_the_layer_tells_how_long_it_takes(
    own_criteria: CriteriaFile, tmp_path: Path
) -> None:
    remember(tmp_path, "2026-11-01T000000", 90)
    remember(tmp_path, "2026-11-02T000000", 75)
    remember(tmp_path, "2026-11-03T000000", 20, ended=False)
    remember(tmp_path, "2026-11-04T000000", 600, target="aws://prod@eu-west-1")
    remember(tmp_path, "2026-11-05T000000", 7200, judged_again="2026-11-02T000000Z-0000000")
    (tmp_path / "2026-11-06T000000Z-broken").mkdir()
    assert estimate_layers(own_criteria, "rehearsal://", tmp_path, rehearsal=True)["load"] == 75
    assert estimate_layers(own_criteria, "aws://prod@eu-west-1", tmp_path, rehearsal=False) == {"load": 600}


def test_without_a_run_a_rehearsal_takes_what_is_stated_and_a_real_account_nobody_knows(
    own_criteria: CriteriaFile, tmp_path: Path
) -> None:
    stated = estimate_layers(own_criteria, "rehearsal://", tmp_path, rehearsal=True)
    assert own_criteria.airflow
    assert own_criteria.airflow.rehearsal
    assert stated["dags"] > own_criteria.airflow.rehearsal.history.total_seconds()
    assert stated["load"] > 62
    assert estimate_layers(own_criteria, "aws://prod@eu-west-1", tmp_path, rehearsal=False) == {}


def test_lanes_side_by_side_take_as_long_as_the_longest_and_rounds_add_up() -> None:
    rounds, takes = (
        [[("static", "live"), ("dags",)], [("load",)]],
        {"static": 20.0, "live": 90.0, "dags": 100.0, "load": 70.0},
    )
    assert add_up(rounds, takes, {}, set()) == 180
    assert add_up(rounds, takes, {"live": 50.0, "dags": 80.0}, {"static"}) == 110
    assert add_up(rounds, takes, {"load": 90.0}, {"static", "live", "dags"}) == 0
    assert add_up([*rounds, [("rollout",)]], takes, {}, set()) is None


# ── A layer without its library names the package to install; one without a module of the gate is a bug


class Lacking:
    """A layer that can't import something."""

    def __init__(self, name: str) -> None:
        self.name = name

    def observe(self, at: object) -> object:
        raise ModuleNotFoundError(name=self.name)


def test_what_an_extra_brings_is_the_reason_of_the_layer() -> None:
    with pytest.raises(UsageError, match=r"boto3 is not installed, which asks AWS; pip install 'prod-gate\[core\]'"):
        _observe(cast(Any, Lacking("boto3")), cast(Any, None))


def test_what_nothing_brings_is_a_bug_of_the_gate() -> None:
    with pytest.raises(ModuleNotFoundError):
        _observe(cast(Any, Lacking("prodgate.nothing")), cast(Any, None))
