variable "restrict" { type = bool }

resource "aws_s3_bucket" "closed" {
  bucket = "closed"
}

resource "aws_s3_bucket_public_access_block" "closed" {
  bucket                  = aws_s3_bucket.closed.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "without_a_block" { # violates PG_NET_11
  bucket = "without-a-block"
}

resource "aws_s3_bucket" "one_of_four_left_out" { # violates PG_NET_11
  bucket = "one-left-out"
}

resource "aws_s3_bucket_public_access_block" "one_of_four_left_out" {
  bucket              = aws_s3_bucket.one_of_four_left_out.id
  block_public_acls   = true
  block_public_policy = true
  ignore_public_acls  = true
}

resource "aws_s3_bucket" "one_switched_off" { # violates PG_NET_11
  bucket = "one-switched-off"
}

resource "aws_s3_bucket_public_access_block" "one_switched_off" {
  bucket                  = aws_s3_bucket.one_switched_off.id
  block_public_acls       = true
  block_public_policy     = false
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket" "decided_at_apply" { # undetermined PG_NET_11
  bucket = "decided-at-apply"
}

resource "aws_s3_bucket_public_access_block" "decided_at_apply" {
  bucket                  = aws_s3_bucket.decided_at_apply.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = var.restrict
}
