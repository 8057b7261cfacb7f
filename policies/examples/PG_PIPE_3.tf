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

resource "aws_s3_bucket" "versioned" {
  bucket = "versioned"
}

resource "aws_s3_bucket_versioning" "versioned" {
  bucket = aws_s3_bucket.versioned.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket" "suspended" {
  bucket = "suspended"
}

resource "aws_s3_bucket_versioning" "suspended" {
  bucket = aws_s3_bucket.suspended.id

  versioning_configuration {
    status = "Suspended"
  }
}

resource "aws_s3_bucket" "plain" {
  bucket = "plain"
}

resource "aws_mwaa_environment" "with_a_versioned_bucket" {
  name               = "with-a-versioned-bucket"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.versioned.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "whose_versioning_is_suspended" { # violates PG_PIPE_3
  name               = "whose-versioning-is-suspended"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.suspended.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "without_versioning" { # violates PG_PIPE_3
  name               = "without-versioning"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.plain.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "with_a_bucket_declared_elsewhere" { # undetermined PG_PIPE_3
  name               = "with-a-bucket-declared-elsewhere"
  dag_s3_path        = "dags/"
  source_bucket_arn  = "arn:aws:s3:::shared"
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
