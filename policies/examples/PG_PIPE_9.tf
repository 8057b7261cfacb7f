resource "aws_s3_bucket" "dags" {
  bucket = "dags"
}

resource "aws_sqs_queue" "dead_letters" {
  name = "dead-letters"
}

resource "aws_sqs_queue" "work" {
  name = "work"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_iam_role" "sends" {
  name = "sends"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "airflow.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "sends" {
  role = aws_iam_role.sends.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.dead_letters.arn }]
  })
}

resource "aws_iam_role" "sends_by_pattern" {
  name = "sends-by-pattern"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "airflow.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "sends_by_pattern" {
  role = aws_iam_role.sends_by_pattern.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:Send*", Resource = "arn:aws:sqs:*:*:dead-*" }]
  })
}

resource "aws_iam_role" "only_reads" {
  name = "only-reads"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "airflow.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "only_reads" {
  role = aws_iam_role.only_reads.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:ReceiveMessage", Resource = aws_sqs_queue.dead_letters.arn }]
  })
}

resource "aws_iam_role" "sends_to_work" {
  name = "sends-to-work"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "airflow.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "sends_to_work" {
  role = aws_iam_role.sends_to_work.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.work.arn }]
  })
}

resource "aws_mwaa_environment" "that_may_leave_a_dead_letter" {
  name               = "that-may-leave-a-dead-letter"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.sends.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "that_may_leave_one_by_pattern" {
  name               = "that-may-leave-one-by-pattern"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.sends_by_pattern.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "that_may_only_read" { # violates PG_PIPE_9
  name               = "that-may-only-read"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.only_reads.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "that_may_only_send_to_the_working_queue" { # violates PG_PIPE_9
  name               = "that-may-only-send-to-the-working-queue"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.sends_to_work.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
