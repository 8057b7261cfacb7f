# Two roles, because they are opposites: one reads everything and writes nothing but backups, the other makes new
# databases and buckets. The policies are AWS's own: what AWS Backup calls is AWS's to know, and a backup that fails on
# a new call of theirs is found when it is needed.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["backup.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "backup" {
  name               = "${var.name}-backup"
  description        = "Makes and copies backups"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role" "restore" {
  name               = "${var.name}-restore"
  description        = "Restores backups to try them"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "backup" {
  for_each = toset(["service-role/AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup"])

  role       = aws_iam_role.backup.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.value}"
}

resource "aws_iam_role_policy_attachment" "restore" {
  for_each = toset(["service-role/AWSBackupServiceRolePolicyForRestores", "AWSBackupServiceRolePolicyForS3Restore"])

  role       = aws_iam_role.restore.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.value}"
}

# AWS's policies name no key of ours, and the default keys only.
data "aws_iam_policy_document" "keys" {
  statement {
    sid = "UseKeys"
    actions = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey*",
      "kms:ReEncrypt*",
    ]
    resources = concat([var.kms_key_arn, var.copy_kms_key_arn], sort(distinct(values(var.storage_kms_key_arns))))
  }

  statement {
    sid       = "LendKeys"
    actions   = ["kms:CreateGrant"]
    resources = concat([var.kms_key_arn, var.copy_kms_key_arn], sort(distinct(values(var.storage_kms_key_arns))))

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
}

resource "aws_iam_role_policy" "keys" {
  for_each = { backup = aws_iam_role.backup.id, restore = aws_iam_role.restore.id }

  name   = "keys"
  role   = each.value
  policy = data.aws_iam_policy_document.keys.json
}
