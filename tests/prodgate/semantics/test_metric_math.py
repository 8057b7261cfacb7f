from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate import Unresolved
from prodgate.semantics.metric_math import evaluate, query_ids

NUMBERS = {"e": Decimal(5), "r": Decimal(1000), "z": Decimal(0)}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("e / r", "0.005"),
        ("100 * (FILL(e, 0) + FILL(z, 0)) / (r + z)", "0.5"),
        ("IF(r > 0, 100*e/r, 0)", "0.5"),
        ("IF(z, 1)", "0"),
        ("e / z", "0"),
        ("SUM([e, r])", "1005"),
        ("SUM(METRICS())", "1005"),
        ("AVG(METRICS())", "335"),
        ("MAX([e, r]) - MIN([e, r])", "995"),
        ("-e", "-5"),
        ("ABS(-e)", "5"),
    ],
)
def test_an_expression_is_computed(expression: str, value: str) -> None:
    assert evaluate(expression, NUMBERS) == Decimal(value)


@pytest.mark.parametrize(
    "expression", ["RATE(e)", "e +", "unknown / r", "e ** 2", "SELECT avg(x)", "e[0]", "'a'", "__import__('os')"]
)
def test_what_is_not_understood_is_unresolved(expression: str) -> None:
    with pytest.raises(Unresolved):
        evaluate(expression, NUMBERS)


def test_ids_are_the_names_in_an_expression() -> None:
    assert query_ids("100 * FILL(target, 0) / requests") == {"FILL", "target", "requests"}


@given(st.text(max_size=40))
def test_any_text_is_computed_or_unresolved(text: str) -> None:
    try:
        value = evaluate(text, NUMBERS)
    except Unresolved:
        return
    assert isinstance(value, Decimal)
