# Load from several machines at once: a master and workers of Locust, each a task that runs once and ends. Nothing here
# runs by itself, and no service starts it again. the image (here), tasks.tf, network.tf (who finds and reaches whom),
# roles.tf, results.tf (where the record stays).

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  members = toset(["master", "worker"])
}

resource "aws_ecr_repository" "this" {
  name                 = "${var.name}/load"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "The last few are enough to make an earlier load again"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.members

  name              = "/ecs/${var.name}/load-${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}
