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

resource "aws_kms_key" "own" {}
