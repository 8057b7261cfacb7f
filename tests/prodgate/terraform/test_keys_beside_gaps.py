"""A part of the declarations that nobody could read hides no key that is declared, and is named where none is."""

from __future__ import annotations

from pathlib import Path

import pytest
from policies.identity_holders import nobody_holds_a_key

from prodgate import Configuration, Resource
from prodgate.terraform.resources import Gap
from prodgate.testing import POLICIES, Outcome, apply, load_criteria

CRITERIA = load_criteria(Path(__file__).parents[3] / "criteria.toml").criteria
GAPS = tuple(Gap(f"module.{name}", "is not here") for name in ("a", "b", "c", "d"))


def declare(kind: str) -> Resource:
    return Resource(address=f"{kind}.a", type=kind, name="a", values={"name": "a"}, references={})


@pytest.mark.parametrize(
    ("kinds", "gaps", "outcome", "said"),
    [
        (["aws_iam_user"], GAPS, Outcome.NOT_SATISFIED, ""),
        (["aws_iam_user"], (), Outcome.NOT_SATISFIED, ""),
        (["aws_iam_role"], GAPS, Outcome.UNDETERMINED, "is not known whole: module.a, module.b, module.c"),
        (["aws_iam_role"], (), Outcome.SATISFIED, ""),
        ([], (), Outcome.UNDETERMINED, "nothing is declared"),
    ],
)
def test_a_key_is_found_beside_what_could_not_be_read(
    kinds: list[str], gaps: tuple[Gap, ...], outcome: Outcome, said: str
) -> None:
    policy = next(each for each in POLICIES.values() if each.judge is nobody_holds_a_key)
    tree = Configuration(root="r", engine="e", resources=[*map(declare, kinds)], gaps=gaps)
    (finding,) = apply(policy, tree, CRITERIA[policy.criterion])
    assert finding.outcome is outcome
    assert finding.reason.endswith(said)
