"""What a house asks beyond AWS's own standard is asked by its criteria, and of nobody else."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from prodgate import Configuration, Resource
from prodgate.commands.checking import baseline
from prodgate.testing import POLICIES, Outcome, apply, load_criteria

for name in ("network", "network_placement", "identity_trust"):
    importlib.import_module(f"policies.{name}")
CRITERIA = load_criteria(Path(__file__).parents[2] / "criteria.toml").criteria


@pytest.mark.parametrize(
    ("kind", "house", "any_team"),
    [
        ("ALL", Outcome.SATISFIED, Outcome.SATISFIED),
        ("REJECT", Outcome.NOT_SATISFIED, Outcome.SATISFIED),
        ("ACCEPT", Outcome.NOT_SATISFIED, Outcome.NOT_SATISFIED),
        (None, Outcome.NOT_SATISFIED, Outcome.NOT_SATISFIED),
    ],
)
def test_rejected_flows_are_asked_of_any_team(kind: str | None, house: Outcome, any_team: Outcome) -> None:
    """AWS asks for no more (EC2.6)."""
    network = Resource(address="aws_vpc.a", type="aws_vpc", name="a", values={"id": "vpc-1"})
    values = {"vpc_id": "vpc-1", "traffic_type": kind}
    log = Resource(address="aws_flow_log.a", type="aws_flow_log", name="a", values=values)
    found = Configuration(root="example", engine="none", resources=[network, *([log] if kind else [])])
    said = []
    for criteria in (CRITERIA, baseline(CRITERIA)):
        (finding,) = apply(POLICIES["PG_NET_10"], found, criteria["network-flow-logs"])
        said.append(finding.outcome)
    assert said == [house, any_team]


@pytest.mark.parametrize(
    ("any_team", "house"),
    [("PG_NET_1", "PG_NET_16"), ("PG_IAM_10", "PG_IAM_16")],
)
def test_what_a_house_asks_besides_is_a_policy_of_its_own(any_team: str, house: str) -> None:
    asked = baseline(CRITERIA)
    assert [POLICIES[id_].criterion in asked for id_ in (any_team, house)] == [True, False]
