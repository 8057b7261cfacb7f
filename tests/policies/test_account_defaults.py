"""What an account states for all instances holds of one that says nothing, and of no other."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from prodgate import Configuration, Resource
from prodgate.testing import POLICIES, Outcome, apply, load_criteria

ROOT = Path(__file__).parents[2]
importlib.import_module("policies.instances")
CRITERION = load_criteria(ROOT / "criteria.toml").criteria["instance-metadata-tokens"]


def _judge(account: str, instance: str | None) -> Outcome:
    options = [{"http_endpoint": None, "http_tokens": instance}] if instance else []
    machine = {"ami": "ami-1", "metadata_options": options, "launch_template": []}
    stated = {"aws_ec2_instance_metadata_defaults": {"http_tokens": account}, "aws_instance": machine}
    resources = [Resource(address=f"{kind}.a", type=kind, name="a", values=each) for kind, each in stated.items()]
    found = Configuration(root="example", engine="none", resources=resources)
    return {finding.outcome for finding in apply(POLICIES["PG_RUN_3"], found, CRITERION)}.pop()


@pytest.mark.parametrize(
    ("account", "instance", "outcome"),
    [
        ("required", None, Outcome.SATISFIED),
        ("optional", None, Outcome.NOT_SATISFIED),
        ("no-preference", None, Outcome.NOT_SATISFIED),
        ("required", "optional", Outcome.NOT_SATISFIED),
        ("optional", "required", Outcome.SATISFIED),
    ],
)
def test_tokens_are_asked_where_the_account_says_so(account: str, instance: str | None, outcome: Outcome) -> None:
    assert _judge(account, instance) is outcome
