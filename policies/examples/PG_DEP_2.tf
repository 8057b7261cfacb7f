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

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stay_ten_minutes.name
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

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 10
    }
  }
}

resource "aws_ecs_service" "that_stay_until_told" {
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

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_stay_until_told.name
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

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action = "KEEP_ALIVE"
    }
  }
}

resource "aws_ecs_service" "that_end_at_once" { # violates PG_DEP_2
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

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_end_at_once.name
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

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 0
    }
  }
}

resource "aws_ecs_service" "that_end_at_the_default_of_no_wait" { # violates PG_DEP_2
  name    = "that-end-at-the-default-of-no-wait"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_end_at_the_default_of_no_wait" {
  app_name              = "main"
  deployment_group_name = "that-end-at-the-default-of-no-wait"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_end_at_the_default_of_no_wait.name
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

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action = "TERMINATE"
    }
  }
}

resource "aws_ecs_service" "that_do_not_say" { # violates PG_DEP_2
  name    = "that-do-not-say"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "that_do_not_say" {
  app_name              = "main"
  deployment_group_name = "that-do-not-say"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.that_do_not_say.name
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

resource "aws_ecs_service" "that_bake_ten_minutes" {
  name    = "that-bake-ten-minutes"
  cluster = "main"

  deployment_configuration {
    strategy             = "BLUE_GREEN"
    bake_time_in_minutes = "10"
  }
}

resource "aws_ecs_service" "that_bake_one_minute" { # violates PG_DEP_2
  name    = "that-bake-one-minute"
  cluster = "main"

  deployment_configuration {
    strategy             = "BLUE_GREEN"
    bake_time_in_minutes = "1"
  }
}

resource "aws_ecs_service" "that_roll" { # violates PG_DEP_2
  name    = "that-roll"
  cluster = "main"
}

resource "aws_ecs_service" "a_worker" { # not-applicable PG_DEP_2
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

resource "aws_ecs_service" "with_a_port" { # violates PG_DEP_2
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
