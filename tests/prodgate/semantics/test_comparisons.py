"""The number of comparisons in a judge is read from its code."""

import sys
from typing import Any

import pytest

from prodgate.semantics.comparisons import compares_several

HERE = sys.modules[__name__]


def compare_one(asked: Any) -> None:
    for each in "ab":
        asked.hold(each == "a", expected="a", observed=each)


def compare_within_a_trial(asked: Any) -> None:
    try:
        asked.called()
    finally:  # which the compiler writes down twice
        asked.hold(True, expected="a", observed="b")


def compare_two(asked: Any) -> None:
    asked.hold(True, expected="a", observed="b")
    asked.require(3)


def compare_either(asked: Any) -> None:
    asked.hold(True, expected="a", observed="b") if asked else asked.exclude([], expected="none")


def call_one(asked: Any) -> None:
    compare_one(asked)


def call_one_twice(asked: Any) -> None:
    compare_one(asked)
    compare_one(asked)


def call_one_of_a_module(asked: Any) -> None:
    HERE.compare_one(asked)
    asked.hold(True, expected="a", observed="b")


def compare_inside(asked: Any) -> None:
    def say(text: str) -> None:
        asked.hold(True, expected=text, observed="b")

    say("one")
    asked.require(3)


def call_itself(asked: Any) -> None:
    asked.hold(True, expected="a", observed="b")
    if asked.more:
        call_itself(asked)


@pytest.mark.parametrize(
    ("judge", "several"),
    [
        (compare_one, False),
        (compare_within_a_trial, False),
        (compare_two, True),
        (compare_either, True),
        (call_one, False),
        (call_one_twice, True),
        (call_one_of_a_module, True),
        (compare_inside, True),
        (call_itself, False),
        (lambda asked: asked.say(), True),
        (len, True),
    ],
)
def test_comparisons_are_counted_where_they_are_written(judge: Any, several: bool) -> None:
    assert compares_several(judge) is several
