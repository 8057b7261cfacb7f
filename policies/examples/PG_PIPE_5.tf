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

resource "aws_s3_object" "pinned" {
  bucket  = aws_s3_bucket.dags.id
  key     = "pinned.txt"
  content = "--constraint \"https://raw.githubusercontent.com/apache/airflow/constraints-3.0.6/constraints-3.12.txt\"\n# scraping\nhttpx==0.28.1\nselectolax==0.3.29\n"
}

resource "aws_mwaa_environment" "pinned" {
  name               = "pinned"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  requirements_s3_path = aws_s3_object.pinned.key

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_s3_object" "with_a_loose_package" {
  bucket  = aws_s3_bucket.dags.id
  key     = "with_a_loose_package.txt"
  content = "--constraint \"https://raw.githubusercontent.com/apache/airflow/constraints-3.0.6/constraints-3.12.txt\"\nhttpx>=0.28\n"
}

resource "aws_mwaa_environment" "with_a_loose_package" { # violates PG_PIPE_5
  name               = "with-a-loose-package"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  requirements_s3_path = aws_s3_object.with_a_loose_package.key

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_s3_object" "with_a_bare_package" {
  bucket  = aws_s3_bucket.dags.id
  key     = "with_a_bare_package.txt"
  content = "--constraint \"https://raw.githubusercontent.com/apache/airflow/constraints-3.0.6/constraints-3.12.txt\"\nhttpx\n"
}

resource "aws_mwaa_environment" "with_a_bare_package" { # violates PG_PIPE_5
  name               = "with-a-bare-package"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  requirements_s3_path = aws_s3_object.with_a_bare_package.key

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_s3_object" "without_constraints" {
  bucket  = aws_s3_bucket.dags.id
  key     = "without_constraints.txt"
  content = "httpx==0.28.1\n"
}

resource "aws_mwaa_environment" "without_constraints" { # violates PG_PIPE_5
  name               = "without-constraints"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  requirements_s3_path = aws_s3_object.without_constraints.key

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_s3_object" "with_constraints_of_another_version" {
  bucket  = aws_s3_bucket.dags.id
  key     = "with_constraints_of_another_version.txt"
  content = "--constraint \"https://raw.githubusercontent.com/apache/airflow/constraints-2.10.3/constraints-3.12.txt\"\nhttpx==0.28.1\n"
}

resource "aws_mwaa_environment" "with_constraints_of_another_version" { # violates PG_PIPE_5
  name               = "with-constraints-of-another-version"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  requirements_s3_path = aws_s3_object.with_constraints_of_another_version.key

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "whose_file_is_not_declared" { # undetermined PG_PIPE_5
  name               = "whose-file-is-not-declared"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn
  airflow_version    = "3.0.6"

  requirements_s3_path = "elsewhere.txt"

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
