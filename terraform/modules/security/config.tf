# How every resource is, and was.

data "aws_iam_policy_document" "config_bucket" {
  statement {
    sid       = "ConfigChecksBucket"
    actions   = ["s3:GetBucketAcl", "s3:ListBucket"]
    resources = [module.config_bucket.arn]

    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid       = "ConfigWrites"
    actions   = ["s3:PutObject"]
    resources = ["${module.config_bucket.arn}/AWSLogs/${local.account}/Config/*"]

    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

module "config_bucket" {
  source = "../bucket"

  name                  = "${var.name}-config-${local.account}"
  kms_key_arn           = aws_kms_key.audit.arn
  access_log_bucket     = var.access_log_bucket
  policy_documents      = [data.aws_iam_policy_document.config_bucket.json]
  infrequent_after_days = 90
  expire_after_days     = var.config_retention_days
}

# The role that AWS keeps for Config: read access to every service that it knows, and nothing else. When the account
# has it already: terraform import module.security.aws_iam_service_linked_role.config ARN.
resource "aws_iam_service_linked_role" "config" {
  aws_service_name = "config.amazonaws.com"
}

resource "aws_config_configuration_recorder" "this" {
  name     = var.name
  role_arn = aws_iam_service_linked_role.config.arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }

  recording_mode {
    recording_frequency = "CONTINUOUS"
  }
}

resource "aws_config_delivery_channel" "this" {
  name           = var.name
  s3_bucket_name = module.config_bucket.name
  s3_kms_key_arn = aws_kms_key.audit.arn

  snapshot_delivery_properties {
    delivery_frequency = "TwentyFour_Hours"
  }

  depends_on = [aws_config_configuration_recorder.this, module.config_bucket]
}

resource "aws_config_configuration_recorder_status" "this" {
  name       = aws_config_configuration_recorder.this.name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}

resource "aws_config_retention_configuration" "this" {
  retention_period_in_days = var.config_retention_days

  depends_on = [aws_config_configuration_recorder.this]
}

locals {
  # What this system promises, watched between two runs of the gate.
  config_rules = {
    ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK        = {}
    AURORA_LAST_BACKUP_RECOVERY_POINT_CREATED  = { recoveryPointAgeValue = "1", recoveryPointAgeUnit = "days" }
    BACKUP_RECOVERY_POINT_ENCRYPTED            = {}
    CLOUDWATCH_ALARM_ACTION_CHECK              = { alarmActionRequired = "true", insufficientDataActionRequired = "false", okActionRequired = "false" }
    CLOUD_TRAIL_ENABLED                        = {}
    CMK_BACKING_KEY_ROTATION_ENABLED           = {}
    DB_INSTANCE_BACKUP_ENABLED                 = { backupRetentionPeriod = tostring(var.backup_retention_days) }
    ECS_CONTAINERS_NONPRIVILEGED               = {}
    ECS_CONTAINERS_READONLY_ACCESS             = {}
    ECS_CONTAINER_INSIGHTS_ENABLED             = {}
    ELB_DELETION_PROTECTION_ENABLED            = {}
    IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS = {}
    IAM_ROOT_ACCESS_KEY_CHECK                  = {}
    INCOMING_SSH_DISABLED                      = {}
    RDS_CLUSTER_DELETION_PROTECTION_ENABLED    = {}
    RDS_CLUSTER_IAM_AUTHENTICATION_ENABLED     = {}
    RDS_INSTANCE_PUBLIC_ACCESS_CHECK           = {}
    RDS_STORAGE_ENCRYPTED                      = {}
    ROOT_ACCOUNT_MFA_ENABLED                   = {}
    S3_BUCKET_PUBLIC_READ_PROHIBITED           = {}
    S3_BUCKET_PUBLIC_WRITE_PROHIBITED          = {}
    S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED   = {}
    S3_BUCKET_SSL_REQUESTS_ONLY                = {}
    S3_BUCKET_VERSIONING_ENABLED               = {}
    SECRETSMANAGER_ROTATION_ENABLED_CHECK      = {}
    VPC_DEFAULT_SECURITY_GROUP_CLOSED          = {}
    VPC_FLOW_LOGS_ENABLED                      = {}
    VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS       = {}
  }
}

resource "aws_config_config_rule" "this" {
  for_each = local.config_rules

  name             = "${var.name}-${lower(replace(each.key, "_", "-"))}"
  input_parameters = length(each.value) == 0 ? null : jsonencode(each.value)

  source {
    owner             = "AWS"
    source_identifier = each.key
  }

  depends_on = [aws_config_configuration_recorder.this]
}
