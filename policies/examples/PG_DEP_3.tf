resource "aws_ecs_service" "that_rolls_back" {
  name    = "that-rolls-back"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_rolls_back" {
  app_name              = "main"
  deployment_group_name = "that-rolls-back"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_rolls_back.name
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

resource "aws_ecs_service" "whose_rollback_is_off" { # violates PG_DEP_3
  name    = "whose-rollback-is-off"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "whose_rollback_is_off" {
  app_name              = "main"
  deployment_group_name = "whose-rollback-is-off"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.whose_rollback_is_off.name
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
    enabled = false
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "that_rolls_back_on_alarms_only" { # violates PG_DEP_3
  name    = "that-rolls-back-on-alarms-only"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_rolls_back_on_alarms_only" {
  app_name              = "main"
  deployment_group_name = "that-rolls-back-on-alarms-only"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_rolls_back_on_alarms_only.name
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
    events  = ["DEPLOYMENT_STOP_ON_ALARM"]
  }
}

resource "aws_ecs_service" "left_at_the_default_of_no_rollback" { # violates PG_DEP_3
  name    = "left-at-the-default-of-no-rollback"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "left_at_the_default_of_no_rollback" {
  app_name              = "main"
  deployment_group_name = "left-at-the-default-of-no-rollback"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.left_at_the_default_of_no_rollback.name
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
}

resource "aws_ecs_service" "with_a_circuit_breaker" {
  name    = "with-a-circuit-breaker"
  cluster = "main"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}

resource "aws_ecs_service" "whose_breaker_does_not_roll_back" { # violates PG_DEP_3
  name    = "whose-breaker-does-not-roll-back"
  cluster = "main"

  deployment_circuit_breaker {
    enable   = true
    rollback = false
  }
}

resource "aws_ecs_service" "without_a_breaker" { # violates PG_DEP_3
  name    = "without-a-breaker"
  cluster = "main"
}
