resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "slow"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.2
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_composite_alarm" "release" {
  alarm_name = "release"
  alarm_rule = "ALARM(\"${aws_cloudwatch_metric_alarm.slow.alarm_name}\") OR ALARM(\"${aws_cloudwatch_metric_alarm.errors.alarm_name}\")"
}

resource "aws_ecs_service" "that_stops_on_both" {
  name    = "that-stops-on-both"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stops_on_both" {
  app_name              = "main"
  deployment_group_name = "that-stops-on-both"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stops_on_both.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.slow.alarm_name, aws_cloudwatch_metric_alarm.errors.alarm_name]
  }
}

resource "aws_ecs_service" "that_stops_on_a_composite_of_both" {
  name    = "that-stops-on-a-composite-of-both"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stops_on_a_composite_of_both" {
  app_name              = "main"
  deployment_group_name = "that-stops-on-a-composite-of-both"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stops_on_a_composite_of_both.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_composite_alarm.release.alarm_name]
  }
}

resource "aws_ecs_service" "that_stops_on_errors_only" { # violates PG_DEP_4
  name    = "that-stops-on-errors-only"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stops_on_errors_only" {
  app_name              = "main"
  deployment_group_name = "that-stops-on-errors-only"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stops_on_errors_only.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.errors.alarm_name]
  }
}

resource "aws_ecs_service" "that_stops_on_an_alarm_nobody_declared" { # violates PG_DEP_4
  name    = "that-stops-on-an-alarm-nobody-declared"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stops_on_an_alarm_nobody_declared" {
  app_name              = "main"
  deployment_group_name = "that-stops-on-an-alarm-nobody-declared"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stops_on_an_alarm_nobody_declared.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = true
    alarms  = ["slow", "errors", "erors"]
  }
}

resource "aws_ecs_service" "whose_alarms_are_off" { # violates PG_DEP_4
  name    = "whose-alarms-are-off"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "whose_alarms_are_off" {
  app_name              = "main"
  deployment_group_name = "whose-alarms-are-off"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.whose_alarms_are_off.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = false
    alarms  = [aws_cloudwatch_metric_alarm.slow.alarm_name, aws_cloudwatch_metric_alarm.errors.alarm_name]
  }
}

resource "aws_ecs_service" "that_stops_and_does_not_roll_back" { # violates PG_DEP_4
  name    = "that-stops-and-does-not-roll-back"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stops_and_does_not_roll_back" {
  app_name              = "main"
  deployment_group_name = "that-stops-and-does-not-roll-back"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stops_and_does_not_roll_back.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE"]
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.slow.alarm_name, aws_cloudwatch_metric_alarm.errors.alarm_name]
  }
}

resource "aws_ecs_service" "that_goes_on_when_alarms_cannot_be_read" { # violates PG_DEP_4
  name    = "that-goes-on-when-alarms-cannot-be-read"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_goes_on_when_alarms_cannot_be_read" {
  app_name              = "main"
  deployment_group_name = "that-goes-on-when-alarms-cannot-be-read"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_goes_on_when_alarms_cannot_be_read.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled                   = true
    alarms                    = [aws_cloudwatch_metric_alarm.slow.alarm_name, aws_cloudwatch_metric_alarm.errors.alarm_name]
    ignore_poll_alarm_failure = true
  }
}

resource "aws_ecs_service" "without_alarms" { # violates PG_DEP_4
  name    = "without-alarms"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "without_alarms" {
  app_name              = "main"
  deployment_group_name = "without-alarms"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.without_alarms.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "of_ecs_that_stops_on_both" {
  name    = "of-ecs-that-stops-on-both"
  cluster = "main"

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.slow.alarm_name, aws_cloudwatch_metric_alarm.errors.alarm_name]
  }
}

resource "aws_ecs_service" "of_ecs_that_stops_and_does_not_roll_back" { # violates PG_DEP_4
  name    = "of-ecs-that-stops-and-does-not-roll-back"
  cluster = "main"

  alarms {
    enable      = true
    rollback    = false
    alarm_names = [aws_cloudwatch_metric_alarm.slow.alarm_name, aws_cloudwatch_metric_alarm.errors.alarm_name]
  }
}

resource "aws_ecs_service" "a_worker" { # not-applicable PG_DEP_4
  name            = "a-worker"
  cluster         = "main"
  task_definition = aws_ecs_task_definition.a_worker.arn
}

resource "aws_ecs_task_definition" "a_worker" {
  family = "a-worker"
  container_definitions = jsonencode([{
    name  = "app"
    image = "app"
  }])
}

resource "aws_ecs_service" "with_a_port" { # violates PG_DEP_4
  name            = "with-a-port"
  cluster         = "main"
  task_definition = aws_ecs_task_definition.with_a_port.arn
}

resource "aws_ecs_task_definition" "with_a_port" {
  family = "with-a-port"
  container_definitions = jsonencode([{
    name         = "app"
    image        = "app"
    PortMappings = [{ containerPort = 8080 }]
  }])
}
