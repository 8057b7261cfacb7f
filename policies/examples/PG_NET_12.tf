resource "aws_s3_bucket" "without_acl" {
  bucket = "without-acl"
}

resource "aws_s3_bucket_ownership_controls" "acls_off" {
  bucket = aws_s3_bucket.without_acl.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_acl" "private" {
  bucket = aws_s3_bucket.without_acl.id
  acl    = "private"
}

resource "aws_s3_bucket_acl" "public_read" { # violates PG_NET_12
  bucket = aws_s3_bucket.without_acl.id
  acl    = "public-read"
}

resource "aws_s3_bucket_acl" "anybody_with_an_account" { # violates PG_NET_12
  bucket = aws_s3_bucket.without_acl.id
  access_control_policy {
    owner {
      id = "owner"
    }
    grant {
      permission = "READ"
      grantee {
        type = "Group"
        uri  = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
      }
    }
  }
}

resource "aws_s3_bucket" "public_in_the_old_way" { # violates PG_NET_12
  bucket = "old-way"
  acl    = "public-read-write"
}

resource "aws_s3_bucket_ownership_controls" "whoever_writes_owns" { # violates PG_NET_12
  bucket = aws_s3_bucket.without_acl.id
  rule {
    object_ownership = "ObjectWriter"
  }
}

resource "aws_s3_bucket" "logs_of_cloudfront" {
  bucket = "logs-of-cloudfront"
}

resource "aws_s3_bucket_ownership_controls" "as_cloudfront_needs_it" {
  bucket = aws_s3_bucket.logs_of_cloudfront.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_cloudfront_distribution" "logged" {
  enabled = true
  origin {
    domain_name = "example.com"
    origin_id   = "site"
  }
  default_cache_behavior {
    target_origin_id       = "site"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
  }
  logging_config {
    bucket = aws_s3_bucket.logs_of_cloudfront.bucket_domain_name
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

resource "aws_s3_bucket_ownership_controls" "preferred_without_need" { # violates PG_NET_12
  bucket = aws_s3_bucket.without_acl.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}
