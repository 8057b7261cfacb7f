# The services on ECS Fargate: images.tf, cluster (here), tasks.tf, services.tf, load-balancer.tf, release.tf (how a new
# version replaces the old one) and verifier.tf (which tries it first).

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enhanced" # per task and container, which tells one sick task from a busy service
  }

  configuration {
    # ECS Exec is off in every service: it wants a writable file system. Whoever switches it on is at least recorded.
    execute_command_configuration {
      kms_key_id = var.logs_kms_key_arn
      logging    = "OVERRIDE"

      log_configuration {
        cloud_watch_encryption_enabled = true
        cloud_watch_log_group_name     = aws_cloudwatch_log_group.exec.name
      }
    }

    managed_storage_configuration {
      fargate_ephemeral_storage_kms_key_id = var.kms_key_arn
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE"]

  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = var.task_count.min
    weight            = 1
  }
}

locals {
  # What runs in tasks, each with a log group of its own.
  components = toset(concat(keys(var.services), ["migration", "collector"]))
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.components

  name              = "/ecs/${var.name}/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}

resource "aws_cloudwatch_log_group" "exec" {
  name              = "/ecs/${var.name}/exec"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}
