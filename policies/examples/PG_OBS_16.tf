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

resource "aws_mwaa_environment" "that_publishes_everything" {
  name               = "that-publishes-everything"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "everything" {
  alarm_name          = "everything"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGScheduleDelay"
  dimensions          = { Environment = aws_mwaa_environment.that_publishes_everything.name, DAG = "scraper" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_mwaa_environment" "that_allows_what_is_watched" {
  name               = "that-allows-what-is-watched"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  airflow_configuration_options = {
    "metrics.metrics_allow_list" = "scheduler,dagrun"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "allowed" {
  alarm_name          = "allowed"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGScheduleDelay"
  dimensions          = { Environment = aws_mwaa_environment.that_allows_what_is_watched.name, DAG = "scraper" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_mwaa_environment" "that_blocks_something_else" {
  name               = "that-blocks-something-else"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  airflow_configuration_options = {
    "metrics.metrics_block_list" = "pool"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "unblocked" {
  alarm_name          = "unblocked"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGScheduleDelay"
  dimensions          = { Environment = aws_mwaa_environment.that_blocks_something_else.name, DAG = "scraper" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_mwaa_environment" "that_forgets_it_in_the_allow_list" { # violates PG_OBS_16
  name               = "that-forgets-it-in-the-allow-list"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  airflow_configuration_options = {
    "metrics.metrics_allow_list" = "scheduler,executor"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "forgotten" {
  alarm_name          = "forgotten"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGScheduleDelay"
  dimensions          = { Environment = aws_mwaa_environment.that_forgets_it_in_the_allow_list.name, DAG = "scraper" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_mwaa_environment" "that_blocks_it" { # violates PG_OBS_16
  name               = "that-blocks-it"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  airflow_configuration_options = {
    "metrics.metrics_block_list" = "pool,dagrun"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_metric_alarm" "blocked" {
  alarm_name          = "blocked"
  namespace           = "AmazonMWAA"
  metric_name         = "DAGScheduleDelay"
  dimensions          = { Environment = aws_mwaa_environment.that_blocks_it.name, DAG = "scraper" }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}
