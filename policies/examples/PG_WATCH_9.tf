resource "aws_cloudtrail" "unset_means_on" {
  name           = "unset"
  s3_bucket_name = "trails"
}

resource "aws_cloudtrail" "stopped" { # violates PG_WATCH_9
  name           = "stopped"
  s3_bucket_name = "trails"
  enable_logging = false
}

resource "aws_config_configuration_recorder_status" "stopped" { # violates PG_WATCH_9
  name       = "recorder"
  is_enabled = false
}

resource "aws_ebs_encryption_by_default" "on" {
}

resource "aws_ebs_encryption_by_default" "off" { # violates PG_WATCH_9
  enabled = false
}

resource "aws_ebs_snapshot_block_public_access" "new_ones_only" {
  state = "block-new-sharing"
}

resource "aws_ebs_snapshot_block_public_access" "off" { # violates PG_WATCH_9
  state = "unblocked"
}

resource "aws_ec2_image_block_public_access" "off" { # violates PG_WATCH_9
  state = "unblocked"
}

resource "aws_ec2_instance_metadata_defaults" "not_stated" {
  http_put_response_hop_limit = 1
}

resource "aws_ec2_instance_metadata_defaults" "off" { # violates PG_WATCH_9
  http_tokens = "optional"
}

resource "aws_emr_block_public_access_configuration" "off" { # violates PG_WATCH_9
  block_public_security_group_rules = false
}

resource "aws_glue_data_catalog_encryption_settings" "off" { # violates PG_WATCH_9
  data_catalog_encryption_settings {
    connection_password_encryption {
      return_connection_password_encrypted = true
    }
    encryption_at_rest {
      catalog_encryption_mode = "DISABLED"
    }
  }
}

resource "aws_guardduty_detector" "unset_means_on" {
}

resource "aws_guardduty_detector" "off" { # violates PG_WATCH_9
  enable = false
}

resource "aws_macie2_account" "on" {
  status = "ENABLED"
}

resource "aws_macie2_account" "paused" { # violates PG_WATCH_9
  status = "PAUSED"
}
