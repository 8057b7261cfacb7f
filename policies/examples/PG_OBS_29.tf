resource "aws_synthetics_canary" "running" {
  name                 = "running"
  artifact_s3_location = "s3://canary/"
  execution_role_arn   = "arn:aws:iam::123456789012:role/canary"
  handler              = "index.handler"
  runtime_version      = "syn-nodejs-puppeteer-10.0"
  start_canary         = true

  schedule {
    expression = "rate(5 minutes)"
  }
}

resource "aws_cloudwatch_metric_alarm" "on_running" {
  alarm_name          = "on-running"
  namespace           = "CloudWatchSynthetics"
  metric_name         = "SuccessPercent"
  dimensions          = { CanaryName = aws_synthetics_canary.running.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 100
}

resource "aws_synthetics_canary" "running_by_failures" {
  name                 = "running-by-failures"
  artifact_s3_location = "s3://canary/"
  execution_role_arn   = "arn:aws:iam::123456789012:role/canary"
  handler              = "index.handler"
  runtime_version      = "syn-nodejs-puppeteer-10.0"
  start_canary         = true

  schedule {
    expression = "cron(0/5 * * * ? *)"
  }
}

resource "aws_cloudwatch_metric_alarm" "on_running_by_failures" {
  alarm_name          = "on-running-by-failures"
  namespace           = "CloudWatchSynthetics"
  metric_name         = "Failed"
  dimensions          = { CanaryName = aws_synthetics_canary.running_by_failures.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_synthetics_canary" "never_started" { # violates PG_OBS_29
  name                 = "never-started"
  artifact_s3_location = "s3://canary/"
  execution_role_arn   = "arn:aws:iam::123456789012:role/canary"
  handler              = "index.handler"
  runtime_version      = "syn-nodejs-puppeteer-10.0"
  start_canary         = false

  schedule {
    expression = "rate(5 minutes)"
  }
}

resource "aws_cloudwatch_metric_alarm" "on_never_started" {
  alarm_name          = "on-never-started"
  namespace           = "CloudWatchSynthetics"
  metric_name         = "SuccessPercent"
  dimensions          = { CanaryName = aws_synthetics_canary.never_started.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 100
}

resource "aws_synthetics_canary" "run_only_once" { # violates PG_OBS_29
  name                 = "run-only-once"
  artifact_s3_location = "s3://canary/"
  execution_role_arn   = "arn:aws:iam::123456789012:role/canary"
  handler              = "index.handler"
  runtime_version      = "syn-nodejs-puppeteer-10.0"
  start_canary         = true

  schedule {
    expression = "rate(0 minute)"
  }
}

resource "aws_cloudwatch_metric_alarm" "on_run_only_once" {
  alarm_name          = "on-run-only-once"
  namespace           = "CloudWatchSynthetics"
  metric_name         = "SuccessPercent"
  dimensions          = { CanaryName = aws_synthetics_canary.run_only_once.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 100
}

resource "aws_synthetics_canary" "unwatched" { # violates PG_OBS_29
  name                 = "unwatched"
  artifact_s3_location = "s3://canary/"
  execution_role_arn   = "arn:aws:iam::123456789012:role/canary"
  handler              = "index.handler"
  runtime_version      = "syn-nodejs-puppeteer-10.0"
  start_canary         = true

  schedule {
    expression = "rate(5 minutes)"
  }
}

resource "aws_synthetics_canary" "watched_for_success" { # violates PG_OBS_29
  name                 = "watched-for-success"
  artifact_s3_location = "s3://canary/"
  execution_role_arn   = "arn:aws:iam::123456789012:role/canary"
  handler              = "index.handler"
  runtime_version      = "syn-nodejs-puppeteer-10.0"
  start_canary         = true

  schedule {
    expression = "rate(5 minutes)"
  }
}

resource "aws_cloudwatch_metric_alarm" "on_watched_for_success" {
  alarm_name          = "on-watched-for-success"
  namespace           = "CloudWatchSynthetics"
  metric_name         = "SuccessPercent"
  dimensions          = { CanaryName = aws_synthetics_canary.watched_for_success.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 100
}

resource "aws_synthetics_canary" "watched_below_nothing" { # violates PG_OBS_29
  name                 = "watched-below-nothing"
  artifact_s3_location = "s3://canary/"
  execution_role_arn   = "arn:aws:iam::123456789012:role/canary"
  handler              = "index.handler"
  runtime_version      = "syn-nodejs-puppeteer-10.0"
  start_canary         = true

  schedule {
    expression = "rate(5 minutes)"
  }
}

resource "aws_cloudwatch_metric_alarm" "on_watched_below_nothing" {
  alarm_name          = "on-watched-below-nothing"
  namespace           = "CloudWatchSynthetics"
  metric_name         = "SuccessPercent"
  dimensions          = { CanaryName = aws_synthetics_canary.watched_below_nothing.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 0
}
