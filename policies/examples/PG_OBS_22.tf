resource "aws_rds_cluster" "with_a_declared_group" {
  cluster_identifier              = "declared"
  engine                          = "aurora-postgresql"
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "aws_cloudwatch_log_group" "declared" {
  name              = "/aws/rds/cluster/declared/postgresql"
  retention_in_days = 30
}

resource "aws_rds_cluster" "whose_group_aws_would_make" { # violates PG_OBS_22
  cluster_identifier              = "undeclared"
  engine                          = "aurora-postgresql"
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "aws_rds_cluster" "without_exports" { # not-applicable PG_OBS_22
  cluster_identifier = "silent"
  engine             = "aurora-postgresql"
}

resource "aws_lambda_function" "with_a_declared_group" {
  function_name = "with-a-declared-group"
  role          = "arn:aws:iam::123456789012:role/lambda"
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${aws_lambda_function.with_a_declared_group.function_name}"
  retention_in_days = 30
}

resource "aws_lambda_function" "whose_group_aws_would_make" { # violates PG_OBS_22
  function_name = "whose-group-aws-would-make"
  role          = "arn:aws:iam::123456789012:role/lambda"
}

resource "aws_lambda_function" "that_writes_to_a_group_of_its_own" { # not-applicable PG_OBS_22
  function_name = "that-writes-to-a-group-of-its-own"
  role          = "arn:aws:iam::123456789012:role/lambda"

  logging_config {
    log_format = "JSON"
    log_group  = "functions"
  }
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

resource "aws_mwaa_environment" "with_task_logs_undeclared" { # violates PG_OBS_22
  name               = "with-task-logs-undeclared"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  logging_configuration {
    task_logs {
      enabled   = true
      log_level = "INFO"
    }
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "with_declared_groups" {
  name               = "with-declared-groups"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  logging_configuration {
    task_logs {
      enabled   = true
      log_level = "INFO"
    }
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_log_group" "tasks" {
  name              = "airflow-with-declared-groups-Task"
  retention_in_days = 30
}
