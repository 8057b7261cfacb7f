"""RDS: Aurora clusters, their instances, instances of their own, parameters and subnets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .registry import Clients, creates, omit_empty, tags

#: Parameters that RDS takes in one call.
_BATCH: Final = 20


@creates("aws_db_subnet_group")
def subnet_group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a group of subnets for a database."""
    made = aws("rds").create_db_subnet_group(
        DBSubnetGroupName=declared["name"],
        DBSubnetGroupDescription=declared["description"] or "Managed by Terraform",
        SubnetIds=sorted(declared["subnet_ids"]),
        Tags=tags(declared),
    )["DBSubnetGroup"]
    return {"id": declared["name"], "arn": made["DBSubnetGroupArn"], "vpc_id": made["VpcId"]}


@creates("aws_rds_cluster_parameter_group")
def cluster_parameter_group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a parameter group of a cluster with its parameters."""
    return _parameter_group(declared, aws, "db_cluster_parameter_group", "DBClusterParameterGroup")


@creates("aws_db_parameter_group")
def parameter_group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a parameter group of instances with its parameters."""
    return _parameter_group(declared, aws, "db_parameter_group", "DBParameterGroup")


def _parameter_group(declared: Mapping[str, Any], aws: Clients, operation: str, field: str) -> Mapping[str, Any]:
    rds, name = aws("rds"), {f"{field}Name": declared["name"]}
    made = getattr(rds, f"create_{operation}")(
        **name,
        DBParameterGroupFamily=declared["family"],
        Description=declared["description"] or "Managed by Terraform",
        Tags=tags(declared),
    )[field]
    parameters = _parameters(declared)
    for start in range(0, len(parameters), _BATCH):
        getattr(rds, f"modify_{operation}")(**name, Parameters=parameters[start : start + _BATCH])
    return {"id": declared["name"], "name": declared["name"], "arn": made[f"{field}Arn"]}


def _parameters(declared: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"ParameterName": each["name"], "ParameterValue": each["value"],
         "ApplyMethod": each["apply_method"] or "immediate"}
        for each in declared["parameter"] or ()
    ]  # fmt: skip


#: Arguments of AWS's call -> arguments of Terraform's resource.
_CLUSTER = {
    "DBClusterIdentifier": "cluster_identifier", "Engine": "engine", "EngineMode": "engine_mode",
    "EngineVersion": "engine_version", "DatabaseName": "database_name", "Port": "port", "NetworkType": "network_type",
    "MasterUsername": "master_username", "MasterUserPassword": "master_password",
    "ManageMasterUserPassword": "manage_master_user_password",
    "MasterUserSecretKmsKeyId": "master_user_secret_kms_key_id",
    "EnableIAMDatabaseAuthentication": "iam_database_authentication_enabled", "StorageEncrypted": "storage_encrypted",
    "KmsKeyId": "kms_key_id", "DBSubnetGroupName": "db_subnet_group_name",
    "VpcSecurityGroupIds": "vpc_security_group_ids", "BackupRetentionPeriod": "backup_retention_period",
    "DBClusterParameterGroupName": "db_cluster_parameter_group_name",
    "CopyTagsToSnapshot": "copy_tags_to_snapshot", "DeletionProtection": "deletion_protection",
    "EnableCloudwatchLogsExports": "enabled_cloudwatch_logs_exports",
    "PreferredMaintenanceWindow": "preferred_maintenance_window", "PreferredBackupWindow": "preferred_backup_window",
}  # fmt: skip
_INSTANCE = {
    "DBInstanceIdentifier": "identifier", "DBClusterIdentifier": "cluster_identifier", "Engine": "engine",
    "EngineVersion": "engine_version", "DBInstanceClass": "instance_class", "AvailabilityZone": "availability_zone",
    "PromotionTier": "promotion_tier", "DBSubnetGroupName": "db_subnet_group_name",
    "DBParameterGroupName": "db_parameter_group_name", "PubliclyAccessible": "publicly_accessible",
    "CACertificateIdentifier": "ca_cert_identifier", "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "PreferredMaintenanceWindow": "preferred_maintenance_window", "CopyTagsToSnapshot": "copy_tags_to_snapshot",
    "EnablePerformanceInsights": "performance_insights_enabled",
    "PerformanceInsightsKMSKeyId": "performance_insights_kms_key_id",
    "PerformanceInsightsRetentionPeriod": "performance_insights_retention_period",
    "MonitoringInterval": "monitoring_interval", "MonitoringRoleArn": "monitoring_role_arn",
}  # fmt: skip

