"""Encryption at rest, under keys that the owner of the data controls, and in transit."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prodgate import Block, Criterion, Resource, Unknown, Unresolved, allow_unknown, policy
from prodgate.semantics.aws_settings import (
    ENCRYPTED,
    FORCES_TLS,
    MODERN_LISTENER,
    MODERN_VIEWER,
    OLDEST,
    is_switched_on,
)
from prodgate.semantics.policy_documents import Statement
from prodgate.semantics.secret_forms import find_secret, find_secrets

from .evidence import admits_access_logs, receives_access_logs, takes_in

#: Databases -> (argument that switches encryption on, argument that names the key).
DATABASES = {
    "aws_rds_cluster": ("storage_encrypted", "kms_key_id"),
    "aws_db_instance": ("storage_encrypted", "kms_key_id"),
    "aws_docdb_cluster": ("storage_encrypted", "kms_key_id"),
    "aws_neptune_cluster": ("storage_encrypted", "kms_key_arn"),
    "aws_redshift_cluster": ("encrypted", "kms_key_id"),
    "aws_elasticache_replication_group": ("at_rest_encryption_enabled", "kms_key_id"),
    "aws_opensearch_domain": ("encrypt_at_rest.enabled", "encrypt_at_rest.kms_key_id"),
    "aws_elasticsearch_domain": ("encrypt_at_rest.enabled", "encrypt_at_rest.kms_key_id"),
}
#: Databases -> the argument that names what they replicate, and whose encryption they have.
SOURCES = {
    "aws_db_instance": "replicate_source_db",
    "aws_elasticache_replication_group": "global_replication_group_id",
}
#: Databases that can be encrypted only under a key of AWS -> the argument that switches encryption on.
UNDER_KEYS_OF_AWS = {
    "aws_dax_cluster": "server_side_encryption.enabled",
    "aws_appsync_api_cache": "at_rest_encryption_enabled",
}
#: Other stores that keep plain text unless an argument switches encryption on.
PLAIN_BY_DEFAULT = {
    "aws_efs_file_system": ("encrypted", "kms_key_id"),
    "aws_ebs_volume": ("encrypted", "kms_key_id"),
    "aws_ebs_snapshot_copy": ("encrypted", "kms_key_id"),
    "aws_ami_copy": ("encrypted", "kms_key_id"),
}
#: Stores of several parts, each of which keeps plain text unless its own argument switches encryption on.
PLAIN_IN_PARTS = {
    "aws_workspaces_workspace": ("root_volume_encryption_enabled", "user_volume_encryption_enabled"),
    "aws_kinesis_firehose_delivery_stream": ("server_side_encryption.enabled",),
}
#: Blocks of a delivery stream that mark a source stream or topic, which then holds the waiting data.
READ_FROM = ("kinesis_source_configuration", "msk_source_configuration")
METHODS = "aws_api_gateway_method_settings"
#: Stores -> the argument that names a customer-managed key. Without it SNS and Kinesis keep plain text; the others fall
#: back to a key that AWS owns or manages.
KEYS = {
    "aws_dynamodb_table": "server_side_encryption.kms_key_arn",
    "aws_sns_topic": "kms_master_key_id",
    "aws_sqs_queue": "kms_master_key_id",
    "aws_kinesis_stream": "kms_key_id",
    "aws_secretsmanager_secret": "kms_key_id",
    "aws_cloudwatch_log_group": "kms_key_id",
    "aws_ecr_repository": "encryption_configuration.kms_key",
    "aws_mwaa_environment": "kms_key",
    "aws_backup_vault": "kms_key_arn",
    "aws_cloudtrail": "kms_key_id",
    "aws_msk_cluster": "encryption_info.encryption_at_rest_kms_key_arn",
    "aws_memorydb_cluster": "kms_key_arn",
    "aws_elasticache_serverless_cache": "kms_key_id",
    "aws_redshiftserverless_namespace": "kms_key_id",
    "aws_sfn_state_machine": "encryption_configuration.kms_key_id",
}
#: Resources that are customer-managed keys, or aliases of them.
OWN_KEYS = ("aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key", "aws_kms_alias")
SYMMETRIC = "SYMMETRIC_DEFAULT"


@policy(
    "PG_ENC_1",
    criterion="database-encryption-at-rest",
    resources=(*DATABASES, *UNDER_KEYS_OF_AWS),
    population=0,
    remedy="Switch encryption at rest on; for an existing database restore an encrypted copy of its snapshot.",
)
def databases_are_encrypted(database: Resource, criterion: Criterion) -> None:
    """Databases, caches and search domains encrypt their storage.

    Snapshots and replicas inherit it, and switching it on later takes a new database. Unset is judged as off, the
    default of each of these APIs when most existing databases were made.
    """
    switch = UNDER_KEYS_OF_AWS.get(database.type) or DATABASES[database.type][0]
    if database.type in SOURCES and database.has(SOURCES[database.type]):
        raise criterion.not_applicable("a replica is encrypted as its source is")
    criterion.hold(database.flag(switch, _is_valkey(database)), expected=f"{switch} = true", observed="off")


def _is_valkey(store: Resource) -> bool:
    """Whether a group of caches is of Valkey, which encrypts unless that is switched off."""
    return store.type == "aws_elasticache_replication_group" and store.text("engine") == "valkey"


@policy(
    "PG_ENC_2",
    criterion="encryption-at-rest",
    resources=(*PLAIN_BY_DEFAULT, *PLAIN_IN_PARTS, METHODS, "aws_sns_topic", "aws_sqs_queue", "aws_kinesis_stream"),
    population=0,
    remedy="Switch encryption at rest on and name a customer-managed key.",
)
def other_stores_are_encrypted(store: Resource, criterion: Criterion) -> None:
    """File systems, volumes, queues, topics, streams, deliveries and API caches encrypt their contents.

    Unset means plain text for all of them but SQS, which has encrypted queues with its own key since October 2022
    unless sqs_managed_sse_enabled is false. Kinesis switches encryption on after it has made a stream, and refuses
    without a key.
    """
    if _holds_nothing(store):
        return
    if parts := _SWITCHES.get(store.type):
        encrypted = all(store.flag(part) for part in parts)
    elif store.type == "aws_kinesis_stream":
        encrypted = store.text("encryption_type", "NONE") == "KMS" and store.has("kms_key_id")
    else:
        queue = store.type == "aws_sqs_queue"
        encrypted = store.has("kms_master_key_id") or (queue and store.flag("sqs_managed_sse_enabled", True))
    criterion.hold(encrypted, expected="encryption at rest", observed="plain text")


def _holds_nothing(store: Resource) -> bool:
    """Whether something keeps no data of its own: methods without a cache, or a stream that reads another one."""
    if store.type == METHODS:
        return not store.flag("settings.caching_enabled")
    return any(store.type.startswith("aws_kinesis_firehose") and store.blocks(name) for name in READ_FROM)


_SWITCHES = {
    **{type_: (switch,) for type_, (switch, _) in PLAIN_BY_DEFAULT.items()},
    **PLAIN_IN_PARTS,
    METHODS: ("settings.cache_data_encrypted",),
}


@policy(
    "PG_ENC_3",
    criterion="encryption-customer-managed-keys",
    resources=(*DATABASES, *PLAIN_BY_DEFAULT, *KEYS),
    population=0,
    remedy="Name a KMS key of your own; an aws/… alias or nothing means a key that AWS manages.",
)
def stores_name_a_key_of_their_owner(store: Resource, criterion: Criterion) -> None:
    """Stores are encrypted under a customer-managed key.

    Only such a key has a policy that limits who decrypts, and can be disabled after a breach.
    """
    name = KEYS.get(store.type) or (DATABASES | PLAIN_BY_DEFAULT)[store.type][1]
    if store.type == "aws_db_instance" and store.has("replicate_source_db") and not store.has(name):
        raise criterion.not_applicable("a replica in the same region uses the key of its source")
    criterion.hold(_is_owned(store, name), expected=f"{name} = a customer-managed key", observed=_key_text(store, name))


@policy(
    "PG_ENC_4",
    criterion="encryption-customer-managed-keys",
    resources=("aws_s3_bucket",),
    population=0,
    remedy="Add aws_s3_bucket_server_side_encryption_configuration with aws:kms and a key of your own.",
)
def buckets_are_encrypted_under_a_key_of_their_owner(bucket: Resource, criterion: Criterion) -> None:
    """Buckets encrypt new objects under a customer-managed key.

    Unset means SSE-S3. Load balancers and S3 itself deliver access logs only to SSE-S3 buckets, so those buckets are
    exempt.
    """
    holder, path = _find_default_encryption(bucket)
    if receives_access_logs(bucket) or (not _uses_own_key(holder, path) and admits_access_logs(bucket)):
        raise criterion.not_applicable("access logs can be delivered to SSE-S3 buckets only")
    criterion.hold(path != "", expected="default encryption with aws:kms", observed="SSE-S3, the default", premise=True)
    algorithm = holder.text(f"{path}.sse_algorithm", "AES256")
    criterion.hold(str(algorithm).startswith("aws:kms"), expected="sse_algorithm = aws:kms", observed=algorithm)
    name = f"{path}.kms_master_key_id"
    criterion.hold(_is_owned(holder, name), expected="a customer-managed key", observed=_key_text(holder, name))


def _uses_own_key(holder: Resource, path: str) -> bool:
    keyed = bool(path) and str(holder.text(f"{path}.sse_algorithm", "AES256")).startswith("aws:kms")
    return keyed and _is_owned(holder, f"{path}.kms_master_key_id")


def _find_default_encryption(bucket: Resource) -> tuple[Resource, str]:
    """Return the resource or block of the bucket that states it, and the path in it; no path where neither does."""
    found = bucket.configuration.naming(bucket, "bucket", "aws_s3_bucket_server_side_encryption_configuration")
    blocks: tuple[Block, ...] = ()
    with allow_unknown(because="a block that the bucket does not have is left to AWS, which takes SSE-S3"):
        blocks = bucket.blocks("server_side_encryption_configuration")
    within = f"server_side_encryption_configuration.{_S3_DEFAULT}" if blocks else ""
    return (found[0], _S3_DEFAULT) if found else (bucket, within)


_S3_DEFAULT = "rule.apply_server_side_encryption_by_default"


@policy(
    "PG_ENC_5",
    criterion="kms-key-rotation",
    resources=("aws_kms_key",),
    population=0,
    remedy="Set enable_key_rotation = true.",
)
def keys_rotate(key: Resource, criterion: Criterion) -> None:
    """Symmetric KMS keys rotate every year.

    KMS rotates only symmetric encryption keys whose material it made; unset means no rotation.
    """
    spec = key.text("customer_master_key_spec", SYMMETRIC)
    if spec != SYMMETRIC or key.text("key_usage", "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT":
        raise criterion.not_applicable(f"KMS doesn't rotate keys of the kind {spec}")
    if key.has("custom_key_store_id"):
        raise criterion.not_applicable("KMS doesn't rotate keys in a custom key store")
    if not key.flag("is_enabled", default=True):
        raise criterion.not_applicable("KMS doesn't rotate a key that is disabled")
    criterion.hold(key.flag("enable_key_rotation"), expected="enable_key_rotation = true", observed="no rotation")


@policy(
    "PG_ENC_6",
    criterion="encryption-customer-managed-keys",
    resources=("aws_kms_key",),
    population=0,
    remedy="Keep the key enabled, and name the account or the roles in its policy.",
)
def keys_work_and_belong_to_one_account(key: Resource, criterion: Criterion) -> None:
    """KMS keys are enabled, and their policies give no service every right.

    Disabling a key makes every store under it unreadable at once; a service that holds kms:* could delete it.
    """
    criterion.hold(key.flag("is_enabled", True), expected="is_enabled = true", observed="disabled")
    documents = [(key, "policy")] + [(own, "policy") for own in _policies_of(key)]
    for block, name in documents:
        for statement in block.allow_statements(name) if block.has(name) else ():
            service = [principal.name for principal in statement.principals if principal.kind == "Service"]
            too_much = service and statement.covers("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")
            criterion.hold(
                not too_much,
                expected="services that only use the key",
                observed=f"{service} may delete it",
                aspect=statement,
            )


def _policies_of(key: Resource) -> tuple[Resource, ...]:
    if isinstance(key.search().get("policy"), str):
        return ()  # a key has one policy
    return key.configuration.naming(key, "key_id", "aws_kms_key_policy")


def _is_owned(store: Resource, name: str) -> bool:
    """Whether the argument names a key, other than by an alias that AWS keeps for itself."""
    if store.related(name, *OWN_KEYS):
        return True
    key = store.text(name) or ""
    return bool(key) and "alias/aws/" not in key


def _key_text(store: Resource, name: str) -> str:
    return "a key" if store.related(name, *OWN_KEYS) else store.text(name) or "no key, so one that AWS manages"


# ── Encryption between CloudFront and what it fetches from

DISTRIBUTIONS = ("aws_cloudfront_distribution", "aws_cloudfront_multitenant_distribution")


@policy(
    "PG_ENC_11",
    criterion="encryption-in-transit",
    resources=DISTRIBUTIONS,
    population=0,
    remedy="Set origin_protocol_policy = https-only and origin_ssl_protocols = [TLSv1.2] for every origin.",
)
def origins_are_reached_over_modern_tls(distribution: Resource, criterion: Criterion) -> None:
    """CloudFront reaches its custom and VPC origins over TLS 1.2 only.

    match-viewer means HTTPS as long as no behaviour admits plain HTTP (allow-all).
    """
    origins = distribution.blocks("origin")
    entered = [(one, "origin_ssl_protocols") for origin in origins for one in origin.blocks("custom_origin_config")]
    entered += [(one, "origin_ssl_protocols.items") for origin in origins for one in _endpoints(distribution, origin)]
    for origin, path in entered:
        protocols = set(origin.texts(path))
        criterion.hold(protocols <= {"TLSv1.2"}, expected="TLSv1.2", observed=", ".join(sorted(protocols)))
        found = origin.text("origin_protocol_policy")
        encrypted = found == "https-only" or (found == "match-viewer" and not _admits_plain(distribution))
        observed = f"{found}, and viewers on plain HTTP" if found == "match-viewer" else found
        criterion.hold(encrypted, expected="origin_protocol_policy = https-only", observed=observed, held=found)


def _admits_plain(distribution: Resource) -> bool:
    return any(one.text("viewer_protocol_policy") == "allow-all" for one in list_behaviours(distribution))


def list_behaviours(distribution: Resource) -> list[Block]:
    """Return the cache behaviours of a distribution, for one customer or for many, the default one first."""
    names = ("default_cache_behavior", "ordered_cache_behavior", "cache_behavior")
    return [one for name in names if name in distribution.search() for one in distribution.blocks(name)]


def _endpoints(distribution: Resource, origin: Block) -> list[Block]:
    """Return the VPC origin endpoints of CloudFront, which are declared in resources of their own."""
    named = {one.text("vpc_origin_id") for one in origin.blocks("vpc_origin_config")}
    declared = distribution.configuration.of("aws_cloudfront_vpc_origin")
    return [e for one in declared if one.identities & named for e in one.blocks("vpc_origin_endpoint_config")]


# ── Stores whose policy must refuse plain HTTP, because their endpoints accept both

#: Stores -> (resource of the policy, argument in it that names the store).
POLICIES_OF = {
    "aws_s3_bucket": ("aws_s3_bucket_policy", "bucket"),
    "aws_sqs_queue": ("aws_sqs_queue_policy", "queue_url"),
    "aws_sns_topic": ("aws_sns_topic_policy", "arn"),
}
#: Stores -> actions that such a Deny must cover, each with what follows the store's name in the resource that it
#: applies to. An SNS topic policy takes no wildcard.
REFUSED = {
    "aws_s3_bucket": {"s3:GetObject": "/*", "s3:PutObject": "/*", "s3:DeleteObject": "/*", "s3:ListBucket": ""},
    "aws_sqs_queue": dict.fromkeys(("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"), ""),
    "aws_sns_topic": {"sns:Publish": ""},
}


@policy(
    "PG_ENC_13",
    criterion="encryption-in-transit",
    resources=("aws_s3_bucket",),
    population=0,
    remedy="Add to its policy a Deny for everybody, on all actions, when aws:SecureTransport is false.",
)
def buckets_refuse_plain_requests(bucket: Resource, criterion: Criterion) -> None:
    """Buckets refuse requests without TLS.

    S3 endpoints accept plain HTTP, so only a Deny in the bucket's policy closes them.
    """
    _require_refusal(bucket, criterion)


@policy(
    "PG_ENC_26",
    criterion="messaging-in-transit",
    resources=("aws_sqs_queue", "aws_sns_topic"),
    population=0,
    remedy="Add to its policy a Deny for everybody, on all actions (sns:Publish), when aws:SecureTransport is false.",
)
def queues_and_topics_refuse_plain_requests(channel: Resource, criterion: Criterion) -> None:
    """Queues and topics refuse requests without TLS. Like S3's, their endpoints accept plain HTTP."""
    _require_refusal(channel, criterion)


