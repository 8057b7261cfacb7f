variable "later" {
  type = string
}

resource "aws_ecs_task_definition" "that_writes_to_cloudwatch" {
  family = "that-writes-to-cloudwatch"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_task_definition" "that_writes_through_a_router" {
  family = "that-writes-through-a-router"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awsfirelens" }
    },
    {
      name                  = "router"
      image                 = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      firelensConfiguration = { type = "fluentbit" }
    },
  ])
}

resource "aws_ecs_task_definition" "without_a_driver" { # violates PG_OBS_23
  family = "without-a-driver"

  container_definitions = jsonencode([
    {
      name  = "app"
      image = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    },
  ])
}

resource "aws_ecs_task_definition" "whose_sidecar_is_silent" { # violates PG_OBS_23
  family = "whose-sidecar-is-silent"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
    {
      name  = "sidecar"
      image = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    },
  ])
}

resource "aws_ecs_task_definition" "that_writes_to_a_file" { # violates PG_OBS_23
  family = "that-writes-to-a-file"

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "json-file" }
    },
  ])
}

resource "aws_ecs_task_definition" "decided_later" { # undetermined PG_OBS_23
  family                = "later"
  container_definitions = var.later
}
