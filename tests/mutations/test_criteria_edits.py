"""The criteria can't be weakened below what the requirements say: each slip of a number is refused with both values."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from prodgate.criteria import CriteriaError
from prodgate.quantities import Bound
from prodgate.sections.criteria_file import load_criteria, parse_criteria
from prodgate.sections.includes import read_files

from .edits import ROOT

FILE = ROOT / "criteria.toml"
TEXT, INCLUDED = read_files(FILE)


def weaken(file: str, criterion: str, old: str, new: str) -> str:
    """Return the mistakes of the criteria after one line of them was replaced."""
    table = rf"(^\[criteria\.{criterion}\]\n(?:.+\n)*?){re.escape(old)}$"
    edited, changes = re.subn(table, lambda found: found[1] + new, INCLUDED[file], flags=re.MULTILINE)
    assert changes == 1
    with pytest.raises(CriteriaError) as refused:
        parse_criteria(TEXT, Path("criteria.toml"), {**INCLUDED, file: edited})
    return str(refused.value)


@pytest.mark.parametrize(
    ("file", "criterion", "least", "slip"),
    [
        ("load", "latency-p95", "< 200 ms", "< 200 s"),
        ("load", "latency-p95-in-production", "< {latency-p95}", "< 2 s"),
        ("load", "error-rate", "< 0.1 %", "< 1 %"),
        ("load", "availability", ">= 99.9 %", ">= 9.9 %"),
        ("dags", "dag-success-rate", "> 99 %", "> 9 %"),
        ("recovery", "backup-retention", ">= 30 d", ">= 3 d"),
        ("infrastructure", "ecs-least-tasks", ">= 2", ">= 1"),
        ("infrastructure", "aurora-max-capacity", "== 4 ACU", "== 40 ACU"),
    ],
)
def test_a_slip_of_a_bound_is_refused(file: str, criterion: str, least: str, slip: str) -> None:
    said = weaken(f"criteria/{file}.toml", criterion, f'require = "{least}"', f'require = "{slip}"')
    assert f"criteria.{criterion}.require: is {slip!r}, and " in said


def test_fewer_subjects_are_refused() -> None:
    assert "population: is 1, and SLO-6 asks for 2" in weaken(
        "criteria/dags.toml", "dag-success-rate", "population = 2", "population = 1"
    )


def test_the_bounds_are_those_that_the_lines_of_the_strategy_name() -> None:
    for line in (each for each in load_criteria(FILE).requirements if re.search(r"\d", each.asks)):
        numbers = {Decimal(each) for each in re.findall(r"\d+(?:\.\d+)?", line.asks)}
        for bound in (Bound.parse(str(each["require"])) for each in line.bounds.values()):
            named = bound.limit.magnitude in numbers if bound.limit else bound.texts[0] in line.asks
            assert named, f"{line.id}: {bound}"