_ALONE = {
    **{name: own for name, own in _INSTANCE.items() if own not in ("cluster_identifier", "promotion_tier")},
    "DBParameterGroupName": "parameter_group_name", "DBName": "db_name", "Port": "port", "MultiAZ": "multi_az",
    "AllocatedStorage": "allocated_storage", "MaxAllocatedStorage": "max_allocated_storage", "Iops": "iops",
    "StorageType": "storage_type", "StorageEncrypted": "storage_encrypted", "KmsKeyId": "kms_key_id",
    "MasterUsername": "username", "MasterUserPassword": "password", "LicenseModel": "license_model",
    "ManageMasterUserPassword": "manage_master_user_password",
    "MasterUserSecretKmsKeyId": "master_user_secret_kms_key_id",
    "EnableIAMDatabaseAuthentication": "iam_database_authentication_enabled",
    "VpcSecurityGroupIds": "vpc_security_group_ids", "BackupRetentionPeriod": "backup_retention_period",
    "PreferredBackupWindow": "backup_window", "PreferredMaintenanceWindow": "maintenance_window",
    "DeletionProtection": "deletion_protection", "EnableCloudwatchLogsExports": "enabled_cloudwatch_logs_exports",
}  # fmt: skip


@creates("aws_rds_cluster")
def cluster(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a cluster, without instances."""
    arguments = _rename_arguments(_CLUSTER, declared)
    for scaling in declared["serverlessv2_scaling_configuration"] or ():
        arguments["ServerlessV2ScalingConfiguration"] = {
            "MinCapacity": scaling["min_capacity"], "MaxCapacity": scaling["max_capacity"]
        }  # fmt: skip
    made = aws("rds").create_db_cluster(**arguments, Tags=tags(declared))["DBCluster"]
    return {
        "id": made["DBClusterIdentifier"],
        "arn": made["DBClusterArn"],
        "cluster_identifier": made["DBClusterIdentifier"],
        "cluster_resource_id": made["DbClusterResourceId"],
        "endpoint": made["Endpoint"],
        "reader_endpoint": made["ReaderEndpoint"],
        "hosted_zone_id": made["HostedZoneId"],
        "engine_version_actual": made["EngineVersion"],
        "master_user_secret": _read_master_secret(made),
    }


def _read_master_secret(made: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the secret in which RDS keeps the master password, as Terraform says it; none where it keeps none."""
    if not (secret := made.get("MasterUserSecret")):
        return []
    return [{"secret_arn": secret["SecretArn"], "secret_status": secret["SecretStatus"],
             "kms_key_id": secret.get("KmsKeyId")}]  # fmt: skip


@creates("aws_rds_cluster_instance")
def instance(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an instance of a cluster."""
    made = aws("rds").create_db_instance(**_rename_arguments(_INSTANCE, declared), Tags=tags(declared))["DBInstance"]
    return {
        "id": made["DBInstanceIdentifier"],
        "arn": made["DBInstanceArn"],
        "identifier": made["DBInstanceIdentifier"],
        "dbi_resource_id": made["DbiResourceId"],
        "engine_version_actual": made["EngineVersion"],
        "endpoint": made["Endpoint"]["Address"],
    }


@creates("aws_db_instance")
def instance_alone(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an instance that belongs to no cluster; a replica and a restored one begin empty here."""
    arguments = {"PubliclyAccessible": False, **_rename_arguments(_ALONE, declared)}
    made = aws("rds").create_db_instance(**arguments, Tags=tags(declared))["DBInstance"]
    place = made["Endpoint"]
    return {
        "id": made["DbiResourceId"],
        "arn": made["DBInstanceArn"],
        "identifier": made["DBInstanceIdentifier"],
        "resource_id": made["DbiResourceId"],
        "engine_version_actual": made["EngineVersion"],
        "address": place["Address"],
        "endpoint": f"{place['Address']}:{place['Port']}",
        "status": made["DBInstanceStatus"],
        "master_user_secret": _read_master_secret(made),
    }


def _rename_arguments(names: Mapping[str, str], declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared arguments under AWS's names; sets are sorted, so that two runs make the same calls."""
    values = {name: declared[argument] for name, argument in names.items()}
    return omit_empty(**{name: sorted(v) if isinstance(v, (list, set, tuple)) else v for name, v in values.items()})
