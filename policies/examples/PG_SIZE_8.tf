variable "later" {
  type = string
}

resource "aws_ecs_service" "with_two" {
  name          = "with-two"
  cluster       = "main"
  desired_count = 2
}

resource "aws_ecs_service" "that_scales_in_to_two" {
  name          = "that-scales-in-to-two"
  cluster       = "main"
  desired_count = 4
}

resource "aws_appautoscaling_target" "that_scales_in_to_two" {
  min_capacity       = 2
  max_capacity       = 8
  resource_id        = "service/main/${aws_ecs_service.that_scales_in_to_two.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_ecs_service" "with_one" { # violates PG_SIZE_8
  name          = "with-one"
  cluster       = "main"
  desired_count = 1
}

resource "aws_ecs_service" "that_scales_in_to_one" { # violates PG_SIZE_8
  name          = "that-scales-in-to-one"
  cluster       = "main"
  desired_count = 4
}

resource "aws_appautoscaling_target" "that_scales_in_to_one" {
  min_capacity       = 1
  max_capacity       = 8
  resource_id        = "service/main/${aws_ecs_service.that_scales_in_to_one.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_ecs_service" "left_at_the_default_of_none" { # violates PG_SIZE_8
  name    = "none"
  cluster = "main"
}

resource "aws_ecs_service" "decided_later" { # undetermined PG_SIZE_8
  name          = "decided-later"
  cluster       = "main"
  desired_count = var.later
}
