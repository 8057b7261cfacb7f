"""What users met over a month at the edge, where some requests end that no load balancer counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes
from .distributions import GLOBAL, list_distributions
from .watching.metric_data import Query, read_series, total

_MONTH: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EdgeTraffic(Fact):
    """What a distribution answered in the last 30 days; ``subject`` is its ARN.

    CloudFront answers 502, 503 and 504 itself when it can't reach an origin or gets no answer in time:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/troubleshooting-response-errors.html
    """

    days: Quantity
    """Days of them with requests."""
    requests: int
    answered: Quantity
    """Share of requests answered without 5xx, CloudFront's own among them."""


@observes(EdgeTraffic)
def observe_edge_traffic(account: Account) -> Iterator[EdgeTraffic]:
    """Look at the traffic of every distribution."""
    yield from map(apart(EdgeTraffic, partial(_traffic, account), "ARN", "Id"), list_distributions(account))


def _traffic(account: Account, site: Mapping[str, Any]) -> EdgeTraffic:
    own = (("DistributionId", site["Id"]), ("Region", "Global"))
    counted = Query("AWS/CloudFront", "Requests", own, "Sum")
    rate = Query("AWS/CloudFront", "5xxErrorRate", own, "Average")
    found = read_series(account, [counted, rate], window=_MONTH, period=_DAY, region=GLOBAL)
    requests = {time: count for time, count in found[counted].items() if count}
    # a day of which the rate is not known counts as one on which nothing was answered
    failed = sum((count * found[rate].get(time, Decimal(100)) for time, count in requests.items()), Decimal(0))
    return EdgeTraffic(
        subject=site["ARN"],
        days=Quantity.days(len(requests)),
        requests=int(total(requests)),
        answered=Quantity.of(100 - failed / (total(requests) or 1), "%"),
    )