def _require_refusal(store: Resource, criterion: Criterion) -> None:
    kind, name = POLICIES_OF[store.type]
    documents = [(own, "policy") for own in store.configuration.naming(store, name, kind)]
    documents += [(store, "policy")] if not documents and store.type != "aws_s3_bucket" and store.has("policy") else []
    refusing = [s for block, path in documents for s in block.statements(path) if _refuses_plain(s)]
    wanted = REFUSED[store.type].items()
    left = [action for action, inside in wanted if not _is_covered(action, inside, store, refusing)]
    # the policy is read last, so that the finding points there
    stated = [block for block, path in documents if block.has(path)]
    observed = f"none for {', '.join(left)}" if stated else "no policy"
    criterion.hold(not left, expected="a Deny when aws:SecureTransport is false", observed=observed)


def _refuses_plain(statement: Statement) -> bool:
    everybody = any(principal.is_anybody for principal in statement.principals)
    tests = [(c.operator.removesuffix("ifexists"), c.key, c.values) for c in statement.conditions]
    return not statement.allows and everybody and tests in ([], [("bool", "aws:securetransport", ("false",))])


def _is_covered(action: str, inside: str, store: Resource, refusing: Iterable[Statement]) -> bool:
    patterns = {pattern.rpartition(":")[2] for one in refusing if one.covers(action) for pattern in one.resources}
    name = "bucket" if store.type == "aws_s3_bucket" else "name"
    return "*" in patterns or any(takes_in(each, f"{store.text(name) or ''}{inside}") for each in patterns)


