# Copies that outlive the database, its region and a mistake: continuous and daily ones in a locked vault, each daily
# one a second time in another region, monthly ones for a year; and a restore every week, to know that they are any
# good (restore-testing.tf). What fails is told by the rules of module observability.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  vaults = {
    main = { region = local.region, kms_key_arn = var.kms_key_arn }
    copy = { region = var.copy_region, kms_key_arn = var.copy_kms_key_arn }
  }
}

resource "aws_backup_vault" "this" {
  for_each = local.vaults
  region   = each.value.region

  name          = "${var.name}-${each.key}"
  kms_key_arn   = each.value.kms_key_arn
  force_destroy = false
}

resource "aws_backup_vault_lock_configuration" "this" {
  for_each = aws_backup_vault.this
  region   = each.value.region

  backup_vault_name   = each.value.name
  min_retention_days  = var.lock_days
  max_retention_days  = var.monthly_days
  changeable_for_days = var.lock_after_days
}

data "aws_iam_policy_document" "vault" {
  # The lock keeps recovery points for lock_days; this keeps them for good from everybody but the lifecycle.
  statement {
    sid    = "NobodyDeletes"
    effect = "Deny"
    actions = [
      "backup:DeleteBackupVault",
      "backup:DeleteBackupVaultAccessPolicy",
      "backup:DeleteRecoveryPoint",
      "backup:UpdateRecoveryPointLifecycle",
    ]
    resources = ["*"] # in the policy of a vault, * is this vault and what it keeps

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

resource "aws_backup_vault_policy" "this" {
  for_each = aws_backup_vault.this
  region   = each.value.region

  backup_vault_name = each.value.name
  policy            = data.aws_iam_policy_document.vault.json
}

resource "aws_backup_plan" "this" {
  name = var.name

  rule {
    rule_name                    = "continuous"
    target_vault_name            = aws_backup_vault.this["main"].name
    schedule                     = "cron(30 4 * * ? *)"
    schedule_expression_timezone = "Asia/Tokyo"
    enable_continuous_backup     = true
    start_window                 = 60
    completion_window            = 360

    lifecycle {
      delete_after = var.continuous_days
    }
  }

  # Continuous backups can't be copied; these can.
  rule {
    rule_name                    = "daily"
    target_vault_name            = aws_backup_vault.this["main"].name
    schedule                     = "cron(30 5 * * ? *)"
    schedule_expression_timezone = "Asia/Tokyo"
    start_window                 = 60
    completion_window            = 360

    lifecycle {
      delete_after = var.daily_days
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.this["copy"].arn

      lifecycle {
        delete_after = var.daily_days
      }
    }
  }

  rule {
    rule_name                    = "monthly"
    target_vault_name            = aws_backup_vault.this["main"].name
    schedule                     = "cron(30 6 1 * ? *)"
    schedule_expression_timezone = "Asia/Tokyo"
    start_window                 = 60
    completion_window            = 720

    lifecycle {
      delete_after = var.monthly_days
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.this["copy"].arn

      lifecycle {
        delete_after = var.monthly_days
      }
    }
  }
}

# By ARN: a tag that somebody forgets, or takes away, ends no backup.
resource "aws_backup_selection" "this" {
  name         = var.name
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = concat([var.cluster_arn], sort(values(var.bucket_arns)))

  depends_on = [aws_iam_role_policy.keys, aws_iam_role_policy_attachment.backup]
}
