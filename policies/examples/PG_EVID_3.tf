resource "aws_s3_bucket" "a_year" {
  bucket = "news-a"
}

resource "aws_s3_bucket_object_lock_configuration" "a_year" {
  bucket = aws_s3_bucket.a_year.id
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 365
    }
  }
}

resource "aws_s3_bucket" "two_years" {
  bucket = "news-b"
}

resource "aws_s3_bucket_object_lock_configuration" "two_years" {
  bucket = aws_s3_bucket.two_years.id
  rule {
    default_retention {
      mode  = "GOVERNANCE"
      years = 2
    }
  }
}

resource "aws_s3_bucket" "a_week" { # violates PG_EVID_3
  bucket = "news-c"
}

resource "aws_s3_bucket_object_lock_configuration" "a_week" {
  bucket = aws_s3_bucket.a_week.id
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 7
    }
  }
}

resource "aws_s3_bucket" "decided_later" { # undetermined PG_EVID_3
  bucket = "news-d"
}

resource "aws_s3_bucket_object_lock_configuration" "decided_later" {
  bucket = aws_s3_bucket.decided_later.id
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = var.days
    }
  }
}

variable "days" {}

resource "aws_s3_bucket" "not_locked" { # not-applicable PG_EVID_3
  bucket = "news-e"
}
