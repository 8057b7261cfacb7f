resource "aws_s3_bucket" "dags" {
  bucket = "dags"
}

resource "aws_s3_object" "debug" {
  bucket  = aws_s3_bucket.dags.id
  key     = "debug.sh"
  content = "export AIRFLOW__LOGGING__LOGGING_LEVEL=DEBUG\n"
}

resource "aws_ecs_task_definition" "that_logs_enough" {
  family = "that-logs-enough"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "LOG_LEVEL", value = "INFO" }, { name = "RUST_LOG", value = "warn,sqlx=error" }] }])
}

resource "aws_ecs_task_definition" "that_says_nothing" { # not-applicable PG_ENV_2
  family = "that-says-nothing"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "PORT", value = "80" }] }])
}

resource "aws_ecs_task_definition" "that_traces_a_module" { # violates PG_ENV_2
  family = "that-traces-a-module"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "RUST_LOG", value = "info,hyper=trace" }] }])
}

resource "aws_mwaa_environment" "that_debugs" { # violates PG_ENV_2
  name                   = "that-debugs"
  dag_s3_path            = "dags/"
  source_bucket_arn      = aws_s3_bucket.dags.arn
  execution_role_arn     = "arn:aws:iam::123456789012:role/airflow"
  airflow_version        = "3.0.6"
  startup_script_s3_path = "debug.sh"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "that_debugs_by_a_setting" { # violates PG_ENV_2
  name               = "that-debugs-by-a-setting"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = "arn:aws:iam::123456789012:role/airflow"
  airflow_version    = "3.0.6"

  airflow_configuration_options = {
    "logging.fab_logging_level" = "DEBUG"
  }

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
