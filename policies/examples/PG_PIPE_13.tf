resource "aws_iam_role" "airflow" {
  name               = "airflow"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "airflow" {
  role = aws_iam_role.airflow.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
      Resource = [aws_sqs_queue.retry.arn, aws_sqs_queue.retry_with_a_policy_apart.arn, aws_sqs_queue.retry_for_ever.arn]
    }]
  })
}

resource "aws_mwaa_environment" "main" {
  name               = "main"
  dag_s3_path        = "dags/"
  source_bucket_arn  = "arn:aws:s3:::dags"
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_sqs_queue" "dead_letters" { # not-applicable PG_PIPE_13
  name = "dead-letters"
}

resource "aws_sqs_queue" "retry" {
  name = "retry"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "retry_with_a_policy_apart" {
  name = "retry-with-a-policy-apart"
}

resource "aws_sqs_queue_redrive_policy" "apart" {
  queue_url = aws_sqs_queue.retry_with_a_policy_apart.id

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "retry_for_ever" { # violates PG_PIPE_13
  name = "retry-for-ever"
}
