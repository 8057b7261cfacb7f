# How a new version replaces the old one: tasks of the other colour start, are tried on the test port, get a small
# share of the traffic, then all of it; the old ones stay for a while, so that the way back is a matter of seconds.

resource "aws_codedeploy_app" "this" {
  name             = var.name
  compute_platform = "ECS"
}

resource "aws_codedeploy_deployment_config" "this" {
  # A configuration can't be changed, so its name says what it does.
  deployment_config_name = "${var.name}-${var.release.first_step_percent}-percent-${var.release.first_step_minutes}-minutes"
  compute_platform       = "ECS"

  traffic_routing_config {
    type = "TimeBasedCanary"

    time_based_canary {
      percentage = var.release.first_step_percent
      interval   = var.release.first_step_minutes
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_codedeploy_deployment_group" "this" {
  for_each = var.services

  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = each.key
  deployment_config_name = aws_codedeploy_deployment_config.this.deployment_config_name
  service_role_arn       = var.codedeploy_role_arn

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  ecs_service {
    cluster_name = aws_ecs_cluster.this.name
    service_name = aws_ecs_service.this[each.key].name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [aws_lb_listener.live.arn]
      }

      test_traffic_route {
        listener_arns = [aws_lb_listener.test.arn]
      }

      dynamic "target_group" {
        for_each = local.colours

        content {
          name = aws_lb_target_group.this["${each.key}_${target_group.value}"].name
        }
      }
    }
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT" # the verifier has said yes by then
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = var.release.bake_minutes
    }
  }

  alarm_configuration {
    enabled                   = true
    alarms                    = var.rollback_alarm_names
    ignore_poll_alarm_failure = false # when nobody knows, it does not go on
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }
}
