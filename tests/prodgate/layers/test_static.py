"""What goes wrong in the evaluation counts, also when no criterion asks whether it evaluates."""

from pathlib import Path

import pytest
from tests.prodgate.layers.test_second_opinion import observation

from prodgate.facts import Facts
from prodgate.findings import Outcome
from prodgate.layers.static import StaticLayer
from prodgate.terraform.diagnostics import Diagnostic
from prodgate.terraform.resources import Configuration, Gap, Position

GAP = Configuration(root="infra", engine="made", resources=[], gaps=[Gap("aws_sqs_queue.more", "depends on data")])
BROKEN = Diagnostic("error", "Unclosed block", "", Position("infra/main.tf", 1))
WHOLE = Configuration(root="infra", engine="made", resources=[])


@pytest.mark.parametrize("criterion", ["queue-retention", "terraform-evaluates"])
@pytest.mark.parametrize(("fact", "outcome"), [(GAP, Outcome.UNDETERMINED), (BROKEN, Outcome.NOT_SATISFIED)])
def test_what_goes_wrong_is_found(tmp_path: Path, criterion: str, fact: object, outcome: Outcome) -> None:
    concluded = StaticLayer().conclude(Facts((fact,)), observation(tmp_path, criterion))
    assert [f.outcome for f in concluded["terraform", "terraform-evaluates"]] == [outcome]


@pytest.mark.parametrize(("criterion", "said"), [("queue-retention", 0), ("terraform-evaluates", 1)])
def test_what_goes_well_is_said_to_who_asks(tmp_path: Path, criterion: str, said: int) -> None:
    assert len(StaticLayer().conclude(Facts((WHOLE,)), observation(tmp_path, criterion))) == said
