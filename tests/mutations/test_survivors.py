"""The list of survivors is of the tree as it is, and its operators change what they say."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import Any

import pytest

from prodgate import Resource
from prodgate.terraform.positions import Origin, Position

from .edits import ROOT


@pytest.mark.once
def test_the_list_is_current() -> None:
    command = (sys.executable, "benchmarks/survivors.py", "--check")
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


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
