"""VPC flow logs: moto looks for their log group by a name, also where it is stated by its ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import Ledger, answers


@answers("ec2", "DescribeFlowLogs")
def describe_flow_logs(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return flow logs; those whose log group is not there are not delivered."""
    answer = ledger.moto()
    for flow in answer["FlowLogs"]:
        group = (flow.get("LogDestination") or "").partition(":log-group:")[2].removesuffix(":*")
        if flow.get("LogDestinationType") == "cloud-watch-logs" and group:
            flow.pop("DeliverLogsErrorMessage", None)
            flow |= {"LogGroupName": group, "DeliverLogsStatus": "SUCCESS"}
            if not _is_there(ledger, group):
                flow |= {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Access error"}
    return answer


def _is_there(ledger: Ledger, group: str) -> bool:
    found = ledger.ask("logs", "DescribeLogGroups", logGroupNamePrefix=group)["logGroups"]
    return any(one["logGroupName"] == group for one in found)
