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

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "cpu"
  namespace           = "AWS/MWAA"
  metric_name         = "CPUUtilization"
  dimensions          = { Environment = aws_mwaa_environment.watched.name, Cluster = "BaseWorker" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
}

resource "aws_cloudwatch_metric_alarm" "memory" {
  alarm_name          = "memory"
  namespace           = "AWS/MWAA"
  metric_name         = "MemoryUtilization"
  dimensions          = { Environment = aws_mwaa_environment.watched.name, Cluster = "BaseWorker" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
}

resource "aws_mwaa_environment" "watched_for_cpu_only" { # violates PG_OBS_13
  name               = "watched-for-cpu-only"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "cpu_only" {
  alarm_name          = "cpu-only"
  namespace           = "AWS/MWAA"
  metric_name         = "CPUUtilization"
  dimensions          = { Environment = aws_mwaa_environment.watched_for_cpu_only.name, Cluster = "BaseWorker" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
}

resource "aws_mwaa_environment" "watched_at_its_web_server" { # violates PG_OBS_13
  name               = "watched-at-its-web-server"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "web_cpu" {
  alarm_name          = "web-cpu"
  namespace           = "AWS/MWAA"
  metric_name         = "CPUUtilization"
  dimensions          = { Environment = aws_mwaa_environment.watched_at_its_web_server.name, Cluster = "WebServer" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
}

resource "aws_cloudwatch_metric_alarm" "web_memory" {
  alarm_name          = "web-memory"
  namespace           = "AWS/MWAA"
  metric_name         = "MemoryUtilization"
  dimensions          = { Environment = aws_mwaa_environment.watched_at_its_web_server.name, Cluster = "WebServer" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
}

resource "aws_mwaa_environment" "without_alarms" { # violates PG_OBS_13
  name               = "without-alarms"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
