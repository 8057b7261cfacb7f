"""What `prodgate run` asks of its arguments before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate import cli
from prodgate.commands.running import _make_plan
from prodgate.evidence import runs
from prodgate.run import layer_process, running
from prodgate.run.places import find_places

from .command_line import enter_shop, said
from .sections.test_criteria_file import VALID


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter_shop(tmp_path, monkeypatch)


def test_waivers_that_are_named_are_read_before_the_run(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "others.toml").write_text("x = 1")
    code, _, err = said(capsys, "run", "--waivers", "others.toml")
    assert code == 4
    assert "others.toml: x: is not a section" in err
    assert not (shop / "runs").exists()


LOAD = """
[load]
hosts = ["www.shop.example"]
resolves_to = ["203.0.113.0/24"]
most = { rate = "9 /s", duration = "9 s" }
steady = { rate = "9 /s", duration = "1 s", warm_up = "0 s" }

[terraform]
"""


def test_who_allows_load_names_a_host_of_the_criteria_and_the_run_says_so(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "criteria.toml").write_text(VALID.replace("[terraform]", LOAD, 1), "utf-8")
    near = said(capsys, "run", "--i-am-allowed-to-load", "ww.shop.example")
    assert near[0] == 4
    assert "did you mean 'www.shop.example'?" in near[2]
    for host in ("www.shop.example", ""):
        plan = _make_plan(cli._parser().parse_args(["run", "--i-am-allowed-to-load", host]))
        about = running.describe_run(plan, find_places(plan.project, plan.runs))
        made = runs.create(shop / f"runs{host}", about, shop / "criteria.toml", shop / "waivers.toml")
        assert runs.read(made).about.get("load_allowed", "") == host
        assert layer_process._make_context(made, plan.project, "load").load_allowed == host


def test_who_allows_attacks_names_the_site_and_the_run_says_so(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = '[e2e]\nbase_url = "https://www.shop.example"\n\n[terraform]'
    (shop / "criteria.toml").write_text(VALID.replace("[terraform]", site, 1), "utf-8")
    assert "that is www.shop.example" in said(capsys, "run", "--i-am-allowed-to-attack", "shop.example")[2]
    plan = _make_plan(cli._parser().parse_args(["run", "--i-am-allowed-to-attack", "www.shop.example"]))
    made = runs.create(
        shop / "runs", running.describe_run(plan, find_places(plan.project, plan.runs)),
        shop / "criteria.toml", shop / "waivers.toml",
    )  # fmt: skip
    assert runs.read(made).about["attack_allowed"] == "www.shop.example"
    assert layer_process._make_context(made, plan.project, "e2e").attack_allowed == "www.shop.example"


def test_a_suite_that_cannot_be_loaded_is_one_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "suites" / "static").mkdir(parents=True)
    (shop / "suites" / "static" / "test_x.py").write_text("def broken(:")
    code, _, err = said(capsys, "trace")
    assert code == 4
    assert "test_x.py: can't be loaded: SyntaxError" in err
