"""The page and the schema of criteria.toml are those of its reader, and the schema refuses what the reader refuses."""

from __future__ import annotations

import importlib
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from prodgate.criteria import CriteriaError
from prodgate.sections.criteria_file import KEYS, parse_criteria
from prodgate.sections.includes import merge, read_files
from prodgate.sections.sections import SECTIONS

criteria_page: Any = importlib.import_module("scripts.criteria_page")
ROOT = Path(__file__).parents[3]
SCHEMA = json.loads(criteria_page.SCHEMA.read_text("utf-8"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
#: A key of each kind of value, and what no criterion has there.
WRONG = {str: 3, dict: [], list: "static", int: "3", bool: "yes"}
PLAIN = {"statement": "Kept.", "why": "They are needed.", "source": "OPS-2", "layers": ["static"]}


def stated(**keys: Any) -> dict[str, Any]:
    """A criteria file with one criterion."""
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
