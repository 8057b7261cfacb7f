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

resource "aws_cloudtrail" "management_and_data_events" {
  name                       = "advanced"
  s3_bucket_name             = "trail"
  is_multi_region_trail      = true
  enable_log_file_validation = true
  advanced_event_selector {
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }
  advanced_event_selector {
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
  }
}

resource "aws_cloudtrail" "data_events_only" { # violates PG_WATCH_4
  name                       = "data"
  s3_bucket_name             = "trail"
  is_multi_region_trail      = true
  enable_log_file_validation = true
  advanced_event_selector {
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
  }
}

resource "aws_cloudtrail" "management_events_that_write" { # violates PG_WATCH_4
  name                       = "advanced-writes"
  s3_bucket_name             = "trail"
  is_multi_region_trail      = true
  enable_log_file_validation = true
  advanced_event_selector {
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
    field_selector {
      field  = "readOnly"
      equals = ["false"]
    }
  }
}

resource "aws_cloudtrail" "without_keys" { # violates PG_WATCH_4
  name                       = "without-keys"
  s3_bucket_name             = "trail"
  is_multi_region_trail      = true
  enable_log_file_validation = true
  event_selector {
    read_write_type                  = "All"
    exclude_management_event_sources = ["kms.amazonaws.com"]
  }
}
