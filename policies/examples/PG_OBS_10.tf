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

resource "aws_cloudwatch_metric_alarm" "heartbeat" {
  alarm_name          = "heartbeat"
  namespace           = "AmazonMWAA"
  metric_name         = "SchedulerHeartbeat"
  dimensions          = { Environment = aws_mwaa_environment.watched.name, Function = "Scheduler" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
}

resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name          = "age"
  namespace           = "AWS/MWAA"
  metric_name         = "ApproximateAgeOfOldestTask"
  dimensions          = { Environment = aws_mwaa_environment.watched.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 600
}

resource "aws_mwaa_environment" "with_a_heartbeat_only" { # violates PG_OBS_10
  name               = "with-a-heartbeat-only"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "heartbeat_only" {
  alarm_name          = "heartbeat-only"
  namespace           = "AmazonMWAA"
  metric_name         = "SchedulerHeartbeat"
  dimensions          = { Environment = aws_mwaa_environment.with_a_heartbeat_only.name, Function = "Scheduler" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
}

resource "aws_mwaa_environment" "with_a_queue_only" { # violates PG_OBS_10
  name               = "with-a-queue-only"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "queue_only" {
  alarm_name          = "queue-only"
  namespace           = "AmazonMWAA"
  metric_name         = "QueuedTasks"
  dimensions          = { Environment = aws_mwaa_environment.with_a_queue_only.name, Function = "Executor" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 50
}

resource "aws_mwaa_environment" "with_an_alarm_that_fires_on_a_living_scheduler" { # violates PG_OBS_10
  name               = "with-an-alarm-that-fires-on-a-living-scheduler"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "living" {
  alarm_name          = "living"
  namespace           = "AmazonMWAA"
  metric_name         = "SchedulerHeartbeat"
  dimensions          = { Environment = aws_mwaa_environment.with_an_alarm_that_fires_on_a_living_scheduler.name, Function = "Scheduler" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
}

resource "aws_cloudwatch_metric_alarm" "living_age" {
  alarm_name          = "living-age"
  namespace           = "AWS/MWAA"
  metric_name         = "ApproximateAgeOfOldestTask"
  dimensions          = { Environment = aws_mwaa_environment.with_an_alarm_that_fires_on_a_living_scheduler.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 600
}

resource "aws_mwaa_environment" "without_alarms" { # violates PG_OBS_10
  name               = "without-alarms"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
