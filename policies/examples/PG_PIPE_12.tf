resource "aws_s3_bucket" "dags" {
  bucket = "dags"
}

resource "aws_sns_topic" "heard" {
  name = "heard"
}

resource "aws_sns_topic_subscription" "heard" {
  topic_arn = aws_sns_topic.heard.arn
  protocol  = "email"
  endpoint  = "on-call@example.com"
}

resource "aws_sns_topic" "unheard" {
  name = "unheard"
}

resource "aws_iam_role" "tells" {
  name = "tells"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "airflow.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "tells" {
  role = aws_iam_role.tells.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sns:Publish", Resource = aws_sns_topic.heard.arn }]
  })
}

resource "aws_iam_role" "tells_nobody" {
  name = "tells-nobody"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "airflow.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "tells_nobody" {
  role = aws_iam_role.tells_nobody.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sns:Publish", Resource = aws_sns_topic.unheard.arn }]
  })
}

resource "aws_iam_role" "reads" {
  name = "reads"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "airflow.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "reads" {
  role = aws_iam_role.reads.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sns:ListTopics", Resource = "*" }]
  })
}

resource "aws_mwaa_environment" "that_may_tell_somebody" {
  name               = "that-may-tell-somebody"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.tells.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "that_may_tell_an_unheard_topic" { # violates PG_PIPE_12
  name               = "that-may-tell-an-unheard-topic"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.tells_nobody.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_mwaa_environment" "that_may_tell_nobody" { # violates PG_PIPE_12
  name               = "that-may-tell-nobody"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.reads.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}
