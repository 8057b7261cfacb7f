mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_data "aws_region" {
    defaults = { region = "ap-northeast-1" }
  }
}

variables {
  name                 = "example-prod"
  kms_key_arn          = "arn:aws:kms:ap-northeast-1:123456789012:key/backup"
  copy_region          = "ap-northeast-3"
  copy_kms_key_arn     = "arn:aws:kms:ap-northeast-3:123456789012:key/copy"
  cluster_arn          = "arn:aws:rds:ap-northeast-1:123456789012:cluster:example-prod"
  bucket_arns          = { dags = "arn:aws:s3:::example-dags" }
  storage_kms_key_arns = { data = "arn:aws:kms:ap-northeast-1:123456789012:key/data" }
  continuous_days      = 30
  daily_days           = 30
  monthly_days         = 365
  restore_test         = { subnet_group_name = "example-prod", security_group_ids = ["sg-1"] }
}

run "selects_by_arn_and_keeps_as_agreed" {
  command = plan

  assert {
    condition     = contains(aws_backup_selection.this.resources, var.cluster_arn) && length(aws_backup_selection.this.resources) == 2
    error_message = "The cluster and every bucket, by ARN."
  }

  assert {
    condition     = alltrue([for rule in aws_backup_plan.this.rule : rule.lifecycle[0].delete_after >= 30])
    error_message = "No rule keeps less than 30 days."
  }

  assert {
    condition     = aws_backup_vault.this["copy"].region == "ap-northeast-3"
    error_message = "The second copy lives in another region."
  }
}

run "refuses_a_lock_longer_than_its_backups" {
  command = plan

  variables {
    lock_days = 31
  }

  expect_failures = [var.lock_days]
}

run "refuses_monthly_backups_that_add_nothing" {
  command = plan

  variables {
    monthly_days = 30
  }

  expect_failures = [var.monthly_days]
}

run "refuses_a_lock_without_time_to_think" {
  command = plan

  variables {
    lock_after_days = 1
  }

  expect_failures = [var.lock_after_days]
}
