"""A whole run as a user starts it, and what it says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from prodgate.evidence import runs
from prodgate.verdict import Decision

from .small_shop import POLICY, TREE, ask_people, gate, only_run


@pytest.mark.slow
def test_a_sound_declaration_is_go_for_its_layer_and_no_promotion(shop: Path) -> None:
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 0, done.stderr
    assert "not a promotion verdict" in done.stdout
    run = runs.read(only_run(shop))
    verdict = run.verdict()
    assert (verdict.decision, verdict.promotes) == (Decision.GO, False)
    (plan,) = run.facts_of("static", "configuration")
    assert {finding.check: finding.evidence for finding in run.findings} == dict.fromkeys(
        ("terraform", "SHOP_1"), (plan["digest"],)
    )
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_what_nobody_has_recorded_is_no_go(shop: Path) -> None:
    ask_people(shop)
    done = gate(shop, "run", "--only", "static,attested")
    assert done.returncode == 1, done.stderr
    assert "no attestations/terraform-evaluates.toml" in done.stdout
    assert "prodgate attest terraform-evaluates" in done.stdout


@pytest.mark.slow
def test_an_edit_flips_it_to_no_go_with_file_and_line(shop: Path) -> None:
    (shop / "infra" / "main.tf").write_text(TREE.replace("1209600", "60"))
    done = gate(shop, "run", "--only", "static", "--json")
    assert done.returncode == 1
    (found,) = (f for f in json.loads(done.stdout)["findings"] if f["outcome"] == "not-satisfied")
    assert (found["file"], found["line"], found["policy"]) == ("infra/main.tf", 4, "SHOP_1")
    assert (found["expected"], found["observed"]) == (">= 4 d", "60 s")


def test_a_pytest_plugin_that_happens_to_be_installed_judges_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = shop / "installed"
    (installed / "meddling-1.0.dist-info").mkdir(parents=True)
    (installed / "meddling-1.0.dist-info" / "METADATA").write_text("Name: meddling\nVersion: 1.0\n")
    (installed / "meddling-1.0.dist-info" / "entry_points.txt").write_text("[pytest11]\nmeddling = meddling\n")
    (installed / "meddling.py").write_text("def pytest_runtest_call(item):\n    raise SystemExit(9)\n")
    monkeypatch.setenv("PYTHONPATH", str(installed), prepend=os.pathsep)
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 0, done.stderr


def test_options_of_the_projects_own_tests_do_not_reach_the_judging(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing_like_it")
    (shop / "infra" / "main.tf").write_text(TREE.replace("1209600", "60"))
    assert gate(shop, "run", "--only", "static").returncode == 1


def test_a_syntax_error_is_no_go_with_file_and_line(shop: Path) -> None:
    (shop / "infra" / "main.tf").write_text("resource {\n")
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 1
    assert "infra/main.tf:1: " in done.stdout


def test_no_terraform_at_all_is_insufficient(shop: Path) -> None:
    (shop / "infra" / "main.tf").unlink()
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 2
    assert "holds no Terraform files" in " ".join(done.stdout.split())


def test_a_policy_that_raises_is_insufficient(shop: Path) -> None:
    path = shop / "policies" / "shop.py"
    path.write_text(POLICY.replace("criterion.require(", "1 / 0\n    criterion.require("))
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 2
    assert "SHOP_1 failed: ZeroDivisionError" in " ".join(done.stdout.split())


def test_a_policy_that_cannot_be_loaded_is_one_line(shop: Path) -> None:
    (shop / "policies" / "shop.py").write_text("def broken(:\n")
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 4
    assert "shop.py: can't be loaded: SyntaxError" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_one_wrong_import_makes_what_is_written_in_that_file_undetermined(shop: Path) -> None:
    policies = shop / "policies"
    (policies / "wrong.py").write_text(POLICY.replace("SHOP_1", "SHOP_2") + "\nfrom prodgate import Critreion\n")
    done = gate(shop, "run", "--only", "static", "--json")
    assert done.returncode == 2, done.stdout + done.stderr
    findings = {f["policy"]: f for f in json.loads(done.stdout)["findings"]}
    assert findings["SHOP_1"]["outcome"] == "satisfied"
    assert findings["SHOP_2"]["outcome"] == "undetermined"
    assert "wrong.py: can't be loaded: ImportError: cannot import name 'Critreion'" in findings["SHOP_2"]["reason"]


@pytest.mark.slow
def test_a_file_of_which_nobody_can_tell_what_it_judges_blocks(shop: Path) -> None:
    (shop / "policies" / "more.py").write_text("1 / 0\n")
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 2
    assert "more.py: can't be loaded: ZeroDivisionError" in " ".join(done.stdout.split())


def test_a_policy_without_its_criterion_is_one_line(shop: Path) -> None:
    (shop / "policies" / "shop.py").write_text(POLICY.replace('"queue-retention"', '"queue-retenton"'))
    done = gate(shop, "run", "--only", "static")
    assert done.returncode == 4
    assert "no criterion 'queue-retenton'; did you mean 'queue-retention'?" in done.stderr


def test_a_run_directory_that_cannot_be_made_is_one_line(shop: Path) -> None:
    done = gate(shop, "run", "--runs", "criteria.toml")
    assert done.returncode == 4
    assert "criteria.toml: cannot hold a run: Not a directory; name another folder with --runs" in done.stderr
