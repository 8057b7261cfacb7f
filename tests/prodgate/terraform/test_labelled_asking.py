"""Labels are compared with the faults, the bound and the subjects that their check asks about, and with all of those."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from prodgate import Configuration, Resource, Unknown
from prodgate.criteria import Criteria
from prodgate.testing import load_criteria

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
importlib.import_module("policies.recovery")
importlib.import_module("policies.network_placement")


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("labelled_asking")


@pytest.fixture(scope="module")
def criteria() -> Criteria:
    return load_criteria(BENCHMARKS.parent / "criteria.toml").criteria


def _cluster(**values: object) -> Resource:
    kind = "aws_rds_cluster"
    return Resource(address=f"{kind}.a", type=kind, name="a", values={"engine": "mysql", **values})


@pytest.mark.parametrize(
    ("stated", "about", "values", "said"),
    [
        ("PG_REC_1", {}, {"backup_retention_period": 7}, ["not-satisfied"]),
        ("PG_REC_1 >= 1 d", {}, {"backup_retention_period": 7}, ["satisfied"]),
        ("PG_REC_1 >= 1 d", {}, {"backup_retention_period": 0}, ["not-satisfied"]),
        ("PG_REC_1 nothing of it", {}, {"backup_retention_period": 0}, ["satisfied"]),
        ("PG_REC_1 other|0 d", {}, {"backup_retention_period": 0}, ["not-satisfied"]),
        ("PG_REC_1", {"engine": "postgres.*"}, {"backup_retention_period": 0}, []),
        ("PG_REC_1", {"engine": "my.*"}, {"backup_retention_period": 0}, ["not-satisfied"]),
        ("PG_REC_1", {"kms_key_id": ""}, {"backup_retention_period": 0, "kms_key_id": None}, ["not-satisfied"]),
        ("PG_REC_1", {"no_such": "x"}, {"backup_retention_period": 0}, ["not-satisfied"]),
        ("PG_REC_1", {"later": "x"}, {"backup_retention_period": 0, "later": Unknown("later")}, ["not-satisfied"]),
        ("PG_REC_1", {"a.b": "2"}, {"backup_retention_period": 0, "a": [{"b": 1}]}, []),
    ],
)
def test_only_what_a_check_asks_counts(
    asking: ModuleType,
    criteria: Criteria,
    *,
    stated: str,
    about: Mapping[str, str],
    values: dict[str, Any],
    said: list[str],
) -> None:
    (question,) = asking.read_questions([stated], about)
    found = Configuration(root="example", engine="none", resources=[_cluster(**values)])
    assert [each.outcome.value for each in question.judge(found, criteria)] == said


def test_a_type_that_no_policy_is_about_is_not_asked(asking: ModuleType) -> None:
    questions = asking.read_questions(["PG_REC_1", "PG_NET_10"], {})
    asked = [asking.asks_of(questions, kind) for kind in ("aws_vpc", "aws_rds_cluster", "aws_waf_web_acl")]
    assert asked == [True, True, False]


@pytest.mark.parametrize(
    ("reason", "refused"),
    [
        ("aws_kms_key.a.policy is not JSON: Extra data", True),
        ("a.policy is not a policy document: it has no Statement", True),
        ("a.policy has a statement with the effect None", True),
        ("a.policy is decided later by Terraform or AWS", False),
    ],
)
def test_what_aws_refuses_whatever_is_asked_is_told_from_what_is_decided_later(
    asking: ModuleType, reason: str, *, refused: bool
) -> None:
    assert asking.is_refused(reason) is refused
