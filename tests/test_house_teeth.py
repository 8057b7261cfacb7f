"""Nothing is satisfied by a fact that could not be read, and docs/teeth.md says what turns each criterion red."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from prodgate.checks import Check
from prodgate.facts import Facts
from prodgate.run.judging import judge
from prodgate.testing import Outcome

from .suites.judging import checks_in, criteria

#: Layer -> where its checks are.
CHECKS = {
    **{layer: f"suites/{layer}/**/test_*.py" for layer in ("static", "live", "dags", "rollout")},
    "load": "loadtests/test_*.py",
    "e2e": "e2e/[pqr]*/test_*.py",  # journeys are no checks
}


def list_checks() -> Iterator[tuple[str, Check]]:
    for layer, place in CHECKS.items():
        yield from ((layer, each) for each in checks_in(place))


@pytest.mark.parametrize("layer", CHECKS)
def test_a_fact_that_could_not_be_read_settles_nothing(layer: str) -> None:
    """Neither where no field was read, nor where the kind was not observed at all."""
    checks = [each for name, each in list_checks() if name == layer]
    assert checks
    for each in checks:
        unread = Facts((each.kind.unread("it", "access was denied"),))
        for facts in (unread, Facts((), {each.kind: "access was denied"})):
            found = list(judge(each, criteria()[each.criterion], facts, layer=layer, fixtures={}))
            told = {(one.outcome, one.reason) for one in found if "access was denied" in one.reason}
            assert told == {(Outcome.UNDETERMINED, "access was denied")}, f"{each.name}: {found}"
            assert Outcome.SATISFIED not in {one.outcome for one in found}, each.name


@pytest.fixture
def teeth() -> Any:
    return importlib.import_module("scripts.teeth_page")


@pytest.mark.parametrize("red", [True, False], ids=["red", "open"])
def test_each_criterion_has_a_fault_that_turns_it_red_and_one_that_leaves_it_open(teeth: Any, red: bool) -> None:
    stated = teeth.STATED["without"]["red" if red else "open"]
    asked = [(layer, one.id) for one in criteria().values() for layer in one.layers]
    assert {one for wanted, one in teeth.list_gaps(asked) if wanted == red} == set(stated), (
        "each needs a fault, or a reason in scripts/teeth.toml; one that has a fault needs none"
    )
    assert all(reason.strip() for reason in stated.values())


def test_the_page_is_that_of_the_catalogues(teeth: Any) -> None:
    assert teeth.TARGET.read_text("utf-8") == teeth.page(), "run scripts/teeth_page.py"
    tests = [test for one in teeth.STATED["tested"].values() for test in one.values()]
    tests += [*(test for _, test in teeth.STATED["faults"].values()), *teeth.STATED["supply"].values()]
    for file, _, name in (test.partition("::") for test in tests if test):
        assert f"def {name}(" in (teeth.ROOT / "tests" / file).read_text("utf-8"), name
