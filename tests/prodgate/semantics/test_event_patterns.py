"""EventBridge patterns are read as EventBridge reads them."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate import Unresolved
from prodgate.semantics.event_patterns import matches

EVENT = {"source": "aws.guardduty", "detail": {"severity": 7, "service": {"archived": False}, "type": "Recon:EC2/Scan"}}


@pytest.mark.parametrize(
    ("pattern", "passed"),
    [
        ({"source": ["aws.guardduty"]}, True),
        ({"source": ["aws.health", "aws.guardduty"]}, True),
        ({"source": ["aws.health"]}, False),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": [{"suffix": ".health"}]}, False),
        ({"source": [{"wildcard": "aws.*"}]}, True),
        ({"source": [{"equals-ignore-case": "AWS.GuardDuty"}]}, True),
        ({"source": [{"exists": True}]}, True),
        ({"source": [{"anything-but": "aws.guardduty"}]}, False),
        ({"source": [{"anything-but": ["aws.health"]}]}, True),
        ({"source": [{"anything-but": {"prefix": "aws."}}]}, False),
        ({"detail": {"severity": [{"numeric": [">=", 7]}]}}, True),
        ({"detail": {"severity": [{"numeric": [">", 7]}]}}, False),
        ({"detail": {"severity": [{"numeric": [">=", 4, "<", 7]}]}}, False),
        ({"detail": {"severity": [7]}}, True),
        ({"detail": {"service": {"archived": [True]}}}, False),
        ({"source": {"name": ["aws.guardduty"]}}, False),
        ({"$or": [{"source": ["aws.health"]}, {"detail": {"severity": [7]}}]}, True),
        ({"$or": [{"source": ["aws.health"]}, {"detail": {"severity": [8]}}]}, False),
        ({"region": ["ap-northeast-1"]}, True),
    ],
)
def test_a_pattern_passes_what_it_asks_for(pattern: dict[str, Any], passed: bool) -> None:
    assert matches(pattern, EVENT) is passed


def test_a_test_that_is_not_known_is_no_answer() -> None:
    with pytest.raises(Unresolved, match="cidr"):
        matches({"source": [{"cidr": "10.0.0.0/24"}]}, EVENT)
