resource "aws_mwaa_environment" "airflow_of_this_account" {
  name               = "airflow_of_this_account"
  dag_s3_path        = "dags"
  source_bucket_arn  = "arn:aws:s3:::news-dags"
  execution_role_arn = aws_iam_role.airflow_of_this_account.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "airflow_of_this_account" {
  name = "airflow_of_this_account"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["airflow.amazonaws.com", "airflow-env.amazonaws.com"] }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
  })
}

resource "aws_mwaa_environment" "airflow_of_any_account" { # violates PG_IAM_12
  name               = "airflow_of_any_account"
  dag_s3_path        = "dags"
  source_bucket_arn  = "arn:aws:s3:::news-dags"
  execution_role_arn = aws_iam_role.airflow_of_any_account.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "airflow_of_any_account" {
  name = "airflow_of_any_account"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["airflow.amazonaws.com", "airflow-env.amazonaws.com"] }
    }]
  })
}

resource "aws_mwaa_environment" "tasks_too" { # violates PG_IAM_12
  name               = "tasks_too"
  dag_s3_path        = "dags"
  source_bucket_arn  = "arn:aws:s3:::news-dags"
  execution_role_arn = aws_iam_role.tasks_too.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "tasks_too" {
  name = "tasks_too"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["airflow-env.amazonaws.com", "ecs-tasks.amazonaws.com"] }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
  })
}

resource "aws_mwaa_environment" "people_too" { # violates PG_IAM_12
  name               = "people_too"
  dag_s3_path        = "dags"
  source_bucket_arn  = "arn:aws:s3:::news-dags"
  execution_role_arn = aws_iam_role.people_too.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "people_too" {
  name = "people_too"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
  })
}

resource "aws_mwaa_environment" "role_of_another_stack" { # undetermined PG_IAM_12
  name               = "role_of_another_stack"
  dag_s3_path        = "dags"
  source_bucket_arn  = "arn:aws:s3:::news-dags"
  execution_role_arn = "arn:aws:iam::123456789012:role/elsewhere"
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}
