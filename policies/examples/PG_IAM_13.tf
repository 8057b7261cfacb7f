resource "aws_s3_bucket_policy" "one_role" {
  bucket = "news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "*"
      Principal = { AWS = "arn:aws:iam::123456789012:role/app" }
    }]
  })
}

resource "aws_s3_bucket_policy" "everybody_is_denied" {
  bucket = "news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Action    = "s3:*"
      Resource  = "*"
      Principal = "*"
    }]
  })
}

resource "aws_sns_topic_policy" "everybody_in_the_organisation" {
  arn = "arn:aws:sns:ap-northeast-1:123456789012:news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = "*"
      Principal = "*"
      Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-example" } }
    }]
  })
}

resource "aws_s3_bucket_policy" "everybody" { # violates PG_IAM_13
  bucket = "news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "*"
      Principal = "*"
    }]
  })
}

resource "aws_kms_key" "anybody_with_an_account" { # violates PG_IAM_13
  description = "open"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = "*"
      Principal = { AWS = ["arn:aws:iam::123456789012:role/app", "*"] }
    }]
  })
}

resource "aws_sqs_queue_policy" "all_but_one" { # violates PG_IAM_13
  queue_url = "https://sqs.ap-northeast-1.amazonaws.com/123456789012/news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect       = "Allow"
      Action       = "sqs:SendMessage"
      Resource     = "*"
      NotPrincipal = { AWS = "arn:aws:iam::123456789012:role/app" }
    }]
  })
}

resource "aws_secretsmanager_secret_policy" "everybody_from_an_address" { # violates PG_IAM_13
  secret_arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:a"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
      Principal = "*"
      Condition = { StringNotEquals = { "aws:PrincipalOrgID" = "o-example" } }
    }]
  })
}

resource "aws_ecr_repository_policy" "everybody_pulls" { # violates PG_IAM_13
  repository = "news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "ecr:BatchGetImage"
      Principal = "*"
    }]
  })
}

resource "aws_sns_topic" "without_a_policy" {
  name = "default"
}

resource "aws_s3_bucket_policy" "everybody_with_the_id_of_a_role" {
  bucket = "news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "*"
      Principal = "*"
      Condition = { StringLike = { "aws:userid" = "AROA1234567890EXAMPLE:*" } }
    }]
  })
}

resource "aws_s3_bucket_policy" "everybody_who_calls_a_session_so" { # violates PG_IAM_13
  bucket = "news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "*"
      Principal = "*"
      Condition = { StringLike = { "aws:userid" = "*:deploy" } }
    }]
  })
}

resource "aws_s3_bucket_policy" "everybody_unsigned" { # violates PG_IAM_13
  bucket = "news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "*"
      Principal = "*"
      Condition = { StringEquals = { "aws:userid" = "anonymous" } }
    }]
  })
}

resource "aws_dynamodb_resource_policy" "open" { # violates PG_IAM_13
  resource_arn = "arn:aws:dynamodb:ap-northeast-1:123456789012:table/scores"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "dynamodb:GetItem", Resource = "*" }]
  })
}

resource "aws_kms_replica_key" "open" { # violates PG_IAM_13
  primary_key_arn = "arn:aws:kms:us-east-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "kms:Decrypt", Resource = "*" }]
  })
}

resource "aws_s3_access_point" "of_one_account" {
  bucket = "nba-news-media"
  name   = "partners"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::210987654321:root" }
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:ap-northeast-1:123456789012:accesspoint/partners/object/*"
    }]
  })
}
