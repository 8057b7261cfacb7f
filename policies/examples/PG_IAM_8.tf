resource "aws_iam_role" "starts" {
  name = "starts"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role" "airflow" {
  name = "airflow"
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

resource "aws_iam_role" "shared" {
  name = "shared"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_ecs_task_definition" "own_role" {
  family                = "own_role"
  container_definitions = jsonencode([])
  execution_role_arn    = aws_iam_role.starts.arn
  task_role_arn         = aws_iam_role.app.arn
}

resource "aws_mwaa_environment" "own_role" {
  name               = "own_role"
  dag_s3_path        = "dags"
  source_bucket_arn  = "arn:aws:s3:::news-dags"
  execution_role_arn = aws_iam_role.airflow.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_ecs_task_definition" "code_under_the_role_that_starts_it" { # violates PG_IAM_8
  family                = "code_under_the_role_that_starts_it"
  container_definitions = jsonencode([])
  execution_role_arn    = aws_iam_role.starts.arn
  task_role_arn         = aws_iam_role.starts.arn
}

resource "aws_ecs_task_definition" "no_role" { # violates PG_IAM_8
  family                = "no_role"
  container_definitions = jsonencode([])
  execution_role_arn    = aws_iam_role.starts.arn
}

resource "aws_ecs_task_definition" "role_of_airflow" { # violates PG_IAM_8
  family                = "role_of_airflow"
  container_definitions = jsonencode([])
  execution_role_arn    = aws_iam_role.starts.arn
  task_role_arn         = aws_iam_role.shared.arn
}

resource "aws_mwaa_environment" "role_of_a_function" { # violates PG_IAM_8
  name               = "role_of_a_function"
  dag_s3_path        = "dags"
  source_bucket_arn  = "arn:aws:s3:::news-dags"
  execution_role_arn = aws_iam_role.shared.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_lambda_function" "uses_it_too" {
  function_name = "shared"
  role          = aws_iam_role.shared.arn
}

resource "aws_ecs_task_definition" "under_the_role_that_starts_it" { # violates PG_IAM_8
  family                = "same"
  container_definitions = jsonencode([])
  execution_role_arn    = "arn:aws:iam::111122223333:role/elsewhere"
  task_role_arn         = "arn:aws:iam::111122223333:role/elsewhere"
}
