variable "token" { type = string }

resource "aws_lambda_function" "by_reference" {
  function_name = "rotate"
  role          = "arn:aws:iam::123456789012:role/rotate"
  environment {
    variables = {
      SECRET_ARN = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db"
      LOG_LEVEL  = "info"
    }
  }
}

resource "aws_mwaa_environment" "secrets_backend" {
  name               = "news"
  dag_s3_path        = "dags"
  source_bucket_arn  = "arn:aws:s3:::news-dags"
  execution_role_arn = "arn:aws:iam::123456789012:role/airflow"
  airflow_configuration_options = {
    "secrets.backend"        = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
    "secrets.backend_kwargs" = jsonencode({ connections_prefix = "airflow/connections" })
  }
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_lambda_function" "token_in_the_environment" { # violates PG_SEC_2
  function_name = "post"
  role          = "arn:aws:iam::123456789012:role/post"
  environment {
    variables = { SLACK_TOKEN = "hunter2" }
  }
}

resource "aws_mwaa_environment" "password_of_the_mail_server" { # violates PG_SEC_2
  name                          = "mail"
  dag_s3_path                   = "dags"
  source_bucket_arn             = "arn:aws:s3:::news-dags"
  execution_role_arn            = "arn:aws:iam::123456789012:role/airflow"
  airflow_configuration_options = { "smtp.smtp_password" = "hunter2" }
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_codebuild_project" "plain_variable" { # violates PG_SEC_2
  name         = "build"
  service_role = "arn:aws:iam::123456789012:role/build"
  artifacts {
    type = "NO_ARTIFACTS"
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
    environment_variable {
      name  = "REGISTRY_PASSWORD"
      value = "hunter2"
    }
  }
  source {
    type = "NO_SOURCE"
  }
}

resource "aws_instance" "user_data" { # violates PG_SEC_2
  ami              = "ami-1"
  instance_type    = "t4g.micro"
  user_data_base64 = base64encode("#!/bin/sh\nexport DB_PASSWORD='hunter2'\n")
}

resource "aws_ssm_parameter" "plain_parameter" { # violates PG_SEC_2
  name  = "/news/db/password"
  type  = "String"
  value = "hunter2"
}

resource "aws_lambda_function" "token_known_at_apply" { # undetermined PG_SEC_2
  function_name = "later"
  role          = "arn:aws:iam::123456789012:role/later"
  environment {
    variables = { SLACK_TOKEN = var.token }
  }
}

resource "aws_elastic_beanstalk_environment" "password_as_a_setting" { # violates PG_SEC_2
  name        = "news"
  application = "news"
  setting {
    namespace = "aws:elasticbeanstalk:application:environment"
    name      = "DB_PASSWORD"
    value     = "hunter2"
  }
}

resource "aws_elastic_beanstalk_environment" "settings_without_secrets" {
  name        = "calm"
  application = "news"
  setting {
    namespace = "aws:elasticbeanstalk:application:environment"
    name      = "LOG_LEVEL"
    value     = "info"
  }
}

resource "aws_instance" "password_of_an_account" { # violates PG_SEC_2
  ami           = "ami-1"
  instance_type = "t4g.micro"
  user_data     = "#!/bin/sh\necho 'ops:hunter2' | chpasswd\n"
}

resource "aws_instance" "password_in_php" { # violates PG_SEC_2
  ami           = "ami-1"
  instance_type = "t4g.micro"
  user_data     = "cat > config.php <<'END'\n<?php define('DB_PASSWORD', 'hunter2');\nEND\n"
}

ephemeral "aws_secretsmanager_secret_version" "database" {
  secret_id = "db"
}

resource "aws_ssm_parameter" "written_only" {
  name             = "/news/db/password"
  type             = "SecureString"
  value_wo         = ephemeral.aws_secretsmanager_secret_version.database.secret_string
  value_wo_version = 1
}

resource "aws_ssm_parameter" "in_the_state" { # undetermined PG_SEC_2
  name  = "/news/api/login"
  type  = "SecureString"
  value = "hunter2"
}

resource "aws_codebuild_project" "told_where_its_bucket_is" {
  name         = "told"
  service_role = "arn:aws:iam::123456789012:role/build"
  artifacts {
    type = "NO_ARTIFACTS"
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
    environment_variable {
      name  = "TARGET"
      value = var.token
    }
  }
  source {
    type = "NO_SOURCE"
  }
}

resource "aws_batch_job_definition" "password_in_a_job" { # violates PG_SEC_2
  name = "job"
  type = "container"
  container_properties = jsonencode({
    image       = "job"
    environment = [{ name = "DB_PASSWORD", value = "hunter2" }]
  })
}

resource "aws_launch_configuration" "password_on_a_command_line" { # violates PG_SEC_2
  image_id      = "ami-1"
  instance_type = "t4g.micro"
  user_data     = "#!/bin/sh\nmysql -u root -phunter2 < schema.sql\n"
}

resource "aws_glue_job" "password_as_an_argument" { # violates PG_SEC_2
  name              = "load"
  role_arn          = "arn:aws:iam::123456789012:role/load"
  default_arguments = { "--db_password" = "hunter2" }
  command {
    script_location = "s3://scripts/load.py"
  }
}

resource "aws_sagemaker_notebook_instance_lifecycle_configuration" "token_when_it_starts" { # violates PG_SEC_2
  name     = "notebook"
  on_start = base64encode("export API_TOKEN=hunter2")
}
