mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name        = "example-data"
  kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/00000000-0000-0000-0000-000000000000"
}

run "stays_private_whatever_the_caller_says" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "all four public access blocks must be on"
  }
}

run "refuses_a_name_with_dots" {
  command = plan

  variables {
    name = "example.data"
  }

  expect_failures = [var.name]
}

run "refuses_kms_without_a_key" {
  command = plan

  variables {
    kms_key_arn = null
  }

  expect_failures = [var.kms_key_arn]
}

run "takes_sse_s3_where_kms_is_impossible" {
  command = plan

  variables {
    kms_key_arn   = null
    sse_algorithm = "AES256"
  }
}

run "refuses_to_delete_what_is_locked" {
  command = plan

  variables {
    lock_days         = 400
    expire_after_days = 30
  }

  expect_failures = [aws_s3_bucket_lifecycle_configuration.this]
}
