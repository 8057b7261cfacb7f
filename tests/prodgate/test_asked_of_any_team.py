"""What a house asks beyond AWS's own standard is asked by its criteria, and of nobody else."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from prodgate.commands.checking import baseline
from prodgate.testing import POLICIES, load_criteria

for name in (
    "deployment",
    "encryption_refusals",
    "identity_trust",
    "network",
    "network_placement",
    "observability_records",
):
    importlib.import_module(f"policies.{name}")
CRITERIA = load_criteria(Path(__file__).parents[2] / "criteria.toml").criteria


@pytest.mark.parametrize(
    ("any_team", "house"),
    [
        ("PG_NET_1", "PG_NET_16"),
        ("PG_NET_10", "PG_NET_17"),
        ("PG_IAM_10", "PG_IAM_16"),
        ("PG_ENC_13", "PG_ENC_26"),
        ("PG_OBS_21", "PG_OBS_22"),
        ("PG_DEP_3", "PG_DEP_4"),
    ],
)
def test_what_a_house_asks_besides_is_a_policy_of_its_own(any_team: str, house: str) -> None:
    asked = baseline(CRITERIA)
    assert [POLICIES[id_].criterion in asked for id_ in (any_team, house)] == [True, False]
