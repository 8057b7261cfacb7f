mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

mock_provider "archive" {}

variables {
  name                          = "example"
  topic_kms_key_arn             = "arn:aws:kms:ap-northeast-1:123456789012:key/messages"
  global_topic_kms_key_arn      = "arn:aws:kms:us-east-1:123456789012:key/edge"
  logs_kms_key_arn              = "arn:aws:kms:ap-northeast-1:123456789012:key/logs"
  access_log_bucket             = "example-access-logs"
  alarm_emails                  = ["oncall@example.com"]
  cluster_name                  = "example"
  service_names                 = { api = "api", frontend = "frontend" }
  service_log_group_names       = { api = "/ecs/api", frontend = "/ecs/frontend" }
  load_balancer_arn_suffix      = "app/example/1"
  database_cluster_identifier   = "example"
  database_instance_identifiers = ["example-1"]
  distribution_id               = "E1"
  web_acl_metric_name           = "example-site"
  airflow_environment_name      = "example"
  site_url                      = "https://example.com"

  target_group_arn_suffixes = {
    api_blue       = "targetgroup/api-blue/1"
    api_green      = "targetgroup/api-green/1"
    frontend_blue  = "targetgroup/frontend-blue/1"
    frontend_green = "targetgroup/frontend-green/1"
  }

  dags = {
    nba_news_scraper = { max_duration_minutes = 30, max_start_delay_seconds = 300, max_hours_without_success = 7 }
  }
}

run "thresholds_follow_the_objectives" {
  command = plan

  variables {
    slo = { latency_p95_seconds = 0.15, error_rate_percent = 0.05, dag_failure_percent = 1 }
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.latency.threshold == 0.15 &&
      aws_cloudwatch_metric_alarm.target_latency["api_green"].threshold == 0.15 &&
      aws_cloudwatch_metric_alarm.error_rate.threshold == 0.05 &&
      aws_cloudwatch_metric_alarm.edge_errors.threshold == 0.05
    )
    error_message = "an alarm has a threshold of its own"
  }
}

run "counts_each_service_by_its_own_colours" {
  command = plan

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.healthy_hosts["api"].metric_query) == 3
    error_message = "one sum, one blue, one green"
  }
}

run "refuses_milliseconds" {
  command = plan

  variables {
    slo = { latency_p95_seconds = 200, error_rate_percent = 0.1, dag_failure_percent = 1 }
  }

  expect_failures = [var.slo]
}

run "refuses_one_colour" {
  command = plan

  variables {
    target_group_arn_suffixes = { api_blue = "targetgroup/api-blue/1" }
  }

  expect_failures = [var.target_group_arn_suffixes]
}

run "refuses_an_alarm_that_tells_nobody" {
  command = plan

  variables {
    alarm_emails = []
  }

  expect_failures = [var.alarm_emails]
}
