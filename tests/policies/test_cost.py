"""A monitor of anomalies that sees some costs alone is not enough for an account."""

import importlib
from pathlib import Path

import pytest

from prodgate import Configuration, Resource
from prodgate.testing import POLICIES, Outcome, apply, load_criteria

importlib.import_module("policies.cost")
CRITERIA = load_criteria(Path(__file__).parents[2] / "criteria.toml").criteria
HEARD = {"monitor_arn_list": ["arn"], "subscriber": [{"type": "EMAIL", "address": "on-call@example.com"}]}


@pytest.mark.parametrize(
    ("type_", "dimension", "outcome"),
    [
        ("DIMENSIONAL", "SERVICE", Outcome.SATISFIED),
        ("DIMENSIONAL", "LINKED_ACCOUNT", Outcome.SATISFIED),
        ("DIMENSIONAL", "TAG", Outcome.UNDETERMINED),
        ("CUSTOM", None, Outcome.UNDETERMINED),
    ],
)
def test_a_monitor_of_some_costs_alone_is_not_enough(type_: str, dimension: str | None, outcome: Outcome) -> None:
    monitor = {"arn": "arn", "name": "all", "monitor_type": type_, "monitor_dimension": dimension}
    stated = {"aws_ce_anomaly_monitor": monitor, "aws_ce_anomaly_subscription": HEARD}
    resources = [Resource(address=f"{kind}.n", type=kind, name="n", values=values) for kind, values in stated.items()]
    found = Configuration(root="example", engine="none", resources=resources)
    (finding,) = apply(POLICIES["PG_COST_3"], found, CRITERIA["cost-anomaly-detection"])
    assert finding.outcome is outcome
