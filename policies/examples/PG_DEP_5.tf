resource "aws_ecs_service" "left_at_the_default_of_all" {
  name    = "left-at-the-default-of-all"
  cluster = "main"
}

resource "aws_ecs_service" "that_keeps_all" {
  name    = "that-keeps-all"
  cluster = "main"

  deployment_minimum_healthy_percent = 100
}

resource "aws_ecs_service" "that_halves_itself" { # violates PG_DEP_5
  name    = "that-halves-itself"
  cluster = "main"

  deployment_minimum_healthy_percent = 50
}

resource "aws_ecs_service" "that_stops_first" { # violates PG_DEP_5
  name    = "that-stops-first"
  cluster = "main"

  deployment_controller {
    type = "ECS"
  }

  deployment_minimum_healthy_percent = 0
}

resource "aws_ecs_service" "by_codedeploy" { # not-applicable PG_DEP_5
  name    = "by-codedeploy"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_ecs_service" "blue_green_by_ecs" { # not-applicable PG_DEP_5
  name    = "blue-green-by-ecs"
  cluster = "main"

  deployment_configuration {
    strategy = "BLUE_GREEN"
  }
}
