"""Criteria that nothing or everything satisfies, or that tell nobody anything, are refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.criteria import CriteriaError
from prodgate.sections.criteria_file import parse_criteria

VALID = """
system = "shop"

[requirements]
OPS-2 = { asks = "Backups are kept", layers = ["static"] }

[criteria.kept]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
source = "OPS-2"
layers = ["static"]
"""


def refuse(lines: str) -> str:
    with pytest.raises(CriteriaError) as refused:
        parse_criteria(lines, Path("criteria.toml"))
    told = str(refused.value)
    assert all(line.startswith("criteria.toml: ") for line in told.splitlines())
    return told


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        (">= -5 %", "is '>= -5 %'; everything satisfies that, since a ratio is not negative; write a limit above 0"),
        (">= 0 %", "everything satisfies that"),
        (">= 0", "write a limit above 0, or '> 0'"),
        (">= -0.0 s", "everything satisfies that"),
        ("> -1", "everything satisfies that"),
        ("<= 300 %", "everything satisfies that; write a limit of at most 100 %"),
        ("< 101 %", "everything satisfies that"),
        ("> 100 %", "nothing satisfies that"),
        (">= 100.1 %", "nothing satisfies that"),
        ("== 150 %", "nothing satisfies that"),
        ("< 0 s", "nothing satisfies that, since a time is not negative"),
        ("<= -5 ms", "nothing satisfies that"),
        ("== -1", "nothing satisfies that, since a count is not negative"),
        ("< 0 USD", "nothing satisfies that"),
        ("<= 99999999 d", "everything satisfies that; write a limit of at most 36500 d"),
        ("<= 9999999999999", "everything satisfies that; write a limit of at most 1000000000000"),
        (f"<= {'9' * 31}", "is not a number with a unit"),
        (f"<= 1.{'0' * 31} s", "is not a number with a unit"),
        (f"<= {'9' * 5000} s", "is 5,005 characters long"),
        ("< nan s", "is not a number with a unit"),
        ("< inf", "is not a number with a unit"),
        ("<= 1e3", "is not a unit"),
        ("<= ３０ d", "is not a number with a unit"),
        ("== ''", "'' is no text that anything has"),
        ("one of 'a', ' '", "' ' is no text that anything has"),
        ("one of 'a', '\u200b'", "is no text that anything has"),
        ("one of 'a', 'a'", "names a text twice"),
        ("", "has no comparator"),
    ],
)
def test_a_bound_must_be_one_that_something_keeps_and_something_breaks(bound: str, message: str) -> None:
    told = refuse(f'{VALID}require = "{bound}"\n')
    assert told.startswith("criteria.toml: criteria.kept.require: ")
    assert message in told


@pytest.mark.parametrize("bound", ["<= 100 %", "> 99 %", "== 0", "> 0", "<= 0 s", "<= 0.1", ">= 30 d", "== 'none'"])
def test_a_sensible_bound_is_kept(bound: str) -> None:
    assert str(parse_criteria(f'{VALID}require = "{bound}"\n', Path("c")).criteria["kept"].bound) == bound


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('window = "-30 d"', "window: is '-30 d'; write more than nothing, e.g. '30 d'"),
        ('window = "0 s"', "window: is '0 s'; write more than nothing"),
        ('window = "99999999 d"', "window: is '99999999 d', which is more than anybody means"),
        ('rate = "0 /s"', "rate: is '0 /s'; write more than nothing"),
        ('confidence = "500 %"', "confidence: is '500 %'; write at least 50 % and at most 99.9999 %"),
        ('confidence = "0 %"', "confidence: is '0 %'"),
        ('confidence = "100 %"', "confidence: is '100 %'"),
        ('confidence = "0.001 %"', "confidence: is '0.001 %'"),
        ('confidence = "-95 %"', "confidence: is '-95 %'"),
        ('confidence = "99.99999999999 %"', "confidence: is '99.99999999999 %'"),
        ('confidence = "0.95"', "confidence: is '0.95'; write a ratio, e.g. '95 %'"),
        ("samples = 0", "samples: is 0; write a number from 1 to 1,000,000,000"),
        ("samples = 9000000000000", "samples: is 9,000,000,000,000; write a number from 1"),
        ("population = -1", "population: is -1; write a number from 0 to 1,000,000"),
        ("population = 2000000", "population: is 2,000,000"),
        ("population = 1.5", "population: is 1.5; write a whole number"),
        ('controls = ["AC-2", "AC-2"]', "controls: names 'AC-2' twice; write each once"),
        ('controls = [" "]', "controls: ' ' says nothing"),
        ('remedy = ""', "remedy: is '', which says nothing"),
    ],
)
def test_a_value_that_means_nothing_is_refused(line: str, message: str) -> None:
    assert f"criteria.kept.{message}" in refuse(f"{VALID}{line}\n")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"Backups are kept."', '" "', "criteria.kept.statement: "),
        ('"Backups are kept."', '"\\u200b\\u2060"', "criteria.kept.statement: "),
        ('"Backups are kept."', '"…"', "criteria.kept.statement: "),
        ('"保持する。"', '"\\u3164"', "criteria.kept.statement: "),
        ('"They are needed."', '""', "criteria.kept.why: is '', which says nothing; write why it must hold"),
        ('"They are needed."', '"tbd"', "criteria.kept.why: is 'tbd', which says nothing"),
        ('"Backups are kept"', '"-"', "requirements.OPS-2.asks: is '-', which says nothing"),
        ('source = "OPS-2"\nlayers = ["static"]', 'source = "OPS-2"\nlayers = ["static", "static"]', "names 'static' twice"),
        ('source = "OPS-2"\nlayers = ["static"]', 'source = "OPS-2"\nlayers = [["static"]]', "write a list of texts"),
        ('source = "OPS-2"\nlayers = ["static"]', 'source = "OPS-2"\nlayers = [{}]', "write a list of texts"),
        ('"Backups are kept", layers = ["static"]', '"Backups are kept", layers = 3', "write a list of texts"),
    ],
)  # fmt: skip
def test_a_text_that_says_nothing_is_refused(before: str, after: str, message: str) -> None:
    assert before in VALID
    assert message in refuse(VALID.replace(before, after, 1))
