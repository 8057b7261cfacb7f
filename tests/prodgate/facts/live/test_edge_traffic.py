"""What users met where no load balancer counts: at the edge, and without an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from prodgate.facts.live.edge_traffic import observe_edge_traffic
from prodgate.facts.live.traffic import observe_balancer_traffic
from prodgate.findings import Undetermined
from prodgate.quantities import Quantity

from .stated_account import ACCOUNT, REGION, account_answering

DAYS = [datetime(2025, 12, day, tzinfo=UTC) for day in (10, 11)]
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/news/1"


def metrics(**values: list[float]) -> Any:
    """Answer for each metric by its name: its values of the first days; percentiles are noted as they are asked."""

    def answer(parameters: Any) -> dict[str, Any]:
        rows = []
        for query in parameters["MetricDataQueries"]:
            stat = query["MetricStat"]
            name, asked = stat["Metric"]["MetricName"], stat["Stat"]
            given = [float(asked[1:])] if asked.startswith("p") else values.get(name.removeprefix("5xx"), [])
            times = DAYS[: len(given)]
            rows.append({"Id": query["Id"], "StatusCode": "Complete", "Timestamps": times, "Values": given})
        return {"MetricDataResults": rows}

    return answer


@pytest.mark.parametrize(("rates", "answered"), [([0.0, 0.0], "100"), ([0.0, 2.0], "98.5"), ([1.0], "24.75")])
def test_errors_of_cloudfront_itself_count_by_the_requests_of_their_day(rates: list[float], answered: str) -> None:
    answers = {
        "ListDistributions": {"DistributionList": {"Items": [{"ARN": "arn:site", "Id": "E1"}]}},
        "GetMetricData": metrics(Requests=[1000.0, 3000.0], ErrorRate=rates),
    }
    with account_answering(answers) as account:
        (found,) = observe_edge_traffic(account)
    assert (found.requests, str(found.days)) == (4000, "2 d")
    assert found.answered == Quantity.of(Decimal(answered), "%")


@pytest.mark.parametrize(("unanswered", "percentile"), [(0.0, "95"), (100.0, "95.96"), (400.0, "98.96")])
def test_the_slowest_twentieth_includes_those_without_an_answer(unanswered: float, percentile: str) -> None:
    given = metrics(RequestCount=[10000.0 - unanswered], HTTPCode_ELB_5XX_Count=[unanswered])
    answers = {
        "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": BALANCER, "Type": "application"}]},
        "GetMetricData": given,
    }
    with account_answering(answers) as account:
        (found,) = observe_balancer_traffic(account)
    assert found.p95 is not None
    assert float(found.p95.magnitude) == float(percentile)


def test_where_more_than_a_twentieth_had_no_answer_the_percentile_is_none() -> None:
    answers = {
        "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": BALANCER, "Type": "application"}]},
        "GetMetricData": metrics(RequestCount=[900.0], HTTPCode_ELB_5XX_Count=[100.0]),
    }
    with account_answering(answers) as account:
        (found,) = observe_balancer_traffic(account)
    with pytest.raises(Undetermined, match="had no answer"):
        _ = found.p95
