"""The tables [[cells]]: which cells they name, what is refused, and what subjects are called where cells differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prodgate.criteria import CriteriaError, UsageError
from prodgate.sections.cells import cells_mistakes, name_within, parse_cells, read_cell
from prodgate.sections.criteria_file import parse_criteria

from ..sample_run import CRITERIA

ONE, TWO = "111111111111", "222222222222"
TABLE = {"accounts": [ONE, TWO], "regions": ["ap-northeast-1", "us-east-1"]}
CELL = f"{ONE}/us-east-1/live"


def test_each_account_is_looked_at_in_each_region() -> None:
    found = parse_cells(
        [{**TABLE, "profile": "gate-{account}"}, {**TABLE, "layers": ["static"], "regions": ["eu-west-1"]}]
    )
    assert [cell.name for cell in found] == [
        f"{ONE}/ap-northeast-1/live",
        CELL,
        f"{TWO}/ap-northeast-1/live",
        f"{TWO}/us-east-1/live",
        f"{ONE}/eu-west-1/static",
        f"{TWO}/eu-west-1/static",
    ]
    assert [cell.target for cell in found][1::3] == [f"aws://gate-{ONE}@us-east-1", "aws://eu-west-1"]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, "cells: is {}"),
        ([], "cells: is []"),
        (["live"], "cells: is ['live']"),
        ([{"regions": ["eu-west-1"]}], "cells[1].accounts: is None"),
        ([{**TABLE, "accounts": ["111"]}], "cells[1].accounts: is ['111']"),
        ([{**TABLE, "accounts": [ONE, ONE]}], "each once"),
        ([{**TABLE, "accounts": ["١١١١١١١١١١١١"]}], "twelve digits"),
        ([{**TABLE, "regions": ["tokyo"]}], "cells[1].regions: is ['tokyo']"),
        ([{**TABLE, "regions": []}], "cells[1].regions: is []"),
        ([{**TABLE, "layers": ["lives"]}], "cells[1].layers: is ['lives']"),
        ([{**TABLE, "profile": "a b"}], "cells[1].profile: is 'a b'"),
        ([{**TABLE, "profile": "{region}"}], "cells[1].profile"),
        ([{**TABLE, "profiles": "a"}], "cells[1].profiles: is not a key; did you mean"),
        ([TABLE, {**TABLE, "accounts": [TWO]}], f"cells[2]: names {TWO}/ap-northeast-1/live, as cells[1] does"),
    ],
)
def test_what_names_no_cells_is_refused_in_a_line(tables: Any, said: str) -> None:
    assert any(said in mistake for mistake in cells_mistakes(tables)), [*cells_mistakes(tables)]


def test_a_criteria_file_states_them() -> None:
    text = f'{CRITERIA}\n[[cells]]\naccounts = ["{ONE}"]\nregions = ["us-east-1"]\n'
    assert [cell.name for cell in parse_criteria(text, Path("criteria.toml")).cells] == [CELL]
    with pytest.raises(CriteriaError, match="cells\\[1\\].regions"):
        parse_criteria(text.replace("us-east-1", "here"), Path("criteria.toml"))


@pytest.mark.parametrize("name", ["", CELL + "/more", CELL.replace("live", "lives"), CELL.replace("1/", "/", 1), ONE])
def test_what_is_no_name_of_a_cell_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no cell; write ACCOUNT/REGION/LAYER"):
        read_cell(name, "rehearsal://")


@pytest.mark.parametrize(
    ("subject", "called"),
    [
        ("orders-db", f"{CELL}: orders-db"),
        (f"{CELL}: orders-db", f"{CELL}: orders-db"),
        ("(live layer)", f"{CELL}: (live layer)"),
        (f"{ONE}-logs", f"{CELL}: {ONE}-logs"),  # a name that two regions may have
        ("the account", f"{ONE}: the account"),
        (ONE, ONE),
        (f"arn:aws:iam::{ONE}:root", f"arn:aws:iam::{ONE}:root"),
    ],
)
def test_a_subject_says_in_which_cell_it_is_unless_it_is_called_the_same_in_each(subject: str, called: str) -> None:
    assert name_within(CELL, subject) == called
    assert name_within("", subject) == subject
