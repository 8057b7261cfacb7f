"""How fast a service may be called: one token bucket for a service in a region, shared by all threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: Calls a second that the gate allows itself; in the comments what AWS allows an account. The system under judgement
#: uses the same APIs, and a gate that got its autoscaling throttled would do harm. Other services get DEFAULT_RATE.
RATES: Final[Mapping[str, float]] = {
    "acm": 5,  # 10
    "ce": 2,  # not stated; each call costs money
    "cloudwatch": 8,  # DescribeAlarms 9, GetMetricData 50
    "ec2": 15,  # refills by 20
    "ecs": 15,  # refills by 20
    "elbv2": 15,  # refills by 40
    "events": 8,
    "iam": 15,  # not stated
    "kms": 30,  # refills by hundreds
    "logs": 5,  # DescribeLogGroups 10, FilterLogEvents 10
    "mwaa": 9,  # InvokeRestApi 10
    "rds": 10,  # not stated
    "route53": 4,  # 5
    "s3": 150,  # 3,500 a prefix; settings of a bucket are not stated
    "secretsmanager": 15,  # 40
    "securityhub": 2,  # GetFindings 3
    "sns": 15,  # ListSubscriptionsByTopic 30
    "sqs": 50,
}
DEFAULT_RATE: Final = 5.0

#: Seconds' worth of calls that may come at once.
BURST: Final = 2.0


@dataclass(slots=True)
class TokenBucket:
    """Lets so many calls a second through; ``take`` waits for its turn."""

    rate: float
    _full: float = 0.0
    """When the bucket will hold all that it may hold."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, stopped: threading.Event) -> None:
        """Wait until a call may be made, or until ``stopped``."""
        with self._lock:
            now = time.monotonic()
            self._full = max(now, self._full) + 1 / self.rate
            wait = self._full - now - BURST
        if wait > 0:
            stopped.wait(wait)


def bucket_for(service: str) -> TokenBucket:
    """Return a bucket for one service in one region."""
    return TokenBucket(RATES.get(service, DEFAULT_RATE))
