resource "aws_config_configuration_recorder" "everything" {
  name     = "everything"
  role_arn = "arn:aws:iam::123456789012:role/config"
  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }
}

resource "aws_config_configuration_recorder_status" "everything" {
  name       = aws_config_configuration_recorder.everything.name
  is_enabled = true
}

resource "aws_config_delivery_channel" "bucket" {
  s3_bucket_name = "config"
}

resource "aws_config_configuration_recorder" "not_started" { # violates PG_WATCH_3
  name     = "not-started"
  role_arn = "arn:aws:iam::123456789012:role/config"
  recording_group {
    include_global_resource_types = true
  }
}

resource "aws_config_configuration_recorder_status" "not_started" {
  name       = aws_config_configuration_recorder.not_started.name
  is_enabled = false
}

resource "aws_config_configuration_recorder" "some_types" { # violates PG_WATCH_3
  name     = "some"
  role_arn = "arn:aws:iam::123456789012:role/config"
  recording_group {
    all_supported  = false
    resource_types = ["AWS::EC2::Instance"]
  }
}

resource "aws_config_configuration_recorder" "without_iam" { # violates PG_WATCH_3
  name     = "without-iam"
  role_arn = "arn:aws:iam::123456789012:role/config"
}
