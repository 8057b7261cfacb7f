"""Values that the real provider or AWS would decide, and that follow from the configuration all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .synthesis import Identity
from .values import UNKNOWN, is_unknown

#: Ports of database engines, by how the name of the engine begins.
PORTS: Final = {
    "aurora-postgresql": 5432, "postgres": 5432, "aurora-mysql": 3306, "mysql": 3306, "mariadb": 3306, "redis": 6379,
    "valkey": 6379, "memcached": 11211, "docdb": 27017, "neptune": 8182, "oracle": 1521, "sqlserver": 1433,
}  # fmt: skip
#: Rules that are managed one by one elsewhere; the provider removes those that AWS would add by itself.
EMPTY_AT_FIRST: Final = {
    "aws_security_group": ("ingress", "egress"),
    "aws_network_acl": ("ingress", "egress"),
    "aws_route_table": ("route",),
}
#: The first of numbers that AWS counts up.
FIRST: Final[Mapping[str, Mapping[str, Any]]] = {
    "aws_ecs_task_definition": {"revision": 1},
    "aws_launch_template": {"latest_version": 1, "default_version": 1},
    "aws_lambda_function": {"version": "1"},
}
_VALIDATION: Final = ("resource_record_name", "resource_record_type", "resource_record_value")


def decide(kind: str, planned: dict[str, Any], identity: Identity | None) -> None:
    """Fill in `planned` what follows from the rest of it; without an identity, what has it in it is unknown."""
    settled: dict[str, Any] = {name: [] for name in EMPTY_AT_FIRST.get(kind, ())} | dict(FIRST.get(kind, {}))
    if kind in _DECISIONS:
        settled |= _DECISIONS[kind](planned, identity)
    for name, value in settled.items():
        if planned.get(name) is None:
            planned[name] = value


def _certificate(planned: Mapping[str, Any], _identity: Identity | None) -> dict[str, Any]:
    """The domains to validate are known before AWS has said how: the usual for_each is over them."""
    domain, others = planned.get("domain_name"), planned.get("subject_alternative_names")
    if not isinstance(domain, str) or is_unknown(others):
        return {}
    names = list(dict.fromkeys([domain, *(others or [])]))
    if any(map(is_unknown, names)):
        return {}
    options = [{"domain_name": name, **dict.fromkeys(_VALIDATION, UNKNOWN)} for name in names]
    return {"domain_validation_options": options, "subject_alternative_names": [domain]}


def _database(planned: Mapping[str, Any], identity: Identity | None) -> dict[str, Any]:
    """The port goes with the engine; AWS keeps the password in a secret when it is asked to."""
    engine = planned.get("engine")
    settled: dict[str, Any] = {}
    if isinstance(engine, str):
        settled["port"] = next((port for start, port in PORTS.items() if engine.startswith(start)), UNKNOWN)
    if planned.get("manage_master_user_password") is True:
        key = planned.get("master_user_secret_kms_key_id")
        template = "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!{uid}"
        arn = identity.fill(template, {}) if identity else UNKNOWN
        settled["master_user_secret"] = [
            {"secret_arn": arn, "secret_status": UNKNOWN, "kms_key_id": UNKNOWN if key is None else key}
        ]
    return settled


_DECISIONS: Final[Mapping[str, Callable[[Mapping[str, Any], Identity | None], dict[str, Any]]]] = {
    "aws_acm_certificate": _certificate,
    "aws_db_instance": _database,
    "aws_docdb_cluster": _database,
    "aws_elasticache_cluster": _database,
    "aws_elasticache_replication_group": _database,
    "aws_rds_cluster": _database,
}
