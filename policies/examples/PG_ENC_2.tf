variable "key" { type = string }

resource "aws_sns_topic" "encrypted" {
  name              = "encrypted"
  kms_master_key_id = aws_kms_key.own.arn
}

resource "aws_sqs_queue" "encrypted_by_sqs_itself" {
  name = "default"
}

resource "aws_efs_file_system" "encrypted" {
  encrypted = true
}

resource "aws_kinesis_stream" "encrypted" {
  name            = "encrypted"
  encryption_type = "KMS"
  kms_key_id      = aws_kms_key.own.arn
}

resource "aws_sns_topic" "plain_by_default" { # violates PG_ENC_2
  name = "plain"
}

resource "aws_sqs_queue" "switched_off" { # violates PG_ENC_2
  name                    = "plain"
  sqs_managed_sse_enabled = false
}

resource "aws_efs_file_system" "plain_by_default" { # violates PG_ENC_2
  creation_token = "plain"
}

resource "aws_ebs_volume" "switched_off" { # violates PG_ENC_2
  availability_zone = "ap-northeast-1a"
  size              = 8
  encrypted         = false
}

resource "aws_kinesis_stream" "plain_by_default" { # violates PG_ENC_2
  name = "plain"
}

resource "aws_kinesis_stream" "without_a_key" { # violates PG_ENC_2
  name            = "no-key"
  encryption_type = "KMS"
}

resource "aws_kms_key" "own" {}

resource "aws_workspaces_workspace" "encrypted" {
  directory_id                   = "d-1"
  bundle_id                      = "wsb-1"
  user_name                      = "kay"
  root_volume_encryption_enabled = true
  user_volume_encryption_enabled = true
}

resource "aws_workspaces_workspace" "half_of_it" { # violates PG_ENC_2
  directory_id                   = "d-1"
  bundle_id                      = "wsb-1"
  user_name                      = "lee"
  root_volume_encryption_enabled = true
}

resource "aws_api_gateway_method_settings" "encrypted" {
  rest_api_id = "abc123"
  stage_name  = "live"
  method_path = "*/*"
  settings {
    caching_enabled      = true
    cache_data_encrypted = true
  }
}

resource "aws_api_gateway_method_settings" "without_a_cache" {
  rest_api_id = "abc123"
  stage_name  = "live"
  method_path = "*/*"
  settings {
    metrics_enabled = true
  }
}

resource "aws_api_gateway_method_settings" "a_plain_cache" { # violates PG_ENC_2
  rest_api_id = "abc123"
  stage_name  = "live"
  method_path = "orders/GET"
  settings {
    caching_enabled = true
  }
}

resource "aws_ebs_snapshot_copy" "plain" { # violates PG_ENC_2
  source_snapshot_id = "snap-0123456789abcdef0"
  source_region      = "us-east-1"
}

resource "aws_ebs_snapshot_copy" "encrypted" {
  source_snapshot_id = "snap-0123456789abcdef0"
  source_region      = "us-east-1"
  encrypted          = true
}

resource "aws_kinesis_firehose_delivery_stream" "encrypted" {
  name        = "encrypted"
  destination = "extended_s3"

  server_side_encryption {
    enabled = true
  }

  extended_s3_configuration {
    role_arn   = "arn:aws:iam::111122223333:role/firehose"
    bucket_arn = "arn:aws:s3:::events"
  }
}

resource "aws_kinesis_firehose_delivery_stream" "left_at_the_default" { # violates PG_ENC_2
  name        = "default"
  destination = "extended_s3"

  extended_s3_configuration {
    role_arn   = "arn:aws:iam::111122223333:role/firehose"
    bucket_arn = "arn:aws:s3:::events"
  }
}

resource "aws_kinesis_firehose_delivery_stream" "of_another_stream" {
  name        = "of-another"
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = "arn:aws:kinesis:ap-northeast-1:111122223333:stream/events"
    role_arn           = "arn:aws:iam::111122223333:role/firehose"
  }

  extended_s3_configuration {
    role_arn   = "arn:aws:iam::111122223333:role/firehose"
    bucket_arn = "arn:aws:s3:::events"
  }
}
