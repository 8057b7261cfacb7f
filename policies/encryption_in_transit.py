"""Nothing travels in plain text: browser to edge, edge to origin, service to store."""

import re

from prodgate import Block, Criterion, Resource, Unresolved, policy
from prodgate.semantics.listeners import MODERN_LISTENER, OLDEST

MODERN_VIEWER = re.compile(r"TLSv1\.[23](_\d{4})?")
#: Parameter that makes an engine refuse plain connections -> first major version in which it is on by default.
FORCES_TLS = {
    "aurora-postgresql": ("rds.force_ssl", 17),
    "postgres": ("rds.force_ssl", 15),
    "aurora-mysql": ("require_secure_transport", None),
    "mysql": ("require_secure_transport", None),
    "mariadb": ("require_secure_transport", None),
    **{f"sqlserver-{edition}": ("rds.force_ssl", None) for edition in ("ee", "se", "ex", "web")},
}
PARAMETER_GROUPS = {
    "aws_rds_cluster": ("db_cluster_parameter_group_name", "aws_rds_cluster_parameter_group"),
    "aws_db_instance": ("parameter_group_name", "aws_db_parameter_group"),
}


@policy(
    "PG_ENC_7",
    criterion="https-only",
    resources=("aws_lb_listener", "aws_alb_listener"),
    population=0,
    remedy="Listen with HTTPS, and let the HTTP listener do nothing but redirect to it.",
)
def listeners_answer_over_tls(listener: Resource, criterion: Criterion) -> None:
    """Load balancer listeners speak TLS, or only redirect to it.

    Whether a TCP listener carries TLS depends on what stands behind it, which Terraform does not say.
    """
    protocol = listener.text("protocol", "HTTP")
    if protocol in ("HTTPS", "TLS"):
        return
    if protocol != "HTTP":
        raise criterion.undetermined(f"a {protocol} listener passes on what clients send", observed=protocol)
    rules = listener.configuration.naming(listener, "listener_arn", "aws_lb_listener_rule", "aws_alb_listener_rule")
    actions = [action for rule in rules for action in rule.blocks("action")] + [*listener.blocks("default_action")]
    plain = [action for action in actions if not _redirects(action)]
    kinds = [action.text("type") for action in plain]
    criterion.exclude(kinds, expected="HTTPS, or a redirect to it", observed="HTTP that answers with {}")


def _redirects(action: Block) -> bool:
    redirect = action.block("redirect")
    return redirect is not None and redirect.text("protocol", "#{protocol}") == "HTTPS"


@policy(
    "PG_ENC_8",
    criterion="tls-minimum-version",
    resources=("aws_lb_listener", "aws_alb_listener"),
    population=0,
)
def listeners_refuse_old_tls(listener: Resource, criterion: Criterion) -> None:
    """TLS listeners accept TLS 1.2 or newer only.

    Unset means ELBSecurityPolicy-2016-08, which still accepts TLS 1.0.
    """
    if listener.text("protocol", "HTTP") not in ("HTTPS", "TLS"):
        raise criterion.not_applicable("the listener does not terminate TLS")
    chosen = listener.text("ssl_policy", OLDEST)
    criterion.hold(bool(MODERN_LISTENER.match(chosen or "")), expected="TLS 1.2 or newer", observed=chosen, held=chosen)


@policy(
    "PG_ENC_9",
    criterion="https-only",
    resources=("aws_cloudfront_distribution",),
    population=0,
    remedy="Set viewer_protocol_policy to redirect-to-https or https-only in every cache behaviour.",
)
def viewers_are_served_over_https(distribution: Resource, criterion: Criterion) -> None:
    """CloudFront answers no request over plain HTTP, whatever its path."""
    for behaviour in distribution.blocks("default_cache_behavior") + distribution.blocks("ordered_cache_behavior"):
        found = behaviour.text("viewer_protocol_policy")
        encrypted = found in ("redirect-to-https", "https-only")
        criterion.hold(encrypted, expected="redirect-to-https", observed=found, aspect=behaviour.path)


@policy(
    "PG_ENC_10",
    criterion="tls-minimum-version",
    resources=("aws_cloudfront_distribution",),
    population=0,
    remedy="Use a certificate of your own with minimum_protocol_version = TLSv1.2_2021 or newer.",
)
def viewers_speak_modern_tls(distribution: Resource, criterion: Criterion) -> None:
    """CloudFront accepts TLS 1.2 or newer only.

    With CloudFront's own certificate it accepts TLS 1.0 whatever is asked for; unset means TLSv1 as well.
    """
    certificate = distribution.block("viewer_certificate")
    default = certificate is None or certificate.flag("cloudfront_default_certificate")
    found = "TLSv1" if certificate is None or default else certificate.text("minimum_protocol_version", "TLSv1")
    observed = "TLSv1, forced by the default certificate" if default else found
    criterion.hold(
        bool(MODERN_VIEWER.fullmatch(found or "")), expected="TLSv1.2_2021 or newer", observed=observed, held=observed
    )


