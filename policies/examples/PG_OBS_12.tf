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

resource "aws_cloudwatch_metric_alarm" "duration" {
  alarm_name          = "duration"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGDurationSuccess"
  dimensions          = { Environment = aws_mwaa_environment.watched.name, DAG = "scraper" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1800000
}

resource "aws_mwaa_environment" "counted_instead_of_timed" { # violates PG_OBS_12
  name               = "counted-instead-of-timed"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "counted" {
  alarm_name          = "counted"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGDurationSuccess"
  dimensions          = { Environment = aws_mwaa_environment.counted_instead_of_timed.name, DAG = "scraper" }
  statistic           = "SampleCount"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
}

resource "aws_mwaa_environment" "watched_for_being_quick" { # violates PG_OBS_12
  name               = "watched-for-being-quick"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "quick" {
  alarm_name          = "quick"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGDurationSuccess"
  dimensions          = { Environment = aws_mwaa_environment.watched_for_being_quick.name, DAG = "scraper" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1000
}

resource "aws_mwaa_environment" "without_an_alarm" { # violates PG_OBS_12
  name               = "without-an-alarm"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
