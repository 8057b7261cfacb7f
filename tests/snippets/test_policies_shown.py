"""What README.md and CONTRIBUTING.md show of policies: the NO-GO is found word for word, the policy keeps its example."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from prodgate.report.view import value_origin
from prodgate.sections.project import load_policies
from prodgate.terraform import policy as declaring
from prodgate.terraform.evaluate import evaluate
from prodgate.testing import POLICIES, Outcome, apply, evaluate_examples, find_disagreements, load_criteria
from tests.snippets.blocks import ROOT, list_run_by

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text("utf-8")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
CRITERION = "alarm-threshold-follows-slo"
FILE = "terraform/environments/prod/operations.auto.tfvars"


@pytest.mark.slow
def test_the_threshold_that_somebody_raised_is_found_where_the_page_says(tmp_path: Path) -> None:
    load_policies([ROOT / "policies"])
    tree = tmp_path / "terraform"
    shutil.copytree(ROOT / "terraform", tree, ignore=shutil.ignore_patterns(".terraform*"))
    name, file, old, new = re.findall(r"`(\w+)` in `([^`]+)` from ([\d.]+) to ([\d.]+)", README)[0]
    path = tmp_path / file
    assert file == FILE
    before = path.read_text("utf-8")
    path.write_text(re.sub(rf"({name} += ){re.escape(old)}$", rf"\g<1>{new}", before, flags=re.MULTILINE), "utf-8")
    assert path.read_text("utf-8") != before

    configuration = evaluate(tree / "environments" / "prod", base=tmp_path)
    criterion = CRITERIA[CRITERION]
    judges = [policy for policy in POLICIES.values() if policy.criterion == CRITERION]
    found = [finding for policy in judges for finding in apply(policy, configuration, criterion)]
    broken = [finding for finding in found if finding.outcome is Outcome.NOT_SATISFIED]

    (block,) = list_run_by(__file__, "README.md")
    said = " ".join(block.text.split())
    first = broken[0]
    named = f"observed {first.observed}, expected {first.expected}, on {first.subject} and {len(broken) - 1} more"
    assert f"{first.where[0]}: ✘ {CRITERION}: {named} set in: {value_origin(first)} remedy: {first.remedy}" in said
    assert f"prodgate explain {CRITERION}" in said


def test_the_policy_that_contributing_shows_is_right_about_its_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, example = list_run_by(__file__, "CONTRIBUTING.md")
    path = tmp_path / "PG_REC_99.tf"
    path.write_text(example.text, "utf-8")
    monkeypatch.setattr(declaring, "POLICIES", {})
    (tmp_path / "shown.py").write_text(f"from prodgate import Criterion, Resource, policy\n\n\n{policy.text}", "utf-8")
    load_policies([tmp_path])
    (found,) = declaring.POLICIES.values()
    evaluated = evaluate_examples([path])
    assert list(find_disagreements(found, example.text, evaluated["PG_REC_99"], CRITERIA[found.criterion])) == []
