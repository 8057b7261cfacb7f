"""Creates applied resources: finds the adapter of the type, and gives it clients of the emulator and nothing else."""

import hashlib
import io
import ipaddress
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws import clients
from ...terraform.provider.planning import CreationError
from ...terraform.provider.synthesis import REGION, Settings
from ..adapters.registry import Adapter, Clients
from ..scenario import describe_error

# ── Data sources that must agree with the emulator: it answers them, as AWS answers the real provider

# ── Zip archives that a configuration declares, such as a function's code, really packed for upload

#: The time of every file: the same files make the same archive.
_TIME: Final = (2020, 1, 1, 0, 0, 0)


def archive(config: Mapping[str, Any], _aws: Clients) -> Mapping[str, Any]:
    """Pack an archive, and return its digests. It is written only into the copy of the configuration."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in sorted(_files(config)):
            file.writestr(zipfile.ZipInfo(name, _TIME), content)
    data, place = packed.getvalue(), Path(config["output_path"])
    if place.resolve().is_relative_to(tempfile.gettempdir()):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    found = {name: hashlib.new(name, data) for name in ("md5", "sha1", "sha256", "sha512")}
    return {
        "id": found["sha1"].hexdigest(),
        "output_size": len(data),
        "output_md5": found["md5"].hexdigest(),
        "output_sha": found["sha1"].hexdigest(),
        "output_sha256": found["sha256"].hexdigest(),
        "output_sha512": found["sha512"].hexdigest(),
        "output_base64sha256": b64encode(found["sha256"].digest()).decode(),
        "output_base64sha512": b64encode(found["sha512"].digest()).decode(),
    }


def _files(config: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    yield from ((each["filename"], each["content"].encode()) for each in config["source"] or ())
    if config["source_content"] is not None:
        yield config["source_content_filename"] or "", config["source_content"].encode()
    if config["source_file"] and Path(config["source_file"]).exists():  # it may not be built yet
        yield Path(config["source_file"]).name, Path(config["source_file"]).read_bytes()
    if config["source_dir"]:
        top, left_out = Path(config["source_dir"]), frozenset(config["excludes"] or ())
        for path in top.rglob("*"):
            name = path.relative_to(top)
            if path.is_file() and not left_out & {each.as_posix() for each in (name, *name.parents)}:
                yield name.as_posix(), path.read_bytes()


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


# ── Adapters


class NotLoopback(Exception):
    """An endpoint that is not on this machine: nothing is ever created there."""


@dataclass(frozen=True, slots=True)
class RegionalClients:
    """Clients of the rehearsal account, in the region of one resource unless another is named."""

    account: str
    region: str
    clients: clients.Clients

    def __call__(self, service: str, region: str = "") -> Any:
        """Return a boto3 client."""
        return self.clients(service, region or self.region)


class Adapters:
    """Creates resources in the emulator at an endpoint. Raises NotLoopback if that is not on this machine."""

    def __init__(self, endpoint: str, adapters: Mapping[str, Adapter]) -> None:
        self._adapters = adapters
        # a call that the emulator fails now, it fails at the second attempt as well
        self._clients = replace(clients.rehearsal_clients(_loopback(endpoint), REGION), attempts=1)

    def create(self, kind: str, declared: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        """Create a resource; return its computed attributes, None without an adapter. Raises CreationError."""
        return self._run(self._adapters[kind], kind, declared, settings) if kind in self._adapters else None

    def read(self, kind: str, config: Mapping[str, Any], settings: Settings) -> Mapping[str, Any] | None:
        """Return the emulator's answer for a data source, or None for types that it does not answer."""
        return self._run(READERS[kind], kind, config, settings) if kind in READERS else None

    def _run(self, ask: Any, kind: str, declared: Mapping[str, Any], settings: Settings) -> Mapping[str, Any]:
        aws = RegionalClients(settings.account, declared.get("region") or settings.region, self._clients)
        try:
            answer: Mapping[str, Any] = ask(declared, aws)
        except CreationError:
            raise
        except Exception as error:  # an adapter may fail in any way, and core must get the message
            raise CreationError(f"{_name(kind, declared)}: {describe_error(error)}") from error
        return answer


def _loopback(endpoint: str) -> str:
    host = urlsplit(endpoint).hostname or ""
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise NotLoopback(
            f"endpoint {endpoint!r}: is not on this machine; name a loopback address: http://127.0.0.1:PORT/TOKEN"
        )
    return endpoint


def _name(kind: str, declared: Mapping[str, Any]) -> str:
    """Name a resource by its most specific argument, since core does not pass its address to a provider."""
    named = next((value for key, value in declared.items() if "name" in key and isinstance(value, str)), "")
    return f"{kind} {named!r}" if named else kind
