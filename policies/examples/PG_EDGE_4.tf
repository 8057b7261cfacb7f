variable "later" {
  type = string
}

resource "aws_s3_bucket_policy" "for_one_distribution" {
  bucket = "files"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::files/*"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Condition = { StringEquals = { "AWS:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE" } }
    }]
  })
}

resource "aws_s3_bucket_policy" "for_any_distribution_of_anybody" { # violates PG_EDGE_4
  bucket = "files"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::files/*"
      Principal = { Service = "cloudfront.amazonaws.com" }
    }]
  })
}

resource "aws_s3_bucket_policy" "for_a_pattern_that_fits_all" { # violates PG_EDGE_4
  bucket = "files"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::files/*"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Condition = { ArnLike = { "AWS:SourceArn" = "arn:aws:cloudfront::*:distribution/*" } }
    }]
  })
}

resource "aws_s3_bucket_policy" "for_any_other_distribution" { # violates PG_EDGE_4
  bucket = "files"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::files/*"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Condition = { StringNotEquals = { "AWS:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE" } }
    }]
  })
}

resource "aws_s3_bucket_policy" "for_the_account_only" { # not-applicable PG_EDGE_4
  bucket = "files"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::files/*"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
    }]
  })
}

resource "aws_s3_bucket_policy" "decided_later" { # undetermined PG_EDGE_4
  bucket = "files"
  policy = var.later
}
