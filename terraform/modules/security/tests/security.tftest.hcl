mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name              = "example"
  access_log_bucket = "example-access-logs"
  alarm_topic_arn   = "arn:aws:sns:ap-northeast-1:123456789012:example-alarms"
  deploy_role_name  = "example-deploy"
}

run "locks_the_trail_for_as_long_as_it_is_kept" {
  command = plan

  assert {
    condition     = aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.enable_log_file_validation
    error_message = "all regions, with proof that files are unchanged"
  }
}

run "reports_every_kind_of_watched_call" {
  command = plan

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.watched) == keys(aws_cloudwatch_log_metric_filter.watched)
    error_message = "a filter without an alarm counts for nobody"
  }
}

run "refuses_a_trail_shorter_than_a_year" {
  command = plan

  variables {
    trail_retention_days = 90
  }

  expect_failures = [var.trail_retention_days]
}

run "refuses_the_arn_of_a_role_for_its_name" {
  command = plan

  variables {
    deploy_role_name = "arn:aws:iam::123456789012:role/example-deploy"
  }

  expect_failures = [var.deploy_role_name]
}
