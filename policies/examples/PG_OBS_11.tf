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

resource "aws_mwaa_environment" "watched" {
  name               = "watched"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "failures" {
  alarm_name          = "failures"
  namespace           = "AmazonMWAA"
  metric_name         = "TaskInstanceFailures"
  dimensions          = { Environment = aws_mwaa_environment.watched.name, DAG = "All", Task = "All" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_mwaa_environment" "watched_for_another_metric" { # violates PG_OBS_11
  name               = "watched-for-another-metric"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "successes" {
  alarm_name          = "successes"
  namespace           = "AmazonMWAA"
  metric_name         = "TaskInstanceSuccesses"
  dimensions          = { Environment = aws_mwaa_environment.watched_for_another_metric.name, DAG = "All", Task = "All" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_mwaa_environment" "watched_under_a_dimension_that_is_not_there" { # violates PG_OBS_11
  name               = "watched-under-a-dimension-that-is-not-there"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "by_dag" {
  alarm_name          = "by-dag"
  namespace           = "AmazonMWAA"
  metric_name         = "TaskInstanceFailures"
  dimensions          = { Environment = aws_mwaa_environment.watched_under_a_dimension_that_is_not_there.name, DAG = "scraper" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_mwaa_environment" "without_an_alarm" { # violates PG_OBS_11
  name               = "without-an-alarm"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "of_a_version_that_counts_no_failed_tasks" {
  name               = "of-a-version-that-counts-no-failed-tasks"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "failed_runs" {
  for_each = toset(["scraper", "cleanup"])

  alarm_name          = "failed-runs-of-${each.key}"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGDurationFailed"
  dimensions          = { Environment = aws_mwaa_environment.of_a_version_that_counts_no_failed_tasks.name, DAG = each.key }
  statistic           = "SampleCount"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
}

resource "aws_mwaa_environment" "watched_for_what_its_version_does_not_count" { # violates PG_OBS_11
  name               = "watched-for-what-its-version-does-not-count"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.1.5"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name          = "silent"
  namespace           = "AmazonMWAA"
  metric_name         = "TaskInstanceFailures"
  dimensions          = { Environment = aws_mwaa_environment.watched_for_what_its_version_does_not_count.name, DAG = "All", Task = "All" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_mwaa_environment" "with_a_dag_whose_failures_nobody_hears_of" { # violates PG_OBS_11
  name               = "with-a-dag-whose-failures-nobody-hears-of"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "of_one_dag" {
  alarm_name          = "failed-runs-of-one-dag"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGDurationFailed"
  dimensions          = { Environment = aws_mwaa_environment.with_a_dag_whose_failures_nobody_hears_of.name, DAG = "scraper" }
  statistic           = "SampleCount"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
}

resource "aws_cloudwatch_metric_alarm" "of_how_long_the_other_takes" {
  alarm_name          = "how-long-cleanup-takes"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGDurationSuccess"
  dimensions          = { Environment = aws_mwaa_environment.with_a_dag_whose_failures_nobody_hears_of.name, DAG = "cleanup" }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 3600000
}
