variable "later" {
  type = string
}

resource "aws_ecs_task_definition" "as_stated" {
  family = "as-stated"
  cpu    = "1024"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "as_stated" {
  name            = "as-stated"
  task_definition = aws_ecs_task_definition.as_stated.arn
}

resource "aws_ecs_task_definition" "as_stated_in_words" {
  family = "as-stated-in-words"
  cpu    = "1 vCPU"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "as_stated_in_words" {
  name            = "as-stated-in-words"
  task_definition = aws_ecs_task_definition.as_stated_in_words.arn
}

resource "aws_ecs_task_definition" "half" {
  family = "half"
  cpu    = "512"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "half" { # violates PG_SIZE_6
  name            = "half"
  task_definition = aws_ecs_task_definition.half.arn
}

resource "aws_ecs_task_definition" "not_set" {
  family = "not-set"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "not_set" { # violates PG_SIZE_6
  name            = "not-set"
  task_definition = aws_ecs_task_definition.not_set.arn
}

resource "aws_ecs_task_definition" "decided_later" {
  family = "decided-later"
  cpu    = var.later

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "decided_later" { # undetermined PG_SIZE_6
  name            = "decided-later"
  task_definition = aws_ecs_task_definition.decided_later.arn
}

resource "aws_ecs_service" "whose_task_is_declared_elsewhere" { # undetermined PG_SIZE_6
  name            = "elsewhere"
  task_definition = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/shared:7"
}
