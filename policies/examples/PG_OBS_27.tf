resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_service" "shown" {
  name    = "shown"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_ecs_service" "not_shown" { # violates PG_OBS_27
  name    = "not-shown"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_rds_cluster" "shown_by_its_instance" {
  cluster_identifier = "shown-by-its-instance"
  engine             = "aurora-postgresql"
}

resource "aws_rds_cluster_instance" "one" {
  identifier         = "one"
  cluster_identifier = aws_rds_cluster.shown_by_its_instance.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster" "not_shown" { # violates PG_OBS_27
  cluster_identifier = "not-shown"
  engine             = "aurora-postgresql"
}

resource "aws_lb" "shown" {
  name = "shown"
}

resource "aws_lb" "not_shown" { # violates PG_OBS_27
  name = "not-shown"
}

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

resource "aws_mwaa_environment" "shown_by_repetition" {
  name               = "shown-by-repetition"
  dag_s3_path        = "dags/"
  source_bucket_arn  = aws_s3_bucket.dags.arn
  execution_role_arn = aws_iam_role.airflow.arn

  network_configuration {
    security_group_ids = ["sg-11111111"]
    subnet_ids         = ["subnet-11111111", "subnet-22222222"]
  }
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "main"

  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric"
        properties = {
          metrics = [
            ["AWS/ECS", "CPUUtilization", "ClusterName", aws_ecs_cluster.main.name, "ServiceName", aws_ecs_service.shown.name],
            ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", aws_rds_cluster_instance.one.identifier, { label = "database" }],
            ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", aws_lb.shown.arn_suffix],
          ]
        }
      },
      {
        type = "metric"
        properties = {
          metrics = [
            ["AmazonMWAA", "DAGDurationSuccess", "DAG", "scraper", "Environment", "somewhere-else"],
            ["...", aws_mwaa_environment.shown_by_repetition.name],
          ]
        }
      },
    ]
  })
}

resource "aws_rds_cluster" "of_the_same_name_as_the_tasks" { # violates PG_OBS_27
  cluster_identifier = "main"
  engine             = "aurora-postgresql"
}