@policy(
    "PG_ENC_12",
    criterion="database-encryption-in-transit",
    resources=tuple(PARAMETER_GROUPS),
    population=0,
    remedy="Set rds.force_ssl = 1 (PostgreSQL) or require_secure_transport = ON (MySQL) in the parameter group.",
)
def databases_refuse_plain_connections(database: Resource, criterion: Criterion) -> None:
    """Databases refuse connections without TLS.

    The parameter decides. Where it is not set, RDS for PostgreSQL forces TLS from version 15, Aurora PostgreSQL from
    17, and MySQL and SQL Server do not.
    """
    engine = database.text("engine") or ""
    if engine not in FORCES_TLS:
        raise criterion.undetermined(f"how {engine or 'the engine'} enforces TLS is not known here", observed=engine)
    parameter = FORCES_TLS[engine][0]
    value = _parameter(database, parameter) or _default(database, engine)
    if value is None:
        raise criterion.undetermined(f"{parameter} is not set, and its default depends on the engine version")
    on = value.lower() in ("1", "on", "true")
    criterion.hold(on, expected=f"{parameter} = 1", observed=f"{parameter} = {value}")


def _default(database: Resource, engine: str) -> str | None:
    """Return the value when no parameter group states one; None when that depends on a version AWS chooses."""
    since = FORCES_TLS[engine][1]
    if since is None:
        return "OFF"
    major = str(database.text("engine_version") or "").split(".")[0]
    return ("1" if int(major) >= since else "0") if major.isdigit() else None


def _parameter(database: Resource, parameter: str) -> str | None:
    """Return the value in the declared parameter group; None for a group of AWS. Raises Unresolved."""
    name, kind = PARAMETER_GROUPS[database.type]
    group = next(iter(database.related(name, kind)), None)
    if group is None:
        chosen = database.text(name) or "default."
        return None if chosen.startswith("default.") else _foreign(database, name, chosen)
    return next((p.text("value") for p in group.blocks("parameter") if p.text("name") == parameter), None)


def _foreign(database: Resource, name: str, group: str) -> str | None:
    raise Unresolved(f"{database.address}.{name}", f"names the parameter group {group!r}, which is declared elsewhere")


#: Stores -> (argument, value that encrypts, value when unset) of what clients send to them.
CLIENTS = {
    "aws_elasticache_replication_group": ("transit_encryption_enabled", "true", "false"),
    "aws_elasticache_cluster": ("transit_encryption_enabled", "true", "false"),
    "aws_memorydb_cluster": ("tls_enabled", "true", "true"),
    "aws_opensearch_domain": ("domain_endpoint_options.enforce_https", "true", "true"),
    "aws_elasticsearch_domain": ("domain_endpoint_options.enforce_https", "true", "true"),
    "aws_dax_cluster": ("cluster_endpoint_encryption_type", "TLS", "NONE"),
    "aws_db_proxy": ("require_tls", "true", "false"),
    "aws_appsync_api_cache": ("transit_encryption_enabled", "true", "false"),
    "aws_msk_cluster": ("encryption_info.encryption_in_transit.client_broker", "TLS", "TLS"),
}


@policy(
    "PG_ENC_14",
    criterion="encryption-in-transit",
    resources=(*CLIENTS, "aws_ecs_task_definition"),
    population=0,
    remedy="Switch encryption in transit on.",
)
def caches_brokers_and_mounts_are_reached_over_tls(store: Resource, criterion: Criterion) -> None:
    """Caches, search domains, brokers, proxies of databases and file system mounts of tasks use TLS.

    Unset means plain text for ElastiCache, for DAX and proxies, for EFS volumes of a task, and for search domains
    without the whole block. Brokers of Kafka speak TLS to one another, too, unless that is switched off.
    """
    if store.type == "aws_ecs_task_definition":
        criterion.hold(not _list_plain_mounts(store), expected="transit_encryption = ENABLED", observed="DISABLED")
        return
    name, value, default = CLIENTS[store.type]
    if name.startswith("domain_") and not store.blocks("domain_endpoint_options"):
        default = "false"
    found = store.text(name, default) or ""
    criterion.hold(found.lower() == value.lower(), expected=f"{name} = {value}", observed=found, held=found)
    brokers = store.type != "aws_msk_cluster" or store.flag("encryption_info.encryption_in_transit.in_cluster", True)
    criterion.hold(brokers, expected="in_cluster = true", observed="plain text from broker to broker")


def _list_plain_mounts(task: Resource) -> list[Block]:
    """Return the file systems that a task mounts without TLS."""
    mounts = [mount for volume in task.blocks("volume") for mount in volume.blocks("efs_volume_configuration")]
    return [mount for mount in mounts if mount.text("transit_encryption", "DISABLED") != "ENABLED"]
