resource "aws_ecs_service" "by_codedeploy" {
  name    = "by-codedeploy"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "by_codedeploy" {
  app_name              = "main"
  deployment_group_name = "by-codedeploy"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.by_codedeploy.name
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

resource "aws_ecs_service" "by_ecs_itself" {
  name    = "by-ecs-itself"
  cluster = "main"

  deployment_configuration {
    strategy = "BLUE_GREEN"
  }

  load_balancer {
    container_name   = "app"
    container_port   = 8080
    target_group_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/blue/0123456789abcdef"

    advanced_configuration {
      alternate_target_group_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/green/0123456789abcdef"
      production_listener_rule   = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/main/0123456789abcdef/0123456789abcdef/0123456789abcdef"
      role_arn                   = "arn:aws:iam::123456789012:role/ecs"
    }
  }
}

resource "aws_ecs_service" "by_rolling_update" { # violates PG_DEP_1
  name    = "by-rolling-update"
  cluster = "main"
}

resource "aws_ecs_service" "by_codedeploy_without_a_group" { # violates PG_DEP_1
  name    = "by-codedeploy-without-a-group"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_ecs_service" "with_one_target_group" { # violates PG_DEP_1
  name    = "with-one-target-group"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "with_one_target_group" {
  app_name              = "main"
  deployment_group_name = "with-one-target-group"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.with_one_target_group.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/main/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }
    }
  }
}

resource "aws_ecs_service" "with_the_same_group_twice" { # violates PG_DEP_1
  name    = "with-the-same-group-twice"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "with_the_same_group_twice" {
  app_name              = "main"
  deployment_group_name = "with-the-same-group-twice"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.with_the_same_group_twice.name
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
        name = "blue"
      }
    }
  }
}

resource "aws_ecs_service" "in_place" { # violates PG_DEP_1
  name    = "in-place"
  cluster = "main"

  deployment_controller {
    type = "CODE_DEPLOY"
  }
}

resource "aws_codedeploy_deployment_group" "in_place" {
  app_name              = "main"
  deployment_group_name = "in-place"
  service_role_arn      = "arn:aws:iam::123456789012:role/codedeploy"

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "IN_PLACE"
  }

  ecs_service {
    cluster_name = "main"
    service_name = aws_ecs_service.in_place.name
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

resource "aws_ecs_service" "by_ecs_without_a_second_group" { # violates PG_DEP_1
  name    = "by-ecs-without-a-second-group"
  cluster = "main"

  deployment_configuration {
    strategy = "BLUE_GREEN"
  }
}

resource "aws_ecs_service" "a_worker" { # not-applicable PG_DEP_1
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

resource "aws_ecs_service" "with_a_port" { # violates PG_DEP_1
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
