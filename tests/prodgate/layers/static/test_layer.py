"""What goes wrong in the evaluation counts, also when no criterion asks whether it evaluates."""

from collections import Counter
from pathlib import Path

import pytest

from prodgate.facts import Facts
from prodgate.facts.static.workflow_files import WORKFLOW_FACTS
from prodgate.facts.static.workflows import Workflows
from prodgate.findings import Outcome
from prodgate.layers.static.layer import StaticLayer
from prodgate.terraform.diagnostics import Diagnostic
from prodgate.terraform.positions import Position
from prodgate.terraform.resources import Configuration, Gap
from tests.prodgate.layers.context import recall
from tests.prodgate.layers.static.test_checkov import observation

GAP = Configuration(root="infra", engine="made", resources=[], gaps=[Gap("aws_sqs_queue.more", "depends on data")])
BROKEN = Diagnostic("error", "Unclosed block", "", Position("infra/main.tf", 1))
WHOLE = Configuration(root="infra", engine="made", resources=[])


@pytest.mark.parametrize("criterion", ["queue-retention", "terraform-evaluates"])
@pytest.mark.parametrize(("fact", "outcome"), [(GAP, Outcome.UNDETERMINED), (BROKEN, Outcome.NOT_SATISFIED)])
def test_what_goes_wrong_is_found(tmp_path: Path, criterion: str, fact: object, outcome: Outcome) -> None:
    concluded = StaticLayer().conclude(Facts((fact,)), observation(tmp_path, criterion))
    (said,) = concluded["terraform", "terraform-evaluates"]
    assert (said.outcome, said.aspect) == (outcome, "infra/main.tf: Unclosed block" if fact is BROKEN else "")


@pytest.mark.parametrize(("criterion", "said"), [("queue-retention", 0), ("terraform-evaluates", 1)])
def test_what_goes_well_is_said_to_who_asks(tmp_path: Path, criterion: str, said: int) -> None:
    assert len(StaticLayer().conclude(Facts((WHOLE,)), observation(tmp_path, criterion))) == said


@pytest.mark.parametrize("workflow", ["on: push\njobs: {}\n", "on: [", ""], ids=["sound", "broken", "none"])
@pytest.mark.parametrize("tree", ['resource "aws_sns_topic" "orders" {}', "resource {"], ids=["sound", "broken"])
def test_what_was_kept_is_recalled_as_it_was(tmp_path: Path, workflow: str, tree: str) -> None:
    if workflow:
        (tmp_path / ".github" / "workflows").mkdir(parents=True)
        (tmp_path / ".github" / "workflows" / "ci.yml").write_text(workflow, "utf-8")
    at = observation(tmp_path, "queue-retention", tree=tree)
    seen, again = StaticLayer().observe(at), recall(StaticLayer(), at.run)
    assert Counter(map(type, again.known)) == Counter(map(type, seen.known))
    assert again.unreadable == seen.unreadable
    assert again.of(Diagnostic) == seen.of(Diagnostic)
    assert bool(again.of(Diagnostic)) == (tree == "resource {")
    assert bool(again.of(Workflows)) == (workflow != "on: [")


def test_what_a_run_never_observed_is_unreadable(tmp_path: Path) -> None:
    facts = recall(StaticLayer(), observation(tmp_path, "queue-retention").run)
    assert {facts.unreadable[kind] for kind in (Configuration, *WORKFLOW_FACTS)} == {"it was not observed in that run"}
