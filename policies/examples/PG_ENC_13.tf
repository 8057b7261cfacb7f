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

resource "aws_s3_bucket" "everything_denied" {
  bucket = "everything-denied"
}

resource "aws_s3_bucket_policy" "everything_denied" {
  bucket = aws_s3_bucket.everything_denied.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [merge(local.tls_only, { Condition = {} })] })
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

resource "aws_s3_bucket" "only_a_folder_denied" { # violates PG_ENC_13
  bucket = "only-a-folder-denied"
}

resource "aws_s3_bucket_policy" "only_a_folder_denied" {
  bucket = aws_s3_bucket.only_a_folder_denied.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(local.tls_only, {
      Resource = [aws_s3_bucket.only_a_folder_denied.arn, "${aws_s3_bucket.only_a_folder_denied.arn}/private/*"]
    })]
  })
}

resource "aws_s3_bucket" "lists_left_out" { # violates PG_ENC_13
  bucket = "lists-left-out"
}

resource "aws_s3_bucket_policy" "lists_left_out" {
  bucket = aws_s3_bucket.lists_left_out.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Resource = "${aws_s3_bucket.lists_left_out.arn}/*" })]
  })
}

resource "aws_s3_bucket" "another_denied" { # violates PG_ENC_13
  bucket = "another-denied"
}

resource "aws_s3_bucket_policy" "another_denied" {
  bucket = aws_s3_bucket.another_denied.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Resource = [aws_s3_bucket.tls_only.arn, "${aws_s3_bucket.tls_only.arn}/*"] })]
  })
}

resource "aws_s3_bucket" "denied_in_two_statements" {
  bucket_prefix = "two-statements-"
}

resource "aws_s3_bucket_policy" "denied_in_two_statements" {
  bucket = aws_s3_bucket.denied_in_two_statements.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      merge(local.tls_only, { Resource = aws_s3_bucket.denied_in_two_statements.arn }),
      merge(local.tls_only, {
        Resource  = "${aws_s3_bucket.denied_in_two_statements.arn}/*"
        Condition = { BoolIfExists = { "aws:SecureTransport" = false } }
      }),
    ]
  })
}
