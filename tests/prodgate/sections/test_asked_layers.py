"""What a team asks nothing of decides nothing, is run for nothing, and is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.criteria import LAYERS, UsageError
from prodgate.run.planning import plan_judges
from prodgate.sections.asked_layers import find_undeclared, parse_layers, refuse_unasked
from prodgate.sections.criteria_file import CriteriaFile, parse_criteria
from prodgate.sections.project import open_project

CRITERIA = """
system = "shop"

[criteria.deletion-protection]
statement = "Databases refuse to be deleted."
why = "A slip would cost all orders."
source = "X-1"
layers = ["static"]
"""
REQUIREMENT = '[requirements]\nX-1 = { asks = "Data stays.", layers = ["static", "live"] }\n'
PEOPLE = '[attested]\nfolder = "records"\n'
SECTION = '[e2e]\nbase_url = "https://www.shop.example"\nhosts = ["shop.example"]\n'
CHECK = '''
"""Questions of the shop."""
from prodgate import Criterion, check
from prodgate.facts.live.databases import Database


@check("deletion-protection", remedy="Protect it.")
def test_databases_stay(database: Database, criterion: Criterion) -> None:
    """Does each database refuse?"""
    criterion.hold(database.deletion_protection, expected="on", observed=database.deletion_protection)
'''


def stated(text: str = CRITERIA) -> CriteriaFile:
    return parse_criteria(text, Path("criteria.toml"))


def test_layers_of_which_nothing_is_asked_are_found() -> None:
    assert find_undeclared(stated()) == set(LAYERS) - {"static"}


@pytest.mark.parametrize(("more", "layer"), [(REQUIREMENT, "live"), (SECTION, "e2e"), (PEOPLE, "attested")])
def test_a_requirement_and_a_section_of_its_own_declare_a_layer_without_any_criterion(more: str, layer: str) -> None:
    assert find_undeclared(stated(CRITERIA + more)) == set(LAYERS) - {"static", layer}


@pytest.mark.parametrize("only", ["live", "live,load"])
def test_a_run_of_nothing_that_is_asked_is_refused(only: str) -> None:
    with pytest.raises(UsageError, match=r"--only .*asks anything of it; name one of static$"):
        refuse_unasked(only, stated())


@pytest.mark.parametrize("only", [None, "static", "static,live"])
def test_a_run_of_something_that_is_asked_is_none_to_refuse(only: str | None) -> None:
    refuse_unasked(only, stated())
    assert parse_layers(only) >= {"static"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "criteria.toml").write_text(CRITERIA, "utf-8")
    return tmp_path


def test_what_comes_with_the_gate_is_asked_in_the_layers_that_the_criterion_names(shop: Path) -> None:
    planned = plan_judges(open_project(shop / "criteria.toml"), LAYERS)
    assert {layer for layer, judges in planned.items() if judges} == {"static"}
    text = CRITERIA.replace('layers = ["static"]', 'layers = ["static", "live"]')
    (shop / "criteria.toml").write_text(text, "utf-8")
    assert plan_judges(open_project(shop / "criteria.toml"), LAYERS)["live"]


def test_an_own_check_in_a_layer_that_its_criterion_does_not_name_is_refused(shop: Path) -> None:
    (shop / "suites" / "live").mkdir(parents=True)
    (shop / "suites" / "live" / "test_shop.py").write_text(CHECK, "utf-8")
    with pytest.raises(UsageError, match=r"test_shop.py:\d+: .*'deletion-protection' in the live layer, which that"):
        plan_judges(open_project(shop / "criteria.toml"), LAYERS)
