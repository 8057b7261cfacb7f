resource "aws_ecs_task_definition" "read_only" {
  family = "read-only"
  container_definitions = jsonencode([{ name = "app", image = "app", readonlyRootFilesystem = true }])
}

resource "aws_ecs_task_definition" "left_out" { # violates PG_RUN_2
  family = "left-out"
  container_definitions = jsonencode([{ name = "app", image = "app" }])
}

resource "aws_ecs_task_definition" "one_of_two_writable" { # violates PG_RUN_2
  family = "one-of-two-writable"
  container_definitions = jsonencode([{ name = "app", image = "app", readonlyRootFilesystem = true }, { name = "beside", image = "beside", readonlyRootFilesystem = false }])
}

resource "aws_ecs_task_definition" "windows" { # not-applicable PG_RUN_2
  family = "windows"
  runtime_platform {
    operating_system_family = "WINDOWS_SERVER_2022_CORE"
  }
  container_definitions = jsonencode([{ name = "app", image = "app" }])
}

resource "aws_ecs_task_definition" "read_only_in_another_case" {
  family                = "quiet"
  container_definitions = jsonencode([{ Name = "app", Image = "app", ReadonlyRootFilesystem = true }])
}
