"""An answer of the emulator is one that AWS could give, by botocore's model of it; any other is the emulator's mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from prodgate.rehearsal.emulator.calls import Call
from prodgate.rehearsal.emulator.replies import check_shape


def call(service: str, operation: str) -> Call:
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    return Call(service=service, operation=operation, region="us-east-1", protocol="json", model=model)


ALARM = {"AlarmName": "a", "StateUpdatedTimestamp": datetime(2026, 1, 1, tzinfo=UTC), "Threshold": 1}


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ({"Alarm": "a"}, 'Unknown parameter in MetricAlarms\\[0\\]: "Alarm"'),
        ({"AlarmName": None}, "Invalid type for parameter MetricAlarms\\[0\\].AlarmName"),
        ({"Threshold": "1"}, "Invalid type for parameter MetricAlarms\\[0\\].Threshold"),
        ({"ActionsEnabled": "yes"}, "ActionsEnabled"),
    ],
)
def test_what_aws_cannot_answer_is_refused(member: dict[str, Any], why: str) -> None:
    answer = {"MetricAlarms": [ALARM], "ResponseMetadata": {"of": "moto"}}
    check_shape(call("cloudwatch", "DescribeAlarms"), answer)
    with pytest.raises(TypeError, match=f"not what AWS answers: .*{why}"):
        check_shape(call("cloudwatch", "DescribeAlarms"), {"MetricAlarms": [{**ALARM, **member}]})


def test_what_aws_always_states_must_be_there() -> None:
    with pytest.raises(TypeError, match='Missing required parameter in DistributionList: "MaxItems"'):
        check_shape(
            call("cloudfront", "ListDistributions"),
            {"DistributionList": {"Marker": "", "IsTruncated": False, "Quantity": 0}},
        )


def test_an_answer_without_a_shape_and_a_document_are_let_through() -> None:
    check_shape(call("cloudfront", "DeleteDistribution"), {})
    check_shape(call("s3", "GetObject"), {"Body": b"text"})


def test_a_limit_of_what_is_asked_is_none_of_an_answer() -> None:
    check_shape(call("budgets", "DescribeSubscribersForNotification"), {"Subscribers": []})
