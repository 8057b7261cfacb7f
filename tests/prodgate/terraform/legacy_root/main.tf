# A root that both the AWS provider 3.39 and the one of today take, for comparing what they plan (provider/test_differential.py).
# It is legacy on purpose, and no example to follow.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region                      = "ap-northeast-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  default_tags {
    tags = { team = "news" }
  }
}

variable "zones" {
  default = { a = "10.0.0.0/24", c = "10.0.1.0/24" }
}

resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "private" {
  for_each          = var.zones
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "ap-northeast-1${each.key}"
}

resource "aws_route_table" "private" {
  count  = 2
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group" "database" {
  name   = "database"
  vpc_id = aws_vpc.main.id
  ingress {
    description = "PostgreSQL"
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = [for each in aws_subnet.private : each.cidr_block]
  }
}

resource "aws_kms_key" "data" {
  description         = "data"
  enable_key_rotation = true
}

resource "aws_kms_alias" "data" {
  name          = "alias/data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_s3_bucket" "articles" {
  bucket = "prodgate-articles"
  tags   = { kind = "raw" }
}

resource "aws_s3_bucket_public_access_block" "articles" {
  bucket                  = aws_s3_bucket.articles.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "assume" {
  statement {
    sid     = "assume"
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/user"
      values   = ["&{aws:username}", "other"]
    }
  }
  statement {
    effect        = "Deny"
    not_actions   = ["iam:*"]
    not_resources = ["*"]
  }
}

resource "aws_iam_role" "task" {
  name               = "task"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy_attachment" "task" {
  role       = aws_iam_role.task.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_sns_topic" "alerts" {
  name              = "alerts"
  kms_master_key_id = aws_kms_key.data.id
}

resource "aws_sqs_queue" "dead" {
  name = "dead"
}

resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 60
  message_retention_seconds  = 1209600
}

resource "aws_cloudwatch_log_group" "app" {
  name              = "/app"
  retention_in_days = 365
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "5XXError"
  namespace           = "AWS/ApplicationELB"
  period              = 60
  statistic           = "Sum"
  threshold           = 5
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_secretsmanager_secret" "api" {
  name                    = "api"
  recovery_window_in_days = 7
}

resource "aws_dynamodb_table" "locks" {
  name         = "locks"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
}

resource "aws_ecr_repository" "app" {
  name                 = "app"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_db_subnet_group" "main" {
  name       = "main"
  subnet_ids = [for each in aws_subnet.private : each.id]
}

resource "aws_rds_cluster" "main" {
  cluster_identifier        = "main"
  engine                    = "aurora-postgresql"
  master_username           = "app"
  master_password           = "not a real one"
  db_subnet_group_name      = aws_db_subnet_group.main.name
  backup_retention_period   = 35
  deletion_protection       = true
  storage_encrypted         = true
  kms_key_id                = aws_kms_key.data.arn
  vpc_security_group_ids    = [aws_security_group.database.id]
  final_snapshot_identifier = "main-final"
}

resource "aws_lb" "app" {
  name                       = "app"
  subnets                    = [for each in aws_subnet.private : each.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = true
}

resource "aws_lb_target_group" "app" {
  name        = "app"
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.main.id
  health_check {
    path = "/health"
  }
}

resource "aws_lb_listener" "app" {
  load_balancer_arn = aws_lb.app.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_acm_certificate" "site" {
  domain_name               = "example.com"
  subject_alternative_names = ["www.example.com"]
  validation_method         = "DNS"
}

resource "aws_route53_zone" "site" {
  name = "example.com"
}

resource "aws_route53_record" "validation" {
  for_each = { for each in aws_acm_certificate.site.domain_validation_options : each.domain_name => each }
  zone_id  = aws_route53_zone.site.zone_id
  name     = each.value.resource_record_name
  type     = each.value.resource_record_type
  records  = [each.value.resource_record_value]
  ttl      = 60
}
