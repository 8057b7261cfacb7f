resource "aws_s3_bucket" "versioned" {
  bucket = "versioned"
}

resource "aws_s3_bucket_versioning" "versioned" {
  bucket = aws_s3_bucket.versioned.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "not_versioned" { # violates PG_REC_5
  bucket = "not-versioned"
}

resource "aws_s3_bucket" "suspended" { # violates PG_REC_5
  bucket = "suspended"
}

resource "aws_s3_bucket_versioning" "suspended" {
  bucket = aws_s3_bucket.suspended.id
  versioning_configuration {
    status = "Suspended"
  }
}

resource "aws_s3_bucket" "receives_access_logs" { # not-applicable PG_REC_5
  bucket = "access-logs"
}

resource "aws_s3_bucket_logging" "versioned" {
  bucket        = aws_s3_bucket.versioned.id
  target_bucket = aws_s3_bucket.receives_access_logs.id
  target_prefix = "versioned/"
}