# ── Connections between services, and EMR clusters, whose encryption is configured in a document of its own

#: Engines that a replication reaches over TLS only if configured to; it reaches the others through the AWS API.
PLAIN_ENGINES = frozenset({
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
    """Private integrations, replications, connectors and file transfers use TLS or SSH for their connections.

    Unset means plain text for an integration through a VPC link, for the databases and Kafka of a replication and for
    connectors. Redis defaults to TLS, and a file transfer server to SFTP.
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
    found = [f"ssl_mode = {mode}"] if engine in PLAIN_ENGINES and mode == "none" else []
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
    """EMR clusters encrypt their local disks and their data in S3; unset means plain text on the disks."""
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
    """The nodes of EMR clusters use TLS between one another; unset means plain text."""
    on = bool(_read_encryption(configuration).get("EnableInTransitEncryption"))
    criterion.hold(on, expected="EnableInTransitEncryption", observed="plain text")


def _read_encryption(configuration: Resource) -> Mapping[str, Any]:
    return (configuration.json("configuration") or {}).get("EncryptionConfiguration") or {}


# ── Search domains and warehouses, whose nodes and clients use TLS only if configured to


@policy(
    "PG_ENC_16",
    criterion="encryption-in-transit",
    resources=("aws_opensearch_domain", "aws_elasticsearch_domain"),
    population=0,
    remedy="Set node_to_node_encryption { enabled = true }.",
)
def nodes_of_search_domains_speak_tls(domain: Resource, criterion: Criterion) -> None:
    """The nodes of a search domain use TLS between one another; unset means plain text."""
    on = domain.flag("node_to_node_encryption.enabled")
    criterion.hold(on, expected="node_to_node_encryption.enabled = true", observed="plain text")


#: Endpoints -> (argument that names the oldest TLS version, AWS's default for it where AWS documents one).
ENDPOINTS = {
    "aws_opensearch_domain": ("domain_endpoint_options.tls_security_policy", "Policy-Min-TLS-1-0-2019-07"),
    "aws_elasticsearch_domain": ("domain_endpoint_options.tls_security_policy", "Policy-Min-TLS-1-0-2019-07"),
    "aws_api_gateway_domain_name": ("security_policy", ""),
}
#: Prefixes of security policies that accept only TLS 1.2 or newer; for search domains, with forward secrecy, as AWS
#: requires of their newest (Opensearch.8).
MODERN = (
    "Policy-Min-TLS-1-2-PFS-",
    "Policy-Min-TLS-1-2-RFC9151-",
    "TLS_1_2",
    "SecurityPolicy_TLS12_",
    "SecurityPolicy_TLS13_",
)


@policy(
    "PG_ENC_19",
    criterion="tls-minimum-version",
    resources=tuple(ENDPOINTS),
    population=0,
    remedy="Name a policy of TLS 1.2 or newer: Policy-Min-TLS-1-2-PFS-2023-10 of a search domain, TLS_1_2 of an API.",
)
def endpoints_refuse_old_tls(endpoint: Resource, criterion: Criterion) -> None:
    """Search domains and API domain names accept TLS 1.2 or newer only.

    Unset, a search domain accepts TLS 1.0; its named policy of 2019 accepts ciphers without forward secrecy.
    """
    name, default = ENDPOINTS[endpoint.type]
    stated = "domain_endpoint_options" not in name or endpoint.blocks("domain_endpoint_options")
    chosen = (endpoint.text(name, default) if stated else default) or default
    if not chosen:
        raise criterion.undetermined(f"{name} is not set, and AWS chooses")
    search = "domain_endpoint_options" in name
    expected = "TLS 1.2 or newer, with forward secrecy" if search else "TLS 1.2 or newer"
    criterion.hold(chosen.startswith(MODERN), expected=expected, observed=chosen, held=chosen)


GROUP = "aws_redshift_parameter_group"
#: Parameter group or warehouse -> the parameter that makes clients use TLS, its block, and the block's keys for name
#: and value.
PARAMETERS = {
    GROUP: ("require_ssl", "parameter", "name", "value"),
    "aws_docdb_cluster_parameter_group": ("tls", "parameter", "name", "value"),
    "aws_redshiftserverless_workgroup": ("require_ssl", "config_parameter", "parameter_key", "parameter_value"),
}
PLAIN = ("false", "0", "off", "disabled")


@policy(
    "PG_ENC_17",
    criterion="database-encryption-in-transit",
    resources=tuple(PARAMETERS),
    population=0,
    remedy="Set the parameter require_ssl = true (tls = enabled for DocumentDB).",
)
def warehouses_refuse_plain_connections(holder: Resource, criterion: Criterion) -> None:
    """No parameter lets clients of a warehouse or of DocumentDB connect without TLS.

    Unset, groups of the family redshift-2.0 and DocumentDB require it, groups of redshift-1.0 do not, and for a
    serverless warehouse it depends on its creation date.
    """
    parameter, blocks, name, value = PARAMETERS[holder.type]
    stated = [one.text(value) or "" for one in holder.blocks(blocks) if one.text(name) == parameter]
    plain = [each for each in stated if each.lower() in PLAIN]
    criterion.exclude(plain, expected=f"{parameter} = true", observed=f"{parameter} = {{}}")
    if not stated and holder.type == "aws_redshiftserverless_workgroup":
        raise criterion.undetermined("require_ssl is not set, and AWS chooses")
    left = not stated and holder.type == GROUP and holder.text("family") == "redshift-1.0"
    criterion.hold(not left, expected="require_ssl = true", observed="left to redshift-1.0, which takes plain text")


@policy(
    "PG_ENC_23",
    criterion="database-encryption-in-transit",
    resources=("aws_redshift_cluster",),
    population=0,
    remedy="Name default.redshift-2.0, or a parameter group of your own with require_ssl = true.",
)
def warehouses_have_a_group_that_demands_tls(cluster: Resource, criterion: Criterion) -> None:
    """No warehouse uses the old default parameter group, which accepts plain text.

    Unset means default.redshift-2.0, which requires TLS; PG_ENC_17 judges declared groups.
    """
    name = "cluster_parameter_group_name"
    if cluster.related(name, GROUP):
        return
    chosen = cluster.text(name) or "default.redshift-2.0"
    if not chosen.startswith("default."):
        raise criterion.undetermined("the parameter group is declared elsewhere", observed=chosen)
    criterion.hold(chosen != "default.redshift-1.0", expected="default.redshift-2.0", observed=chosen, held=chosen)


# ── Nothing travels in plain text: browser to edge, edge to origin, service to store

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
    """Load balancer listeners use TLS, or only redirect to it.

    Whether a TCP listener carries TLS depends on the target behind it, which Terraform does not state.
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
    "PG_ENC_27",
    criterion="https-only",
    resources=("aws_elb",),
    population=0,
    remedy="Listen with HTTPS or SSL. To redirect plain requests, move to an aws_lb.",
)
def classic_listeners_use_tls(balancer: Resource, criterion: Criterion) -> None:
    """No listener of a classic load balancer takes plain HTTP, which it can't redirect."""
    ports = [(one.text("lb_port"), (one.text("lb_protocol") or "").upper()) for one in balancer.blocks("listener")]
    plain = [port for port, protocol in ports if protocol == "HTTP"]
    criterion.exclude(plain, expected="HTTPS or SSL", observed="HTTP on port {}")
    for port in (port for port, protocol in ports if protocol == "TCP"):
        raise criterion.undetermined(f"port {port} passes on what clients send", observed="TCP")


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
    "PG_ENC_28",
    criterion="tls-minimum-version",
    resources=("aws_elb",),
    population=0,
    remedy="Add an aws_lb_ssl_negotiation_policy with Reference-Security-Policy = ELBSecurityPolicy-TLS-1-2-2017-01.",
)
def classic_listeners_refuse_old_tls(balancer: Resource, criterion: Criterion) -> None:
    """TLS listeners of a classic load balancer accept TLS 1.2 or newer only.

    Without a policy of their own, AWS's ELBSecurityPolicy-2016-08 accepts TLS 1.0.
    """
    stated = [(one.text("lb_port"), (one.text("lb_protocol") or "").upper()) for one in balancer.blocks("listener")]
    ports = [port for port, protocol in stated if protocol in ("HTTPS", "SSL")]
    if not ports:
        raise criterion.not_applicable("the load balancer does not terminate TLS")
    for port in ports:
        chosen = [*_list_classic_settings(balancer, port)] or [{REFERENCE: OLDEST}]
        older = [f"{name} = {value} on port {port}" for one in chosen for name, value in _list_older(balancer, one)]
        criterion.exclude(older, expected="TLS 1.2 or newer")


