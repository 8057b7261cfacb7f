"""Which metrics are silent while all is well, and which silence is the fault itself."""

from __future__ import annotations

import pytest

from prodgate.semantics.cloudwatch import is_sparse

BALANCER = {"LoadBalancer": "app/news/1"}


@pytest.mark.parametrize(
    ("namespace", "metric", "dimensions", "sparse"),
    [
        ("AWS/ApplicationELB", "HTTPCode_ELB_502_Count", BALANCER, True),
        ("AWS/ApplicationELB", "RejectedConnectionCount", BALANCER, True),
        ("AWS/ApplicationELB", "RejectedConnectionCount", {}, False),
        ("AWS/ApplicationELB", "RequestCount", BALANCER, False),
        ("AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": "alarms"}, True),
        ("AWS/Events", "FailedInvocations", {"RuleName": "findings"}, True),
        ("AWS/MWAA", "CPUUtilization", {"Environment": "news", "Cluster": "BaseWorker"}, False),
        ("AWS/MWAA", "CPUUtilization", {"Environment": "news", "Cluster": "BaseWroker"}, False),
        ("AWS/MWAA", "MemoryUtilization", {"Environment": "news", "Cluster": "AdditionalWorker"}, True),
    ],
)
def test_silence(namespace: str, metric: str, dimensions: dict[str, str], sparse: bool) -> None:
    assert is_sparse(namespace, metric, dimensions) is sparse
