resource "aws_iam_role" "tasks_of_this_account" {
  name = "tasks_of_this_account"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
  })
}

resource "aws_iam_role" "flow_logs_of_this_account" {
  name = "flow_logs_of_this_account"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:ec2:*:123456789012:vpc-flow-log/*" } }
    }]
  })
}

resource "aws_iam_role" "backup_for_anybody" { # violates PG_IAM_11
  name = "backup_for_anybody"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "backup.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role" "airflow_of_any_account" { # violates PG_IAM_11
  name = "airflow_of_any_account"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "airflow-env.amazonaws.com" }
      Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:airflow:ap-northeast-1:*:environment/*" } }
    }]
  })
}

resource "aws_iam_role" "tasks_where_stated" { # violates PG_IAM_11
  name = "tasks_where_stated"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEqualsIfExists = { "aws:SourceAccount" = "123456789012" } }
    }]
  })
}

resource "aws_iam_role" "a_service_that_does_not_state_it" {
  name = "a_service_that_does_not_state_it"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}