REFERENCE, CLASSIC_MODERN = "Reference-Security-Policy", "ELBSecurityPolicy-TLS-1-2-2017-01"
OLDER_VERSIONS = ("Protocol-SSLv3", "Protocol-TLSv1", "Protocol-TLSv1.1")


def _list_classic_settings(balancer: Resource, port: str | None) -> Iterator[dict[str, str]]:
    """Yield the attributes of each policy on a TLS listener, however it is attached."""
    tree = balancer.configuration
    direct = tree.naming(balancer, "load_balancer", "aws_lb_ssl_negotiation_policy")
    attached = tree.naming(balancer, "load_balancer_name", "aws_load_balancer_listener_policy")
    chosen = {name for one in attached if one.text("load_balancer_port") == port for name in one.texts("policy_names")}
    named = tree.naming(balancer, "load_balancer_name", "aws_load_balancer_policy")
    holders = [(one, "attribute") for one in direct if one.text("lb_port") == port]
    holders += [(one, "policy_attribute") for one in named if one.text("policy_name") in chosen]
    for holder, name in holders:
        yield {each.text("name") or "": each.text("value") or "" for each in holder.blocks(name)}


def _list_older(balancer: Resource, settings: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what admits older versions. Raises Unresolved if a version is not stated, which is left to AWS."""
    if REFERENCE in settings:
        yield from ((name, value) for name, value in settings.items() if name == REFERENCE and value != CLASSIC_MODERN)
        return
    yield from ((name, settings[name]) for name in OLDER_VERSIONS if settings.get(name, "false").lower() == "true")
    if open_ := [name for name in OLDER_VERSIONS if name not in settings]:
        raise Unresolved(balancer.address, f"has a policy that does not state {open_[0]}")


@policy(
    "PG_ENC_9",
    criterion="https-only",
    resources=DISTRIBUTIONS,
    population=0,
    remedy="Set viewer_protocol_policy to redirect-to-https or https-only in every cache behaviour.",
)
def viewers_are_served_over_https(distribution: Resource, criterion: Criterion) -> None:
    """CloudFront answers no request over plain HTTP, whatever its path."""
    for behaviour in list_behaviours(distribution):
        found = behaviour.text("viewer_protocol_policy")
        criterion.hold(found in ENCRYPTED, expected="redirect-to-https", observed=found, aspect=behaviour.path)


@policy(
    "PG_ENC_10",
    criterion="tls-minimum-version",
    resources=DISTRIBUTIONS,
    population=0,
    remedy="Use a certificate of your own with minimum_protocol_version = TLSv1.2_2021 or newer.",
)
def viewers_speak_modern_tls(distribution: Resource, criterion: Criterion) -> None:
    """CloudFront accepts TLS 1.2 or newer only.

    With CloudFront's own certificate it accepts TLS 1.0 whatever the setting; unset means TLSv1 as well.
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

    The parameter decides. Unset, RDS for PostgreSQL forces TLS from version 15, Aurora PostgreSQL from 17, and MySQL
    and SQL Server do not.
    """
    engine = database.text("engine") or ""
    if engine not in FORCES_TLS:
        raise criterion.undetermined(f"how {engine or 'the engine'} enforces TLS is not known here", observed=engine)
    parameter = FORCES_TLS[engine][0]
    value = _parameter(database, parameter) or _default(database, engine)
    if value is None:
        raise criterion.undetermined(f"{parameter} is not set, and its default depends on the engine version")
    criterion.hold(is_switched_on(value), expected=f"{parameter} = 1", observed=f"{parameter} = {value}")


def _default(database: Resource, engine: str) -> str | None:
    """Return the default where no parameter group states a value; None if it depends on a version that AWS chooses."""
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


#: Stores -> (argument for in-transit encryption, value that encrypts, default).
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
#: Caches -> (argument that names what they have their encryption from, its type where the gate reads it).
FOLLOWED = {
    "aws_elasticache_cluster": ("replication_group_id", "aws_elasticache_replication_group"),
    "aws_elasticache_replication_group": ("global_replication_group_id",),
}
#: Stores -> (argument, its value that admits plain text beside TLS).
ALSO = {
    "aws_elasticache_replication_group": ("transit_encryption_mode", "preferred"),
    "aws_msk_cluster": ("encryption_info.encryption_in_transit.in_cluster", "false"),
}


@policy(
    "PG_ENC_14",
    criterion="encryption-in-transit",
    resources=(*CLIENTS, "aws_ecs_task_definition"),
    population=0,
    remedy="Switch encryption in transit on.",
)
def caches_brokers_and_mounts_are_reached_over_tls(store: Resource, criterion: Criterion) -> None:
    """Caches, search domains, brokers, database proxies and the file system mounts of tasks use TLS.

    Unset means plain text for ElastiCache but for Valkey, for DAX and proxies, for EFS volumes of a task, and for
    search domains without the whole block. Kafka brokers also use TLS between one another unless that is switched off.
    """
    if store.type == "aws_ecs_task_definition":
        criterion.hold(not _list_plain_mounts(store), expected="transit_encryption = ENABLED", observed="DISABLED")
        return
    cache = _find_decider(store, criterion)
    name, value, default = CLIENTS[cache.type]
    found = cache.text(name, _find_default(cache, name, default)) or ""
    criterion.hold(found.lower() == value.lower(), expected=f"{name} = {value}", observed=found, held=found)
    for argument, plain in [ALSO[cache.type]] if cache.type in ALSO else []:
        stated = (cache.text(argument) or "").lower()
        criterion.hold(stated != plain, expected=f"{argument} other than {plain}", observed=plain)


def _find_default(store: Resource, name: str, default: str) -> str:
    if name.startswith("domain_") and not store.blocks("domain_endpoint_options"):
        return "false"
    return "true" if _is_valkey(store) else default


def _find_decider(store: Resource, criterion: Criterion) -> Resource:
    """Return the store itself, or the declared group that a cache is a member of. Raises Undetermined."""
    name, *kinds = FOLLOWED.get(store.type, ("",))
    if not name or not store.has(name):
        return store
    for group in store.related(name, *kinds) if kinds else ():
        return group
    raise criterion.undetermined(f"is encrypted as its {name} is, which is not read here")


def _list_plain_mounts(task: Resource) -> list[Block]:
    """Return the file systems that a task mounts without TLS."""
    mounts = [mount for volume in task.blocks("volume") for mount in volume.blocks("efs_volume_configuration")]
    return [mount for mount in mounts if mount.text("transit_encryption", "DISABLED") != "ENABLED"]


# ── Recognising a secret, by its name and by its form


def refuse_secrets(
    pairs: Iterable[tuple[str, str | None]], criterion: Criterion, *, expected: str, observed: str = "{}"
) -> None:
    """Refuse (name, value) pairs that hold a secret; only then raise Unresolved for values that are decided later."""
    held = list(pairs)
    criterion.exclude(secrets_in(held), expected=expected, observed=observed)
    for name in find_undecided(held):
        raise Unresolved(name, "has the name of a secret, and its value is decided later")


def secrets_in(pairs: Iterable[tuple[str, str | None]]) -> list[str]:
    """Describe the (name, value) pairs that hold a secret, including ``NAME=value`` inside a command or a script."""
    return [f"{inner} (by {why})" for name, value in pairs for inner, why in find_secrets(name, value or "")]


def find_undecided(pairs: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """Yield the names of secrets whose value (None) is decided later."""
    yield from (name for name, value in pairs if value is None and find_secret(name.rpartition(".")[2], "x"))


def texts_in(value: Any, path: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield each text inside a value with its dotted path without indices; None for one that is decided later."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts_in(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item, path)
    elif isinstance(value, Unknown):
        yield path, None


# ── Protections that are on by default and were switched off: certificate checks, encryption of build artifacts

#: Resources -> the block and the argument that switch off certificate checks, or TLS.
UNCHECKED = {
    "aws_codebuild_project": (("source", "insecure_ssl"), ("secondary_sources", "insecure_ssl")),
    "aws_api_gateway_integration": (("tls_config", "insecure_skip_verification"),),
    "aws_quicksight_data_source": (("ssl_properties", "disable_ssl"),),
}
#: Resources -> the blocks and the argument that leave build artifacts in plain text.
PLAIN_ARTIFACTS = {"aws_codebuild_project": ("artifacts", "secondary_artifacts")}


@policy(
    "PG_ENC_24",
    criterion="encryption-in-transit",
    resources=tuple(UNCHECKED),
    population=0,
    remedy="Drop it: certificates are checked unless it is set.",
)
def certificates_are_checked(holder: Resource, criterion: Criterion) -> None:
    """Builds, integrations and data sources check the certificates of their endpoints; unset means that they do."""
    for block, argument in UNCHECKED[holder.type]:
        for one in holder.blocks(block):
            expected = f"{one.path}.{argument} = false"
            criterion.hold(not one.flag(argument), expected=expected, observed=True, aspect=_name(one))


@policy(
    "PG_ENC_25",
    criterion="encryption-at-rest",
    resources=tuple(PLAIN_ARTIFACTS),
    population=0,
    remedy="Drop it: artifacts are encrypted unless it is set.",
)
def builds_are_kept_encrypted(project: Resource, criterion: Criterion) -> None:
    """Build artifacts are encrypted; unset means that they are."""
    for block in PLAIN_ARTIFACTS[project.type]:
        for one in project.blocks(block):
            expected = f"{one.path}.encryption_disabled = false"
            criterion.hold(not one.flag("encryption_disabled"), expected=expected, observed=True, aspect=_name(one))


def _name(block: Block) -> str:
    """Return the name that distinguishes one of several blocks; nothing for one without a name."""
    return str(block.known("source_identifier") or block.known("artifact_identifier") or "")
