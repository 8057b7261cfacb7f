variable "key" { type = string }

resource "aws_kms_key" "own" {}

resource "aws_kms_alias" "own" {
  name          = "alias/news"
  target_key_id = aws_kms_key.own.key_id
}

resource "aws_rds_cluster" "own_key" {
  engine            = "aurora-postgresql"
  storage_encrypted = true
  kms_key_id        = aws_kms_key.own.arn
}

resource "aws_sns_topic" "own_alias" {
  name              = "alias"
  kms_master_key_id = aws_kms_alias.own.name
}

resource "aws_dynamodb_table" "own_key" {
  name = "own"
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.own.arn
  }
}

resource "aws_ecr_repository" "key_of_another_stack" {
  name = "other"
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = "arn:aws:kms:ap-northeast-1:111122223333:key/0d2b1f4e-1111-4222-8333-444455556666"
  }
}

resource "aws_rds_cluster" "no_key" { # violates PG_ENC_3
  engine            = "aurora-postgresql"
  storage_encrypted = true
}

resource "aws_sqs_queue" "key_of_sqs" { # violates PG_ENC_3
  name                    = "sqs"
  sqs_managed_sse_enabled = true
}

resource "aws_sns_topic" "alias_of_aws" { # violates PG_ENC_3
  name              = "aws"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_dynamodb_table" "key_of_dynamodb" { # violates PG_ENC_3
  name = "aws"
  server_side_encryption {
    enabled = true
  }
}

resource "aws_cloudwatch_log_group" "no_key" { # violates PG_ENC_3
  name = "/plain"
}

resource "aws_secretsmanager_secret" "key_of_secrets_manager" { # violates PG_ENC_3
  name = "plain"
}

resource "aws_ecr_repository" "aes256" { # violates PG_ENC_3
  name = "aes"
}

resource "aws_db_instance" "replica_of_the_same_region" { # not-applicable PG_ENC_3
  instance_class      = "db.t4g.medium"
  replicate_source_db = "primary"
}

resource "aws_backup_vault" "key_known_at_apply" { # undetermined PG_ENC_3
  name        = "later"
  kms_key_arn = var.key
}

resource "aws_sfn_state_machine" "key_of_its_own" {
  name       = "orders"
  role_arn   = "arn:aws:iam::123456789012:role/orders"
  definition = "{}"
  encryption_configuration {
    type       = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }
}

resource "aws_sfn_state_machine" "key_of_aws" { # violates PG_ENC_3
  name       = "refunds"
  role_arn   = "arn:aws:iam::123456789012:role/refunds"
  definition = "{}"
}
