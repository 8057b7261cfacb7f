# A shop: a load balancer, a group of instances, a PostgreSQL instance, a queue of orders. No cluster, no CloudFront,
# and an Airflow of its own that runs elsewhere.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = ["123456789012"]

  default_tags {
    tags = { system = "shop", environment = "prod", owner = "shop@example.com" }
  }
}

data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  zones   = ["eu-central-1a", "eu-central-1b"]
}

resource "aws_kms_key" "main" {
  description             = "What the shop keeps"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountDecidesByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "WatchersAndLogs"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "logs.eu-central-1.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:DescribeKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}
