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

resource "aws_cloudwatch_metric_alarm" "share_of_errors" {
  alarm_name          = "share-of-errors"
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1

  metric_query {
    id          = "share"
    expression  = "100 * errors / requests"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "release" {
  alarm_name = "release"
  alarm_rule = "ALARM(\"${aws_cloudwatch_metric_alarm.slow.alarm_name}\") OR ALARM(\"${aws_cloudwatch_metric_alarm.share_of_errors.alarm_name}\")"
}

resource "aws_ecs_service" "that_stay_ten_minutes" {
  name    = "that-stay-ten-minutes"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stay_ten_minutes" {
  app_name              = "main"
  deployment_group_name = "that-stay-ten-minutes"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stay_ten_minutes.name
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 10
    }
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.slow.alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "that_stay_as_long_as_the_alarm_takes" { # violates PG_DEP_10
  name    = "that-stay-as-long-as-the-alarm-takes"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stay_as_long_as_the_alarm_takes" {
  app_name              = "main"
  deployment_group_name = "that-stay-as-long-as-the-alarm-takes"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stay_as_long_as_the_alarm_takes.name
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 5
    }
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.slow.alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "that_stay_for_half_an_hour" {
  name    = "that-stay-for-half-an-hour"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stay_for_half_an_hour" {
  app_name              = "main"
  deployment_group_name = "that-stay-for-half-an-hour"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stay_for_half_an_hour.name
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 30
    }
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_composite_alarm.release.alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "that_stay_for_less_than_a_part_takes" { # violates PG_DEP_10
  name    = "that-stay-for-less-than-a-part-takes"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stay_for_less_than_a_part_takes" {
  app_name              = "main"
  deployment_group_name = "that-stay-for-less-than-a-part-takes"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stay_for_less_than_a_part_takes.name
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 10
    }
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_composite_alarm.release.alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "that_end_at_once" { # violates PG_DEP_10
  name    = "that-end-at-once"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_end_at_once" {
  app_name              = "main"
  deployment_group_name = "that-end-at-once"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_end_at_once.name
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 0
    }
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.slow.alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "that_stay_until_told" { # not-applicable PG_DEP_10
  name    = "that-stay-until-told"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_stay_until_told" {
  app_name              = "main"
  deployment_group_name = "that-stay-until-told"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stay_until_told.name
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action = "KEEP_ALIVE"
    }
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.slow.alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "that_bake_ten_minutes" {
  name    = "that-bake-ten-minutes"
  cluster = "main"

  deployment_configuration {
    strategy             = "BLUE_GREEN"
    bake_time_in_minutes = "10"
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.slow.alarm_name]
  }
}

resource "aws_ecs_service" "that_bake_six_minutes" { # violates PG_DEP_10
  name    = "that-bake-six-minutes"
  cluster = "main"

  deployment_configuration {
    strategy             = "BLUE_GREEN"
    bake_time_in_minutes = "6"
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.slow.alarm_name]
  }
}

resource "aws_ecs_service" "that_roll" { # not-applicable PG_DEP_10
  name    = "that-roll"
  cluster = "main"

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.slow.alarm_name]
  }
}
