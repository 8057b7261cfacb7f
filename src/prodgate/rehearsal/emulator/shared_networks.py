"""EC2: subnets that another account shares by RAM, and what is put into them.

Whoever shares them sees all of them, and alone their flow logs; who takes part sees what is its own, and where that is.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from .extension import UNREPORTED, Ledger, corrects
from .moto_backends import find_backend

Params = Mapping[str, Any]
Value = Mapping[str, Any]

#: Kind of what the ledger keeps of interfaces in subnets of others.
_INTERFACE: Final = "interface elsewhere"


@corrects("ec2", "DescribeSubnets", upstream=UNREPORTED)
def describe_subnets(ledger: Ledger, params: Params) -> Value:
    """Return subnets; to whoever asks for all of them also those that are shared."""
    answer = ledger.moto()
    for owner, subnets in _list_shared(ledger, params, "SubnetIds"):
        answer["Subnets"] += owner.ask("ec2", "DescribeSubnets", SubnetIds=subnets)["Subnets"]
    return answer


@corrects("ec2", "DescribeVpcs", upstream=UNREPORTED)
def describe_vpcs(ledger: Ledger, params: Params) -> Value:
    """Return networks; to whoever asks for all of them also those with a subnet that is shared."""
    answer = ledger.moto()
    for owner, subnets in _list_shared(ledger, params, "VpcIds"):
        within = {one["VpcId"] for one in owner.ask("ec2", "DescribeSubnets", SubnetIds=subnets)["Subnets"]}
        answer["Vpcs"] += owner.ask("ec2", "DescribeVpcs", VpcIds=sorted(within))["Vpcs"]
    return answer


@corrects("ec2", "CreateNetworkInterface", upstream=UNREPORTED)
def create_network_interface(ledger: Ledger, params: Params) -> Value:
    """Put an interface into a subnet, which may be another account's; it has groups of its own account there, too."""
    for owner, subnets in _list_shared(ledger, {}, ""):
        if params["SubnetId"] in subnets:
            made = owner.ask("ec2", "CreateNetworkInterface", SubnetId=params["SubnetId"])["NetworkInterface"]
            groups = [{"GroupId": id_} for id_ in params.get("Groups") or ()]
            kept = {**made, "OwnerId": ledger.account, "Groups": groups}
            ledger.of(_INTERFACE)[made["NetworkInterfaceId"]] = kept
            return {"NetworkInterface": kept}
    return ledger.moto()


@corrects("ec2", "DescribeNetworkInterfaces", upstream=UNREPORTED)
def describe_network_interfaces(ledger: Ledger, params: Params) -> Value:
    """Return interfaces; to whoever asks for all of them also those in subnets of others."""
    answer = ledger.moto()
    if not params.get("NetworkInterfaceIds") and not params.get("Filters"):
        answer["NetworkInterfaces"] += ledger.of(_INTERFACE).values()
    return answer


def _list_shared(ledger: Ledger, params: Params, ids: str) -> list[tuple[Ledger, list[str]]]:
    """Return who shares which subnets; nothing where only some things are asked for."""
    if params.get(ids) or params.get("Filters"):
        return []
    found: dict[str, list[str]] = defaultdict(list)
    owners = {owner.account: owner for owner in ledger.strangers()}
    for account in owners:
        for share in find_backend("ram", account, ledger.region).resource_shares:
            if ledger.account in share.principals and share.status == "ACTIVE":
                found[account] += [arn.rpartition("/")[2] for arn in share.resource_arns if ":subnet/" in arn]
    return [(owners[account], subnets) for account, subnets in found.items() if subnets]
