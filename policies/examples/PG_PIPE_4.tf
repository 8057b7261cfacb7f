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

resource "aws_s3_object" "plugins" {
  bucket = aws_s3_bucket.dags.id
  key    = "plugins.zip"
  source = "plugins.zip"
}

resource "aws_mwaa_environment" "that_names_versions" {
  name               = "that-names-versions"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  requirements_s3_path           = "requirements.txt"
  requirements_s3_object_version = "rv1"
  plugins_s3_path                = "plugins.zip"
  plugins_s3_object_version      = aws_s3_object.plugins.version_id

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "that_takes_the_latest_plugins" { # violates PG_PIPE_4
  name               = "that-takes-the-latest-plugins"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  requirements_s3_path           = "requirements.txt"
  requirements_s3_object_version = "rv1"
  plugins_s3_path                = "plugins.zip"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "without_plugins" { # violates PG_PIPE_4
  name               = "without-plugins"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  requirements_s3_path           = "requirements.txt"
  requirements_s3_object_version = "rv1"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "without_either" { # violates PG_PIPE_4
  name               = "without-either"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "that_takes_the_latest_startup_script" { # violates PG_PIPE_4
  name               = "that-takes-the-latest-startup-script"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  requirements_s3_path           = "requirements.txt"
  requirements_s3_object_version = "rv1"
  plugins_s3_path                = "plugins.zip"
  plugins_s3_object_version      = aws_s3_object.plugins.version_id
  startup_script_s3_path         = "startup.sh"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
