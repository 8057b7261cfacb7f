from decimal import Decimal

import pytest

from prodgate.quantities import Quantity
from prodgate.statistics import lower_bound


@pytest.mark.parametrize(
    ("rate", "trials", "bound"),
    [
        ("100 %", 299, "99.003"),
        ("100 %", 120, "97.534"),
        ("90 %", 1000, "88.300"),
        ("80 %", 1000, "77.804"),
        ("50 %", 10, "22.244"),
        ("99.9 %", 2995, "99.741"),
        ("85 %", 5_000_000, "84.973"),
        ("0 %", 50, "0"),
        ("100 %", 0, "0"),
    ],
)
def test_the_bound_is_the_exact_one(rate: str, trials: int, bound: str) -> None:
    found = lower_bound(Quantity.parse(rate), trials, Quantity.parse("95 %"))
    assert (abs(found.magnitude - Decimal(bound)) <= Decimal("0.001"), found.unit) == (True, "%")


def test_more_trials_and_less_confidence_support_more() -> None:
    rate = Quantity.parse("97 %")
    few, many = (lower_bound(rate, trials, Quantity.parse("95 %")) for trials in (100, 10_000))
    loose = lower_bound(rate, 100, Quantity.parse("80 %"))
    assert few.magnitude < loose.magnitude < many.magnitude < rate.magnitude
