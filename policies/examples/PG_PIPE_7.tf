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

resource "aws_mwaa_environment" "with_eight" {
  name               = "with-eight"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  airflow_configuration_options = {
    "core.max_active_tasks_per_dag" = "8"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "by_the_older_name_in_airflow_two" {
  name               = "by-the-older-name-in-airflow-two"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "2.10.3"

  airflow_configuration_options = {
    "core.dag_concurrency" = "8"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "by_the_older_name_in_airflow_three" { # violates PG_PIPE_7
  name               = "by-the-older-name-in-airflow-three"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  airflow_configuration_options = {
    "core.dag_concurrency" = "8"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "with_more" { # violates PG_PIPE_7
  name               = "with-more"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  airflow_configuration_options = {
    "core.max_active_tasks_per_dag" = "16"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "left_at_the_default_of_sixteen" { # violates PG_PIPE_7
  name               = "left-at-the-default-of-sixteen"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "of_a_version_decided_later" { # undetermined PG_PIPE_7
  name               = "of-a-version-decided-later"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = var.later

  airflow_configuration_options = {
    "core.max_active_tasks_per_dag" = "8"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
