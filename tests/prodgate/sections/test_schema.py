"""The page, the schema and the baseline of criteria.toml: they match its reader, and the schema refuses whatever
the reader refuses."""

import ast
import importlib
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from prodgate.commands.check_command import baseline
from prodgate.criteria import CriteriaError
from prodgate.sections.criteria_file import KEYS, SECTIONS, find_number, parse_criteria
from prodgate.sections.includes import merge, read_files
from prodgate.testing import POLICIES, load_criteria

criteria_page: Any = importlib.import_module("scripts.criteria_page")
ROOT = Path(__file__).parents[3]
SCHEMA = json.loads(criteria_page.SCHEMA.read_text("utf-8"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
#: A key of each kind of value, and a value that no criterion has there.
WRONG = {str: 3, dict: [], list: "static", int: "3", bool: "yes"}
PLAIN = {"statement": "Kept.", "why": "They are needed.", "source": "OPS-2", "layers": ["static"]}


def stated(**keys: Any) -> dict[str, Any]:
    return {"system": "shop", "criteria": {"backup-retention": {**PLAIN, **keys}}}


def write(value: Any) -> str:
    """A value as TOML; tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {write(each)}" for key, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def reads(data: dict[str, Any]) -> bool:
    text = "\n".join(f"{json.dumps(key)} = {write(value)}" for key, value in data.items())
    try:
        parse_criteria(text, Path("criteria.toml"))
    except CriteriaError:
        return False
    return True


def test_page_and_schema_are_up_to_date() -> None:
    assert criteria_page.TARGET.read_text("utf-8") == criteria_page.page(), "run scripts/criteria_page.py"
    assert criteria_page.schema() == SCHEMA, "run scripts/criteria_page.py"


def test_every_key_and_section_is_explained() -> None:
    assert set(criteria_page.MEANINGS) == set(KEYS)
    assert set(criteria_page.PURPOSES) == set(SECTIONS)


def test_the_worked_example_is_valid() -> None:
    text, included = read_files(ROOT / "criteria.toml")
    VALIDATOR.validate(dict(merge(text, ROOT / "criteria.toml", included).data))


@pytest.mark.parametrize("extends", ["baseline", ["baseline/identity", "baseline/network"]])
def test_a_file_that_extends_is_valid(extends: object) -> None:
    VALIDATOR.validate({"system": "shop", "extends": extends, "terraform": {"root": "infra"}})


@pytest.mark.parametrize(
    "sections",
    [
        {"load": {"most": {"rate": "1 /s"}}}, {"rollout": {"rehearsal": {"speed": 0}}}, {"site": {"network": []}},
        {"e2e": {"mutates": "yes"}}, {"e2e": {"pages": {"front": {}}}}, {"cells": [{"accounts": []}]}, {"attested": {"due": 3}},
        {"airflow": {"version": "3.0.6"}, "dags": {"collect": {"cron": "0 * * * *"}}}, {"evidence": {"signers": []}},
    ],
    ids=str,
)  # fmt: skip
def test_both_refuse_a_mistake_in_a_section(sections: dict[str, Any]) -> None:
    assert (reads({**stated(), **sections}), VALIDATOR.is_valid({**stated(), **sections})) == (False, False)


@pytest.mark.parametrize("extends", ["basline", ["baseline/identiy"], 3])
def test_an_area_that_is_none_is_not(extends: object) -> None:
    assert not VALIDATOR.is_valid({"system": "shop", "extends": extends})


@pytest.mark.parametrize("key", KEYS)
def test_both_refuse_a_value_of_another_type(key: str) -> None:
    broken = stated(**{key: WRONG[KEYS[key][0]] if key != "statement" else 3})
    assert (reads(broken), VALIDATOR.is_valid(broken)) == (False, False)


@pytest.mark.parametrize("key", PLAIN)
def test_both_refuse_a_criterion_that_leaves_out_what_it_must_state(key: str) -> None:
    broken = deepcopy(stated())
    del broken["criteria"]["backup-retention"][key]
    assert (reads(broken), VALIDATOR.is_valid(broken)) == (False, False)


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, True),
        ({"statement": {"en": "Kept.", "ja": "保持する。"}}, True),
        ({"statement": {"ja": "保持する。"}}, True),
        ({"statement": {}}, False),
        ({"statement": {"jp": "保持する。"}}, False),
        ({"require": ">= 30 d", "applicability": "where-present", "population": 0, "baseline": True}, True),
        ({"applicability": "sometimes"}, False),
        ({"needs": "staging"}, False),
        ({"moment": "later"}, False),
        ({"decides": "bounds"}, False),
        ({"population": -1}, False),
        ({"samples": 0}, False),
        ({"attested_by": 3}, False),
        ({"layers": []}, False),
        ({"layers": ["statik"]}, False),
        ({"layers": ["static", "static"]}, False),
        ({"controls": [3]}, False),
        ({"wy": "They are."}, False),
    ],
)
def test_both_say_the_same_of_a_criterion(changes: dict[str, Any], *, valid: bool) -> None:
    assert (reads(stated(**changes)), VALIDATOR.is_valid(stated(**changes))) == (valid, valid)


@pytest.mark.parametrize(
    "data",
    [
        {"criteria": {"a": PLAIN}},
        {"system": "shop"},
        {"system": "shop", "criteria": {}},
        {"system": "shop", "criteria": {"Not_Kebab": PLAIN}},
        {"system": "shop", "criterias": {"a": PLAIN}},
        {"system": "shop", "criteria": {"a": PLAIN}, "terraform": "infra"},
    ],
)
def test_both_refuse_a_file_that_is_none(data: dict[str, Any]) -> None:
    assert (reads(data), VALIDATOR.is_valid(data)) == (False, False)


# ── The baseline for any team: each criterion has its source, and no number of the worked example

for name in ("deployment", "encryption", "identity", "network", "observability"):
    importlib.import_module(f"policies.{name}")
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
ASKED = baseline(CRITERIA)
#: Widely accepted catalogues: AWS Foundational Security Best Practices, the CIS benchmark, AWS Well-Architected,
#: OWASP's risks of pipelines.
SOURCES = ("AWS-FSBP:", "CIS-AWS-3.0.0:", "AWS-WA:", "OWASP-CICD:")


@pytest.mark.parametrize("id_", sorted(set(ASKED) - {"terraform-evaluates"}))
def test_what_any_team_is_asked_names_its_source(id_: str) -> None:
    assert [control for control in CRITERIA[id_].controls if control.startswith(SOURCES)]


def test_any_team_is_asked_for_less_than_the_worked_example_where_that_is_stricter() -> None:
    bounds = {id_: (str(one.bound), str(CRITERIA[id_].bound)) for id_, one in ASKED.items() if one.bound}
    assert {id_: (asked, own) for id_, (asked, own) in bounds.items() if asked != own} == {
        "backup-retention": (">= 7 d", ">= 30 d"),
        "kms-deletion-window": (">= 7 d", ">= 30 d"),
        "logs-retention": (">= 1 d", ">= 30 d"),
        "queue-outlasts-its-consumer": (">= 1", ">= 6"),
    }


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
    assert [POLICIES[id_].criterion in ASKED for id_ in (any_team, house)] == [True, False]


def test_no_remedy_writes_out_a_number_that_a_criterion_states() -> None:
    decorators = [
        [each.value for each in ast.walk(decorator) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        for folder in ("policies", "suites", "e2e", "loadtests")
        for file in (ROOT / folder).rglob("*.py")
        for function in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
    ]
    bounded = [texts for texts in decorators if any(CRITERIA[each].bound for each in texts if each in CRITERIA)]
    assert len(bounded) > 80
    assert not [text for texts in bounded for text in texts if find_number(text, names=False)]
