"""The shop of `examples/` is a team of its own: an installed wheel decides about it, in an empty home."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.engines.environments import cache_directory
from prodgate.evidence.artifacts import list_paths

from .prodgate.evidence.test_runs import refused
from .snippets.blocks import list_run_by, list_tracked
from .snippets.readers import read
from .test_wheel import ROOT, uv

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("shop")]
EXAMPLE = ROOT / "examples" / "shop"
#: File -> what somebody writes there one day, and instead of what.
FAULTS = {
    "infra/database.tf": ("storage_encrypted                   = true", "storage_encrypted = false"),
    "infra/alarms.tf": ('metric = "CPUUtilization"', 'metric = "FreeableMemory"'),
    "site/app.py": ('action="/basket"', 'action="/cart"'),
}


#: The files that the page of the shop lists, and the commands that it gives.
LISTED, GIVEN = list_run_by(__file__, "examples/shop/README.md")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a wheel that was built of this tree and installed with what a rehearsal needs."""
    place = tmp_path_factory.mktemp("installed")
    uv("build", "--wheel", "--quiet", "--out-dir", str(place), str(ROOT))
    (wheel,) = place.glob("*.whl")
    uv("venv", "--quiet", "--python", sys.executable, str(place / "venv"))
    python = str(place / "venv" / "bin" / "python")
    uv("pip", "install", "--quiet", "--python", python, f"{wheel}[core,dags,e2e,rehearsal]")
    return place / "venv" / "bin" / "prodgate"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shop, and a home in which nothing is; the engines are where this machine keeps them."""
    monkeypatch.setenv("PRODGATE_CACHE", str(cache_directory()))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (tmp_path / "home").mkdir()
    copied = shutil.copytree(EXAMPLE, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", "runs"))
    waivers = (copied / "waivers.toml").read_text("utf-8")
    today = datetime.now(UTC).date()
    for key, day in (("opened", today - timedelta(days=1)), ("expires", today + timedelta(days=30))):
        waivers = re.sub(rf"(?m)^{key} = .*$", f"{key} = {day}", waivers)  # these tests have no end
    (copied / "waivers.toml").write_text(waivers, "utf-8")
    return copied


def decide(gate: Path, shop: Path, *arguments: str) -> tuple[int, Mapping[str, Any]]:
    command = [gate, "run", "rehearsal://", "--json", *arguments]
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=400, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def list_open(told: Mapping[str, Any], *outcomes: str) -> set[tuple[str, str]]:
    """Return criterion and layer of each finding with one of some outcomes."""
    return {(each["criterion"], each["layer"]) for each in told["findings"] if each["outcome"] in outcomes}


def test_its_page_lists_what_is_there_and_gives_commands_that_exist() -> None:
    named = {
        name.rstrip("/") for name in re.findall(r"(?:^|  )([a-z]\w*(?:[/.][\w/.]*))(?=  )", LISTED.text, re.MULTILINE)
    }
    assert {name for name in named if not (EXAMPLE / name).exists()} == set()
    there = {name.split("/")[0] for name in list_tracked(EXAMPLE)} - {"README.md"}
    assert there == {name.split("/")[0] for name in named}
    read(GIVEN)


def test_it_is_go_from_its_declarations_to_its_basket(gate: Path, shop: Path) -> None:
    code, told = decide(gate, shop, "--only", "static,live,e2e")
    assert list_open(told, "not-satisfied", "undetermined") == set()
    assert code == 0
    satisfied = list_open(told, "satisfied")
    assert {("queue-retention", "static"), ("journeys-succeed", "e2e"), ("alarm-db-cpu", "live")} <= satisfied
    assert ("instances-in-two-zones", "live") in satisfied
    assert {("database-encryption-at-rest", layer) for layer in ("static", "live")} <= satisfied


def test_what_somebody_breaks_is_no_go_where_it_is(gate: Path, shop: Path) -> None:
    for name, (well, broken) in FAULTS.items():
        text = (shop / name).read_text("utf-8")
        assert text.count(well) == 1
        (shop / name).write_text(text.replace(well, broken), "utf-8")
    code, told = decide(gate, shop, "--only", "static,live,e2e")
    assert code == 1
    expected = {("database-encryption-at-rest", "static"), ("database-encryption-at-rest", "live")}
    expected |= {("alarm-db-cpu", "static"), ("alarm-db-cpu", "live"), ("journeys-succeed", "e2e")}
    assert expected <= list_open(told, "not-satisfied")


def test_its_policy_and_its_check_are_held_to_their_examples(gate: Path, shop: Path) -> None:
    done = subprocess.run([gate, "test"], cwd=shop, capture_output=True, text=True, timeout=400, check=False)
    assert done.stdout == "SHOP_1: right\ntest_instances_are_in_two_zones: right\n2 of 2 right\n", done.stderr
    assert done.returncode == 0


def test_its_airflow_that_is_no_part_of_the_account_closes_its_nights(gate: Path, shop: Path) -> None:
    code, told = decide(gate, shop, "--only", "dags")
    assert list_open(told, "not-satisfied") == set()
    assert {("dag-imports", "dags"), ("dag-retries", "dags")} <= list_open(told, "satisfied")
    names = [name for name, _ in list_paths(shop / told["run"])]
    assert refused(names) == []
    assert [name for name in names if name.startswith("logs/dags/")]
    slots = {("dag-nothing-stuck", "dags"), ("dag-success-rate", "dags")}
    assert code == 0 or list_open(told, "undetermined") <= slots, "on a machine that is too busy for slots"
