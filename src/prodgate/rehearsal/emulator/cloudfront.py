"""CloudFront: moto keeps ids and tags of distributions; here is what it loses of them, and what they refer to.

CloudFront is one service for all regions, so its clients are always those of us-east-1.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from .extension import FOLLOWS, UNREPORTED, Ledger, Refused, answers, corrects

#: Policies that behaviours refer to, and the plural of AWS's names for them.
POLICIES = {
    "CachePolicy": "CachePolicies",
    "OriginRequestPolicy": "OriginRequestPolicies",
    "ResponseHeadersPolicy": "ResponseHeadersPolicies",
}
#: What a summary in a list leaves out of a distribution's configuration.
ONLY_IN_CONFIG = {"CallerReference", "DefaultRootObject", "Logging"}
#: What a summary states of settings that nobody chose.
UNCHOSEN: Mapping[str, Any] = {
    "Aliases": {"Quantity": 0},
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "HttpVersion": "http2",
    "IsIPV6Enabled": False,
    "PriceClass": "PriceClass_All",
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "Staging": False,
    "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"},
    "WebACLId": "",
}
SITES = "distribution"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _create(kind: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    config = params[f"{kind}Config"]
    if any(one[f"{kind}Config"]["Name"] == config["Name"] for one in ledger.of(kind).values()):
        raise Refused(f"{kind}AlreadyExists", f"A policy of the name {config['Name']} exists.")
    made = {"Id": str(uuid.uuid4()), "LastModifiedTime": datetime.now(UTC), f"{kind}Config": config}
    ledger.of(kind)[made["Id"]] = made
    return {kind: made, "ETag": made["Id"], "Location": f"/{_snake(kind)}/{made['Id']}"}


def _get(kind: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    id_ = params["Id"]
    return {kind: ledger.find(kind, id_, f"NoSuch{kind}", f"There is no {kind} {id_}."), "ETag": id_}


def _update(kind: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    changed = dict(_get(kind, ledger, params)[kind], **{f"{kind}Config": params[f"{kind}Config"]})
    ledger.of(kind)[params["Id"]] = changed
    return {kind: changed, "ETag": params["Id"]}


def _list(kind: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    # AWS's own policies are not here: of them only the ids are stable
    kept = {} if params.get("Type") == "managed" else ledger.of(kind)
    shown = [{"Type": "custom", kind: one} for one in kept.values()]
    return {f"{kind}List": {"MaxItems": 100, "Quantity": len(shown), "Items": shown}}


for _kind, _plural in POLICIES.items():
    answers("cloudfront", f"Create{_kind}")(partial(_create, _kind))
    answers("cloudfront", f"Get{_kind}")(partial(_get, _kind))
    answers("cloudfront", f"Update{_kind}")(partial(_update, _kind))
    answers("cloudfront", f"List{_plural}")(partial(_list, _kind))


@corrects("cloudfront", "CreateDistribution", "CreateDistributionWithTags", upstream=UNREPORTED)
def create_distribution(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a distribution, deployed at once."""
    tagged = params.get("DistributionConfigWithTags") or {"DistributionConfig": params.get("DistributionConfig")}
    config = tagged["DistributionConfig"]
    if taken := _names(config) & {name for one in ledger.of(SITES).values() for name in _names(one)}:
        raise Refused("CNAMEAlreadyExists", f"Another distribution serves {', '.join(sorted(taken))}.")
    made = ledger.moto()
    id_ = made["Distribution"]["Id"]
    ledger.of(SITES)[id_] = config
    return {**made, "Distribution": _distribution(ledger, id_)}


