"""Networks in use, and their flow logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from ...aws.answers import Unreadable
from .. import Fact
from ..observers import apart, observes, reads

reads("ec2", "DescribeFlowLogs", "DescribeNetworkInterfaces", "DescribeVpcs")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NetworkRecord(Fact):
    """The flow logs of a VPC; ``subject`` is the VPC's id. A default VPC counts when something is in it."""

    recorded: frozenset[str]
    """Traffic of which records are delivered: ``ACCEPT``, ``REJECT``."""
    failures: tuple[str, ...]
    """Why the records of a flow log are not delivered."""


@observes(NetworkRecord)
def observe_network_records(account: Account) -> Iterator[NetworkRecord]:
    """Look at every VPC in use."""
    yield from map(apart(NetworkRecord, partial(_record, account), "VpcId"), list_vpcs(account))


def _record(account: Account, vpc: Mapping[str, Any]) -> NetworkRecord:
    if why := why_unseen(account, vpc):
        return NetworkRecord.unread(vpc["VpcId"], why)
    flows = list_flow_logs(account, vpc["VpcId"])
    failed = [one for one in flows if not _works(one)]
    return NetworkRecord(
        subject=vpc["VpcId"],
        recorded=account.attempt(_list_recorded, flows),
        failures=tuple(one.get("DeliverLogsErrorMessage") or one["FlowLogStatus"] for one in failed),
    )


def _list_recorded(flows: tuple[Mapping[str, Any], ...]) -> frozenset[str]:
    """Return what is delivered. Raises Unreadable if a flow log has not delivered anything yet."""
    working = {one["TrafficType"] for one in flows if _works(one)}
    if new := [one["FlowLogId"] for one in flows if _works(one) and "DeliverLogsStatus" not in one]:
        raise Unreadable(f"ec2 DescribeFlowLogs: does not say yet whether {new[0]} delivers")
    return frozenset(kind for kind in ("ACCEPT", "REJECT") if {kind, "ALL"} & working)


def list_vpcs(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return the VPCs in use: all that somebody of the account created, and others with something of it in them."""
    found = account.list("ec2", "DescribeVpcs", "Vpcs")
    used = {one.get("VpcId") for one in account.list("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces")}
    return tuple(
        vpc for vpc in found if vpc.get("VpcId") in used or not (vpc.get("IsDefault") or why_unseen(account, vpc))
    )


def why_unseen(account: Account, vpc: Mapping[str, Any]) -> str:
    """Return why a VPC's flow logs are not shown: those of a shared one are seen by its owner alone. Empty if they are.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
    """
    owner = vpc.get("OwnerId") or account.id
    shared = f"is shared by account {owner}, which alone sees its flow logs; ask there"
    return "" if owner == account.id else shared


def list_flow_logs(account: Account, vpc: str) -> tuple[Mapping[str, Any], ...]:
    """Return the flow logs of a whole VPC."""
    found = account.list("ec2", "DescribeFlowLogs", "FlowLogs")
    return tuple(one for one in found if one.get("ResourceId") == vpc)


def _works(flow: Mapping[str, Any]) -> bool:
    return bool(flow["FlowLogStatus"] == "ACTIVE") and flow.get("DeliverLogsStatus", "SUCCESS") == "SUCCESS"
