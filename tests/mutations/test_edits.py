"""Every edit of edits.toml is noticed by exactly the policies that it names, and the tree without edits by none.

An evaluation takes seconds, so edits are evaluated together (see ``in_company``). When a batch is not as stated, those
that are not are evaluated alone, and the rest together; when more is noticed than they claim, each is alone. What is
found alone decides. To try single edits:

    PRODGATE_EDITS=keys-not-rotated,trail-stopped pytest -m "" tests/mutations
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from prodgate.commands.checking import STATIC
from prodgate.findings import Finding, Outcome
from prodgate.sections.criteria_file import load_criteria
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.policy import POLICIES, apply
from prodgate.verdict import Decision, decide

from .edits import ROOT, TERRAFORM, Edit, in_company, read_edits

for module in sorted((ROOT / "policies").glob("*.py")):
    importlib.import_module(f"policies.{module.stem}")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
OWN = {id_: policy for id_, policy in POLICIES.items() if policy.judge.__module__.startswith("policies.")}

EDITS = read_edits()
NAMED = tuple(filter(None, os.environ.get("PRODGATE_EDITS", "").split(",")))
BATCHES = [(edit,) for edit in EDITS if edit.id in NAMED] if NAMED else in_company(EDITS)
#: Judged in our tree, and claimed by no edit: policy -> why.
UNCLAIMED: dict[str, str] = {}

Findings = tuple[Finding, ...]


@cache
def evaluated(edits: tuple[Edit, ...]) -> Findings:
    """Return what the policies find after some edits that share no file. Raises TerraformError."""
    with TemporaryDirectory() as directory:
        tree = Path(directory) / "terraform"
        shutil.copytree(TERRAFORM, tree, ignore=shutil.ignore_patterns(".terraform*"))
        for edit in edits:
            file = tree / edit.file
            file.write_text(edit.applied(file.read_text("utf-8")), "utf-8")
        configuration = evaluate(tree / "environments" / "prod", base=tree)
    assert configuration.complete, configuration.gaps
    judged = (apply(policy, configuration, CRITERIA[policy.criterion]) for policy in OWN.values())
    return tuple(finding for findings in judged for finding in findings)


def noticed(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the policies that are not satisfied or can't tell."""
    return frozenset(f.check for f in findings if f.outcome in (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED))


def wrong(edit: Edit, findings: Findings) -> str:
    """Return what is not as the edit states, given what was found after it, alone or in company; or nothing."""
    own = [f for f in findings if f.check in edit.policies and f.outcome is Outcome.NOT_SATISFIED]
    if unnoticed := edit.policies - {f.check for f in own}:
        return f"{edit.id}: not noticed by {sorted(unnoticed)}"
    rest = [f for f in evaluated(()) if f.check not in edit.policies]
    decision = decide(CRITERIA, [*own, *rest], (), datetime.now(UTC), STATIC).decision
    if decision is not Decision.NO_GO:
        return f"{edit.id}: the decision is {decision}"
    near = edit.nearness(own, (TERRAFORM / edit.file).read_text("utf-8"))
    if near != edit.points_at:
        places = "\n  ".join(f"{f.check} {f.subject}: {', '.join(f.where)}" for f in own)
        return f"{edit.id}: points_at is {near!r}, stated is {edit.points_at!r}\n  {places}"
    return ""


def complaints(batch: tuple[Edit, ...]) -> list[str]:
    """Return what is not as edits state: together, and alone where they are in each other's way."""
    if len(batch) < 2:
        return list(filter(None, map(alone, batch)))
    claimed = frozenset(policy for edit in batch for policy in edit.policies)
    try:
        findings = evaluated(batch)
    except TerraformError:
        findings = ()
    odd = tuple(edit for edit in batch if wrong(edit, findings))
    if not odd and noticed(findings) == claimed:
        return []
    if not odd or noticed(findings) - claimed:
        odd = batch
    return [*filter(None, map(alone, odd)), *complaints(tuple(edit for edit in batch if edit not in odd))]


def alone(edit: Edit) -> str:
    """Return what is not as stated when the edit is the only one; or nothing."""
    try:
        findings = evaluated((edit,))
    except TerraformError as error:
        return f"{edit.id}: VOID, it does not plan: {error}"
    if extra := noticed(findings) - edit.policies:
        said = "\n  ".join(str(f) for f in findings if f.check in extra and noticed([f]))
        return f"{edit.id}: noticed by {sorted(extra)} too\n  {said}"
    return wrong(edit, findings)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.id)
def test_an_edit_fits_the_tree(edit: Edit) -> None:
    edit.applied((TERRAFORM / edit.file).read_text("utf-8"))
    assert edit.policies, "claimed by no policy"
    assert edit.policies <= OWN.keys(), f"no such policy: {sorted(edit.policies - OWN.keys())}"


@pytest.mark.slow
@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: f"{batch[0].id}-and-{len(batch) - 1}")
def test_edits_are_noticed_by_what_claims_them(batch: tuple[Edit, ...]) -> None:
    assert not (said := complaints(batch)), "\n".join(said)


@pytest.mark.once
def test_the_tree_without_edits_is_satisfied() -> None:
    complaints = [str(finding) for finding in evaluated(()) if noticed([finding])]
    assert not complaints, "\n".join(complaints)


@pytest.mark.once
def test_every_policy_with_a_subject_is_claimed() -> None:
    judged = {finding.check for finding in evaluated(()) if finding.outcome is Outcome.SATISFIED}
    claimed = frozenset(policy for edit in EDITS for policy in edit.policies)
    assert judged - claimed == UNCLAIMED.keys()
