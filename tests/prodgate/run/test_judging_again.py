"""What a run observed is judged again, as a user does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import Journal

from .small_shop import CRITERIA, TREE, gate, only_run


@pytest.mark.slow
def test_facts_are_judged_again_by_other_criteria(shop: Path) -> None:
    assert gate(shop, "observe", "--only", "static").returncode == 2
    observed = only_run(shop)
    (shop / "infra" / "main.tf").write_text("this is not read again")
    assert gate(shop, "judge", str(observed)).returncode == 0
    (shop / "criteria.toml").write_text(CRITERIA.replace(">= 4 d", ">= 30 d"), "utf-8")
    again = gate(shop, "judge", str(observed), "--json")
    assert again.returncode == 1
    assert len(list((shop / "runs").iterdir())) == 3


@pytest.mark.slow
def test_the_account_of_a_rehearsal_is_applied_for_layers_that_observe_it_and_for_no_others(shop: Path) -> None:
    text = (shop / "criteria.toml").read_text("utf-8")
    (shop / "criteria.toml").write_text(text.replace('X-2"\nlayers = ["static"]', 'X-2"\nlayers = ["live"]'), "utf-8")
    assert gate(shop, "observe", "--only", "live").returncode == 2
    observed = only_run(shop)
    assert "rehearsal: applying infra: 1 of 1" in (observed / "logs" / "account.txt").read_text()
    assert "live: looking at account" in (observed / "logs" / "live.txt").read_text()
    gate(shop, "judge", str(observed))
    gate(shop, "observe", "--only", "static")
    assert [file.parent.parent for file in (shop / "runs").glob("*/logs/account.txt")] == [observed]


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_evidence_that_is_not_whole_is_not_judged_again(shop: Path, damage: str) -> None:
    assert gate(shop, "observe", "--only", "static").returncode == 2
    observed = only_run(shop)
    for file in (observed / "evidence").glob("*.json.gz"):
        file.unlink() if damage == "missing" else file.write_bytes(b"something else")
    done = gate(shop, "judge", str(observed))
    assert done.returncode == 4
    assert f"{damage.upper()}: evidence/" in done.stderr
    assert "Traceback" not in done.stderr
    assert only_run(shop) == observed


@pytest.mark.slow
def test_a_syntax_error_that_was_observed_is_no_go_when_it_is_judged(shop: Path) -> None:
    (shop / "infra" / "main.tf").write_text("resource {\n")
    assert gate(shop, "observe", "--only", "static").returncode == 2
    observed = only_run(shop)
    (shop / "infra" / "main.tf").write_text(TREE)
    done = gate(shop, "judge", str(observed))
    assert done.returncode == 1
    assert "infra/main.tf:1: " in done.stdout


@pytest.mark.slow
def test_facts_of_a_layer_that_was_not_observed_to_its_end_are_not_judged_again(shop: Path) -> None:
    assert gate(shop, "observe", "--only", "static").returncode == 2
    whole = runs.read(only_run(shop))
    cut = runs.create(shop / "runs", whole.about, shop / "criteria.toml", shop / "waivers.toml")
    for fact in whole.facts:
        artifacts.store(cut, artifacts.load(whole.path, fact["digest"]), ".json.gz")
        Journal.of(cut).write("fact", **{key: value for key, value in fact.items() if key not in ("event", "at")})
    runs.close(cut)
    assert gate(shop, "judge", str(whole.path)).returncode == 0
    done = gate(shop, "judge", str(cut))
    assert done.returncode == 2
    said = " ".join(done.stdout.split())
    assert f"run {cut.name} did not observe the static layer to the end; observe again" in said


@pytest.mark.slow
def test_judging_again_misses_no_layer_that_nobody_asks_and_each_that_is_asked_now(shop: Path) -> None:
    assert gate(shop, "observe").returncode == 2
    (observed := only_run(shop)).rename(shop / observed.name)
    assert gate(shop, "judge", observed.name).returncode == 0
    again = only_run(shop)
    assert not [line for line in (again / "journal.jsonl").read_text("utf-8").splitlines() if '"broken"' in line]
    (shop / "criteria.toml").write_text(CRITERIA.replace('["static"]', '["static", "live"]', 1), "utf-8")
    done = gate(shop, "judge", observed.name)
    assert done.returncode == 2
    assert f"run {observed.name} did not observe the live layer to the end" in " ".join(done.stdout.split())


@pytest.mark.slow
def test_what_changed_since_the_last_run_is_said(shop: Path) -> None:
    assert gate(shop, "run", "--only", "static").returncode == 0
    (shop / "infra" / "main.tf").write_text(TREE.replace("1209600", "60"))
    done = gate(shop, "run", "--only", "static", "--compare")
    assert done.returncode == 1
    assert "queue-retention" in done.stdout.split("✘")[0]
