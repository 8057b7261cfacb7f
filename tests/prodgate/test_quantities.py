"""Values with units meet bounds with units."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from prodgate.quantities import UNITS, Bound, Quantity, UnitError

MAGNITUDES = st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False)


@pytest.mark.parametrize(
    ("bound", "observed", "admitted"),
    [
        ("< 200 ms", "0.2 s", False),
        ("<= 200 ms", "0.2 s", True),
        ("< 200 ms", "0.1999 s", True),
        (">= 30 d", "720 h", True),
        (">= 30 d", "719 h", False),
        ("== 4 ACU", "4.0 ACU", True),
        ("== 2048 MiB", "2 GiB", True),
        ("> 99 %", "99 %", False),
        ("== 1024 cpu", "512 cpu", False),
    ],
)
def test_units_are_converted_before_comparing(bound: str, observed: str, admitted: bool) -> None:
    assert Bound.parse(bound).admits(Quantity.parse(observed)) is admitted


@pytest.mark.parametrize(
    ("bound", "observed"), [("< 200 ms", "3"), (">= 30 d", "99.9 %"), ("== 'a'", "3"), ("< 3", "1 s")]
)
def test_another_dimension_is_refused(bound: str, observed: str) -> None:
    with pytest.raises(UnitError, match="bounds a"):
        Bound.parse(bound).admits(Quantity.parse(observed))


def test_a_text_is_not_compared_with_a_quantity() -> None:
    with pytest.raises(UnitError, match="is a text but '< 3' bounds a count"):
        Bound.parse("< 3").admits("2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("200 ms", "has no comparator; write e.g. '< 200 ms'"),
        ("=> 300 ms", "has no comparator; write e.g. '>= 300 ms'"),
        ("=< 300 ms", "has no comparator; write e.g. '<= 300 ms'"),
        (">= 7 days", "'days' is not a unit; did you mean 'd'? units are"),
        ("< 2 seconds", "'seconds' is not a unit; did you mean 's'?"),
        ("< 300 MB", "'MB' is not a unit; did you mean 'MiB'?"),
        ("< 200 milis", "'milis' is not a unit; did you mean"),
        ("< fast", "is not a number with a unit"),
        ("one of a, b", "names no texts"),
        ("one of 'a', b", "names no texts"),
        ("one of 'a, 'b'", "names no texts"),
        ("< 'a'", "orders texts"),
        ("", "has no comparator"),
        ("< 1.2.3 s", "is not a number with a unit"),
    ],
)
def test_a_bad_bound_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(UnitError) as refused:
        Bound.parse(text)
    assert message in str(refused.value)


def test_texts_are_listed() -> None:
    bound = Bound.parse("one of 'mw1.medium', 'mw1.large'")
    assert bound.admits("mw1.large")
    assert not bound.admits("mw1.small")
    assert str(bound) == "one of 'mw1.medium', 'mw1.large'"


@given(magnitude=MAGNITUDES, unit=st.sampled_from(sorted(UNITS)))
def test_a_quantity_reads_back_what_it_writes(magnitude: Decimal, unit: str) -> None:
    quantity = Quantity(magnitude, unit)
    again = Quantity.parse(str(quantity))
    assert (again.base, again.unit) == (quantity.base, quantity.unit)


@given(limit=MAGNITUDES, observed=MAGNITUDES, unit=st.sampled_from(["ms", "s", "min", "h", "d"]))
def test_exactly_one_of_below_and_not_below_holds(limit: Decimal, observed: Decimal, unit: str) -> None:
    bounds = [Bound(comparator, Quantity(limit, unit)) for comparator in ("<", ">=")]
    assert sum(bound.admits(Quantity(observed, unit)) for bound in bounds) == 1


def test_display_keeps_every_digit_that_separates_observed_from_limit() -> None:
    assert str(Quantity.of("199.96", "ms")) == "199.96 ms"
    assert str(Quantity.of("200.00", "ms")) == "200 ms"
    assert str(Quantity.of(300)) == "300"
