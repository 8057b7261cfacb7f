# A state machine that observes cells in tasks of Fargate. Yours: the image, which holds your checkout, prod-gate, jq and the
# AWS command line, with gate.sh as its entry point; the network; the bucket; and in each account the gate's role, which
# trusts the role of the task.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "image" {
  type        = string
  description = "The image by digest, such as 111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/gate@sha256:…"
}

variable "bucket" {
  type        = string
  description = "Name of the bucket that keeps lists and runs; versioned and encrypted."
}

variable "subnets" {
  type        = list(string)
  description = "Private subnets with a way to AWS's endpoints."
}

variable "group" {
  type        = string
  description = "Security group of the tasks, which lets nothing in."
}

variable "accounts" {
  type        = list(string)
  description = "The accounts of [[cells]], twelve digits each."
}

variable "gate_role" {
  type        = string
  default     = "prodgate"
  description = "Name of the role that the gate reads with, in each account."
}

variable "concurrency" {
  type    = number
  default = 50
}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

locals {
  gate_roles = [for account in var.accounts : "arn:aws:iam::${account}:role/${var.gate_role}"]
}

resource "aws_kms_key" "logs" {
  description         = "Logs of the gate's tasks"
  enable_key_rotation = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Effect    = "Allow"
        Principal = { Service = "logs.${data.aws_region.current.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]
        Resource  = "*"
        Condition = {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:*gate-cells"
          }
        }
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "gate" {
  name              = "gate-cells"
  retention_in_days = 400
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_cloudwatch_log_group" "machine" {
  name              = "/aws/vendedlogs/states/gate-cells"
  retention_in_days = 400
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_ecs_cluster" "gate" {
  name = "gate-cells"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "gate" {
  family                   = "gate-cells"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 2048
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  volume {
    name = "scratch"
  }

  container_definitions = jsonencode([
    {
      name                   = "gate"
      image                  = var.image
      essential              = true
      readonlyRootFilesystem = true
      mountPoints            = [{ sourceVolume = "scratch", containerPath = "/tmp", readOnly = false }]
      environment = [
        { name = "HOME", value = "/tmp" },
        { name = "BUCKET", value = var.bucket },
        { name = "GATE_ROLE", value = var.gate_role },
        { name = "PRODGATE_LAYER_TIMEOUT", value = "1200" },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.gate.name
          "awslogs-region"        = data.aws_region.current.region
          "awslogs-stream-prefix" = "gate"
        }
      }
    }
  ])
}

data "aws_iam_policy_document" "trusts_tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "gate-cells-execution"
  assume_role_policy = data.aws_iam_policy_document.trusts_tasks.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role" "task" {
  name               = "gate-cells-task"
  assume_role_policy = data.aws_iam_policy_document.trusts_tasks.json
}

resource "aws_iam_role_policy" "task" {
  name = "gate-cells"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["sts:AssumeRole"], Resource = local.gate_roles },
      { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "arn:aws:s3:::${var.bucket}/*" },
      { Effect = "Allow", Action = ["s3:ListBucket"], Resource = "arn:aws:s3:::${var.bucket}" },
    ]
  })
}

resource "aws_iam_role" "machine" {
  name = "gate-cells-machine"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "machine" {
  name = "gate-cells"
  role = aws_iam_role.machine.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = "arn:aws:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:task-definition/gate-cells:*"
        Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.gate.arn } }
      },
      {
        Effect    = "Allow"
        Action    = ["ecs:StopTask", "ecs:DescribeTasks"]
        Resource  = "arn:aws:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:task/gate-cells/*"
        Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.gate.arn } }
      },
      { Effect = "Allow", Action = ["iam:PassRole"], Resource = [aws_iam_role.task.arn, aws_iam_role.execution.arn], Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } } },
      { Effect = "Allow", Action = ["s3:GetObject"], Resource = "arn:aws:s3:::${var.bucket}/*" },
      {
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = "arn:aws:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:stateMachine:gate-cells"
      },
      {
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:StopExecution"]
        Resource = "arn:aws:states:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:execution:gate-cells/*"
      },
      {
        Effect   = "Allow"
        Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
        Resource = "arn:aws:events:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:rule/StepFunctionsGetEventsForECSTaskRule"
      },
      # These are done to no resource; without them a state machine that logs can't be created.
      {
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
          "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_sfn_state_machine" "gate" {
  name     = "gate-cells"
  role_arn = aws_iam_role.machine.arn
  definition = templatefile("${path.module}/machine.asl.json", {
    cluster     = aws_ecs_cluster.gate.arn
    task        = aws_ecs_task_definition.gate.arn
    subnets     = jsonencode(var.subnets)
    group       = var.group
    bucket      = var.bucket
    concurrency = var.concurrency
  })

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
    include_execution_data = false
    level                  = "ERROR"
  }
}
