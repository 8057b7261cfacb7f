locals {
  tls_only = {
    Effect    = "Deny"
    Principal = "*"
    Action    = "*"
    Resource  = "*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}

resource "aws_s3_bucket" "tls_only" {
  bucket = "tls-only"
}

resource "aws_s3_bucket_policy" "tls_only" {
  bucket = aws_s3_bucket.tls_only.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.tls_only.arn, "${aws_s3_bucket.tls_only.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = ["false"] } }
    }]
  })
}

resource "aws_s3_bucket" "without_a_policy" { # violates PG_ENC_13
  bucket = "without-a-policy"
}

resource "aws_s3_bucket" "objects_left_out" { # violates PG_ENC_13
  bucket = "objects-left-out"
}

resource "aws_s3_bucket_policy" "objects_left_out" {
  bucket = aws_s3_bucket.objects_left_out.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Resource = aws_s3_bucket.objects_left_out.arn })]
  })
}

resource "aws_s3_bucket" "only_reading_denied" { # violates PG_ENC_13
  bucket = "only-reading-denied"
}

resource "aws_s3_bucket_policy" "only_reading_denied" {
  bucket = aws_s3_bucket.only_reading_denied.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [merge(local.tls_only, { Action = "s3:GetObject" })] })
}

resource "aws_s3_bucket" "denied_only_outside_one_network" { # violates PG_ENC_13
  bucket = "two-conditions"
}

resource "aws_s3_bucket_policy" "denied_only_outside_one_network" {
  bucket = aws_s3_bucket.denied_only_outside_one_network.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(local.tls_only, {
      Condition = {
        Bool            = { "aws:SecureTransport" = "false" }
        StringNotEquals = { "aws:SourceVpc" = "vpc-1" }
      }
    })]
  })
}
