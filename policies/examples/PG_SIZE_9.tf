resource "aws_ecs_service" "that_scales" {
  name          = "that-scales"
  cluster       = "main"
  desired_count = 2
}

resource "aws_appautoscaling_target" "that_scales" {
  min_capacity       = 2
  max_capacity       = 8
  resource_id        = "service/main/${aws_ecs_service.that_scales.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_appautoscaling_policy" "that_scales" {
  name               = "that-scales"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.that_scales.resource_id
  scalable_dimension = aws_appautoscaling_target.that_scales.scalable_dimension
  service_namespace  = aws_appautoscaling_target.that_scales.service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_ecs_service" "without_a_target" { # violates PG_SIZE_9
  name          = "without-a-target"
  cluster       = "main"
  desired_count = 2
}

resource "aws_ecs_service" "without_a_policy" { # violates PG_SIZE_9
  name          = "without-a-policy"
  cluster       = "main"
  desired_count = 2
}

resource "aws_appautoscaling_target" "without_a_policy" {
  min_capacity       = 2
  max_capacity       = 8
  resource_id        = "service/main/${aws_ecs_service.without_a_policy.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_ecs_service" "with_nowhere_to_go" { # violates PG_SIZE_9
  name          = "with-nowhere-to-go"
  cluster       = "main"
  desired_count = 2
}

resource "aws_appautoscaling_target" "with_nowhere_to_go" {
  min_capacity       = 2
  max_capacity       = 2
  resource_id        = "service/main/${aws_ecs_service.with_nowhere_to_go.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_appautoscaling_policy" "with_nowhere_to_go" {
  name               = "with-nowhere-to-go"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.with_nowhere_to_go.resource_id
  scalable_dimension = aws_appautoscaling_target.with_nowhere_to_go.scalable_dimension
  service_namespace  = aws_appautoscaling_target.with_nowhere_to_go.service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_ecs_service" "whose_scaling_is_suspended" { # violates PG_SIZE_9
  name          = "whose-scaling-is-suspended"
  cluster       = "main"
  desired_count = 2
}

resource "aws_appautoscaling_target" "whose_scaling_is_suspended" {
  min_capacity       = 2
  max_capacity       = 8
  resource_id        = "service/main/${aws_ecs_service.whose_scaling_is_suspended.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"

  suspended_state {
    dynamic_scaling_in_suspended  = false
    dynamic_scaling_out_suspended = true
    scheduled_scaling_suspended   = false
  }
}

resource "aws_appautoscaling_policy" "whose_scaling_is_suspended" {
  name               = "whose-scaling-is-suspended"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.whose_scaling_is_suspended.resource_id
  scalable_dimension = aws_appautoscaling_target.whose_scaling_is_suspended.scalable_dimension
  service_namespace  = aws_appautoscaling_target.whose_scaling_is_suspended.service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_ecs_service" "whose_target_names_another_cluster" { # violates PG_SIZE_9
  name          = "whose-target-names-another-cluster"
  cluster       = "main"
  desired_count = 2
}

resource "aws_appautoscaling_target" "whose_target_names_another_cluster" {
  min_capacity       = 2
  max_capacity       = 8
  resource_id        = "service/staging/${aws_ecs_service.whose_target_names_another_cluster.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_appautoscaling_policy" "whose_target_names_another_cluster" {
  name               = "whose-target-names-another-cluster"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.whose_target_names_another_cluster.resource_id
  scalable_dimension = aws_appautoscaling_target.whose_target_names_another_cluster.scalable_dimension
  service_namespace  = aws_appautoscaling_target.whose_target_names_another_cluster.service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_ecs_service" "that_only_scales_in" { # violates PG_SIZE_9
  name          = "that-only-scales-in"
  cluster       = "main"
  desired_count = 2
}

resource "aws_appautoscaling_target" "that_only_scales_in" {
  min_capacity       = 2
  max_capacity       = 8
  resource_id        = "service/main/${aws_ecs_service.that_only_scales_in.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"
}

resource "aws_appautoscaling_policy" "that_only_scales_in" {
  name               = "that-only-scales-in"
  policy_type        = "StepScaling"
  resource_id        = aws_appautoscaling_target.that_only_scales_in.resource_id
  scalable_dimension = aws_appautoscaling_target.that_only_scales_in.scalable_dimension
  service_namespace  = aws_appautoscaling_target.that_only_scales_in.service_namespace

  step_scaling_policy_configuration {
    adjustment_type = "ChangeInCapacity"

    step_adjustment {
      metric_interval_upper_bound = 0
      scaling_adjustment          = -1
    }
  }
}
