# A root in which Checkov finds something of every kind; see test_checkov.py.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "ap-northeast-1"
}

variable "keep" {
  type    = number
  default = 30
}

module "articles" {
  source = "./modules/store"
  name   = "articles"
}

module "pictures" {
  source    = "./modules/store"
  name      = "pictures"
  versioned = false
}

resource "aws_cloudwatch_log_group" "by_zone" {
  for_each          = toset(["a", "c"])
  name              = "zone-${each.key}"
  retention_in_days = var.keep
}

resource "aws_rds_cluster" "main" {
  cluster_identifier      = "main"
  engine                  = "aurora-postgresql"
  engine_version          = "16.6"
  master_username         = "owner"
  backup_retention_period = var.keep
  storage_encrypted       = true
  deletion_protection     = false
}

resource "aws_sns_topic" "alarms" {
  # checkov:skip=CKV_AWS_26: nobody reads it
  name = "alarms"
}

resource "aws_ecs_task_definition" "privileged" {
  family = "privileged"
  container_definitions = jsonencode([
    { name = "web", image = "web", privileged = true, readonlyRootFilesystem = true },
  ])
}
