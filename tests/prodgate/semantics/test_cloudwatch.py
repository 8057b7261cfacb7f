from collections.abc import Mapping
from decimal import Decimal

import pytest

from prodgate.semantics.cloudwatch import (
    alarms_in_rule,
    error_percent,
    evaluate_nested,
    find_deciding_queries,
    is_error_share,
    parse_percentile,
)

TARGET, BALANCER = "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"


def test_percentiles() -> None:
    assert (parse_percentile("p95"), parse_percentile("p99.9")) == (Decimal(95), Decimal("99.9"))
    assert [parse_percentile(text) for text in ("Average", "p", "", "tm95", "pp9")] == [None] * 5


def test_members_of_a_rule() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:c"
    assert alarms_in_rule(f'ALARM("a") OR (NOT OK(b) AND INSUFFICIENT_DATA( "{arn}" ))') == {"a", "b", "c"}
    assert alarms_in_rule("TRUE") == frozenset()


def test_only_what_decides_is_read() -> None:
    inner = {"rate": "100 * failed / all", "all": "SUM([m1, m2])", "unused": "m3"}
    assert find_deciding_queries("rate", inner, ["failed", "m1", "m2", "m3", *inner]) == {
        "rate",
        "failed",
        "all",
        "m1",
        "m2",
    }
    assert find_deciding_queries("SUM(METRICS())", {}, ["m1", "m2"]) == {"m1", "m2"}


def test_expressions_may_name_each_other() -> None:
    inner = {"rate": "100 * e / all", "all": "a + b"}
    assert evaluate_nested("rate", inner, {"e": Decimal(1), "a": Decimal(60), "b": Decimal(40)}) == 1


@pytest.mark.parametrize(
    ("expression", "threshold", "percent"),
    [("100 * e / r", "0.1", "0.1"), ("e / r", "0.001", "0.1"), ("e / r", "0.1", "10")],
)
def test_a_threshold_is_read_in_the_unit_of_its_expression(expression: str, threshold: str, percent: str) -> None:
    def compute(numbers: Mapping[str, Decimal]) -> Decimal:
        return evaluate_nested(expression, {}, {"e": numbers[TARGET], "r": numbers["RequestCount"]})

    metrics = {TARGET, "RequestCount"}
    assert is_error_share(metrics, compute)
    assert error_percent(Decimal(threshold), metrics, compute) == Decimal(percent)


def test_a_count_is_no_share() -> None:
    assert not is_error_share({TARGET, BALANCER}, lambda numbers: numbers[TARGET] + numbers[BALANCER])
    assert not is_error_share({TARGET, "CPUUtilization"}, lambda numbers: numbers[TARGET])
