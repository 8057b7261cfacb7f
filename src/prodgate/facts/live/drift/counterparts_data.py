"""What must be live as it is declared: databases, buckets, queues, keys, backups, secrets."""

from __future__ import annotations

from typing import Any, Final

from ...observers import reads
from .counterpart import Counterpart, Place, Thing, require_known

reads("backup", "DescribeBackupVault")
reads("kms", "ListAliases")
reads("rds", "DescribeDBClusters", "DescribeDBInstances")
reads("s3", "GetBucketEncryption", "GetBucketVersioning", "GetPublicAccessBlock", "ListBuckets")
reads("secretsmanager", "ListSecrets")
reads("sqs", "GetQueueAttributes", "ListQueues")


def _queue(here: Place, declared: Thing) -> Thing | None:
    require_known({"name": declared["name"]})
    urls = here.account.list("sqs", "ListQueues", "QueueUrls", region=here.region)
    url = next((one for one in urls if one.endswith(f"/{declared['name']}")), None)
    return url and here.find("sqs", "GetQueueAttributes", "Attributes", QueueUrl=url, AttributeNames=["All"])


def _bucket(here: Place, declared: Thing) -> Thing | None:
    found = here.one("s3", "ListBuckets", "Buckets", Name=declared["bucket"])
    return found and {**found, "Arn": f"arn:aws:s3:::{declared['bucket']}"}


def _encryption(here: Place, declared: Thing) -> Any:
    call = ("s3", "GetBucketEncryption", "ServerSideEncryptionConfiguration")
    return here.find(*call, Bucket=declared["bucket"])


TABLE: Final = (
    Counterpart(
        type="aws_rds_cluster",
        find=lambda here, d: here.one(
            "rds", "DescribeDBClusters", "DBClusters", DBClusterIdentifier=d["cluster_identifier"]
        ),
        kind="rds:cluster",
        identity=("arn", "DBClusterArn"),
        same={
            "backup_retention_period": "BackupRetentionPeriod",
            "copy_tags_to_snapshot": ("CopyTagsToSnapshot", False),
            "database_name": "DatabaseName",
            "deletion_protection": ("DeletionProtection", False),
            "enabled_cloudwatch_logs_exports": ("EnabledCloudwatchLogsExports", ()),
            "engine": "Engine",
            "engine_version": "EngineVersion",
            "iam_database_authentication_enabled": ("IAMDatabaseAuthenticationEnabled", False),
            "kms_key_id": "KmsKeyId",
            "port": "Port",
            "serverlessv2_scaling_configuration.max_capacity": "ServerlessV2ScalingConfiguration.MaxCapacity",
            "serverlessv2_scaling_configuration.min_capacity": "ServerlessV2ScalingConfiguration.MinCapacity",
            "storage_encrypted": "StorageEncrypted",
        },
    ),
    Counterpart(
        type="aws_rds_cluster_instance",
        find=lambda here, d: here.one(
            "rds", "DescribeDBInstances", "DBInstances", DBInstanceIdentifier=d["identifier"]
        ),
        kind="rds:db",
        identity=("arn", "DBInstanceArn"),
        same={
            "auto_minor_version_upgrade": ("AutoMinorVersionUpgrade", True),
            "engine": "Engine",
            "instance_class": "DBInstanceClass",
            "monitoring_interval": ("MonitoringInterval", 0),
            "performance_insights_enabled": "PerformanceInsightsEnabled",
            "promotion_tier": ("PromotionTier", 0),
            "publicly_accessible": "PubliclyAccessible",
        },
    ),
    Counterpart(type="aws_s3_bucket", find=_bucket, kind="s3"),
    Counterpart(
        type="aws_s3_bucket_versioning",
        find=lambda here, d: here.find("s3", "GetBucketVersioning", Bucket=d["bucket"]),
        same={"versioning_configuration.status": "Status"},
    ),
    Counterpart(
        type="aws_s3_bucket_public_access_block",
        find=lambda here, d: here.find(
            "s3", "GetPublicAccessBlock", "PublicAccessBlockConfiguration", Bucket=d["bucket"]
        ),
        same={
            "block_public_acls": ("BlockPublicAcls", False),
            "block_public_policy": ("BlockPublicPolicy", False),
            "ignore_public_acls": ("IgnorePublicAcls", False),
            "restrict_public_buckets": ("RestrictPublicBuckets", False),
        },
    ),
    Counterpart(
        type="aws_s3_bucket_server_side_encryption_configuration",
        find=_encryption,
        same={
            "rule.apply_server_side_encryption_by_default.kms_master_key_id": (
                "Rules.ApplyServerSideEncryptionByDefault.KMSMasterKeyID"
            ),
            "rule.apply_server_side_encryption_by_default.sse_algorithm": (
                "Rules.ApplyServerSideEncryptionByDefault.SSEAlgorithm"
            ),
        },
    ),
    Counterpart(
        type="aws_sqs_queue",
        find=_queue,
        kind="sqs",
        identity=("arn", "QueueArn"),
        same={
            "delay_seconds": ("DelaySeconds", 0),
            "kms_master_key_id": ("KmsMasterKeyId", ""),
            "message_retention_seconds": ("MessageRetentionPeriod", 345600),
            "redrive_policy": "RedrivePolicy",
            "visibility_timeout_seconds": ("VisibilityTimeout", 30),
        },
    ),
    Counterpart(
        type="aws_kms_alias",
        find=lambda here, d: here.one("kms", "ListAliases", "Aliases", AliasName=d["name"]),
        identity=("target_key_id", "TargetKeyId"),
    ),
    Counterpart(
        type="aws_backup_vault",
        find=lambda here, d: here.find("backup", "DescribeBackupVault", BackupVaultName=d["name"]),
        kind="backup:backup-vault",
        identity=("arn", "BackupVaultArn"),
        same={"kms_key_arn": "EncryptionKeyArn"},
    ),
    Counterpart(
        type="aws_backup_vault_lock_configuration",
        find=lambda here, d: here.find("backup", "DescribeBackupVault", BackupVaultName=d["backup_vault_name"]),
        same={"max_retention_days": ("MaxRetentionDays", ""), "min_retention_days": ("MinRetentionDays", "")},
    ),
    Counterpart(
        type="aws_secretsmanager_secret",
        find=lambda here, d: here.one("secretsmanager", "ListSecrets", "SecretList", Name=d["name"]),
        kind="secretsmanager:secret",
        identity=("arn", "ARN"),
        same={"description": ("Description", ""), "kms_key_id": ("KmsKeyId", "")},
    ),
)
