"""Values with units meet bounds with units."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from prodgate.quantities import UNITS, Bound, Quantity, UnitError, figure, percentage

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
    ("text", "kind", "base"),
    [
        ("3", "count", "3"), ("3 ms", "time", "0.003"), ("3 s", "time", "3"), ("3 min", "time", "180"),
        ("3 h", "time", "10800"), ("3 d", "time", "259200"), ("3 %", "ratio", "0.03"), ("3 B", "size", "3"),
        ("3 KiB", "size", "3072"), ("3 MiB", "size", "3145728"), ("3 GiB", "size", "3221225472"),
        ("3 ACU", "aurora capacity", "3"), ("3 cpu", "cpu units", "3"), ("3 USD", "money", "3"), ("3 /s", "rate", "3"),
    ],
)  # fmt: skip
def test_each_unit_has_its_kind_and_its_base(text: str, kind: str, base: str) -> None:
    quantity = Quantity.parse(text)
    assert (quantity.dimension, quantity.base) == (kind, Decimal(base))


@pytest.mark.parametrize("unit", ["h", "d"])
def test_no_duration_is_rounded_onto_a_bound(unit: str) -> None:
    month, moment = timedelta(days=30), timedelta(microseconds=1)
    for time, at_most, bound in ((month - moment, False, ">= 30 d"), (month + moment, True, "<= 30 d")):
        assert not Bound.parse(bound).admits(Quantity.lasting(time, unit, at_most=at_most))
        assert Bound.parse(bound).admits(Quantity.lasting(month, unit, at_most=at_most))


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
        ("< 300 kb", "did you mean 'KiB'?"),
        ("< 3 GB", "did you mean 'GiB'?"),
        ("< 3 bytes", "did you mean 'B'?"),
        ("< 3 hours", "did you mean 'h'?"),
        ("< 3 dollars", "did you mean 'USD'?"),
        ("< 3 $", "did you mean 'USD'?"),
        ("< 3 milliseconds", "did you mean 'ms'?"),
        ("< 3 secs", "did you mean 's'?"),
        ("< 3 minutes", "did you mean 'min'?"),
        ("< 3 percent", "did you mean '%'?"),
        ("< 3 rps", "did you mean '/s'?"),
        ("< 200 milis", "'milis' is not a unit; did you mean"),
        ("< fast", "is not a number with a unit"),
        ("one of a, b", "names no texts"),
        ("one of 'a', b", "names no texts"),
        ("one of 'a, 'b'", "names no texts"),
        ("< 'a'", "orders texts"),
        ("", "has no comparator; write e.g. '< 200 ms'"),
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


@pytest.mark.parametrize(("seconds", "said"), [(90.9, "90 s"), (0, "0 s"), (-5, "0 s")])
def test_time_between_is_in_whole_seconds_and_never_less_than_none(seconds: float, said: str) -> None:
    then = datetime(2026, 11, 24, tzinfo=UTC)
    assert str(Quantity.between(then, then + timedelta(seconds=seconds))) == said
    assert (str(Quantity.days(3)), str(Quantity.seconds(3))) == ("3 d", "3 s")


@pytest.mark.parametrize(
    ("text", "english", "japanese"),
    [
        ("1 d", "1 day", "1 日"),
        ("2 h", "2 hours", "2 時間"),
        ("2 min", "2 minutes", "2 分"),
        ("30 d", "30 days", "30 日"),
        ("1 s", "1 s", "1 秒"),
        ("1", "1", "1"),
        ("2 cpu", "2 CPU units", "2 CPU ユニット"),
    ],
)
def test_a_quantity_in_a_sentence(text: str, english: str, japanese: str) -> None:
    quantity = Quantity.parse(text)
    assert (quantity.in_words("en"), quantity.in_words("ja")) == (english, japanese)


def test_a_limit_in_a_sentence() -> None:
    assert [Bound.parse("one of 'a', 'b'").limit_in_words(language) for language in ("en", "ja")] == [
        "a or b",
        "a か b",
    ]
    assert Bound.parse(">= 30 d").limit_in_words("en") == "30 days"


@given(
    one=st.tuples(st.sampled_from(["<", "<=", "==", ">=", ">"]), st.integers(0, 3)),
    other=st.tuples(st.sampled_from(["<", "<=", "==", ">=", ">"]), st.integers(0, 3)),
)
def test_a_bound_implies_another_where_nothing_keeps_it_alone(one: tuple[str, int], other: tuple[str, int]) -> None:
    ours, theirs = (Bound(comparator, Quantity.of(limit)) for comparator, limit in (one, other))
    halves = [Quantity(Decimal(each) / 2) for each in range(-4, 12)]
    assert ours.implies(theirs) == all(theirs.admits(at) for at in halves if ours.admits(at))


@pytest.mark.parametrize(
    ("one", "other", "implied"),
    [
        ("one of 'a', 'b'", "one of 'a', 'b'", True),
        ("== 'a'", "one of 'a', 'b'", True),
        ("one of 'a', 'b'", "== 'a'", False),
        ("== 'a'", "< 3", False),
        ("< 3", "< 4 s", False),
    ],
)
def test_texts_imply_those_that_hold_them_all(one: str, other: str, implied: bool) -> None:
    assert Bound.parse(one).implies(Bound.parse(other)) is implied


def test_display_keeps_every_digit_that_separates_observed_from_limit() -> None:
    assert str(Quantity.of("199.96", "ms")) == "199.96 ms"
    assert str(Quantity.of("200.00", "ms")) == "200 ms"
    assert str(Quantity.of(300)) == "300"


@given(number=st.floats(-1e6, 1e6), mark=st.floats(-1e6, 1e6), decimals=st.integers(-3, 6))
def test_no_figure_is_rounded_onto_a_mark_or_beyond_it(number: float, mark: float, decimals: int) -> None:
    shown = float(figure(number, mark, decimals=decimals).replace(",", ""))
    assert (shown > mark, shown < mark) == (number > mark, number < mark)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.99996, "99.996%"), (0.00004, "0.004%"), (1.0, "100.0%"), (0.05004, "5.004%"), (0.3, "30.0%")],
)
def test_a_share_is_all_nothing_or_its_limit_only_if_it_is(share: float, shown: str) -> None:
    assert percentage(share, 0.05) == shown
