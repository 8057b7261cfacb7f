"""CloudWatch Logs: events found by regular expressions, for which moto returns every event.

CloudWatch hears of what is written: moto counts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .extension import UNREPORTED, Ledger, corrects


@corrects("logs", "FilterLogEvents", upstream="since getmoto/moto#5428")
def filter_log_events(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the events that a pattern finds; one between ``%`` is a regular expression."""
    pattern = params.get("filterPattern", "")
    if not re.fullmatch(r"%.+%", pattern):
        return ledger.moto()
    found = ledger.moto(**{name: value for name, value in params.items() if name not in ("filterPattern", "limit")})
    return {**found, "events": [one for one in found["events"] if re.search(pattern[1:-1], one["message"])]}


@corrects("logs", "PutLogEvents", upstream=UNREPORTED)
def put_log_events(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep events, and let CloudWatch count them.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
    """
    answer = ledger.moto()
    dimensions = [{"Name": "LogGroupName", "Value": params["logGroupName"]}]
    sizes = [len(one["message"].encode()) + 26.0 for one in params["logEvents"]]
    counted = {"IncomingLogEvents": (float(len(sizes)), "None"), "IncomingBytes": (sum(sizes), "Bytes")}
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": unit}
        for name, (value, unit) in counted.items()
    ]
    ledger.ask("cloudwatch", "PutMetricData", Namespace="AWS/Logs", MetricData=data)
    return answer
