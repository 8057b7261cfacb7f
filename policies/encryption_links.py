"""Links from one service to another, and clusters that are told in a document of their own how to encrypt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prodgate import Criterion, Resource, policy

#: Engines that a replication reaches over TLS only where it is told to; the others are reached by the API of AWS.
DATABASES = frozenset({
    "aurora", "aurora-postgresql", "aurora-postgresql-serverless", "aurora-serverless", "azuredb",
    "azure-sql-managed-instance", "babelfish", "db2", "db2-zos", "docdb", "mariadb", "mongodb", "mysql", "oracle",
    "postgres", "sqlserver", "sybase",
})  # fmt: skip


@policy(
    "PG_ENC_20",
    criterion="encryption-in-transit",
    resources=("aws_apigatewayv2_integration", "aws_dms_endpoint", "aws_mskconnect_connector", "aws_transfer_server"),
    population=0,
    remedy=(
        "Set tls_config of a private integration, ssl_mode of an endpoint, encryption_type = TLS of a connector, and "
        "leave FTP out of the protocols of a server."
    ),
)
def services_reach_one_another_over_tls(link: Resource, criterion: Criterion) -> None:
    """Private integrations, replications, connectors and file transfers speak TLS or SSH to what they reach.

    Unset means plain text for an integration through a VPC link, for the databases and Kafka of a replication and for
    connectors; Redis is reached over TLS, and a server of files over SFTP.
    """
    criterion.exclude(_PLAIN[link.type](link), expected="TLS")


def _find_plain_integration(link: Resource) -> list[str]:
    if link.text("connection_type", "INTERNET") != "VPC_LINK" or link.blocks("tls_config"):
        return []
    sockets = "WEBSOCKET" in [api.text("protocol_type") for api in link.related("api_id", "aws_apigatewayv2_api")]
    return [] if sockets and str(link.text("integration_uri")).startswith("https:") else ["no tls_config"]


def _find_plain_endpoint(link: Resource) -> list[str]:
    engine = (link.text("engine_name") or "").lower()
    mode = link.text("ssl_mode", "none") or "none"
    found = [f"ssl_mode = {mode}"] if engine in DATABASES and mode == "none" else []
    redis = [one.text("ssl_security_protocol") for one in link.blocks("redis_settings")]
    kafka = [one.text("security_protocol", "plaintext") for one in link.blocks("kafka_settings")]
    return found + [str(one) for one in (*redis, *kafka) if one == "plaintext"]


def _find_plain_connector(link: Resource) -> list[str]:
    kinds = [one.text("encryption_type", "PLAINTEXT") for one in link.blocks("kafka_cluster_encryption_in_transit")]
    return [str(one) for one in kinds if one != "TLS"]


def _find_plain_server(link: Resource) -> list[str]:
    return [one for one in link.texts("protocols") if one == "FTP"]


_PLAIN: Mapping[str, Callable[[Resource], list[str]]] = {
    "aws_apigatewayv2_integration": _find_plain_integration,
    "aws_dms_endpoint": _find_plain_endpoint,
    "aws_mskconnect_connector": _find_plain_connector,
    "aws_transfer_server": _find_plain_server,
}
EMR = ("aws_emr_security_configuration",)


@policy(
    "PG_ENC_21",
    criterion="encryption-at-rest",
    resources=EMR,
    population=0,
    remedy="Set EnableAtRestEncryption, and LocalDiskEncryptionConfiguration beside it.",
)
def clusters_of_emr_encrypt_what_they_keep(configuration: Resource, criterion: Criterion) -> None:
    """Clusters of EMR encrypt their local disks, and what they write to S3; unset means plain text on the disks."""
    stated = _read_encryption(configuration)
    criterion.hold(bool(stated.get("EnableAtRestEncryption")), expected="EnableAtRestEncryption", observed="off")
    disks = (stated.get("AtRestEncryptionConfiguration") or {}).get("LocalDiskEncryptionConfiguration")
    criterion.hold(bool(disks), expected="LocalDiskEncryptionConfiguration", observed="plain text on local disks")


@policy(
    "PG_ENC_22",
    criterion="encryption-in-transit",
    resources=EMR,
    population=0,
    remedy="Set EnableInTransitEncryption, with the certificates to use.",
)
def nodes_of_emr_speak_tls(configuration: Resource, criterion: Criterion) -> None:
    """The nodes of EMR clusters speak TLS to one another; unset means plain text."""
    on = bool(_read_encryption(configuration).get("EnableInTransitEncryption"))
    criterion.hold(on, expected="EnableInTransitEncryption", observed="plain text")


def _read_encryption(configuration: Resource) -> Mapping[str, Any]:
    return (configuration.json("configuration") or {}).get("EncryptionConfiguration") or {}
