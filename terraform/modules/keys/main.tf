# One key for each purpose: whoever may read logs is not thereby able to read data, and a key that has to be switched
# off stops one thing. What the keys let whom do is in policies.tf.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  keys = {
    data = {
      region      = local.region
      description = "database, secrets, images, scratch disks of tasks"
    }
    logs = {
      region      = local.region
      description = "log groups, traces, canary artifacts, archived runs"
    }
    messages = {
      region      = local.region
      description = "topics and queues"
    }
    pipeline = {
      region      = local.region
      description = "Airflow, its buckets and its logs"
    }
    backup = {
      region      = local.region
      description = "recovery points"
    }
    backup_copy = {
      region      = var.backup_copy_region
      description = "second copy of recovery points"
    }
    edge = {
      region      = var.global_region
      description = "logs and alarms of CloudFront's region"
    }
  }
}

resource "aws_kms_key" "this" {
  for_each = local.keys
  region   = each.value.region

  description             = "${var.name}: ${each.value.description}"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_window_days
  policy                  = data.aws_iam_policy_document.this[each.key].json
}

resource "aws_kms_alias" "this" {
  for_each = local.keys
  region   = each.value.region

  name          = "alias/${var.name}-${replace(each.key, "_", "-")}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
