resource "aws_iam_policy" "named_resources" {
  name = "named"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::news/*" },
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:news/*" },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = "arn:aws:sqs:ap-northeast-1:*:airflow-celery-*" },
    ]
  })
}

resource "aws_iam_policy" "actions_without_resources" {
  name = "unlimited"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken", "cloudwatch:PutMetricData", "xray:PutTraceSegments", "ec2:Describe*"]
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy" "named_by_service" {
  name = "via-service"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = "*"
      Condition = { StringEquals = { "kms:ViaService" = "sqs.ap-northeast-1.amazonaws.com" } }
    }]
  })
}

resource "aws_iam_policy" "any_secret" { # violates PG_IAM_2
  name = "any-secret"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "*" }]
  })
}

resource "aws_iam_policy" "any_secret_of_the_account" { # violates PG_IAM_2
  name = "any-secret-of-the-account"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = "arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:*"
    }]
  })
}

resource "aws_iam_role_policy" "any_bucket" { # violates PG_IAM_2
  role = "app"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = ["arn:aws:s3:::news/*", "arn:aws:s3:::*"] }]
  })
}

resource "aws_iam_role_policy" "all_but_one" { # violates PG_IAM_2
  role = "app"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "dynamodb:DeleteItem", NotResource = "arn:aws:dynamodb:*:*:table/audit" }]
  })
}

resource "aws_iam_role_policy" "a_condition_that_admits_everything" { # violates PG_IAM_2
  role = "app"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = "*"
      Condition = { StringLike = { "kms:ViaService" = "*" } }
    }]
  })
}

resource "aws_iam_policy" "any_log" {
  name = "any-log"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy" "deletes_any_log" { # violates PG_IAM_2
  name = "deletes-any-log"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["logs:PutLogEvents", "logs:DeleteLogStream"], Resource = "*" }]
  })
}
