variable "log" { type = bool }

resource "aws_cloudtrail" "records_everything" {
  name                       = "everything"
  s3_bucket_name             = "trail"
  is_multi_region_trail      = true
  enable_log_file_validation = true
}

resource "aws_cloudtrail" "one_region" { # violates PG_WATCH_4
  name                       = "one-region"
  s3_bucket_name             = "trail"
  enable_log_file_validation = true
}

resource "aws_cloudtrail" "files_not_validated" { # violates PG_WATCH_4
  name                  = "unproven"
  s3_bucket_name        = "trail"
  is_multi_region_trail = true
}

resource "aws_cloudtrail" "stopped" { # violates PG_WATCH_4
  name                       = "stopped"
  s3_bucket_name             = "trail"
  is_multi_region_trail      = true
  enable_log_file_validation = true
  enable_logging             = false
}

resource "aws_cloudtrail" "writes_only" { # violates PG_WATCH_4
  name                       = "writes"
  s3_bucket_name             = "trail"
  is_multi_region_trail      = true
  enable_log_file_validation = true
  event_selector {
    read_write_type = "WriteOnly"
  }
}

resource "aws_cloudtrail" "decided_at_apply" { # undetermined PG_WATCH_4
  name                       = "later"
  s3_bucket_name             = "trail"
  is_multi_region_trail      = true
  enable_log_file_validation = true
  enable_logging             = var.log
}
