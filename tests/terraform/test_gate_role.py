"""Secrets that the gate's role may read: those that the criteria name, and no other, whatever else is allowed."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from prodgate.rehearsal.account import OriginalAccount
from prodgate.sections.criteria_file import list_secrets, load_criteria

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("rehearsal")]

CRITERIA = Path(__file__).parents[2] / "criteria.toml"
ACTION = "secretsmanager:GetSecretValue"


def arn(production: OriginalAccount, name: str) -> str:
    return f"arn:aws:secretsmanager:{production.account.region}:{production.account.id}:secret:{name}-Ab3dEf"


def statements(production: OriginalAccount) -> Iterator[Mapping[str, Any]]:
    """The statements about reading secrets, of every policy of the role."""
    for policy in production.account.declared("aws_iam_role_policy").values():
        if policy["role"] == "nba-news-prod-gate":
            for statement in json.loads(policy["policy"])["Statement"]:
                if any(fnmatchcase(ACTION, action) for action in as_list(statement["Action"])):
                    yield statement


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def covers(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not any(fnmatchcase(resource, pattern) for pattern in as_list(statement["NotResource"]))
    return any(fnmatchcase(resource, pattern) for pattern in as_list(statement["Resource"]))


def effects(production: OriginalAccount, resource: str) -> set[str]:
    return {one["Effect"] for one in statements(production) if covers(one, resource)}


@pytest.mark.parametrize("name", list_secrets(load_criteria(CRITERIA)))
def test_what_the_criteria_name_may_be_read(name: str, production: OriginalAccount) -> None:
    assert effects(production, arn(production, name)) == {"Allow"}


@pytest.mark.parametrize(
    "name", ["nba-news-prod/session-keys", "nba-news-prod/airflow/wire", "rds!cluster-1", "nba-news/gate/database-2"]
)
def test_no_other_may_be_read_whatever_else_is_allowed(name: str, production: OriginalAccount) -> None:
    assert effects(production, arn(production, name)) == {"Deny"}
