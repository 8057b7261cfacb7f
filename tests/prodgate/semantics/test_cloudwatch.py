"""The meaning of CloudWatch's metrics, metric math and alarms."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from prodgate import Unresolved
from prodgate.semantics.cloudwatch import (
    alarms_in_rule,
    error_percent,
    evaluate,
    evaluate_nested,
    find_deciding_queries,
    holds,
    is_error_share,
    is_sparse,
    parse_percentile,
    query_ids,
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


# ── Which metrics are silent while all is well, and which silence is the fault itself

OF_BALANCER = {"LoadBalancer": "app/news/1"}


@pytest.mark.parametrize(
    ("namespace", "metric", "dimensions", "sparse"),
    [
        ("AWS/ApplicationELB", "HTTPCode_ELB_502_Count", OF_BALANCER, True),
        ("AWS/ApplicationELB", "RejectedConnectionCount", OF_BALANCER, True),
        ("AWS/ApplicationELB", "RejectedConnectionCount", {}, False),
        ("AWS/ApplicationELB", "RequestCount", OF_BALANCER, False),
        ("AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": "alarms"}, True),
        ("AWS/Events", "FailedInvocations", {"RuleName": "findings"}, True),
        ("AWS/MWAA", "CPUUtilization", {"Environment": "news", "Cluster": "BaseWorker"}, False),
        ("AWS/MWAA", "CPUUtilization", {"Environment": "news", "Cluster": "BaseWroker"}, False),
        ("AWS/MWAA", "MemoryUtilization", {"Environment": "news", "Cluster": "AdditionalWorker"}, True),
    ],
)
def test_silence(namespace: str, metric: str, dimensions: dict[str, str], sparse: bool) -> None:
    assert is_sparse(namespace, metric, dimensions) is sparse


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


STATES = {"slow": "ALARM", "wrong": "OK", "new": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("slow")', True),
        ('ALARM("wrong") OR ALARM("new")', False),
        ('ALARM("wrong") OR ALARM(slow)', True),
        ('ALARM("slow") AND NOT (OK("wrong") AND INSUFFICIENT_DATA("new"))', False),
        ("ALARM('arn:aws:cloudwatch:eu-west-1:1:alarm:slow') AND TRUE", True),
        ("FALSE", False),
        ('NOT OK("slow")\n  AND INSUFFICIENT_DATA("new")', True),
    ],
)
def test_a_rule_is_computed(rule: str, expected: bool) -> None:
    assert holds(rule, STATES.__getitem__) is expected


@pytest.mark.parametrize("rule", ['AT_LEAST(1, ALARM, ("slow"))', 'ALARM("slow") +', "1", ""])
def test_what_is_not_understood_is_said(rule: str) -> None:
    with pytest.raises(Unresolved, match="is a rule of alarms that is not understood here"):
        holds(rule, STATES.__getitem__)
