variable "later" {
  type = string
}

resource "aws_s3_bucket" "dags" {
  bucket = "dags"
}

resource "aws_iam_role" "airflow" {
  name = "airflow"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["airflow.amazonaws.com", "airflow-env.amazonaws.com"] }
    }]
  })
}

resource "aws_mwaa_environment" "three" {
  name               = "three"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "two" {
  name               = "two"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "2.10.3"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "of_a_version_decided_later" {
  name               = "of-a-version-decided-later"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = var.later

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "on_a_metric_that_exists" {
  alarm_name          = "on-a-metric-that-exists"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGScheduleDelay"
  dimensions          = { Environment = aws_mwaa_environment.three.name, DAG = "scraper" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_metric_that_this_version_still_has" {
  alarm_name          = "on-a-metric-that-this-version-still-has"
  namespace           = "AmazonMWAA"
  metric_name         = "SLAMissed"
  dimensions          = { Environment = aws_mwaa_environment.two.name, Function = "Scheduler" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_metric_that_ended_with_airflow_2" { # violates PG_OBS_15
  alarm_name          = "on-a-metric-that-ended-with-airflow-2"
  namespace           = "AmazonMWAA"
  metric_name         = "SLAMissed"
  dimensions          = { Environment = aws_mwaa_environment.three.name, Function = "Scheduler" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_mistyped_metric" { # violates PG_OBS_15
  alarm_name          = "on-a-mistyped-metric"
  namespace           = "AmazonMWAA"
  metric_name         = "TaskInstanceFailure"
  dimensions          = { Environment = aws_mwaa_environment.three.name, DAG = "All", Task = "All" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "under_a_missing_dimension" { # violates PG_OBS_15
  alarm_name          = "under-a-missing-dimension"
  namespace           = "AmazonMWAA"
  metric_name         = "TaskInstanceFailures"
  dimensions          = { Environment = aws_mwaa_environment.three.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "under_a_value_that_never_comes" { # violates PG_OBS_15
  alarm_name          = "under-a-value-that-never-comes"
  namespace           = "AmazonMWAA"
  metric_name         = "SchedulerHeartbeat"
  dimensions          = { Environment = aws_mwaa_environment.three.name, Function = "scheduler" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_an_environment_of_unknown_version" { # undetermined PG_OBS_15
  alarm_name          = "on-an-environment-of-unknown-version"
  namespace           = "AmazonMWAA"
  metric_name         = "SLAMissed"
  dimensions          = { Environment = aws_mwaa_environment.of_a_version_decided_later.name, Function = "Scheduler" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_something_else" { # not-applicable PG_OBS_15
  alarm_name          = "on-something-else"
  namespace           = "AWS/MWAA"
  metric_name         = "QueuedTasks"
  dimensions          = { Environment = aws_mwaa_environment.three.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_metric_that_a_later_version_has_again" { # violates PG_OBS_15
  alarm_name          = "on-a-metric-that-a-later-version-has-again"
  namespace           = "AmazonMWAA"
  metric_name         = "TaskInstanceSuccesses"
  dimensions          = { Environment = aws_mwaa_environment.three.name, DAG = "All", Task = "All" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
}
