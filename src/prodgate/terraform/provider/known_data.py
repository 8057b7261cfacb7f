"""Data sources that can be answered without an account: AWS publishes the answer, or it follows from the settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .functions import split_arn
from .policy_document import document_id, render
from .settings import Settings, dns_suffix

#: What a reader returns: the values it knows. Everything else of the type is invented.
Values = dict[str, Any]
#: Accounts of the load balancers that write access logs, by region.
BALANCER_ACCOUNTS: Final = {
    "us-east-1": "127311923021", "us-east-2": "033677994240", "us-west-1": "027434742980", "us-west-2": "797873946194",
    "af-south-1": "098369216593", "ap-east-1": "754344448648", "ap-south-1": "718504428378",
    "ap-northeast-1": "582318560864", "ap-northeast-2": "600734575887", "ap-northeast-3": "383597477331",
    "ap-southeast-1": "114774131450", "ap-southeast-2": "783225319266", "ca-central-1": "985666609251",
    "eu-central-1": "054676820928", "eu-west-1": "156460612806", "eu-west-2": "652711504416",
    "eu-west-3": "009996457667", "eu-north-1": "897822967062", "eu-south-1": "635631232127",
    "me-south-1": "076674570225", "sa-east-1": "507241528517",
}  # fmt: skip
#: Policies that CloudFront itself provides, by type and name.
MANAGED: Final = {
    "aws_cloudfront_cache_policy": {
        "Managed-CachingOptimized": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "Managed-CachingDisabled": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "Managed-CachingOptimizedForUncompressedObjects": "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
    },
    "aws_cloudfront_origin_request_policy": {
        "Managed-AllViewer": "216adef6-5c7f-47e4-b989-5492eafa07d3",
        "Managed-AllViewerExceptHostHeader": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        "Managed-CORS-S3Origin": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
        "Managed-CORS-CustomOrigin": "59781a5b-3903-41f3-afcb-af62929ccde1",
    },
    "aws_cloudfront_response_headers_policy": {
        "Managed-SecurityHeadersPolicy": "67f7725c-6f97-4210-82d7-5512b31e9d03",
        "Managed-SimpleCORS": "60669652-455b-4ae9-85a4-c4c02393f86c",
        "Managed-CORS-and-SecurityHeadersPolicy": "e61eb60c-9c35-4d20-a928-2b84e02af89c",
    },
}


def _region(config: Mapping[str, Any], settings: Settings) -> str:
    return config.get("region") or settings.region


def _policy_document(config: Mapping[str, Any], _settings: Settings) -> Values:
    text, minified = render(config)
    return {"id": document_id(text), "json": text, "minified_json": minified}


def _caller_identity(_config: Mapping[str, Any], settings: Settings) -> Values:
    arn = f"arn:{settings.partition}:iam::{settings.account}:root"
    return {"id": settings.account, "account_id": settings.account, "arn": arn, "user_id": settings.account}


def _this_region(config: Mapping[str, Any], settings: Settings) -> Values:
    region = config.get("region") or config.get("name") or settings.region
    endpoint = f"ec2.{region}.{dns_suffix(region)}"
    return {"id": region, "name": region, "region": region, "description": region, "endpoint": endpoint}


def _this_partition(_config: Mapping[str, Any], settings: Settings) -> Values:
    suffix = dns_suffix(settings.region)
    reverse = ".".join(reversed(suffix.split(".")))
    here = settings.partition
    return {"id": here, "partition": here, "dns_suffix": suffix, "reverse_dns_prefix": reverse}


def _default_tags(_config: Mapping[str, Any], settings: Settings) -> Values:
    return {"id": settings.partition, "tags": dict(settings.default_tags)}


def _service_principal(config: Mapping[str, Any], settings: Settings) -> Values:
    region, service = _region(config, settings), config.get("service_name")
    name = f"{service}.amazonaws.com"
    return {"id": f"{service}.{region}.amazonaws.com", "name": name, "service_name": service, "suffix": "amazonaws.com"}


def _balancer_account(config: Mapping[str, Any], settings: Settings) -> Values:
    account = BALANCER_ACCOUNTS.get(_region(config, settings))
    return {"id": account, "arn": f"arn:{settings.partition}:iam::{account}:root"} if account else {}


def _session_context(config: Mapping[str, Any], _settings: Settings) -> Values:
    arn = config["arn"]
    assumed = re.fullmatch(r"arn:([\w-]+):sts::(\d+):assumed-role/(.+)/([^/]+)", arn)
    if not assumed:
        return {"id": arn, "issuer_arn": arn, "issuer_id": "", "issuer_name": "", "session_name": ""}
    where, account, role, session = assumed.groups()
    issuer = f"arn:{where}:iam::{account}:role/{role}"
    return {"id": arn, "issuer_arn": issuer, "issuer_name": role.rpartition("/")[2], "session_name": session}


def _arn(config: Mapping[str, Any], _settings: Settings) -> Values:
    parts = split_arn(config["arn"])
    return {"id": config["arn"], "account": parts.pop("account_id"), **parts}


def _zones(config: Mapping[str, Any], settings: Settings) -> Values:
    """Every region has zones of these names; which of them the account may use is known where the criteria say so."""
    region = _region(config, settings)
    area, direction, number = region.rsplit("-", 2)
    short = f"{area.replace('-', '')}{''.join(word[0] for word in _DIRECTION.findall(direction))}{number}"
    excluded = set(config.get("exclude_names") or ())
    there = _list_stated_zones(region, settings) or [f"{region}{letter}" for letter in "abc"]
    names = [name for name in there if name not in excluded]
    identifiers = [f"{short}-az{index}" for index, _ in enumerate(names, start=1)]
    return {"id": region, "names": names, "zone_ids": identifiers, "group_names": [region]}


def _list_stated_zones(region: str, settings: Settings) -> list[str]:
    return sorted(zone for zone in settings.zones if re.fullmatch(f"{re.escape(region)}[a-z]", zone))


def _states_zones(config: Mapping[str, Any], settings: Settings) -> bool:
    """Whether criteria say which zones a data source names; AWS alone knows those of some kind or state."""
    kinds = [each for each in config.get("filter") or () if not _asks_for_usual(each)]
    narrowed = kinds or config.get("state") not in (None, "available") or config.get("all_availability_zones")
    narrowed = narrowed or config.get("exclude_zone_ids")
    return bool(_list_stated_zones(_region(config, settings), settings)) and not narrowed


def _asks_for_usual(filter_: Mapping[str, Any]) -> bool:
    """Whether a filter leaves out what has to be opted into, which the zones of a region itself have not."""
    return (filter_.get("name"), list(filter_.get("values") or ())) in _USUAL


_USUAL: Final = (
    ("opt-in-status", ["opt-in-not-required"]),
    ("zone-type", ["availability-zone"]),
)
_DIRECTION: Final = re.compile(r"north|south|east|west|central")
Reader = Callable[[Mapping[str, Any], Settings], Values]
READERS: Final[Mapping[str, Reader]] = {
    "aws_arn": _arn,
    "aws_availability_zones": _zones,
    "aws_caller_identity": _caller_identity,
    "aws_default_tags": _default_tags,
    "aws_elb_service_account": _balancer_account,
    "aws_iam_policy_document": _policy_document,
    "aws_iam_session_context": _session_context,
    "aws_partition": _this_partition,
    "aws_region": _this_region,
    "aws_service_principal": _service_principal,
}


#: What an answer is taken from, and what of it no setting says.
BY_ACCOUNT: Final = frozenset({"aws_caller_identity"})
BY_REGION: Final = frozenset({"aws_region", "aws_partition", "aws_elb_service_account", "aws_service_principal"})
NEVER_STATED: Final = {
    "aws_availability_zones": frozenset({"names", "zone_ids", "group_names"}),
    "aws_caller_identity": frozenset({"arn", "user_id"}),
    "aws_region": frozenset({"description"}),
}


#: What of an answer nobody can state either, so that not even a text may hold it.
UNSTATABLE: Final = {kind: names for kind, names in NEVER_STATED.items() if kind != "aws_availability_zones"}


def find_unstated(kind: str, known: Mapping[str, Any], config: Mapping[str, Any], settings: Settings) -> set[str]:
    """Return which of the known values of a data source neither its configuration nor the provider's states."""
    region = settings.states_region or bool(config.get("region"))
    region = region or (kind == "aws_region" and bool(config.get("name")))
    asked = kind in BY_ACCOUNT or kind in BY_REGION or kind in NEVER_STATED
    assumed = {"region"} & set(known) if asked and not region else set()
    if (kind in BY_ACCOUNT and not settings.states_account) or (kind in BY_REGION and not region):
        return assumed | set(known) - {"region"}
    never = NEVER_STATED.get(kind, frozenset())
    if kind == "aws_availability_zones" and _states_zones(config, settings):
        never = never - {"names"}
    return assumed | never & set(known)


def find_known_values(kind: str, config: Mapping[str, Any], settings: Settings) -> Values:
    """Return what is known of a data source. Raises PolicyError for a policy document that AWS would refuse."""
    if kind in MANAGED:
        found = MANAGED[kind].get(config.get("name") or "")
        return {"id": found, "name": config["name"]} if found else {}
    return READERS[kind](config, settings) if kind in READERS else {}
