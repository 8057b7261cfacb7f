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

resource "aws_s3_bucket" "versioned_by_a_block" {
  bucket = "versioned-by-a-block"
  versioning {
    enabled = true
  }
}

resource "aws_s3_bucket" "switched_off_by_a_block" { # violates PG_REC_5
  bucket = "switched-off-by-a-block"
  versioning {
    enabled = false
  }
}

resource "aws_s3_bucket" "receives_flow_logs" { # not-applicable PG_REC_5
  bucket = "flow-logs"
}

resource "aws_flow_log" "to_a_folder" {
  log_destination      = "${aws_s3_bucket.receives_flow_logs.arn}/main"
  log_destination_type = "s3"
  traffic_type         = "ALL"
  vpc_id               = "vpc-0123456789abcdef0"
}
