"""Data at rest is encrypted, under keys that the owner of the data controls."""

from prodgate import Block, Criterion, Resource, allow_unknown, policy

from .buckets import admits_access_logs, receives_access_logs

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
#: Databases that are encrypted under a key of AWS alone -> the argument that switches encryption on.
UNDER_KEYS_OF_AWS = {
    "aws_dax_cluster": "server_side_encryption.enabled",
    "aws_appsync_api_cache": "at_rest_encryption_enabled",
}
#: Other stores that are written in plain text unless an argument says otherwise.
PLAIN_BY_DEFAULT = {
    "aws_efs_file_system": ("encrypted", "kms_key_id"),
    "aws_ebs_volume": ("encrypted", "kms_key_id"),
    "aws_ebs_snapshot_copy": ("encrypted", "kms_key_id"),
    "aws_ami_copy": ("encrypted", "kms_key_id"),
}
#: Stores of several parts, each of which is written in plain text unless its argument says otherwise.
PLAIN_IN_PARTS = {
    "aws_workspaces_workspace": ("root_volume_encryption_enabled", "user_volume_encryption_enabled"),
    "aws_kinesis_firehose_delivery_stream": ("server_side_encryption.enabled",),
}
#: Blocks of a delivery stream whose data waits in the stream or topic that it is read from, not in itself.
READ_FROM = ("kinesis_source_configuration", "msk_source_configuration")
METHODS = "aws_api_gateway_method_settings"
#: Stores -> the argument that names a customer-managed key. SNS and Kinesis keep plain text without it, the others
#: fall back to a key that AWS owns or manages.
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
#: Resources that are customer-managed keys, or names of them.
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

    Snapshots and replicas inherit it, and it can't be switched on later without a new database. Unset is judged as
    off, the default of every one of these APIs for as long as most existing databases have been around.
    """
    switch = UNDER_KEYS_OF_AWS.get(database.type) or DATABASES[database.type][0]
    if database.type == "aws_db_instance" and database.has("replicate_source_db"):
        raise criterion.not_applicable("a replica is encrypted as its source is")
    criterion.hold(database.flag(switch), expected=f"{switch} = true", observed="off")


@policy(
    "PG_ENC_2",
    criterion="encryption-at-rest",
    resources=(*PLAIN_BY_DEFAULT, *PLAIN_IN_PARTS, METHODS, "aws_sns_topic", "aws_sqs_queue", "aws_kinesis_stream"),
    population=0,
    remedy="Switch encryption at rest on and name a customer-managed key.",
)
def other_stores_are_encrypted(store: Resource, criterion: Criterion) -> None:
    """File systems, volumes, queues, topics, streams, deliveries and caches of APIs encrypt what they hold.

    Unset means plain text for all of them but SQS, whose queues are encrypted with a key of SQS since October 2022
    unless sqs_managed_sse_enabled is false. Kinesis is told once a stream is there, and refuses where no key is named.
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
    """Whether something keeps no data of its own: methods without a cache, a stream that reads another one."""
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

    Only its key policy can narrow who decrypts, and only it can be switched off after a breach.
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

    S3 alone decides for SSE-S3 when nothing is said. Access logs of load balancers and of S3 itself can be delivered
    to SSE-S3 buckets only, so those buckets are left to it.
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
    """Return what states it and under which path: a resource of its own or a block of the bucket; else no path."""
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
    """KMS keys are enabled and give no service all rights over themselves.

    A disabled key makes every store under it unreadable at once; a service that holds kms:* could delete it.
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
    return key.configuration.naming(key, "key_id", "aws_kms_key_policy")


def _is_owned(store: Resource, name: str) -> bool:
    """Whether the argument names a key, and not through one of the aliases that AWS keeps for itself."""
    if store.related(name, *OWN_KEYS):
        return True
    key = store.text(name) or ""
    return bool(key) and "alias/aws/" not in key


def _key_text(store: Resource, name: str) -> str:
    return "a key" if store.related(name, *OWN_KEYS) else store.text(name) or "no key, so one that AWS manages"
