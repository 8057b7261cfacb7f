resource "aws_s3_bucket" "compliance" {
  bucket = "nba-news-prod-evidence-123456789012"
  versioning {
    enabled = true
  }
  object_lock_configuration {
    object_lock_enabled = "Enabled"
    rule {
      default_retention {
        mode = "COMPLIANCE"
        days = 400
      }
    }
  }
}

resource "aws_s3_bucket" "governance" {
  bucket = "nba-news-prod-evidence-123456789012"
  versioning {
    enabled = true
  }
  object_lock_configuration {
    object_lock_enabled = "Enabled"
    rule {
      default_retention {
        mode  = "GOVERNANCE"
        years = 2
      }
    }
  }
}

resource "aws_s3_bucket" "locks_nothing_by_default" { # violates PG_EVID_1
  bucket = "nba-news-prod-evidence-123456789012"
  versioning {
    enabled = true
  }
  object_lock_configuration {
    object_lock_enabled = "Enabled"
  }
}

resource "aws_s3_bucket" "no_lock" { # violates PG_EVID_1
  bucket = "nba-news-prod-evidence-123456789012"
  versioning {
    enabled = true
  }
}

resource "aws_s3_bucket" "no_versions" { # violates PG_EVID_1
  bucket = "nba-news-prod-evidence-123456789012"
  versioning {
    enabled = false
  }
  object_lock_configuration {
    object_lock_enabled = "Enabled"
    rule {
      default_retention {
        mode = "COMPLIANCE"
        days = 400
      }
    }
  }
}

resource "aws_s3_bucket" "of_something_else" { # not-applicable PG_EVID_1
  bucket = "news-data"
}

resource "aws_s3_bucket" "named_by_whoever_applies" { # not-applicable PG_EVID_1
  bucket = var.name
}

variable "name" {}
