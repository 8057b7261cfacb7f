"""Resources that hold a policy which says whom they let in, and under which argument."""

#: Keys of KMS, and what holds the policy of one.
KEYS = (
    "aws_kms_key", "aws_kms_key_policy", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key",
)  # fmt: skip
_BY_ARGUMENT = {
    "policy": (
        "aws_acmpca_policy", "aws_backup_vault_policy", "aws_bedrockagentcore_resource_policy",
        "aws_cloudwatch_event_bus_policy", "aws_codebuild_resource_policy", "aws_dsql_cluster_policy",
        "aws_dynamodb_resource_policy", "aws_ecr_registry_policy", "aws_ecr_repository_policy",
        "aws_ecrpublic_repository_policy", "aws_efs_file_system_policy", "aws_glacier_vault_lock",
        "aws_glue_resource_policy", "aws_kinesis_resource_policy", "aws_lambda_resource_policy",
        "aws_media_store_container_policy", "aws_msk_cluster_policy", "aws_networkfirewall_resource_policy",
        "aws_oam_sink_policy", "aws_osis_resource_policy", "aws_pinpointsmsvoicev2_resource_policy",
        "aws_redshift_resource_policy", "aws_redshiftserverless_resource_policy", "aws_s3_access_point",
        "aws_s3_bucket", "aws_s3_bucket_policy", "aws_s3control_access_grants_instance_resource_policy",
        "aws_s3control_access_point_policy", "aws_s3control_bucket_policy",
        "aws_s3control_object_lambda_access_point_policy", "aws_s3files_file_system_policy",
        "aws_s3vectors_vector_bucket_policy", "aws_schemas_registry_policy", "aws_secretsmanager_secret",
        "aws_secretsmanager_secret_policy", "aws_ses_identity_policy", "aws_sesv2_email_identity_policy",
        "aws_sns_topic", "aws_sns_topic_policy", "aws_sqs_queue", "aws_sqs_queue_policy",
        "aws_vpclattice_resource_policy", *KEYS,
    ),
    "access_policies": (
        "aws_elasticsearch_domain", "aws_elasticsearch_domain_policy", "aws_opensearch_domain",
        "aws_opensearch_domain_policy",
    ),
    "access_policy": (
        "aws_cloudsearch_domain_service_access_policy", "aws_cloudwatch_log_destination_policy", "aws_glacier_vault",
    ),
    "content": ("aws_organizations_resource_policy",),
    "delivery_destination_policy": ("aws_cloudwatch_log_delivery_destination_policy",),
    "details.policy": ("aws_s3control_multi_region_access_point_policy",),
    "policy_document": (
        "aws_cloudwatch_log_resource_policy", "aws_codeartifact_domain_permissions_policy",
        "aws_codeartifact_repository_permissions_policy", "aws_prometheus_resource_policy", "aws_xray_resource_policy",
    ),
    "repository_policy": ("aws_ecr_repository_creation_template",),
    "resource_policy": (
        "aws_s3tables_table_bucket_policy", "aws_s3tables_table_policy", "aws_sagemaker_model_package_group_policy",
    ),
    "s3_access_point.policy": ("aws_fsx_s3_access_point_attachment",),
}  # fmt: skip
#: Resource -> the argument that holds the document.
RESOURCE_POLICIES = {holder: argument for argument, holders in _BY_ARGUMENT.items() for holder in holders}
