"""Exactly the policies that it names notice every edit of edits.toml, and none notices the tree without edits."""

import importlib
import json
import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from prodgate import Resource
from prodgate.commands.check_command import STATIC
from prodgate.findings import Finding, Outcome
from prodgate.sections.criteria_file import load_criteria
from prodgate.terraform.diagnostics import TerraformError
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.policy import POLICIES, apply
from prodgate.terraform.positions import Origin, Position
from prodgate.verdict import Decision, decide

from .edits import ROOT, TERRAFORM, Edit, in_company, read_edits

for module in sorted((ROOT / "policies").glob("*.py")):
    importlib.import_module(f"policies.{module.stem}")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
OWN = {id_: policy for id_, policy in POLICIES.items() if policy.judge.__module__.startswith("policies.")}

EDITS = read_edits()
NAMED = tuple(filter(None, os.environ.get("EDITS", "").split(",")))
BATCHES = [(edit,) for edit in EDITS if edit.id in NAMED] if NAMED else in_company(EDITS)
#: Policies judged in our tree that no edit claims: policy -> why.
UNCLAIMED: dict[str, str] = {}

Findings = tuple[Finding, ...]


@cache
def evaluated(edits: tuple[Edit, ...]) -> Findings:
    """Return the policies' findings after some edits in different files. Raises TerraformError."""
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
    """Return how findings after an edit, alone or in company, differ from its statement; or nothing."""
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
    """Return the differences from the statements of edits: together, and alone for those that interfere."""
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
    """Return the differences from the statement if the edit is the only one; or nothing."""
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
    assert judged - frozenset(policy for edit in EDITS for policy in edit.policies) == UNCLAIMED.keys()


# ── Survivors


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    mutants = importlib.import_module("mutants").mutants

    def of(type_: str, others: dict[str, list[str]] | None = None, **values: Any) -> list[tuple[str, str, Any]]:
        """Return path, operator and the argument's value after it."""
        here = Position("main.tf", 1)
        origin = Origin(here, dict.fromkeys(values, (here,)))
        resource = Resource(address=f"{type_}.one", type=type_, name="one", values=values, origin=origin)
        made = mutants(resource, others or {})
        return [(one.path, one.operator, one.values[one.path.partition(".")[0]]) for one in made]

    return of


def test_plain_values(changes: Any) -> None:
    assert changes("aws_rds_cluster", deletion_protection=True) == [
        ("deletion_protection", "drop", None),
        ("deletion_protection", "flip", False),
    ]
    assert changes("aws_rds_cluster", backup_retention_period=30) == [
        ("backup_retention_period", "drop", None),
        ("backup_retention_period", "x 10", 300),
        ("backup_retention_period", "/ 10", 3),
    ]
    assert changes("aws_ecs_task_definition", cpu="1024")[1:] == [("cpu", "x 10", "10240"), ("cpu", "/ 10", "102")]


def test_what_must_be_there_and_what_people_read_stays(changes: Any) -> None:
    assert changes("aws_sns_topic_subscription", protocol="email") == []
    assert changes("aws_kms_key", description="data", tags={"System": "shop"}) == []


def test_lists_blocks_and_names_of_others(changes: Any) -> None:
    assert ("aliases", "drop list element", ["b"]) in changes("aws_cloudfront_distribution", aliases=["a", "b"])
    rules = [{"name": "a", "priority": 1}, {"name": "b", "priority": 2}]
    assert ("rule", "drop block", []) in changes("aws_wafv2_web_acl", rule=rules)
    assert ("kms_key_id", "swap ARN", "arn:2") in changes("aws_rds_cluster", {"arn:1": ["arn:2"]}, kms_key_id="arn:1")


def test_policy_documents_are_opened(changes: Any) -> None:
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:x"], "Condition": {"Bool": {"a:b": "true"}}}
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    made = changes("aws_iam_role_policy", policy=json.dumps({"Statement": [allow, deny]}))
    assert [(path, operator) for path, operator, _ in made] == [
        ("policy.Action", "add *"),
        ("policy.Resource", "add *"),
        ("policy.Condition", "drop condition on a:b"),
        ("policy.Effect", "allow instead of deny"),
    ]
    assert json.loads(made[0][2])["Statement"][0]["Action"] == ["s3:GetObject", "*"]