@corrects("cloudfront", "GetDistribution", upstream=FOLLOWS)
def get_distribution(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a distribution."""
    return {"Distribution": _distribution(ledger, params["Id"]), "ETag": _find_distribution(ledger, params["Id"]).etag}


@corrects("cloudfront", "GetDistributionConfig", upstream=FOLLOWS)
def get_distribution_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how a distribution is configured."""
    made = _find_distribution(ledger, params["Id"])
    return {"DistributionConfig": ledger.of(SITES)[params["Id"]], "ETag": made.etag}


@corrects("cloudfront", "UpdateDistribution", upstream=FOLLOWS)
def update_distribution(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Replace a distribution's configuration, whole, as AWS does."""
    made = _find_distribution(ledger, params["Id"])
    ledger.of(SITES)[params["Id"]] = params["DistributionConfig"]
    return {"Distribution": _distribution(ledger, params["Id"]), "ETag": made.etag}


@corrects("cloudfront", "ListDistributions", upstream=FOLLOWS)
def list_distributions(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return summaries, which hold nearly all of the configuration."""
    shown = [_summary(ledger, id_) for id_ in ledger.backend.distributions]
    whole = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": len(shown), "Items": shown}
    return {"DistributionList": whole}


@answers("cloudfront", "CreateVpcOrigin")
def create_vpc_origin(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a VPC origin, deployed at once."""
    id_ = f"vo_{uuid.uuid4().hex[:22]}"
    now = datetime.now(UTC)
    made = {"Id": id_, "Arn": f"arn:aws:cloudfront::{ledger.account}:vpcorigin/{id_}", "AccountId": ledger.account,
            "Status": "Deployed", "CreatedTime": now, "LastModifiedTime": now,
            "VpcOriginEndpointConfig": params["VpcOriginEndpointConfig"]}  # fmt: skip
    ledger.of("vpc-origin")[id_] = made
    return {"VpcOrigin": made, "ETag": id_, "Location": f"/vpc-origin/{id_}"}


@answers("cloudfront", "GetVpcOrigin")
def get_vpc_origin(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a VPC origin."""
    id_ = params["Id"]
    origin = ledger.find("vpc-origin", id_, "EntityNotFound", f"There is no VPC origin {id_}.")
    return {"VpcOrigin": origin, "ETag": id_}


@answers("cloudfront", "CreateMonitoringSubscription")
def create_monitoring_subscription(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Publish the additional metrics of a distribution."""
    _find_distribution(ledger, params["DistributionId"])
    kept = ledger.of("monitoring")[params["DistributionId"]] = params["MonitoringSubscription"]
    return {"MonitoringSubscription": kept}


@answers("cloudfront", "GetMonitoringSubscription")
def get_monitoring_subscription(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say whether the additional metrics of a distribution are published."""
    _find_distribution(ledger, params["DistributionId"])
    code, message = "NoSuchMonitoringSubscription", "There is no monitoring subscription."
    return {"MonitoringSubscription": ledger.find("monitoring", params["DistributionId"], code, message)}


def _find_distribution(ledger: Ledger, id_: str) -> Any:
    """Return what moto keeps of a distribution."""
    if id_ not in ledger.backend.distributions:
        raise Refused("NoSuchDistribution", f"There is no distribution {id_}.")
    return ledger.backend.distributions[id_]


def _distribution(ledger: Ledger, id_: str) -> Mapping[str, Any]:
    made = _find_distribution(ledger, id_)
    return {"Id": id_, "ARN": made.arn, "Status": "Deployed", "LastModifiedTime": datetime.now(UTC),
            "InProgressInvalidationBatches": 0, "DomainName": made.domain_name,
            "DistributionConfig": ledger.of(SITES)[id_]}  # fmt: skip


def _summary(ledger: Ledger, id_: str) -> Mapping[str, Any]:
    whole = _distribution(ledger, id_)
    shown = {name: value for name, value in whole["DistributionConfig"].items() if name not in ONLY_IN_CONFIG}
    own = {name: whole[name] for name in ("Id", "ARN", "Status", "LastModifiedTime", "DomainName")}
    return {**UNCHOSEN, **own, **shown}


def _names(config: Mapping[str, Any]) -> set[str]:
    return set((config.get("Aliases") or {}).get("Items") or ())
