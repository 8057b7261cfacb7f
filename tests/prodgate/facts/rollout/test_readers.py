"""What readers met is counted over the whole minutes of the deployments, once these are known and over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.rollout.deployments import Deployment, deployment_facts
from prodgate.facts.rollout.readers import read_readers, readers_facts, span_of
from tests.suites.rollout import evidence

from .answers import NOW, Answer, Answers, account

BALANCER = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/shop/1"
BEGAN = datetime(2026, 11, 24, 13, 0, 20, tzinfo=UTC)


def facts(*names: str) -> list[Deployment]:
    return [fact for name in names for fact in deployment_facts(evidence.stored_deployment(name))]


def test_the_span_is_that_of_all_deployments() -> None:
    assert span_of(facts("api", "web")) == (evidence.at(evidence.ACTED), evidence.at(evidence.ENDED))


def test_a_deployment_that_goes_on_or_can_t_be_read_has_no_span() -> None:
    going = evidence.stored_deployment("api")
    going["deployment"].pop("completeTime")
    with pytest.raises(Unreadable, match="d-API00001 still goes on; run again when it is over"):
        span_of(deployment_facts(going))
    with pytest.raises(Unreadable, match="access denied"):
        span_of([Deployment.unread("api", "access denied")])
    with pytest.raises(Unreadable, match="no deployment is known"):
        span_of([])


@pytest.mark.parametrize(("later", "settling"), [(timedelta(minutes=6), False), (timedelta(minutes=2), True)])
def test_whole_minutes_are_counted_and_may_still_grow(later: timedelta, settling: bool) -> None:
    asked: list[Mapping[str, Any]] = []
    numbers = {"RequestCount": 500.0, "HTTPCode_Target_5XX_Count": 2.0, "HTTPCode_ELB_5XX_Count": 1.0}

    def metrics(given: Mapping[str, Any]) -> Any:
        asked.append(given)
        rows = []
        for query in given["MetricDataQueries"]:
            values = [numbers.get(query["MetricStat"]["Metric"]["MetricName"], 0.0)]
            rows.append({"Id": query["Id"], "StatusCode": "Complete", "Timestamps": [BEGAN], "Values": values})
        return {"MetricDataResults": rows}

    answers: dict[str, Answer] = {
        "elbv2.DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": BALANCER, "Type": "application"}]},
        "cloudwatch.GetMetricData": metrics,
    }
    with account(Answers(answers)) as looked:
        (found,) = [f for value in read_readers(looked, BEGAN, NOW - later) for f in readers_facts(value)]
    assert (asked[0]["StartTime"], asked[0]["EndTime"]) == (
        BEGAN.replace(second=0),
        (NOW - later).replace(second=0) + timedelta(minutes=1),
    )
    assert (found.requests, int(found.failed.base), bool(found.settling)) == (501, 3, settling)
