variable "later" {
  type = string
}

resource "aws_ecs_task_definition" "by_digest" {
  family = "by-digest"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_task_definition" "by_tag" { # violates PG_DEP_7
  family = "by-tag"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app:1.4.2"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_task_definition" "by_the_latest" { # violates PG_DEP_7
  family = "by-the-latest"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app:latest"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_task_definition" "whose_sidecar_is_by_tag" { # violates PG_DEP_7
  family = "whose-sidecar-is-by-tag"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
    {
      name             = "proxy"
      image            = "proxy:2"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_task_definition" "by_a_digest_that_is_cut_short" { # violates PG_DEP_7
  family = "by-a-digest-that-is-cut-short"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0123"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_task_definition" "decided_later" { # undetermined PG_DEP_7
  family                = "later"
  container_definitions = var.later
}
