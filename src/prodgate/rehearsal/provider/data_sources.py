"""Data sources that must agree with the emulator: it is asked, as the real provider asks AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...terraform.provider.creation import CreationError
from ..adapters.registry import Clients
from .archives import archive

Reader = Callable[[Mapping[str, Any], Clients], Mapping[str, Any]]


def _only(kind: str, found: list[Any], wanted: Any) -> Any:
    if len(found) != 1:
        raise CreationError(f"{kind} {wanted!r}: the rehearsal account has {len(found)} of them; it needs exactly one")
    return found[0]


def _prefix_list(config: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    lists = aws("ec2").describe_managed_prefix_lists()["PrefixLists"]
    wanted = config["name"] or config["id"]
    matching = [each for each in lists if wanted in (each["PrefixListName"], each["PrefixListId"])]
    found = _only("managed prefix list", matching, wanted)
    entries = aws("ec2").get_managed_prefix_list_entries(PrefixListId=found["PrefixListId"])["Entries"]
    return {
        "id": found["PrefixListId"],
        "name": found["PrefixListName"],
        "arn": found["PrefixListArn"],
        "owner_id": found["OwnerId"],
        "address_family": found["AddressFamily"],
        "max_entries": found.get("MaxEntries", len(entries)),
        "version": found.get("Version", 1),
        "entries": [{"cidr": each["Cidr"], "description": each.get("Description", "")} for each in entries],
        "tags": {each["Key"]: each["Value"] for each in found.get("Tags", ())},
    }


def _zones(config: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    without = {*(config.get("exclude_names") or ()), *(config.get("exclude_zone_ids") or ())}
    zones = aws("ec2").describe_availability_zones()["AvailabilityZones"]
    kept = [each for each in zones if not without & {each["ZoneName"], each["ZoneId"]}]
    return {
        "id": aws.region,
        "names": [each["ZoneName"] for each in kept],
        "zone_ids": [each["ZoneId"] for each in kept],
        "group_names": [aws.region],
    }


def _vpc(config: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    stated = {"vpc-id": config["id"], "cidr": config["cidr_block"], "isDefault": config["default"] and "true"}
    filters = [{"Name": name, "Values": [value]} for name, value in stated.items() if value]
    filters += [{"Name": f"tag:{name}", "Values": [value]} for name, value in (config["tags"] or {}).items()]
    filters += [{"Name": each["name"], "Values": list(each["values"])} for each in config["filter"] or ()]
    found = _only("VPC", aws("ec2").describe_vpcs(Filters=filters)["Vpcs"], stated)
    return {
        "id": found["VpcId"],
        "arn": f"arn:aws:ec2:{aws.region}:{aws.account}:vpc/{found['VpcId']}",
        "cidr_block": found["CidrBlock"],
        "default": found["IsDefault"],
        "owner_id": aws.account,
        "tags": {each["Key"]: each["Value"] for each in found.get("Tags", ())},
    }


READERS: Final[Mapping[str, Reader]] = {
    "aws_availability_zones": _zones,
    "aws_ec2_managed_prefix_list": _prefix_list,
    "aws_vpc": _vpc,
    "archive_file": archive,
}
