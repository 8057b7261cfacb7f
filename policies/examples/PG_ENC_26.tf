locals {
  tls_only = {
    Effect    = "Deny"
    Principal = "*"
    Action    = "*"
    Resource  = "*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}

resource "aws_sqs_queue" "tls_only" {
  name = "tls-only"
}

resource "aws_sqs_queue_policy" "tls_only" {
  queue_url = aws_sqs_queue.tls_only.url
  policy    = jsonencode({ Version = "2012-10-17", Statement = [local.tls_only] })
}

resource "aws_sns_topic" "tls_only" {
  name   = "tls-only"
  policy = jsonencode({ Version = "2012-10-17", Statement = [merge(local.tls_only, { Action = "SNS:Publish" })] })
}

resource "aws_sqs_queue" "one_principal_denied" { # violates PG_ENC_26
  name = "one-principal"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Principal = { AWS = "arn:aws:iam::111122223333:role/app" } })]
  })
}

resource "aws_sns_topic" "allowed_with_tls_but_not_denied_without" { # violates PG_ENC_26
  name = "allowed"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = "sns:Publish"
      Resource  = "*"
      Condition = { Bool = { "aws:SecureTransport" = "true" } }
    }]
  })
}

resource "aws_sqs_queue" "another_denied" { # violates PG_ENC_26
  name = "another"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Resource = aws_sqs_queue.tls_only.arn })]
  })
}

resource "aws_sqs_queue" "named" {
  name_prefix = "named-"
}

resource "aws_sqs_queue_policy" "named" {
  queue_url = aws_sqs_queue.named.url
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Resource = aws_sqs_queue.named.arn })]
  })
}
