"""Where an instance stands is known of a plan, too, in which the ids of what it makes are not."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from prodgate import Configuration, Resource, Unknown
from prodgate.testing import POLICIES, Finding, Outcome, apply, load_criteria

importlib.import_module("policies.network")
CRITERION = load_criteria(Path(__file__).parents[2] / "criteria.toml").criteria["network-no-public-addresses"]
LATER = Unknown("is known only after an apply")


def _judge(subnet: object, *named: str, address: object = None) -> Finding:
    values = {
        "subnet_id": subnet,
        "network_interface": [],
        "launch_template": [],
        "associate_public_ip_address": address,
    }
    references = {"subnet_id": named} if named else {}
    kind = "aws_instance"
    machine = Resource(address=f"{kind}.a", type=kind, name="a", values=values, references=references)
    (finding,) = apply(POLICIES["PG_NET_7"], Configuration(root="plan", engine="none", resources=[machine]), CRITERION)
    return finding


@pytest.mark.parametrize(
    ("subnet", "named", "outcome"),
    [
        ("subnet-1", (), Outcome.SATISFIED),
        (LATER, ("aws_subnet.private",), Outcome.SATISFIED),
        (None, (), Outcome.NOT_SATISFIED),
        (LATER, (), Outcome.UNDETERMINED),
    ],
)
def test_an_instance_stands_in_a_subnet_that_the_plan_makes(
    subnet: object, named: tuple[str, ...], outcome: Outcome
) -> None:
    found = _judge(subnet, *named)
    assert found.outcome is outcome
    assert outcome is not Outcome.UNDETERMINED or "aws_instance.a.subnet_id is known only after" in found.reason


def test_whether_it_gets_an_address_is_asked_in_any_subnet() -> None:
    assert _judge(LATER, "aws_subnet.private", address=True).outcome is Outcome.NOT_SATISFIED
    assert _judge(LATER, "aws_subnet.private", address=LATER).outcome is Outcome.UNDETERMINED
