variable "later" {
  type = string
}

resource "aws_ecs_service" "on_fargate" {
  name    = "on-fargate"
  cluster = "main"

  launch_type = "FARGATE"
}

resource "aws_ecs_service" "on_fargate_with_some_spot" {
  name    = "on-fargate-with-some-spot"
  cluster = "main"

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }

  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 1
  }
}

resource "aws_ecs_service" "left_at_the_default_of_ec2" { # violates PG_SIZE_5
  name    = "left-at-the-default-of-ec2"
  cluster = "main"
}

resource "aws_ecs_service" "on_spot_only" { # violates PG_SIZE_5
  name    = "on-spot-only"
  cluster = "main"

  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 1
  }
}

resource "aws_ecs_service" "on_instances" { # violates PG_SIZE_5
  name    = "on-instances"
  cluster = "main"

  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }

  capacity_provider_strategy {
    capacity_provider = "my-instances"
    weight            = 1
  }
}

resource "aws_ecs_service" "decided_later" { # undetermined PG_SIZE_5
  name    = "decided-later"
  cluster = "main"

  launch_type = var.later
}
