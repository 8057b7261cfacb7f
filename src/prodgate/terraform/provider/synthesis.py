"""Invents the values by which AWS would identify a resource: the same for the same configuration, every time."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .arns import DERIVED, GLOBAL, IDENTITIES, PREFIXES, SERVICES
from .schema import Block
from .settings import Settings, dns_suffix, partition
from .values import drop_unset

#: Arguments that name a resource, the most telling first. AWS makes up a name when a computed one is left out.
NAMES: Final = (
    "bucket", "name", "function_name", "cluster_identifier", "identifier", "alarm_name", "dashboard_name", "family",
    "repository_name", "replication_group_id", "cluster_id", "domain_name", "domain", "table_name", "username",
)  # fmt: skip
#: Arguments that AWS makes up when they are left out, and that decide nothing but the name.
MADE_UP: Final = frozenset({"id", "bucket", "name", "cluster_identifier", "identifier", "function_name"})
#: Strings that only AWS can say, and that other resources use to name this one.
_IDENTIFYING: Final = re.compile(
    r"(.+_)?(arn|arns|id|url|uri|endpoint|dns_name|domain_name|fqdn|address|name|arn_suffix|path)"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What the templates of one resource may use."""

    type: str
    fields: Mapping[str, str]

    def fill(self, template: str, values: Mapping[str, Any]) -> str | None:
        """Return the template with the resource's own values in it, or None when one of them is not known."""
        known = {name: value for name, value in values.items() if isinstance(value, str | int)}
        try:
            return template.format_map({**known, **self.fields})
        except KeyError:
            return None


class Identities:
    """Gives out identities; the second resource with the very same configuration gets another one than the first.

    Core does not say which resource it asks for, and asks in no fixed order: which twin is the first may change.
    """

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()
        self._lock = threading.Lock()

    def identify(self, kind: str, config: Mapping[str, Any], settings: Settings) -> Identity:
        """Return the identity of a resource type with a configuration."""
        key = [kind, settings.region, settings.account, drop_unset(config)]
        text = json.dumps(key, sort_keys=True, default=bytes.hex)
        with self._lock:
            count = self._given[text]
            self._given[text] += 1
        digest = hashlib.sha256(f"{text}{count or ''}".encode()).hexdigest()
        return Identity(kind, _derive_fields(digest, config, settings))


def _derive_fields(digest: str, config: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    stated = config.get("region")
    region = stated if isinstance(stated, str) and stated else settings.region
    uid = digest[:17]
    name = next((config[each] for each in NAMES if isinstance(config.get(each), str) and config[each]), None)
    prefix = config.get("name_prefix") or config.get("bucket_prefix") or config.get("identifier_prefix")
    made_up = f"{prefix if isinstance(prefix, str) else 'terraform-'}{uid}"
    fields = {
        "uid": uid, "UID": uid[:13].upper(), "region": region, "account": settings.account,
        "uuid": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
        "partition": partition(region), "suffix": dns_suffix(region),
        "made_up": made_up, "name": name or made_up, "bare_name": (name or made_up).lstrip("/"),
    }  # fmt: skip
    return fields | _derive_special_fields(config, region)


def _derive_special_fields(config: Mapping[str, Any], region: str) -> dict[str, str]:
    """Return fields that only some types need."""
    url, path, cluster = (value if isinstance(value := config.get(each), str) else "" for each in _PARTICULAR)
    edge = config.get("scope") == "CLOUDFRONT"
    return {
        "balancer": {"network": "net", "gateway": "gwy"}.get(str(config.get("load_balancer_type")), "app"),
        "host": re.sub(r"^https://", "", url),
        "path": path or "/",
        "cluster_name": cluster.rpartition("/")[2] or "default",
        "waf_region": "us-east-1" if edge else region,
        "waf_scope": "global" if edge else "regional",
    }


_PARTICULAR: Final = ("url", "path", "cluster")


def invent(identity: Identity, block: Block, values: dict[str, Any]) -> None:
    """Fill the identifying attributes that are still null in `values`; leave all else as it is."""
    for name, attribute in block["attributes"].items():
        if name in MADE_UP and name not in ("id", "arn") and attribute.get("computed") and values.get(name) is None:
            values[name] = identity.fields["made_up"]
    own_id, arn = IDENTITIES.get(identity.type, (None, None))
    wanted = {"arn": arn or _general_arn(identity), "id": own_id or _general_id(identity)}
    wanted |= DERIVED.get(identity.type, {})
    for name, template in wanted.items():
        if _is_left_open(block, name, values):
            values[name] = identity.fill(template, values) or identity.fields["uid"]
    for name, attribute in block["attributes"].items():
        if attribute["type"] == "string" and _is_only_computed(attribute) and values.get(name) is None:
            found = _invent_identifier(identity, name)
            values[name] = found if found is not None else values.get(name)


def _is_left_open(block: Block, name: str, values: Mapping[str, Any]) -> bool:
    attribute = block["attributes"].get(name)
    return attribute is not None and bool(attribute.get("computed")) and values.get(name) is None


def _is_only_computed(attribute: Mapping[str, Any]) -> bool:
    return bool(attribute.get("computed")) and not attribute.get("optional")


def _invent_identifier(identity: Identity, name: str) -> str | None:
    """Return a value for an attribute that only AWS sets, or None when it does not identify the resource."""
    if name in ("owner_id", "account_id", "registry_id", "owner"):
        return identity.fields["account"]
    if name == "public_ip":
        return f"203.0.113.{int(identity.fields['uid'][:2], 16)}"  # of the range that is set aside for documentation
    if not _IDENTIFYING.fullmatch(name):
        return None
    if name.endswith("arn"):
        return identity.fill(f"{_general_arn(identity)}/{name}", {})
    return f"{identity.fields['uid']}.{name.replace('_', '-')}"


def _general_arn(identity: Identity) -> str:
    first, _, rest = identity.type.removeprefix("aws_").partition("_")
    service = SERVICES.get(first, first)
    kind = (identity.type.removeprefix("aws_") if service == "ec2" else rest or first).replace("_", "-")
    where = "{region}:{account}"
    if service in GLOBAL:
        where = ":" if GLOBAL[service] else ":{account}"
    name = _general_id(identity) if identity.type in PREFIXES else "{name}"
    return f"arn:{{partition}}:{service}:{where}:{kind}/{name}"


def _general_id(identity: Identity) -> str:
    return f"{PREFIXES[identity.type]}-{{uid}}" if identity.type in PREFIXES else "{uid}"
