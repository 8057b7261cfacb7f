variable "definitions" { type = string }

resource "aws_ecs_task_definition" "by_reference" {
  family = "news"
  container_definitions = jsonencode([{
    name        = "api"
    environment = [{ name = "LOG_LEVEL", value = "info" }, { name = "DB_SECRET_ARN", value = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db" }]
    secrets     = [{ name = "DB_PASSWORD", valueFrom = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db:password::" }]
  }])
}

resource "aws_ecs_task_definition" "password_as_a_variable" { # violates PG_SEC_1
  family = "news"
  container_definitions = jsonencode([
    { name = "proxy" },
    { name = "api", environment = [{ name = "DB_PASSWORD", value = "correct-horse" }] },
  ])
}

resource "aws_ecs_task_definition" "password_in_a_url" { # violates PG_SEC_1
  family = "news"
  container_definitions = jsonencode([{
    name        = "api"
    environment = [{ name = "DATABASE_URL", value = "postgres://news:correct-horse@db.internal/news" }]
  }])
}

resource "aws_ecs_task_definition" "key_on_the_command_line" { # violates PG_SEC_1
  family = "news"
  container_definitions = jsonencode([{
    name    = "api"
    command = ["serve", "--api-key=4f6d1c2b"]
  }])
}

resource "aws_ecs_task_definition" "random_text_under_a_harmless_name" { # violates PG_SEC_1
  family = "news"
  container_definitions = jsonencode([{
    name        = "api"
    environment = [{ name = "SESSION_AUTH", value = "q8Zr1xVf0LkT7wYb3NcHs5JdPg2Mu9Ea" }]
  }])
}

resource "aws_ecs_task_definition" "known_at_apply" { # undetermined PG_SEC_1
  family                = "news"
  container_definitions = var.definitions
}

resource "aws_ecs_task_definition" "in_another_case" { # violates PG_SEC_1
  family = "other-case"
  container_definitions = jsonencode([
    { Name = "app", Image = "app", Environment = [{ Name = "DB_PASSWORD", Value = "hunter2" }] }
  ])
}
