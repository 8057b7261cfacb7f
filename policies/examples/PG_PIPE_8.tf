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

resource "aws_mwaa_environment" "with_names_that_are_read" {
  name               = "with-names-that-are-read"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  airflow_configuration_options = {
    "core.parallelism"              = "16"
    "core.max_active_tasks_per_dag" = "8"
    "celery.worker_autoscale"       = "10,5"
    "scraper.sources"               = "espn,nba"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "with_an_older_name_that_is_still_read" {
  name               = "with-an-older-name-that-is-still-read"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  airflow_configuration_options = {
    "scheduler.dag_dir_list_interval" = "300"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "with_the_older_name_in_airflow_two" {
  name               = "with-the-older-name-in-airflow-two"
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

resource "aws_mwaa_environment" "with_the_older_name_in_airflow_three" { # violates PG_PIPE_8
  name               = "with-the-older-name-in-airflow-three"
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

resource "aws_mwaa_environment" "with_a_mistyped_name" { # violates PG_PIPE_8
  name               = "with-a-mistyped-name"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  airflow_configuration_options = {
    "core.paralelism" = "16"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "with_a_setting_of_the_removed_web_server" { # violates PG_PIPE_8
  name               = "with-a-setting-of-the-removed-web-server"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  airflow_configuration_options = {
    "webserver.expose_stacktrace" = "False"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "of_a_version_not_known_here" { # undetermined PG_PIPE_8
  name               = "of-a-version-not-known-here"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "4.0.0"

  airflow_configuration_options = {
    "core.parallelism" = "16"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
