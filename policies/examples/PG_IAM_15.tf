resource "aws_kms_key" "administered_by_its_account" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
    }]
  })
}

resource "aws_s3_bucket_policy" "listed" {
  bucket = "news"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::news/*", Principal = { AWS = "arn:aws:iam::123456789012:role/app" } },
      { Effect = "Deny", Action = "s3:*", Resource = "*", Principal = "*", Condition = { Bool = { "aws:SecureTransport" = "false" } } },
    ]
  })
}

resource "aws_iam_role" "assumed" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_s3_bucket_policy" "all_of_s3" { # violates PG_IAM_15
  bucket = "news"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "*", Principal = { AWS = "arn:aws:iam::123456789012:role/app" } }]
  })
}

resource "aws_sqs_queue_policy" "all_but_one" { # violates PG_IAM_15
  queue_url = "https://sqs.ap-northeast-1.amazonaws.com/123456789012/news"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", NotAction = "sqs:DeleteQueue", Resource = "*", Principal = { AWS = "arn:aws:iam::123456789012:role/app" } }]
  })
}

resource "aws_kms_key" "all_for_a_service" { # violates PG_IAM_15
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { Service = "sns.amazonaws.com" } }]
  })
}

resource "aws_iam_role" "every_way_to_take_it" { # violates PG_IAM_15
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:*", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_sns_topic" "without_a_policy" {
  name = "default"
}
