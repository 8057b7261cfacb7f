"""A plan.json in the place of the root that criteria state."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prodgate.layers.static.repository import evaluate_root
from prodgate.run.places import find_places
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import open_project
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.roots import find_only_root

QUEUE = {
    "address": "aws_sqs_queue.orders", "mode": "managed", "type": "aws_sqs_queue", "name": "orders", "values": {"name": "orders"},
}  # fmt: skip
PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {"root_module": {"resources": [QUEUE]}},
}
CRITERIA = """
system = "shop"
extends = "baseline/encryption"

[terraform]
root = "out/plan.json"
source = "infra"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    (tmp_path / "infra").mkdir()
    (tmp_path / "out" / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "infra" / "main.tf").write_text('\nresource "aws_sqs_queue" "orders" {\n  name = "orders"\n}\n')
    (tmp_path / "criteria.toml").write_text(CRITERIA)
    return tmp_path


def context(shop: Path) -> Any:
    return SimpleNamespace(stated=load_criteria(shop / "criteria.toml"), project=shop, var_files=())


def test_a_plan_is_judged_with_the_positions_of_the_root_that_it_is_of(shop: Path) -> None:
    seen: list[Any] = []
    found = evaluate_root(context(shop), on_plan=seen.append)
    assert (found.root, found.engine) == ("out/plan.json", "plan.json of Terraform 1.9.0")
    assert seen == [PLAN]
    origin = found.resources[0].origin
    assert origin is not None
    assert (str(origin.block), [*map(str, origin.of("name"))]) == ("infra/main.tf:2", ["infra/main.tf:3"])


def test_without_its_root_a_plan_has_no_positions(shop: Path) -> None:
    (shop / "criteria.toml").write_text(CRITERIA.replace('source = "infra"\n', ""))
    assert evaluate_root(context(shop)).resources[0].origin is None


def test_a_rehearsal_applies_the_root_that_was_planned(shop: Path) -> None:
    stated = load_criteria(shop / "criteria.toml")
    assert (stated.terraform_root, stated.applied_root) == ("out/plan.json", "infra")
    with pytest.raises(
        TerraformError, match=r"plan.json: is a file, and only a root can be applied; name it: \[terraform\]"
    ):
        find_only_root(shop / "out" / "plan.json")


def test_a_root_has_no_other_source(shop: Path) -> None:
    with pytest.raises(
        TerraformError, match="is a root, and what a plan.json was made from is stated; leave source out"
    ):
        evaluate(shop / "infra", source=shop / "infra")


def test_plan_and_root_are_among_the_inputs_of_a_run(shop: Path) -> None:
    places = find_places(open_project(shop / "criteria.toml"))
    assert places.hold(shop / "out" / "plan.json")
    assert places.hold(shop / "infra" / "main.tf")
    assert not places.hold(shop / "out" / "other.json")
