resource "aws_ecs_service" "this" {
  for_each = var.services

  name                    = "${var.name}-${each.key}"
  cluster                 = aws_ecs_cluster.this.arn
  task_definition         = aws_ecs_task_definition.service[each.key].arn
  launch_type             = "FARGATE"
  platform_version        = "LATEST"
  scheduling_strategy     = "REPLICA"
  desired_count           = var.task_count.min
  enable_execute_command  = false
  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"

  # A task that has just started is not killed for not answering yet.
  health_check_grace_period_seconds = 60

  deployment_controller {
    type = "CODE_DEPLOY"
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_ids[each.key]]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this["${each.key}_blue"].arn
    container_name   = local.containers[each.key].name
    container_port   = each.value.port
  }

  # A target group takes tasks once a listener sends to it.
  depends_on = [
    aws_lb_listener.live,
    aws_lb_listener_rule.live,
  ]

  lifecycle {
    ignore_changes = [
      desired_count,   # auto scaling's
      load_balancer,   # blue or green: CodeDeploy's
      task_definition, # the deploy workflow's, after Terraform has made the revision
    ]
  }
}

resource "aws_appautoscaling_target" "this" {
  for_each = aws_ecs_service.this

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${each.value.name}"
  min_capacity       = var.task_count.min
  max_capacity       = var.task_count.max
}

locals {
  scaling = {
    for pair in setproduct(keys(var.services), [
      { metric = "cpu", type = "ECSServiceAverageCPUUtilization" },
      { metric = "memory", type = "ECSServiceAverageMemoryUtilization" },
    ]) : "${pair[0]}-${pair[1].metric}" => merge(pair[1], { service = pair[0] })
  }
}

resource "aws_appautoscaling_policy" "this" {
  for_each = local.scaling

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[each.value.service].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[each.value.service].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[each.value.service].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.utilisation_percent[each.value.metric]
    scale_out_cooldown = 60
    scale_in_cooldown  = 300 # after a game ends, readers go slowly

    predefined_metric_specification {
      predefined_metric_type = each.value.type
    }
  }
}
