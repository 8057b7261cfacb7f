"""Deployments that a conductor carries out: what CodeDeploy, ECS and the load balancer would know by themselves.

AWS has no call that sets the state of a deployment or the health of a target: both are observed, never stated. In a
rehearsal a real proxy and real processes are observed, and the observer tells the account: ``POST /_prodgate/conduct``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from .extension import Ledger

#: Services that can be told something, with the kinds of what they keep.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "codedeploy": ("conducted", "deployment"),
    "ecs": ("conducted", "service deployment", "stopped"),
    "elbv2": ("conducted", "health"),
}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def is_conducted(ledger: Ledger) -> bool:
    """Whether somebody conducts deployments, so that nothing happens by itself."""
    return bool(ledger.of("conducted").get("by"))


def conduct(ledger: Ledger, told: Mapping[str, Mapping[str, Mapping[str, Any] | None]]) -> None:
    """Take in fields of what is kept, by kind and key; None forgets a thing, or a field of it."""
    for kind, changes in told.items():
        for key, fields in changes.items():
            if fields is None:
                ledger.of(kind).pop(key, None)
            elif isinstance(fields, Mapping):
                kept = ledger.of(kind).setdefault(key, {})
                kept |= fields
                for name in [name for name, value in fields.items() if value is None]:
                    del kept[name]
            else:
                ledger.of(kind)[key] = fields


def read_told(body: bytes) -> tuple[str, str, dict[str, Any]]:
    """Return service, region and what it is told. Raises ValueError for what nobody can be told."""
    told = json.loads(body, object_hook=_revive)
    service, region, kinds = told["service"], told["region"], told["kinds"]
    if unknown := sorted(kinds.keys() - set(KINDS.get(service, ()))):
        raise ValueError(f"conduct: {service} keeps no {unknown[0]!r}; there is {dict(KINDS)}")
    return service, region, kinds


def _revive(found: dict[str, Any]) -> dict[str, Any]:
    """Turn texts that are times into times."""
    return {name: _to_time(value) for name, value in found.items()}


def _to_time(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) and _TIME.fullmatch(value) else value
