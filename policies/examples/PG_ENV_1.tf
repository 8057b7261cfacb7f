resource "aws_s3_bucket" "dags" {
  bucket = "dags"
}

resource "aws_s3_object" "production" {
  bucket  = aws_s3_bucket.dags.id
  key     = "production.sh"
  content = "#!/bin/sh\nexport ENVIRONMENT='production'\n"
}

resource "aws_s3_object" "staging" {
  bucket  = aws_s3_bucket.dags.id
  key     = "staging.sh"
  content = "export ENVIRONMENT=staging\n"
}

resource "aws_ecs_task_definition" "of_production" {
  family = "of-production"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "ENVIRONMENT", value = "production" }, { name = "PORT", value = "80" }] }])
}

resource "aws_ecs_task_definition" "of_staging" { # violates PG_ENV_1
  family = "of-staging"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "APP_ENV", value = "production" }, { name = "NEXT_PUBLIC_ENVIRONMENT", value = "staging" }] }])
}

resource "aws_ecs_task_definition" "of_nobody" { # violates PG_ENV_1
  family = "of-nobody"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "PORT", value = "80" }] }])
}

resource "aws_ecs_task_definition" "of_a_file" { # undetermined PG_ENV_1
  family = "of-a-file"

  container_definitions = jsonencode([{ name = "app", image = "app", environmentFiles = [{ type = "s3", value = "arn:aws:s3:::settings/app.env" }] }])
}

resource "aws_ecs_task_definition" "of_a_secret" { # undetermined PG_ENV_1
  family = "of-a-secret"

  container_definitions = jsonencode([{ name = "app", image = "app", secrets = [{ name = "ENVIRONMENT", valueFrom = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:environment" }] }])
}

resource "aws_mwaa_environment" "of_production" {
  name                   = "of-production"
  dag_s3_path            = "dags/"
  source_bucket_arn      = aws_s3_bucket.dags.arn
  execution_role_arn     = "arn:aws:iam::123456789012:role/airflow"
  airflow_version        = "3.0.6"
  startup_script_s3_path = "production.sh"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "of_staging" { # violates PG_ENV_1
  name                   = "of-staging"
  dag_s3_path            = "dags/"
  source_bucket_arn      = aws_s3_bucket.dags.arn
  execution_role_arn     = "arn:aws:iam::123456789012:role/airflow"
  airflow_version        = "3.0.6"
  startup_script_s3_path = "staging.sh"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "of_nobody" { # violates PG_ENV_1
  name                   = "of-nobody"
  dag_s3_path            = "dags/"
  source_bucket_arn      = aws_s3_bucket.dags.arn
  execution_role_arn     = "arn:aws:iam::123456789012:role/airflow"
  airflow_version        = "3.0.6"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "of_a_script_that_is_not_here" { # undetermined PG_ENV_1
  name                   = "of-a-script-that-is-not-here"
  dag_s3_path            = "dags/"
  source_bucket_arn      = aws_s3_bucket.dags.arn
  execution_role_arn     = "arn:aws:iam::123456789012:role/airflow"
  airflow_version        = "3.0.6"
  startup_script_s3_path = "elsewhere.sh"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
