resource "aws_s3_bucket" "dags" {
  bucket = "news-dags"
}

resource "aws_mwaa_environment" "reads_its_dags" {
  name               = "reads_its_dags"
  dag_s3_path        = "dags"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.reads_its_dags.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "reads_its_dags" {
  name = "reads_its_dags"
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

resource "aws_iam_role_policy" "reads_its_dags" {
  role = aws_iam_role.reads_its_dags.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject*", "s3:List*"], Resource = [aws_s3_bucket.dags.arn, "${aws_s3_bucket.dags.arn}/*"] }]
  })
}

resource "aws_mwaa_environment" "writes_elsewhere" {
  name               = "writes_elsewhere"
  dag_s3_path        = "dags"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.writes_elsewhere.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "writes_elsewhere" {
  name = "writes_elsewhere"
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

resource "aws_iam_policy" "writes_elsewhere" {
  name = "writes-elsewhere"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::news-data/*" }]
  })
}

resource "aws_iam_role_policy_attachment" "writes_elsewhere" {
  role       = aws_iam_role.writes_elsewhere.name
  policy_arn = aws_iam_policy.writes_elsewhere.arn
}

resource "aws_mwaa_environment" "rewrites_its_dags" { # violates PG_IAM_7
  name               = "rewrites_its_dags"
  dag_s3_path        = "dags"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.rewrites_its_dags.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "rewrites_its_dags" {
  name = "rewrites_its_dags"
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

resource "aws_iam_role_policy" "rewrites_its_dags" {
  role = aws_iam_role.rewrites_its_dags.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.dags.arn}/*" }]
  })
}

resource "aws_mwaa_environment" "deletes_from_any_bucket" { # violates PG_IAM_7
  name               = "deletes_from_any_bucket"
  dag_s3_path        = "dags"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.deletes_from_any_bucket.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "deletes_from_any_bucket" {
  name = "deletes_from_any_bucket"
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

resource "aws_iam_role_policy" "deletes_from_any_bucket" {
  role = aws_iam_role.deletes_from_any_bucket.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:DeleteObject", Resource = "*" }]
  })
}

resource "aws_mwaa_environment" "edits_roles" { # violates PG_IAM_7
  name               = "edits_roles"
  dag_s3_path        = "dags"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.edits_roles.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "edits_roles" {
  name = "edits_roles"
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

resource "aws_iam_role_policy" "edits_roles" {
  role = aws_iam_role.edits_roles.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["sqs:SendMessage", "iam:PutRolePolicy"], Resource = "arn:aws:iam::123456789012:role/news" }]
  })
}

resource "aws_mwaa_environment" "deletes_the_database" { # violates PG_IAM_7
  name               = "deletes_the_database"
  dag_s3_path        = "dags"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.deletes_the_database.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "deletes_the_database" {
  name = "deletes_the_database"
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

resource "aws_iam_role_policy" "deletes_the_database" {
  role = aws_iam_role.deletes_the_database.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "rds:DeleteDBCluster", Resource = "*" }]
  })
}

resource "aws_mwaa_environment" "role_of_another_stack" { # undetermined PG_IAM_7
  name               = "role_of_another_stack"
  dag_s3_path        = "dags"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = "arn:aws:iam::123456789012:role/elsewhere"
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_mwaa_environment" "managed_policy_unseen" { # undetermined PG_IAM_7
  name               = "managed_policy_unseen"
  dag_s3_path        = "dags"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.managed_policy_unseen.arn
  network_configuration {
    security_group_ids = ["sg-1"]
    subnet_ids         = ["subnet-1", "subnet-2"]
  }
}

resource "aws_iam_role" "managed_policy_unseen" {
  name = "managed_policy_unseen"
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

resource "aws_iam_role_policy_attachment" "managed_policy_unseen" {
  role       = aws_iam_role.managed_policy_unseen.name
  policy_arn = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
}
