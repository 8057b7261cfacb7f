resource "aws_s3_bucket_policy" "one_distribution" {
  bucket = "site"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "*"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/E1" } }
    }]
  })
}

resource "aws_sns_topic_policy" "alarms_of_this_account" {
  arn = "arn:aws:sns:ap-northeast-1:123456789012:news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = "*"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
  })
}

resource "aws_lambda_permission" "one_bucket" {
  action        = "lambda:InvokeFunction"
  function_name = "resize"
  principal     = "s3.amazonaws.com"
  source_arn    = "arn:aws:s3:::news"
}

resource "aws_s3_bucket_policy" "any_distribution" { # violates PG_IAM_14
  bucket = "site"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "*"
      Principal = { Service = "cloudfront.amazonaws.com" }
    }]
  })
}

resource "aws_s3_bucket_policy" "any_account_by_wildcard" { # violates PG_IAM_14
  bucket = "site"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "*"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:cloudfront::*:distribution/*" } }
    }]
  })
}

resource "aws_sqs_queue_policy" "any_topic" { # violates PG_IAM_14
  queue_url = "https://sqs.ap-northeast-1.amazonaws.com/123456789012/news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Resource  = "*"
      Principal = { Service = "sns.amazonaws.com" }
    }]
  })
}

resource "aws_lambda_permission" "any_bucket" { # violates PG_IAM_14
  action        = "lambda:InvokeFunction"
  function_name = "resize"
  principal     = "s3.amazonaws.com"
}

resource "aws_kms_key" "one_log_group" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Principal = { Service = "logs.ap-northeast-1.amazonaws.com" }
      Condition = { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/news" } }
    }]
  })
}

resource "aws_kms_key" "logs_of_any_account" { # violates PG_IAM_14
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Principal = { Service = "logs.ap-northeast-1.amazonaws.com" }
    }]
  })
}

resource "aws_kms_key" "without_a_policy" {
  description = "left to KMS"
}

resource "aws_kms_key" "events_state_no_source_to_a_key" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_lambda_permission" "anybody" { # violates PG_IAM_14
  action        = "lambda:InvokeFunction"
  function_name = "orders"
  principal     = "*"
}

resource "aws_lambda_permission" "anybody_of_the_organisation" {
  action           = "lambda:InvokeFunction"
  function_name    = "orders"
  principal        = "*"
  principal_org_id = "o-a1b2c3d4e5"
}

resource "aws_lambda_permission" "any_api" { # violates PG_IAM_14
  action        = "lambda:InvokeFunction"
  function_name = "orders"
  principal     = "apigateway.amazonaws.com"
}

resource "aws_lambda_permission" "one_account" {
  action        = "lambda:InvokeFunction"
  function_name = "orders"
  principal     = "123456789012"
}

resource "aws_lambda_resource_policy" "any_api" { # violates PG_IAM_14
  resource_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:orders"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
      Action    = "lambda:InvokeFunction"
      Resource  = "arn:aws:lambda:ap-northeast-1:123456789012:function:orders"
    }]
  })
}

resource "aws_lambda_resource_policy" "one_api" {
  resource_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:orders"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
      Action    = "lambda:InvokeFunction"
      Resource  = "arn:aws:lambda:ap-northeast-1:123456789012:function:orders"
      Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:execute-api:ap-northeast-1:123456789012:a1b2c3/*" } }
    }]
  })
}
